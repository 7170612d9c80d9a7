"""What is asked of a course: the file `course.toml`, read and checked as a whole before anything is made."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, cast, get_args

import msgspec

from labreport.experiments import registry
from labreport.experiments.errors import unknown_name
from labreport.experiments.system import reading
from labreport.report.configuration import FORMATS, Configuration, check_names, converted, override
from labreport.report.errors import UsageError
from labreport.report.publish import roster
from labreport.report.store.codec import NAME

FILE = "course.toml"
HandoutForm = Literal["sheet", "chapter", "exercises"]
FORMS: tuple[HandoutForm, ...] = get_args(HandoutForm)
LMS = ("moodle", "qti")
SLIDES = "slides"
_MOST_VARIANTS = 50


class CourseFile(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of `course.toml`."""

    name: str = ""
    """Of the course, for files and for the numbers that are drawn; letters, digits, - and _."""
    title: str | dict[str, str] = ""
    """As it is printed, one for all languages or one for each."""
    labs: list[str] = msgspec.field(default_factory=list)
    """In their order, which gives the numbers of the chapters."""
    lang: list[str] = msgspec.field(default_factory=list)
    forms: list[str] = msgspec.field(default_factory=lambda: list(FORMS))
    """What students get of each lab."""
    editions: list[str] = msgspec.field(default_factory=lambda: ["student", "instructor"])
    to: list[str] = msgspec.field(default_factory=lambda: ["pdf", "html"])
    """Formats of sheets, chapters and exercises."""
    slides: bool = True
    """Whether slides are made, where the format is installed."""
    notebooks: bool = True
    data: bool = True
    """Whether the samples of the labs' data are in the pack."""
    lms: list[str] = msgspec.field(default_factory=lambda: list(LMS))
    variants: int = 5
    """Versions of each drawn exercise in question banks, besides that of the book."""
    roster: str = ""
    """A CSV file of students, each of whom gets exercises with numbers of their own."""
    dates: dict[str, Any] = msgspec.field(default_factory=dict)
    """Lab -> day on which its exercises are due."""
    hand_in: str | dict[str, str] = ""
    """How answers are handed in, one text for all languages or one for each."""


@dataclass(frozen=True, kw_only=True)
class CoursePlan:
    """A course that can be made."""

    name: str
    configuration: Configuration
    """Of its documents; folder, form, edition and format are set for each."""
    labs: tuple[str, ...]
    forms: tuple[HandoutForm, ...]
    editions: tuple[str, ...]
    formats: tuple[str, ...]
    slides: bool
    notebooks: bool
    data: bool
    lms: tuple[str, ...]
    students: tuple[roster.Student, ...] = ()
    dates: Mapping[str, str] = field(default_factory=dict)
    """Lab -> day, such as "2026-10-12"."""
    hand_in: Mapping[str, str] = field(default_factory=dict)
    """Language -> how answers are handed in; nothing where the file says nothing."""

    def variant(self, number: str) -> str:
        """Return from what the numbers of a student are drawn."""
        return f"{self.name}/{number}"


