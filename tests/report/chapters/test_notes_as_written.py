"""Notes as people write them: each form of Markdown is right, or an error that names the line."""

from __future__ import annotations

import re

import pytest
from helpers.hand_labs import stored
from helpers.hand_results import hand_result

from labreport.report.chapters import notes, references
from labreport.report.chapters.chapter import assemble
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.chapters.pieces import Pieces
from labreport.report.chapters.values import Context
from labreport.report.cli import main
from labreport.report.document import Box, Prose, Table
from labreport.report.errors import NoteError
from labreport.report.rendering.typesetter import on_screen


def _read(text: str, library=None):
    note = notes.read(Context(hand_result("imdb"), "en"), text, "n/en/x.md", library)
    notes.check_markup(note, "zh", Pieces().check_formula)
    return note


def _chapter(folder, text: str, library: str = ""):
    note = folder / "mine" / "en" / "imdb.md"
    note.parent.mkdir(parents=True)
    note.write_text(text, "utf-8")
    if library:
        (folder / "mine" / "references.toml").write_text(library, "utf-8")
    return assemble(hand_result("imdb"), "1", "en", folder=folder / "mine").chapter


CODE = "# load the data\n## twice\n:::figure x\nx = 12345  <!-- [^a] [@b] \\(x\\) $ y $\n:::"


@pytest.mark.parametrize(("opened", "closed"), [("```python", "```"), ("~~~", "~~~"), ("  ````", "`````")])
def test_nothing_between_fences_is_anything_but_code(opened, closed):
    note = _read(f"{opened}\n{CODE}\n{closed}\n\n# Title\n\n## S {{#s}}\n\n{opened}\n{CODE}\n{closed}\n")
    assert note.title == notes.title_of(f"{opened}\n{CODE}\n{closed}\n\n# Title\n") == "Title"
    assert [section.id for section in note.sections] == ["s"]
    assert CODE in note.opening[0].text
    assert CODE in note.sections[0].passages[0].text
    assert notes.outline(f"# T\n{opened}\n{CODE}\n{closed}\n") == ["section title"]


def test_values_are_put_into_code_too():
    epochs = hand_result("imdb").settings["epochs"]
    assert f"-P epochs={epochs}" in _read("# T\n\n```\n-P epochs={{ settings.epochs }}\n```\n").opening[0].text


def test_a_fence_in_a_solution_hides_its_marks_and_an_open_one_is_refused():
    text = "# T\n:::solution a\n```\n:::\nsecret\n```\n:::\nafter\n"
    assert "secret" not in notes.without_solutions(text, "x.md")
    assert notes.without_solutions(text, "x.md").endswith("after\n")
    with pytest.raises(NoteError, match=r"x\.md:2: the block of code is not closed"):
        notes.without_solutions("# T\n```\n:::solution a\nsecret\n:::\n", "x.md")


def test_a_section_has_headings_of_its_own():
    note = _read("# T\n\n## S {#s}\n\n### Part *one*\n\ntext\n")
    assert on_screen("en").prose(note.sections[0].passages[0].text).startswith("<h4>Part <em>one</em></h4>")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("##### five", r":3: headings have 4 levels"),
        ("# second", r":3: the note has a title already"),
        ("### x {#id}", r":3: only a section"),
        ("Under\n=====", r":3: A heading of this level"),
        ("$x and more", r":3: The sign '\$' marks nothing"),
        ("a\n\\alpha", r":4: The sign '\\a' marks nothing"),
        ("**open", r":3: The sign '\*' marks nothing"),
        ("a\nb ~~c", r":4: The sign '~~'"),
        ("see [^x]", r":3: the footnote \[\^x\] is not defined"),
        ("see [^x]\n\n[^x]: a\n[^x]: b", r":6: the footnote \[\^x\] is defined twice"),
        ("see [^x]\n\n[^x]: a [^y]", r":5: the footnote \[\^y\] is not defined"),
        ("see [@unknown]", r":3: 'unknown' is not in references\.toml"),
        ("> [!HINT]\n> x", r":3: there is no alert \[!HINT\]; there are \[!NOTE\]"),
        ("##Heading", r":3: The sign '##'"),
        ("[text][nowhere]", r":3: The sign '\]\['"),
        ("open `code", r":3: The sign '`'"),
        ("| a | b |", r":3: The sign '\|'"),
        ("==marked==", r":3: The sign '=='"),
        (":::note\n\nfine\n\n\\beta\n:::", r":7: The sign"),
        ("- one\n- $y", r":4: The sign"),
        ("\U000f0000", r":3: the character U\+F0000 is for private use"),
        ("x^n^ and", r":3: The sign '\^'"),
        ("H~n~O", r":3: The sign '~'"),
        ("[TOC]", r":3: The sign '\[TOC\]'"),
        ("!!! note without quotes", r":3: The sign '!!!'"),
        ("see [^x]\n\n[^x]: a\n\n    - list", r":7: the footnote \[\^x\] may hold paragraphs only"),
        ("see [^x]\n\n[^x]: a **b", r":5: the footnote or reference 'x': The sign '\*'"),
        ("a ^[b **c]", r":3: the footnote or reference"),
        ("[see @unknown, p. x]", r":3: 'unknown' is not in references\.toml"),
    ],
)
def test_what_would_be_printed_as_a_sign_is_an_error_with_its_line(text, message):
    with pytest.raises(NoteError, match=message):
        _read(f"# T\n\n{text}\n")


