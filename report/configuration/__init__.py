"""Settings of the tool: command line, then environment, then file, then default.

The file is `labreport.toml`, or the table `[tool.labreport]` of `pyproject.toml`, in the current folder. An unknown key
is an error, in the file as in the environment (`LABREPORT_…`), so that a slip never passes in silence.
"""

from __future__ import annotations

import datetime
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from labreport.experiments.errors import unknown_name
from labreport.experiments.plugins import Registry
from labreport.experiments.system import reading
from labreport.experiments.system.stale import is_there
from labreport.report import languages
from labreport.report.configuration.values import TomlTable as TomlTable
from labreport.report.configuration.values import checked as checked
from labreport.report.configuration.values import converted as converted
from labreport.report.configuration.values import parse_seeds as parse_seeds
from labreport.report.configuration.values import parse_time as parse_time
from labreport.report.errors import UsageError
from labreport.report.look import THEMES, Look
from labreport.report.store.codec import NAME

FORMATS: Registry[Any] = Registry(
    "format",
    "labreport.formats",
    order=("html", "pdf", "md", "ipynb", "split", "slides", "epub", "docx", "moodle", "qti"),
)
"""Forms that a report can be rendered to; `rendering.formats` says what they are."""
PREFIX = "LABREPORT_"
_TEXT = r"^[^\0\ud800-\udfff]*$"
PlainText = Annotated[str, msgspec.Meta(pattern=_TEXT, description="a text (without a character that no text has)")]
Filled = Annotated[
    str,
    msgspec.Meta(min_length=1, pattern=_TEXT, description="a text that is not empty; leave it out to keep the default"),
]
LOCALISED = ("title", "course", "institution", "term", "lecturer", "group", "due", "licence")
"""Texts for cover and heads: one for all languages, or a table by language."""