def read(path: Path, configuration: Configuration, roster_file: Path | None = None) -> CoursePlan:
    """Return the plan of a course.

    Args:
        path: of `course.toml`.
        configuration: of this folder; what the file does not say is taken from it.
        roster_file: from the command line; takes the place of the one in the file.

    Raises:
        UsageError: the file can't be read, or asks for what can't be; names the key.
    """
    table = converted(_toml(path), CourseFile, path.name)
    name = table.name or path.absolute().parent.name
    if not NAME.fullmatch(name):
        raise UsageError(f"{path.name}: name: {name[:40]!r} can't name a course; use letters (a-z), digits, - and _.")
    labs = _labs(table, configuration, path)
    language = check_names("language", tuple(table.lang), f"{path.name}: lang") if table.lang else configuration.lang
    formats = check_names("to", tuple(table.to), f"{path.name}: to")
    forms = _some(table.forms, FORMS, f"{path.name}: forms")
    if not 0 <= table.variants <= _MOST_VARIANTS:
        raise UsageError(f"{path.name}: variants must be from 0 to {_MOST_VARIANTS}, not {table.variants}.")
    titles, hand_in = (_spoken(text, language, f"{path.name}: {key}") for key, text in _texts(table).items())
    listed = roster_file or (path.parent / table.roster if table.roster else configuration.roster)
    asked = override(
        replace(configuration, roster=None, variant=""),
        lang=language,
        chapters=labs,
        course=titles or None,
        question_variants=table.variants,
    )
    return CoursePlan(
        name=name,
        configuration=asked,
        labs=labs,
        forms=cast(tuple[HandoutForm, ...], forms),
        editions=_some(table.editions, ("student", "instructor"), f"{path.name}: editions"),
        formats=formats,
        slides=table.slides and SLIDES in FORMATS.names(),
        notebooks=table.notebooks,
        data=table.data,
        lms=_some(table.lms, LMS, f"{path.name}: lms"),
        students=_students(listed) if listed else (),
        dates=_dates(table.dates, labs, path.name),
        hand_in=hand_in,
    )


def _texts(table: CourseFile) -> dict[str, str | dict[str, str]]:
    return {"title": table.title, "hand_in": table.hand_in}


def _spoken(text: str | dict[str, str], languages: tuple[str, ...], origin: str) -> dict[str, str]:
    """Return what the file says in each language, if it says anything."""
    if isinstance(text, dict):
        check_names("language", tuple(text), origin)
    by_language = dict.fromkeys(languages, text) if isinstance(text, str) else text
    return {spoken: said for spoken, said in by_language.items() if said}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(reading.text(path, "utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"Can't read {path}: {error}.") from error
    except OSError as error:
        raise UsageError(
            f"Can't read {path}: {error.strerror or error}.\n`labreport new NAME --kind course` writes one."
        ) from error


def _labs(table: CourseFile, configuration: Configuration, path: Path) -> tuple[str, ...]:
    known = (*registry.names(), *configuration.paths, *configuration.record)
    labs = tuple(dict.fromkeys(table.labs))
    if not labs:
        raise UsageError(
            f'{path.name}: labs is empty; name the labs in their order, such as labs = ["tensors", "mnist"].'
        )
    for lab in labs:
        if lab not in known:
            raise UsageError(f"{path.name}: labs: {unknown_name('lab', lab, known)}")
    return labs


def _some(values: list[str], known: tuple[str, ...], origin: str) -> tuple[str, ...]:
    for value in values:
        if value not in known:
            raise UsageError(f"{origin}: {unknown_name('value', value, known)}")
    return tuple(dict.fromkeys(values))


def _dates(table: Mapping[str, Any], labs: tuple[str, ...], name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for lab, value in table.items():
        if lab not in labs:
            raise UsageError(f"{name}: dates: {unknown_name('lab', lab, labs)}")
        try:
            day = value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError as error:
            raise UsageError(f"{name}: dates.{lab}: {value!r} is not a day; write it as 2026-10-12.") from error
        found[lab] = (day.date() if isinstance(day, datetime) else day).isoformat()
    return found


def _students(path: Path) -> tuple[roster.Student, ...]:
    """Return the students of a roster, each with something that tells them apart.

    Raises:
        UsageError: the roster can't be, or two students without a number have one name.
    """
    students = roster.read(path)
    seen: set[str] = set()
    for student in students:
        if identity(student) in seen:
            raise UsageError(
                f"{path}: {identity(student)!r} stands twice; give the roster a column of numbers, such as 学号 or id."
            )
        seen.add(identity(student))
    return students


def identity(student: roster.Student) -> str:
    """Return what the numbers of a student are drawn from: their number, or their name where the roster has none."""
    return student.number or student.name
