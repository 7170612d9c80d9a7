"""The chapter of a run without a note: its note is made from the record.

What comes out is a note like any other, in the language of the report: it names the values, claims, figures and tables
of the run and goes through the same sandbox, so nothing in it can say what the run does not hold. Taken as it is, it
is also what the user edits who wants to write about the run.
"""

from __future__ import annotations

import ast
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, StrictUndefined
from msgspec import UNSET

from labreport.experiments.result import Example, Listing, OwnRun, Result
from labreport.report import languages
from labreport.report.chapters.sandbox import COMMENTS
from labreport.report.chapters.tables.own import known_conditions
from labreport.report.document import escape
from labreport.report.errors import RenderingError
from labreport.report.findings.claims import histories
from labreport.report.findings.groups import MeasuredGroup, groups
from labreport.report.words import Words

NETWORK = "network-"
"""Beginning of the names of model diagrams; the role of the model follows."""
PRINTED = "printed"
"""The example that is the output of the program."""
ORIGIN = "the automatic note"
"""How an error names it."""
LONGEST_DOCSTRING = 800
"""Characters of a script's docstring that are shown."""


@dataclass(frozen=True)
class _Section:
    """What the template knows of one group."""

    group: MeasuredGroup
    axis_name: str
    conditions: bool
    """Whether anything is known of how it was trained."""

    @property
    def id(self) -> str:
        return self.group.id

    @property
    def kind(self) -> str | None:
        return self.group.kind

    @property
    def watched(self) -> bool:
        return self.group.watched is not None

    @property
    def validated(self) -> bool:
        return any(pair.validation for pair in self.group.pairs)

    @property
    def averaged(self) -> bool:
        """Whether it is known how the values came about: Keras averages those of the training part over an epoch."""
        courses = [member.course for member in self.group.members if member.course]
        return self.validated and self.group.axis == "epoch" and all(course.source == "watched" for course in courses)

    @property
    def claims(self) -> tuple[str, ...]:
        return histories.made(self.group)


def note(result: Result, language: str, title: str = "") -> str:
    """Return the note of a run that has none, in the notes' own format.

    Args:
        result: a run from any door: a watched script, an imported log, calls in the user's code, or a lab.
        language: of the note.
        title: of the chapter where the run itself has none; empty for the name under which it is stored.
    """
    words = Words(language)
    findings, own = result.findings, own_of(result)
    found = groups(result)
    names = {
        "title": _heading((own.title if own else "") or title or result.lab),
        "docstring": docstring(findings.listings),
        "door": own.door if own else "",
        "seeded": not histories.seed_unknown(result) or not findings.trainings,
        "unseeded": histories.unseeded(result),
        "identical": own.identical if own else 0,
        "remarks": range(1, len(own.notes) + 1) if own else (),
        "data_seen": bool(own and own.data),
        "data_card": findings.data is not None,
        "models": _models(result, words, [group.role for group in found]),
        "settings": bool(result.settings),
        "groups": [
            _Section(group, words(f"own.{group.axis}"), bool(known_conditions(result, group, words))) for group in found
        ],
        "scores": any(own or (score.fold is None and score.split != "validation") for score in findings.scores),
        "evaluations": bool(own and findings.measures),
        "many": any(len(group.members) > 1 for group in found),
        "confusion": any(said.confusion for said in findings.predictions),
        "pictures": range(1, len(own.pictures) + 1) if own else (),
        "printed": bool(own and own.printed.strip()),
        "printed_cut": bool(own and own.printed_cut),
        "listings": [listing_name(number) for number, _ in enumerate(findings.listings, 1)],
    }
    text: str = _template(language).render(names)
    return text


def _heading(title: str) -> str:
    """Return a title as inline Markdown of a note, which takes brackets behind a backslash for those of a formula."""
    return escape(title).replace("\\[", "&#91;").replace("\\]", "&#93;")


def own_of(result: Result) -> OwnRun | None:
    """Return what is known of a user's own run besides its measurements; None for a lab."""
    return None if result.findings.own is UNSET else result.findings.own


def listing_name(number: int) -> str:
    """Return how an automatic note asks for a listing: by its place from 1, as a file name may hold anything."""
    return f"source-{number}"


def examples(result: Result) -> tuple[Example, ...]:
    """Return what a user's program printed, as an example of its command line."""
    own = own_of(result)
    return (Example(name=PRINTED, code=command(own), output=own.printed),) if own and own.printed else ()


def facts(result: Result) -> dict[str, str | int]:
    """Return what an automatic note may name of a user's own run, by name."""
    own = own_of(result)
    remarks = {f"note_{number}": text for number, text in enumerate(own.notes if own else (), 1)}
    return {"docstring": docstring(result.findings.listings), "identical": own.identical if own else 0, **remarks}


def command(own: OwnRun) -> str:
    """Return the command line of a program, or nothing where none is known."""
    return shlex.join(["python", own.script.name, *own.script.arguments]) if own.script else ""


def _models(result: Result, words: Words, roles: Sequence[str]) -> list[dict[str, Any]]:
    """Return what the template knows of each network; where there are several, each has the number of its training."""
    from labreport.report.figures import registry as figures  # Matplotlib, which reading a note's claims can do without

    numbered = {role: number for number, role in enumerate(roles, 1)}
    found = []
    for model in result.findings.models:
        try:
            figures.draw(f"{NETWORK}{model.role}", result, words)
        except RenderingError:
            drawn = False
        else:
            drawn = True
        found.append({"role": model.role, "drawn": drawn, "number": numbered.get(model.role, model.role)})
    return found


def docstring(listings: tuple[Listing, ...]) -> str:
    """Return the docstring of the program as one paragraph, or nothing where it has none."""
    if not listings:
        return ""
    try:
        text = ast.get_docstring(ast.parse(listings[0].source)) or ""
    except (SyntaxError, ValueError, RecursionError):
        return ""
    whole = " ".join(text.split())
    return whole if len(whole) <= LONGEST_DOCSTRING else f"{whole[:LONGEST_DOCSTRING]} …"


@cache
def _template(language: str) -> Any:
    text = languages.text(language, "notes/automatic.md.j2") or ""
    environment = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        **COMMENTS,
    )
    return environment.from_string(text)