@pytest.mark.parametrize(
    "text",
    [
        r"val\_loss, val_loss, two * three, \*, \$, costs ${{ const(5) }} and a * b",
        "`**` and `$x` and [a](https://example.org/_x_*y*)",
        "<https://example.org/_x_>",
        r"\# no heading, \[\^x\]",
    ],
)
def test_a_sign_that_is_meant_is_shown(text):
    assert _read(f"# T\n\n{text}\n")


@pytest.mark.parametrize(
    ("written", "tex"),
    [
        ("$ L $", ("L", False)),
        (r"损失\(x_1\)。", ("x_1", False)),
        ("取$k$={{ const(4) }}", ("k", False)),
        ("$k$={{ const(4) }}", ("k", False)),
        ("\\[\ny^2\n\\]", ("y^2", True)),
        ("\\[ y \\]", ("y", True)),
    ],
)
def test_formulas_between_other_signs_are_set(written, tex):
    found = _read(f"# T\n\n## S {{#s}}\n\n{written}\n").sections[0].passages[0].text
    assert [(part.strip(), display) for part, display in on_screen("zh").formulas(found)] == [tex]
    assert "$" not in on_screen("zh").prose(found)


def test_words_between_two_formulas_stay_words():
    assert _read("# T\n\n第 $i$ 篇与 $p$ 的\n").opening[0].text == "第 $i$ 篇与 $p$ 的"


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("1. one\n2) two\n> 3. three\n", "<ol>"),
        (
            "- a\n  - ```python\n    # comment\n    ```\n- b\n",
            '<li>\n<pre tabindex="0"><code><span class="c"># comment</span>',
        ),
        ("1. ~~~\n   # a\n   ~~~\n", "<code># a</code>"),
        ("    # code\n    $ ls **/*.py\n", "<code># code\n$ ls **/*.py</code>"),
        ("| a |\n|---|\n| `x | y` |\n", "<td><code>x | y</code></td>"),
        ("| a |\n|---|\n| $|x|$ |\n", "<td><math>"),
        ("| a |\n|---|\n| x<br>y |\n", "x<br>\ny"),
        ("术语\n: 解释\n", "<dt>术语</dt>\n<dd>解释</dd>"),
        (
            "[a][Ref] [ref][] [REF]\n\n[ref]: https://example.org/2020 'title'\n",
            '<a href="https://example.org/2020">REF</a>',
        ),
        ("https://example.org/2020 <https://example.org/2021> &#20013;\n", "中"),
        ("花费${{ const(5) }}，而$k$={{ const(3) }}，$k=3$元\n", "$5，而\u2009<math>"),
        ("US${{ const(5) }}, and $x=5$; ${{ const(6) }}-${{ const(7) }}\n", "; $6-$7"),
        ("$$\n\\begin{aligned}\na &= b \\\\\nc &= d\n\\end{aligned}\n$$\n", "<mtable"),
        ("[see @whole, p. x; -@whole] and @whole, me@whole.org\n", 'see <a href="#imdb-reference-1">1</a>, p. x'),
        ("::: note\ntext\n:::\n", "text"),
    ],
)
def test_a_form_that_people_write_is_set(text, held):
    note = _read(f"# T\n\n{text}", {"whole": "A whole entry."})
    assert held in on_screen("zh").prose(note.opening[0].text)


