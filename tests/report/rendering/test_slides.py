"""Slides: every one has its place on its page, code can be read from the back row, and no solution is shown."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from functools import cache

import msgspec
import pikepdf
import pytest
from helpers import pdf_text
from helpers.hand_labs import stored
from helpers.hand_results import FURTHER, LABS, all_hand_results, hand_result
from helpers.sample_report import LONG_CODE, sample
from helpers.short_notes import PLAIN, short

from labreport.report.chapters.build import build, document
from labreport.report.cli import main
from labreport.report.configuration import Configuration
from labreport.report.document import Example, Figure, Listing, Prose, Table, first, ids, walk
from labreport.report.rendering.slides import automatic, deck, page, parts, room
from labreport.report.store import printed
from labreport.report.words import LANGUAGES, Words

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)
POINT = 96 / 72
"""Pixels, in which WeasyPrint counts."""
HANGING = 9
"""Pixels by which a blank at the end of a line may hang over."""
CANARY = "QZXKVJ"
NOTE = """# Slides of a note

## One {{#one}}

Before the slide.

:::exercise count 2
How many layers?
:::
:::hint count
Look.
:::
:::solution count
{canary}
:::

:::slide
[](#exercise-count)
:::
"""


@cache
def _book(language):
    results = (*all_hand_results(), *map(hand_result, FURTHER))
    built = build(results, language, Configuration(), moment=MOMENT, version="1")
    assert built.problems == ()
    return built.report


@cache
def _pages(language):
    return page.pages(_book(language), "slides", source_date=MOMENT).pages


def _boxes(box):
    yield box
    for child in getattr(box, "children", ()):
        yield from _boxes(child)


def _slide_of(one):
    return next(box.element.get("id") for box in _boxes(one._page_box) if box.element_tag == "section")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_slide_of_every_lab_has_its_place_on_one_page(language):
    shown = page.SlidesPage(_book(language), "screen")
    slides = [_slide_of(one) for one in _pages(language)]
    assert len(slides) == len(set(slides)) == shown.count
    assert {chapter.id for chapter in shown.report.chapters} == {*LABS, *FURTHER}
    for one in _pages(language):
        outer = one._page_box
        for box in _boxes(outer.children[0]):
            if type(box).__name__ in ("LineBox", "InlineReplacedBox", "BlockReplacedBox"):
                assert box.position_y + box.height <= outer.content_box_y() + outer.height + 1, _slide_of(one)
                assert box.position_x + box.width <= outer.content_box_x() + outer.width + HANGING, _slide_of(one)


def test_a_title_of_two_lines_has_its_place_with_facts_and_remarks():
    data = hand_result("metrics").findings.data
    sampled = msgspec.structs.replace(data, source="sample", train_samples=5_000, test_samples=2_000)
    result = hand_result("metrics", seeds=(0,), data=sampled)
    built = build([result], "en", Configuration(course={"en": "Keras labs"}), moment=MOMENT, version="0.1.0").report
    assert len(built.chapters[0].marks) == 2
    first_two = [_slide_of(one) for one in page.pages(built, "slides", source_date=MOMENT).pages[:2]]
    assert len(set(first_two)) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_source_is_set_in_eighteen_points_at_least_and_text_larger(language):
    sizes: dict[str, set[float]] = {"pre": set(), "li": set()}
    for one in _pages(language):
        for box in _boxes(one._page_box.children[0]):
            if type(box).__name__ == "TextBox" and box.text.strip():
                size = round(box.style["font_size"] / POINT, 1)
                sizes.setdefault(box.element_tag, set()).add(size)
                if box.element_tag in ("code", "samp") and getattr(box, "style", None)["white_space"] == "pre-wrap":
                    sizes["pre"].add(size)
    assert min(sizes["pre"]) >= 18
    assert min(sizes["li"]) >= 24


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_deck_of_a_lab_is_for_one_lecture(language):
    made = deck.deck(_book(language))
    sizes = {chapter.id: len(chapter.sections) + 1 for chapter in made.chapters}
    assert all(16 <= size <= 24 for size in sizes.values()), sizes


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_about_the_run_is_on_a_slide_without_its_evidence(language):
    made = deck.deck(_book(language))
    there = set(ids(made))
    for chapter in made.chapters:
        rows = {row for slide in chapter.sections for row in ids(slide) if "-claim-" in row}
        said = {claim for slide in chapter.sections for block in slide.blocks[:-1] for claim in deck._claims(block)}
        assert said, chapter.id
        assert said == rows, chapter.id
        assert said <= there
    for found in walk(made):
        if found.kind in ("inline", "prose"):
            assert set(deck._TARGET.findall(first(found.text))) <= there, found.place.named


def test_each_slide_has_the_text_of_its_section_to_be_spoken():
    book = _book("en")
    spoken = "\n".join(
        first(block.markdown)
        for chapter in deck.deck(book).chapters
        for slide in chapter.sections
        for block in slide.blocks[-1].blocks
        if isinstance(block, Prose)
    )
    assert "Can a computer read digits that people wrote by hand?" in spoken
    assert "A common account says that Keras takes their average." in spoken


def test_the_pdf_has_pages_of_sixteen_to_nine_is_tagged_and_the_same_each_time():
    report = build([hand_result("workflow")], "en", Configuration(), moment=MOMENT, version="1").report
    once, again = (page.paper(report, "slides", source_date=MOMENT) for _ in range(2))
    assert once == again
    assert page.html(report) == page.html(report)
    with pikepdf.open(io.BytesIO(once)) as opened:
        assert [float(value) for value in opened.pages[0].MediaBox] == [0, 0, 960, 540]
        assert opened.Root.MarkInfo.Marked
        assert str(opened.docinfo["/Title"]) == "The Keras workflow: from layers to a trained model"
        count = len(opened.pages)
    texts = pdf_text.pages(once)
    assert f"{count}of{count}" in texts[-1].replace(" ", "")
    notes = pdf_text.pages(page.paper(report, "notes", source_date=MOMENT))
    assert len(notes) >= count
    assert "Acommonaccount" in "".join(notes).replace(" ", "")
    assert "Acommonaccount" not in "".join(texts).replace(" ", "")


def test_solutions_are_spoken_in_the_instructors_edition_and_nowhere_in_the_students(tmp_path):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "workflow.md").write_text(NOTE.format(canary=CANARY))
    found = {}
    for edition in ("student", "instructor"):
        asked = Configuration(edition=edition, notes=tmp_path)
        built = build([hand_result("workflow")], "en", asked, moment=MOMENT, version="1")
        assert built.problems == ()
        files = [page.html(built.report)]
        for sheet in ("slides", "notes"):
            files.append("".join(pdf_text.pages(page.paper(built.report, sheet, source_date=MOMENT))))
        assert all("How many layers?".replace(" ", "") in text.replace(" ", "") for text in files)
        found[edition] = [CANARY in text for text in files]
    assert found == {"student": [False] * 3, "instructor": [True, False, True]}


def test_where_a_note_marks_no_slides_they_are_chosen():
    report = sample("en")
    made = deck.deck(report)
    assert made.chapters
    assert all(chapter.sections for chapter in made.chapters)
    shown = [block for chapter in made.chapters for slide in chapter.sections for block in slide.blocks]
    assert any(isinstance(block, Figure) for block in shown)
    assert any(isinstance(block, Table) for block in shown)
    chapter = next(one for one in report.chapters if len(one.sections) > 1)
    assert {slide.title for slide in automatic.slides(chapter)} <= {section.title for section in chapter.sections}
    assert len(page.pages(report, "slides", source_date=MOMENT).pages) >= page.SlidesPage(report, "screen").count


def test_source_too_long_for_a_slide_is_cut_and_says_which_lines_are_shown():
    words = Words("en")
    listing = Listing(id="l", number="1.1", caption="All of it.", code=LONG_CODE, sha256="0", origin="ran")
    made = parts.parts(listing, room.HEIGHT, words)
    assert len(made) > 2
    lines = [line for part in made for line in part.code.split("\n")]
    assert lines == [line for line in LONG_CODE.split("\n") if line.strip()]
    assert all(room.shown_height(part) <= room.HEIGHT for part in made)
    assert "(lines 1 to " in first(made[0].caption)
    assert "(without description" in first(made[0].caption)
    short = msgspec.structs.replace(listing, code="x = 1\n")
    assert parts.parts(short, room.HEIGHT, words) == [short]


def test_what_an_example_printed_stands_beside_short_code_and_behind_long_code():
    words = Words("en")
    short = Example(id="e", caption="", code="print(1)", output="1")
    assert room.paired(short)
    long = Example(id="e", caption="C.", code="\n".join(f"print({n})" for n in range(12)), output="1\n" * 30)
    made = parts.parts(long, room.HEIGHT, words)
    assert made[0].output == ""
    assert made[-1].code == ""
    assert "What it printed" in first(made[-1].caption)


def test_slides_are_a_format_of_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    short(tmp_path, workflow=PLAIN)
    stored(tmp_path, "workflow")
    assert main(["render", "--lang", "en", "--to", "slides"]) == 0
    names = {path.name for path in (tmp_path / "reports").iterdir() if "slides" in path.name}
    assert names == {"labreport-en-slides.html", "labreport-en-slides.pdf", "labreport-en-slides-notes.pdf"}
    capsys.readouterr()
    assert main(["render", "--lang", "bilingual", "--to", "slides"]) == 4
    assert "slides are in one language" in capsys.readouterr().err
    assert main(["render", "--lang", "en", "--form", "sheet", "--to", "slides"]) == 4
    assert "slides are made of whole chapters" in capsys.readouterr().err


def test_a_report_in_several_languages_and_what_it_carries_hold_no_slides():
    results = [hand_result("workflow")]
    both = document(results, "bilingual", Configuration(), moment=MOMENT, version="1")
    assert both.problems == ()
    assert all(chapter.slides == () for chapter in both.report.chapters)
    one = build(results, "en", Configuration(), moment=MOMENT, version="1").report
    assert one.chapters[0].slides
    assert b"Like building with bricks" not in printed.encode(printed.printed(one, ["workflow"]))
