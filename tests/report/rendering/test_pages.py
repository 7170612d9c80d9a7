"""Where pages end: figures go where they fit, exercises stay whole, no page is left empty within a chapter."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import pytest
from helpers import set_pages
from helpers.sample_report import curve, sample

from labreport.report.document import Box, Chapter, Column, Example, Exercise, Figure, Prose, Section, Table
from labreport.report.rendering import columns, pdf

DATE = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINE = "The network learns the samples by heart, and the validation loss rises from then on; see the curve. "
PARAGRAPH = Prose(markdown=LINE * 6)


def figure(number: int, height: int = 130) -> Figure:
    drawing = curve("x", 120, height)
    return Figure(
        id=f"figure-{number}", number=f"1.{number}", caption="C", svg=drawing, alt="x", width_mm=120, height_mm=height
    )


def exercise(number: int, *, lines: int = 6, solution: str | None = None) -> Exercise:
    task = LINE * 5 + "\n\n- (a) " + LINE + "\n- (b) " + LINE
    return Exercise(
        id=f"exercise-{number}",
        number=f"1.{number}",
        points=2,
        task=task,
        hint=LINE,
        answer_lines=0 if solution else lines,
        solution=solution,
    )


def document(*sections: tuple[object, ...]):
    report = sample("en")
    empty = [Chapter(id=name, number="", title="S") for name in "sp"]
    chapter = Chapter(
        id="tensors",
        number="1",
        title="T",
        sections=tuple(Section(id=f"x{n}", title="X", blocks=blocks) for n, blocks in enumerate(sections)),
    )
    return pdf.pages(
        msgspec.structs.replace(
            report,
            cover=msgspec.structs.replace(report.cover, strip=()),
            chapters=(chapter,),
            summary=empty[0],
            provenance=empty[1],
        ),
        source_date=DATE,
    )


def order(set_document) -> list[str]:
    """Return the ids and the paragraphs of the sections as they follow each other on paper."""
    found = {}
    for page in set_document.pages:
        for box in page._page_box.descendants():
            if box.element is not None and box.element_tag in ("figure", "p", "h3"):
                found.setdefault(box.element, box.element.get("id") or box.element_tag)
    return [name for name in found.values() if name.startswith("figure-") or name in ("p", "h3")]


def without_gaps(set_document) -> set_pages.Faults:
    found = set_pages.faults(set_document)
    assert not found.gaps
    assert not found.half_empty
    assert not found.disorder
    assert not found.broken_source
    assert len(found.pages) > 4
    return found


def test_text_goes_before_a_figure_that_does_not_fit():
    made = document((*[PARAGRAPH] * 3, figure(1), figure(2), *[PARAGRAPH] * 6))
    without_gaps(made)
    names = order(made)
    assert names.index("figure-1") > names.index("h3") + 4
    assert names.index("figure-2") > names.index("figure-1")


def test_a_figure_at_the_end_of_a_section_lets_the_next_section_begin():
    made = document((*[PARAGRAPH] * 3, figure(1)), tuple([PARAGRAPH] * 6))
    without_gaps(made)
    names = order(made)
    assert names.index("figure-1") > len(names) - 1 - names[::-1].index("h3")


def table(number: int, rows: int) -> Table:
    columns_of_it = (Column(title="setting"), Column(title="value"))
    cells = (("units", "16"),) * rows
    return Table(id=f"table-{number}", number=f"1.{number}", caption="C", columns=columns_of_it, rows=cells)


@pytest.mark.parametrize("paragraphs", [2, 3])
def test_a_table_that_goes_on_overleaf_does_not_pass_one_with_a_lower_number(paragraphs):
    without_gaps(document((*[PARAGRAPH] * paragraphs, table(1, 13), table(2, 20), *[PARAGRAPH] * 8)))


@pytest.mark.parametrize("entries", [3, 4])
def test_more_than_a_few_lines_of_sources_end_a_chapter(entries):
    sources = Box(kind="sources", title="S", blocks=(Prose(markdown="\n".join([f"- {LINE * 2}"] * entries)),))
    found = set_pages.faults(document((*[PARAGRAPH] * 8,), (sources,)))
    assert not found.short_ends
    assert not found.gaps


def test_exercises_stay_whole_and_share_out_the_page():
    found = without_gaps(document((PARAGRAPH, *[exercise(number) for number in range(1, 8)])))
    assert not found.torn_exercises
    assert not found.lone_answers


def test_an_exercise_that_is_longer_than_a_page_gives_up_the_lines_that_would_go_overleaf():
    found = set_pages.faults(document((PARAGRAPH, exercise(1), exercise(2, lines=40), exercise(3))))
    assert not found.torn_exercises
    assert not found.lone_answers


def test_the_task_of_an_exercise_stays_whole_before_a_long_solution():
    solution = "\n\n".join([LINE * 3] * 5)
    found = set_pages.faults(document((PARAGRAPH, *[exercise(number, solution=solution) for number in range(1, 6)])))
    assert not found.torn_exercises


@pytest.mark.parametrize(
    ("block", "named"),
    [
        (exercise(1, solution="\n\n".join([LINE * 3] * 40)), "Solution 1.1 (continued)"),
        (Box(kind="key-points", title="Key points", blocks=(PARAGRAPH,) * 20), "Key points (continued)"),
        (Box(kind="caution", title="X", blocks=(PARAGRAPH,) * 20), "X (continued)"),  # as the heading above it
    ],
)
def test_a_box_that_goes_on_overleaf_says_there_what_it_is(block, named):
    made = document((PARAGRAPH, block, PARAGRAPH))
    said = [
        [(box.text, round(box.position_y)) for box in page._page_box.children[0].descendants() if hasattr(box, "text")]
        for page in made.pages
    ]
    parts = [number for number, page in enumerate(said, 1) if any(text == named for text, _ in page)]
    assert parts == [4, 5, 6, 7]
    # It stands above all else, and the first line below it keeps its distance.
    for number in parts:
        assert said[number - 1][0][0] == named
        assert said[number - 1][1][1] - said[number - 1][0][1] > 18


def test_a_box_and_an_example_are_parted_where_a_page_would_be_left_empty():
    points = Box(kind="key-points", title="K", blocks=(Prose(markdown="\n".join([f"- {LINE * 2}"] * 9)),))
    code = Example(id="e", caption="C", code="\n".join(["value = value + 1"] * 21), output="1")
    found = without_gaps(document((*[PARAGRAPH] * 6, points, *[PARAGRAPH] * 3, code, *[PARAGRAPH] * 5)))
    assert not found.torn_source


def self_check(entries: int, width: int = 2) -> Box:
    return Box(kind="self-check", title="K", blocks=(Prose(markdown="\n".join([f"- {LINE * width}"] * entries)),))


def test_a_box_of_three_entries_is_parted_where_much_of_a_page_would_stay_empty():
    made = document((*[PARAGRAPH] * 5, self_check(3, 5), *[PARAGRAPH] * 16))
    without_gaps(made)


def _heights(set_document, page: int) -> list[float]:
    """Return the distances of the paragraphs of a page."""
    boxes = [
        box
        for box in set_document.pages[page]._page_box.descendants()
        if box.element_tag == "p" and type(box).__name__ == "BlockBox" and box.element.get("class") is None
    ]
    return [round(after.position_y - before.position_y, 1) for before, after in pairwise(boxes)]


@pytest.mark.parametrize(("lines", "apart"), [(1, False), (5, True)])
def test_paragraphs_move_together_where_a_task_then_fits_and_apart_where_it_does_not(lines, apart):
    solved = exercise(1, solution=LINE)
    solved = msgspec.structs.replace(solved, task=f"{solved.task}\n\n{LINE * 6}")
    made = document((PARAGRAPH, *[Prose(markdown=LINE)] * lines, solved, *[PARAGRAPH] * 10))
    found = without_gaps(made)
    assert not found.torn_exercises
    # A paragraph of six lines and the room below it take 181.5 pixels elsewhere.
    assert (_heights(made, 2)[0] > 182) == apart
    assert (_heights(made, 2)[0] < 181) == (not apart)


@pytest.mark.parametrize(("heads", "long"), [(("a", "b", "a", "b"), False), (("a", "b", "c", "d"), True)])
def test_a_table_of_two_halves_is_never_parted(heads, long):
    table = Table(
        id="t",
        number="1.1",
        caption="C",
        columns=tuple(Column(title=head) for head in heads),
        rows=(("1", "2", "3", "4"),) * 23,
    )
    assert ("long" in columns.table_classes(table)) == long