@pytest.mark.parametrize("before", ["", "> ", "    "])
def test_a_fence_of_mathematics_is_a_formula_and_one_of_code_stays_code(before):
    start = "- a\n\n" if before.isspace() else ""
    fence = f"{before}```math\n{before}x^2 = \\text{{值}}\n{before}```\n"
    code = "````markdown\n```math\nx\n```\n````\n"
    note = _read(f"# T\n\n## S {{#s}}\n\n{start}{fence}\n{code}")
    shown = "".join(str(on_screen("zh").prose(passage.text)) for passage in note.sections[0].passages)
    assert "<math" in shown
    assert "$" not in shown
    assert "```math\nx\n```" in re.sub(r"<[^>]*>", "", shown)


def test_a_link_is_defined_in_another_section_than_it_stands():
    note = _read("# T\n\n[text][far]\n\n## S {#s}\n\n[far]: <https://example.org/a_b>\n")
    assert on_screen("en").prose(note.opening[0].text) == '<p><a href="https://example.org/a_b">text</a></p>'


def test_a_footnote_has_paragraphs_and_may_stand_in_the_text():
    note = _read("# T\n\nA[^a] b ^[c [d](https://example.org)].\n\n[^a]: one\n  more\n\n    two\n\nafter\n")
    first, second = note.references.footnotes.values()
    assert on_screen("en").inline(first) == "one more<br>\ntwo"
    assert second == "c [d](https://example.org)"
    assert note.opening[0].text.endswith("after")


def test_an_admonition_becomes_a_box():
    note = _read('# T\n\n!!! warning "小心"\n    text\n\n    ```\n    # code\n    ```\nafter\n')
    box, after = note.opening
    assert (box.kind, after.text) == ("caution", "after")
    assert box.text == "**小心**\n\ntext\n\n```\n# code\n```"


def test_an_alert_becomes_a_box(tmp_path):
    chapter = _chapter(tmp_path, "# T\n\n> [!WARNING]\n> Look **out**.\n>\n> ```\n> # code\n> ```\n\nafter\n")
    box, after = chapter.opening
    assert isinstance(box, Box)
    assert box.kind == "caution"
    assert "Look **out**." in box.blocks[0].markdown
    assert "```\n# code\n```" in box.blocks[0].markdown
    assert after == Prose(markdown="after")


LIBRARY = """
whole = "A. Author, *A whole entry*."
[chollet2021]
author = "François Chollet"
title = "Deep Learning with Python"
year = 2021
doi = "10.1000/x"
"""


def test_footnotes_and_citations_are_links_to_tables_at_the_end(tmp_path):
    text = (
        "# T\n\nOne[^b], two[^a], [@chollet2021, p. x; @whole].\n\n[^a]: first, see [@whole]\n[^b]: second\n  goes on\n"
    )
    chapter = _chapter(tmp_path, text, LIBRARY)
    (prose,) = chapter.opening
    assert prose.markdown == (
        r"One[¹](#imdb-footnote-1), two[²](#imdb-footnote-2), "
        r"\[[1](#imdb-reference-1), p. x; [2](#imdb-reference-2)\]."
    )
    footnotes, cited = (section.blocks[0] for section in chapter.sections[-2:])
    assert isinstance(footnotes, Table)
    assert isinstance(cited, Table)
    assert footnotes.row_ids == ("imdb-footnote-1", "imdb-footnote-2")
    assert [row[1] for row in footnotes.rows] == ["second goes on", r"first, see \[[2](#imdb-reference-2)\]"]
    assert [row[1] for row in cited.rows] == [
        "François Chollet. 2021. *Deep Learning with Python*. <https://doi.org/10.1000/x>",
        "A. Author, *A whole entry*.",
    ]


