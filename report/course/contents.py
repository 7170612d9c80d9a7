"""What the index pages of a course list: which file is what, found by the folder in which it lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from labreport.experiments.data.catalogue import known_set
from labreport.experiments.errors import DataError
from labreport.experiments.result import Result
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.course import index
from labreport.report.course.index import CourseFileLink, CourseRow, CourseTable
from labreport.report.course.plan import CoursePlan
from labreport.report.words import Words

_SHOWN = {".pdf": "PDF", ".html": "HTML", ".md": "Markdown", ".docx": "Word", ".ipynb": "ipynb", ".epub": "EPUB"}
_NOTES = "-notes"
"""How the name of the notes to slides ends."""
_KINDS = {
    "students": ("sheet", "chapter", "exercises", "slides", "notebooks"),
    "instructors": ("solutions", "chapter", "lms"),
}


def pages(
    plan: CoursePlan, results: Sequence[Result], names: Sequence[str], notes: NotesInUse
) -> Iterator[tuple[str, bytes]]:
    """Yield the index pages: the course's, and that of the students, which names nothing else.

    Args:
        plan: of the course.
        results: one for each lab.
        names: files of the course, relative to its folder.
        notes: give the titles of the labs.
    """
    look = plan.configuration.look
    for start, tops in (("", ("students", "instructors")), ("students/", ("students",))):
        if any(name.startswith(tuple(f"{top}/" for top in tops)) for name in names):
            parts = [
                index.part(
                    language,
                    plan.configuration.course.get(language) or plan.name,
                    [_table(plan, results, names, notes, language, top, start) for top in tops if _has(names, top)],
                )
                for language in plan.configuration.lang
            ]
            yield f"{start}index.html", index.page(parts, look)


def _has(names: Sequence[str], top: str) -> bool:
    return any(name.startswith(f"{top}/") for name in names)


def _table(
    plan: CoursePlan,
    results: Sequence[Result],
    names: Sequence[str],
    notes: NotesInUse,
    language: str,
    top: str,
    start: str,
) -> CourseTable:
    words = Words(language)
    kinds = [kind for kind in _KINDS[top] if any(f"/{kind}/" in name for name in names if name.startswith(f"{top}/"))]
    heads = [
        words(f"course.{'instructor_chapter' if (top, kind) == ('instructors', 'chapter') else kind}") for kind in kinds
    ]
    sampled = top == "students" and _has(names, "students/data")
    rows = []
    for place, result in enumerate(results, 1):
        lab = result.lab
        cells = [_links(names, f"{top}/{place:02}-{lab}/{kind}/", language, start) for kind in kinds]
        if sampled:
            cells.append(_samples(result, names, start))
        title = str(notes.title(language, lab))
        rows.append(CourseRow(number=str(place), title=title, due=plan.dates.get(lab, ""), cells=tuple(cells)))
    return CourseTable(
        heading=words(f"course.for_{top}"),
        columns=(*heads, *([words("course.data")] if sampled else [])),
        rows=tuple(rows),
        notes=tuple(_notes(plan, names, words, top, start)),
    )


def _notes(
    plan: CoursePlan, names: Sequence[str], words: Words, top: str, start: str
) -> Iterator[tuple[str, tuple[CourseFileLink, ...]]]:
    colon = words.record.colon
    if top == "students" and (text := plan.hand_in.get(words.language)):
        yield words("course.hand_in", text=text), ()
    if top == "students" and any(name.endswith(".ipynb") for name in names):
        yield words("course.notebook_text"), ()
    if top == "instructors":
        keys = tuple(
            _link(name, start, PurePosixPath(name).name)
            for name in names
            if name.startswith("instructors/key.") or name.startswith(f"instructors/key-{words.language}.")
        )
        if keys:
            yield words("course.key") + colon, keys
        if own := sum(name.startswith("own/") for name in names):
            yield words("course.own_text", count=own, folder="own"), ()
    if not start:
        packed = f"{plan.name}-{top}.zip"
        yield words(f"course.pack_{top}") + colon, (_link(packed, "", packed),)


def _links(names: Sequence[str], folder: str, language: str, start: str) -> tuple[CourseFileLink, ...]:
    """Return the files of one kind of one lab in a language; of a folder of pictures or parts, none."""
    found: list[CourseFileLink] = []
    for name in names:
        inner = PurePosixPath(name.removeprefix(folder))
        if not name.startswith(folder) or f"labreport-{language}" not in inner.parts[0]:
            continue
        if len(inner.parts) > 1 and inner.suffix != ".ipynb":
            continue
        stem, suffix = inner.name.lower(), inner.suffix
        said = "Moodle XML" if suffix == ".xml" else "QTI 2.1" if "qti" in stem else _SHOWN.get(suffix, inner.name)
        if inner.stem.endswith(_NOTES):
            said = Words(language)("course.slide_notes", format=said)
        found.append(_link(name, start, said))
    return tuple(found)


def _samples(result: Result, names: Sequence[str], start: str) -> tuple[CourseFileLink, ...]:
    card = result.findings.data
    try:
        file = known_set(card.name).sample_file if card else None
    except DataError:
        return ()
    return tuple(_link(name, start, file) for name in names if file and name.endswith(f"/{file}"))


def _link(name: str, start: str, text: str) -> CourseFileLink:
    return CourseFileLink(address=name.removeprefix(start), text=text)