CoverFacts = Annotated[
    list[tuple[Filled, PlainText]],
    msgspec.Meta(max_length=40, description='a list of pairs such as [["姓名", ""]], 40 at most, each with a name'),
]
_LISTS = ("labs", "chapters", "lang", "to")
_PATHS = ("data_dir", "runs_dir", "output", "logo", "notes", "roster", "templates")
_SWITCHES = ("offline", "mixed", "exercise_pages", "hints", "glossary", "provenance", "notebook_outputs")
_FORMS: dict[str, Any] = {
    **dict.fromkeys(_LISTS, list[PlainText]),
    **dict.fromkeys(_PATHS, Filled),
    **dict.fromkeys(LOCALISED, dict[str, PlainText]),
    **dict.fromkeys(_SWITCHES, bool),
    "answer_room": Annotated[float, msgspec.Meta(ge=0, le=10, description="a number from 0 to 10")],
    "jobs": Annotated[int, msgspec.Meta(ge=1, le=999_999, description="a whole number from 1 to 999999")],
    "question_variants": Annotated[int, msgspec.Meta(ge=0, le=50, description="a whole number from 0 to 50")],
    "cover": dict[str, CoverFacts],
    "paths": dict[str, Filled],
    "gate": dict[str, Any],
    "nightly": dict[str, Any],
    "record": dict[str, dict[str, Any]],
    "settings": dict[str, dict[str, Any]],
}
"""What may stand for a key in the file; everything else is a text."""
_TRUTHS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Everything that a command may be asked for, resolved."""

    labs: tuple[str, ...] = ()
    """Labs to run or render; empty: all."""
    seeds: str = "0"
    jobs: int = 1
    """Processes that train labs and their seeds."""
    on: str = ""
    """Address of a Dask scheduler, or its file, whose workers train; empty: this machine."""
    mixed: bool = False
    """Whether workers there may have other versions."""
    profile: Literal["full", "quick"] = "full"
    data: Literal["auto", "full", "sample"] = "auto"
    data_dir: Path | None = None
    offline: bool = False
    runs_dir: Path = Path("runs")
    output: Path = Path("reports")
    lang: tuple[str, ...] = languages.DEFAULT
    """Languages, for whatever is written in one at a time."""
    documents: tuple[str, ...] = languages.DEFAULT
    """What `lang` asks for of a report: documents in one language ("en") or in several ("bilingual", "zh+en")."""
    to: tuple[str, ...] = ("html", "pdf")
    form: Literal["book", "chapter", "sheet", "exercises", "solutions"] = "book"
    """What of each lab is printed: everything, with cover, contents and appendices; its chapter alone; two pages; its
    exercises; its exercises with their solutions."""
    chapters: tuple[str, ...] = ()
    """Labs of the course in order: the number of a chapter is its place here, also where it is printed alone."""
    glossary: bool = True
    """Whether the book ends with the terms in both languages."""
    provenance: bool = True
    """Whether the book ends with what was run, on what, and how to run it again."""
    edition: Literal["student", "instructor"] = "student"
    """student: exercises without solutions; instructor: with solutions and a marking scheme."""
    theme: str = "blue"
    """blue, or grey: without colours, for printers and copiers that have none; or one that is installed."""
    templates: Path | None = None
    """A folder of the user that is searched for templates and `css/user.css` before the shipped ones."""
    paper: Literal["a4", "letter", "a3"] = "a4"
    """Sheet that is printed on; on A3 the page of A4 is enlarged."""
    print: Literal["normal", "large"] = "normal"
    """large: letters of 16 points and drawings to match."""
    exercise_pages: bool = False
    """Whether each exercise begins a page of its own."""
    hints: bool = True
    """Whether the hints of exercises are in the report."""
    answer_room: float = 1.0
    """How many times the usual lines an exercise has for its answer on paper; 0: none."""
    variant: str = ""
    """Whose numbers the exercises have that draw theirs, such as a student's; empty: the numbers of the book."""
    question_variants: int = 0
    """How many versions of each such exercise a file of questions (moodle, qti) holds besides the one of the report."""
    notebook_outputs: bool = True
    """Whether notebooks show what the run printed, until they are run again."""
    notebooks: str = ""
    """Address of the notebooks, with `{lab}` and `{language}` where those stand; empty: their file names are given."""
    title: Mapping[str, str] = field(default_factory=dict)
    """Title of the report for each language."""
    course: Mapping[str, str] = field(default_factory=dict)
    """Course, on the cover and in the running heads, for each language."""
    institution: Mapping[str, str] = field(default_factory=dict)
    term: Mapping[str, str] = field(default_factory=dict)
    lecturer: Mapping[str, str] = field(default_factory=dict)
    group: Mapping[str, str] = field(default_factory=dict)
    """The class that the handout is for."""
    due: Mapping[str, str] = field(default_factory=dict)
    """When the exercises are due."""
    licence: Mapping[str, str] = field(default_factory=dict)
    """Terms under which the handout is given out."""
    logo: Path | None = None
    """A picture for the cover: PNG, JPEG or SVG."""
    roster: Path | None = None
    """A CSV file of students, each of whom gets a copy of the PDF with their line on its cover."""
    cover: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Facts of the cover in their order, name and text, for each language; an empty text is a line to write on."""
    date: str | None = None
    timezone: str = "UTC"
    """Zone in which dates and times are written, such as "Asia/Shanghai"."""
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Settings of labs: lab -> name -> value."""
    notes: Path | None = None
    """A folder with the user's notes, `<language>/<lab>.md`; they take the place of the shipped ones."""
    paths: Mapping[str, Path] = field(default_factory=dict)
    """The user's labs: name -> Python file."""
    gate: Mapping[str, Any] = field(default_factory=dict)
    """Rules of `labreport check`, as they stand in the file; `gate.rules` reads them."""
    nightly: Mapping[str, Any] = field(default_factory=dict)
    """What `labreport nightly` does where no flag says otherwise; `schedule` reads it."""
    record: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The user's scripts that run like labs: name -> command and options, as in the file; `orders` reads them."""

    @property
    def look(self) -> Look:
        """How a report is to look."""
        return Look(
            theme=self.theme,
            templates=self.templates,
            paper=self.paper,
            large=self.print == "large",
            exercise_pages=self.exercise_pages,
            zone=self.timezone,
        )


def load(folder: Path, environ: Mapping[str, str] | None = None) -> Configuration:
    """Return the configuration of a folder and of the environment.

    Raises:
        UsageError: the file is not TOML, or a key is unknown or of the wrong type.
    """
    configuration = Configuration()
    table, origin = _file_table(folder)
    for key, value in table.items():
        configuration = _with(configuration, key.replace("-", "_"), value, f"{origin}: {key}", folder)
    for name, value in sorted((os.environ if environ is None else environ).items()):
        if name.startswith(PREFIX):
            key = name.removeprefix(PREFIX).lower()
            configuration = _with(configuration, key, value, name, folder)
    return configuration


def override(configuration: Configuration, **flags: Any) -> Configuration:
    """Return the configuration with the flags that were given (None means: not given)."""
    given = {name: value for name, value in flags.items() if value is not None}
    if "lang" in given:
        given |= _documents(given["lang"])
    made = replace(configuration, **given)
    return replace(made, edition="instructor") if made.form == "solutions" else made


def _documents(names: tuple[str, ...]) -> dict[str, Any]:
    """Return what a list of documents says: these documents, and the languages of what exists in one language only."""
    alone = tuple(name for name in names if languages.parts(name) == (name,))
    return {
        "documents": names,
        "lang": alone or tuple(dict.fromkeys(part for name in names for part in languages.parts(name))),
    }