def test_a_library_that_can_not_be_read_names_the_entry(tmp_path):
    (tmp_path / "references.toml").write_text("[a]\npublisher = 'x'\n", "utf-8")
    with pytest.raises(NoteError, match=r"references\.toml: 'a' must be .*'publisher'"):
        references.library(tmp_path)


def test_byte_order_mark_and_line_ends_change_nothing(tmp_path):
    found = []
    for name, content in {"a": b"# T\n\ntext\n", "b": b"\xef\xbb\xbf# T\r\n\r\ntext\r\n"}.items():
        path = tmp_path / name / "en" / "imdb.md"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        found.append(NotesInUse(folder=tmp_path / name).text("en", "imdb")[0])
    assert found[0] == found[1] == "# T\n\ntext\n"


@pytest.mark.parametrize(
    ("encoding", "text", "said"),
    [
        ("gbk", "# T\n\n过拟合\n", r"3: the file is not in UTF-8 \(perhaps in GBK\)"),
        ("utf-16", "# T\n\n过拟合\n", r"1: the file is not in UTF-8 \(perhaps in UTF-16\)"),
        ("utf-16-le", "# T\n\ntext\n", r"1: the file is not in UTF-8 \(perhaps in UTF-16\)"),
    ],
)
def test_another_encoding_is_named_with_the_way_out(tmp_path, encoding, text, said):
    path = tmp_path / "mine" / "zh" / "imdb.md"
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode(encoding))
    with pytest.raises(NoteError, match=rf"mine/zh/imdb\.md:{said}.*save it as UTF-8"):
        NotesInUse(folder=tmp_path / "mine").text("zh", "imdb")


def test_line_ends_of_a_note_make_no_report_out_of_date(place, capsys):
    stored(place, "tensors")
    (place / "labreport.toml").write_text('notes = "mine"\n', "utf-8")
    note = place / "mine" / "en" / "tensors.md"
    note.parent.mkdir(parents=True)
    note.write_bytes(b"# T\n\ntext\n")
    assert main(["render", "--lang", "en", "--to", "html"]) == 0
    page = (place / "reports" / "labreport-en.html").read_bytes()
    note.write_bytes(b"# T\r\n\r\ntext\r\n")
    assert main(["render", "--lang", "en", "--to", "html"]) == 0
    assert (
        "unchanged" in capsys.readouterr().err.lower() or page == (place / "reports" / "labreport-en.html").read_bytes()
    )


DOUBLED = "{% set a0='x' %}" + "".join(
    f"{{% set a{n} = '{'%s' * 10}' % ({', '.join([f'a{n - 1}'] * 10)}) %}}" for n in range(1, 10)
)


@pytest.mark.parametrize(
    "text",
    [
        DOUBLED,
        "{% set a = [1] %}{% set b = [a, a] %}{{ b }}",
        "{{ {'a': 1} }}",
        "{{ (1, 2)|number }}",
        "{{ '%s%s' % 'x' }}",
        "{{ '%d' % 1e999 }}",
        "{% set a = 1e999 %}{{ a|number }}",
        "{{ '%d' % (1e308 * 10) }}",
        "{{ 'x'.upper }}",
        "{{ score }}",
        "{{ score|number }}",
        "{{ training('selection') }}",
        "{{ (-2) ** 0.5 }}",
        "{{ " + "-(" * 300 + "1" + ")" * 300 + " }}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{% set a = '" + "x" * 6000 + "' %}" + "{{ a }}" * 1000,
        "{{ score('" + "x" * 60000 + "') }}",
        "[^a" * 5000,
        "x\n" * 100_000,
    ],
)
def test_a_hostile_expression_is_an_error_with_a_line_and_no_address_in_memory(text):
    with pytest.raises(NoteError, match=r"^n/en/x\.md:\d+: ") as error:
        _read(f"# T\n\n{text}\n")
    assert "0x" not in str(error.value)
    assert len(str(error.value)) < 1000


def test_a_difference_too_large_for_a_number_is_no_fault_of_labreport():
    assert _read("# T\n\n{{ 1e308 - -1e308 }}\n").opening[0].text == "∞"
