"""The sheet: A4, Letter and A3, large print, a page for each exercise, hints, and room for answers."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import msgspec
import pikepdf
import pytest
from helpers import ink
from helpers.hand_labs import stored
from helpers.hand_results import hand_result
from helpers.sample_report import sample

from labreport.report import configuration
from labreport.report.chapters import build
from labreport.report.cli import main
from labreport.report.configuration import Configuration, override
from labreport.report.document import Chapter, Exercise, Section
from labreport.report.errors import UsageError
from labreport.report.look import Look
from labreport.report.rendering import html, pdf

DATE = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _exercises(count: int = 3):
    report = sample("en")
    blocks = tuple(
        Exercise(id=f"e{number}", number=f"1.{number}", points=2, task=f"Task {number}", hint="H", answer_lines=3)
        for number in range(1, count + 1)
    )
    sections = (
        Section(id="before", title="Before", blocks=()),
        Section(id="exercises", title="Exercises", blocks=blocks),
    )
    return msgspec.structs.replace(
        report,
        cover=msgspec.structs.replace(report.cover, strip=()),
        chapters=(Chapter(id="tensors", number="1", title="T", sections=sections),),
        summary=Chapter(id="s", number="", title="S"),
        provenance=Chapter(id="p", number="", title="P"),
    )


@pytest.mark.parametrize(
    ("look", "size"),
    [
        (Look(), (595, 842)),
        (Look(large=True), (595, 842)),
        (Look(paper="letter"), (612, 792)),
        (Look(paper="letter", large=True), (612, 792)),
        (Look(paper="a3"), (842, 1191)),
        (Look(paper="a3", large=True), (842, 1191)),
    ],
)
def test_every_page_has_the_size_of_the_sheet(look, size):
    with pikepdf.open(io.BytesIO(pdf.pdf(_exercises(), source_date=DATE, look=look))) as document:
        found = {tuple(round(float(number)) for number in page.mediabox[2:]) for page in document.pages}
    assert found == {size}


def test_large_print_has_letters_of_sixteen_points_and_nothing_leaves_the_page():
    content = pdf.pdf(sample("zh"), source_date=DATE, look=Look(large=True))
    assert ink.outside(content, 30) == []
    sizes = ink.sizes(content)
    assert min(sizes) >= 9  # the small marks behind sentences
    assert sum(count for size, count in sizes.items() if size >= 16) > 2500


def test_each_exercise_begins_a_page_where_that_is_wanted():
    def places(look: Look) -> list[int]:
        texts = ink.texts(pdf.pdf(_exercises(), source_date=DATE, look=look))
        return [next(place for place, text in enumerate(texts) if f"Task{number}" in text) for number in (1, 2, 3)]

    together, apart = places(Look()), places(Look(exercise_pages=True))
    assert len(set(together)) == 1
    assert apart == [apart[0], apart[0] + 1, apart[0] + 2]


def test_the_page_for_the_screen_prints_on_the_same_sheet():
    page = html.html(_exercises(), look=Look(paper="letter", large=True, exercise_pages=True))
    assert "@page{size:letter}" in page
    assert "html{font-size:16.5pt}" in page
    assert "break-before:page" in page
    assert "@page{size:letter}" not in html.html(_exercises())


def _built(**changes):
    wanted = override(Configuration(lang=("en",)), **changes)
    return build.build([hand_result("mnist")], "en", wanted, moment=DATE, version="x").report.chapters[0]


def _lines(chapter) -> list[int]:
    return [block.answer_lines for part in chapter.sections for block in part.blocks if isinstance(block, Exercise)]


def test_hints_and_room_for_answers_are_as_wanted():
    usual = _lines(_built())
    assert all(usual)
    assert _lines(_built(answer_room=2.0)) == [2 * lines for lines in usual]
    assert set(_lines(_built(answer_room=0.0))) == {0}
    hints = [
        block.hint for part in _built(hints=False).sections for block in part.blocks if isinstance(block, Exercise)
    ]
    assert set(hints) == {""}


def test_a_note_says_how_many_lines_an_exercise_has(tmp_path):
    note = tmp_path / "mine" / "en" / "mnist.md"
    note.parent.mkdir(parents=True)
    note.write_text(
        "# T\n\n:::exercise a 2 15\nx\n:::\n\n:::exercise b 2\nx\n:::\n\n:::exercise c 2 0\nx\n:::\n", "utf-8"
    )
    chapter = _built(notes=tmp_path / "mine")
    assert [block.answer_lines for block in chapter.opening] == [15, 3, 0]


def test_the_settings_come_from_file_environment_and_flags(place, capsys):
    (place / "labreport.toml").write_text(
        'paper = "letter"\nprint = "large"\nhints = false\nanswer_room = 2\n', "utf-8"
    )
    found = configuration.load(place, {"LABREPORT_ANSWER_ROOM": "1.5", "LABREPORT_EXERCISE_PAGES": "yes"})
    assert (found.paper, found.print, found.hints) == ("letter", "large", False)
    assert (found.answer_room, found.exercise_pages) == (1.5, True)
    for line in ('paper = "a5"', "answer_room = -1", 'print = "huge"', 'hints = "x"'):
        (place / "labreport.toml").write_text(line, "utf-8")
        with pytest.raises(UsageError):
            configuration.load(place, {})
    (place / "labreport.toml").unlink()
    stored(place, "tensors")
    flags = ["--paper", "letter", "--print", "large", "--exercise-pages", "--no-hints", "--answer-room", "2"]
    assert main(["render", "--lang", "en", "--to", "html", *flags]) == 0
    page = (place / "reports" / "labreport-en.html").read_text("utf-8")
    assert "size:letter" in page
    assert not re.search(r'class="hint"', page)
    assert main(["render", "--paper", "a5"]) == 2
    assert "a5" in capsys.readouterr().err