def _file_table(folder: Path) -> tuple[dict[str, Any], str]:
    own, project = folder / "labreport.toml", folder / "pyproject.toml"
    # Also what is not a file, such as a link that leads nowhere: reading it says so.
    if is_there(own):
        return _toml(own), own.name
    if is_there(project):
        tools = _toml(project).get("tool", {})
        table = tools.get("labreport", {}) if isinstance(tools, dict) else {}
        if not isinstance(table, dict):
            raise UsageError("pyproject.toml: tool.labreport must be a table.")
        return table, "pyproject.toml"
    return {}, ""


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(reading.text(path, "utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"Can't read {path.name}: {error}.") from error
    except OSError as error:
        raise UsageError(f"Can't read {path.name}: {error.strerror}.") from error


def _with(configuration: Configuration, key: str, value: Any, origin: str, folder: Path) -> Configuration:
    known = [item.name for item in fields(Configuration) if item.name != "documents"]
    if key not in known:
        raise UsageError(f"{origin.split(':')[0]}: {unknown_name('key', key, known)}")
    return override(configuration, **{key: _typed(key, value, origin, folder)})


def _typed(key: str, value: Any, origin: str, folder: Path) -> Any:
    plain = checked(_prepared(key, value), _FORMS.get(key, PlainText), origin)
    if key in _LISTS:
        return check_names(key, tuple(plain), origin)
    if key in _PATHS:
        try:
            return folder / Path(plain).expanduser()
        except RuntimeError as error:
            raise UsageError(f"{origin}: {error}") from error
    if key in (*LOCALISED, "cover"):
        check_names("language", tuple(plain), origin)
    if key == "cover":
        if len({len(facts) for facts in plain.values()}) > 1:
            raise UsageError(f"{origin} must have as many facts in each language.")
        return {language: tuple(facts) for language, facts in plain.items()}
    if key == "timezone":
        try:
            ZoneInfo(plain)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise UsageError(
                f"{origin}: there is no time zone '{plain[:60]}'; write one such as Asia/Shanghai."
            ) from error
    if key == "paths":
        for name in plain:
            if not NAME.fullmatch(name):
                raise UsageError(f"{origin}: {name[:40]!r} can't name a lab; use letters, digits, - and _.")
        return {name: folder / path for name, path in plain.items()}
    return check_choice(key, plain, origin) if key in (*CHOICES, "theme") else plain


def _prepared(key: str, value: Any) -> Any:
    """Return what a value means that the environment, or a short form in the file, says in another way."""
    if key == "date" and isinstance(value, datetime.date):
        return value.isoformat()
    if key == "seeds" and type(value) is int:
        return str(value)
    if key == "cover" and isinstance(value, list):
        return dict.fromkeys(languages.names(), value)
    if isinstance(value, str):
        if key in _LISTS:
            return [part.strip() for part in value.split(",") if part.strip()]
        if key in _SWITCHES:
            return _TRUTHS.get(value.lower(), value)
        if key == "answer_room" and re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", value):
            return float(value)
        if key in ("jobs", "question_variants") and re.fullmatch("[0-9]{1,6}", value):
            return int(value)
        if key in LOCALISED:
            return dict.fromkeys(languages.names(), value)
    return value


CHOICES = {
    "profile": ("full", "quick"),
    "data": ("auto", "full", "sample"),
    "form": ("book", "chapter", "sheet", "exercises", "solutions"),
    "edition": ("student", "instructor"),
    "paper": ("a4", "letter", "a3"),
    "print": ("normal", "large"),
}


def check_choice(key: str, value: str, origin: str) -> str:
    """Return a value that must be one of a few.

    Raises:
        UsageError: it is none of them.
    """
    known = THEMES.names() if key == "theme" else CHOICES.get(key)
    if known is not None and value not in known:
        raise UsageError(f"{origin}: {unknown_name('value', value, known)}")
    return value


def check_names(key: str, values: tuple[str, ...], origin: str) -> tuple[str, ...]:
    """Return documents, languages or formats, each once.

    Raises:
        UsageError: one is unknown, or the list is empty.
    """
    kinds = {"lang": languages.documents(), "language": languages.names(), "to": FORMATS.names()}
    known: tuple[str, ...] = kinds.get(key, ())
    if known:
        for value in values:
            for part in languages.parts(value) if key == "lang" and languages.JOINT in value else (value,):
                if part not in known or (part != value and part == languages.BILINGUAL):
                    raise UsageError(f"{origin}: {unknown_name('format' if key == 'to' else 'language', part, known)}")
        if not values:
            raise UsageError(f"{origin} is empty; choose from {', '.join(known)}.")
    return tuple(dict.fromkeys(values))
