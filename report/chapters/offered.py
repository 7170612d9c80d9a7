"""What a note of this very run may write: its values, claims, figures, tables and listings, each as it is typed.

Everything listed has been tried: a value was filled in as the note does it, a claim was judged, a figure was drawn. So
the list is never out of date, and what the run does not have is not in it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from jinja2 import TemplateError
from jinja2.exceptions import SecurityError

from labreport.experiments.definitions import CLAIMS, FIGURES, TABLES
from labreport.experiments.errors import LabError
from labreport.experiments.plugins import Registry
from labreport.experiments.registry.additions import Additions
from labreport.experiments.result import OwnRun, Result
from labreport.report.chapters import automatic, tables
from labreport.report.chapters.claim_words import sentence
from labreport.report.chapters.sandbox import environment
from labreport.report.chapters.values import Context, TrainingView
from labreport.report.document import VERDICT_MARKS
from labreport.report.errors import ReportError
from labreport.report.figures import registry as figures
from labreport.report.findings import claims
from labreport.report.findings.analysis import MissingValueError
from labreport.report.findings.groups import groups
from labreport.report.findings.scores import scores_of
from labreport.report.words import Words

OfferKind = Literal["value", "claim", "figure", "table", "listing"]
KINDS: tuple[OfferKind, ...] = ("value", "claim", "figure", "table", "listing")
LONGEST = 160
"""Characters of a value that are shown."""
_CANNOT = (ReportError, LabError, MissingValueError, LookupError, ValueError, ArithmeticError, TypeError)
_UNFILLED = (TemplateError, SecurityError, *_CANNOT)
_OF_TRAINING = tuple(name for name, value in vars(TrainingView).items() if isinstance(value, property))


@dataclass(frozen=True, kw_only=True)
class Offer:
    """Something that a note may write."""

    kind: OfferKind
    code: str
    """As it is typed."""
    shown: str
    """What stands there then: the value, the sentence, what a figure shows."""


def offered(result: Result, language: str, own: Additions) -> Iterator[Offer]:
    """Yield what a note of a run may write, kind by kind.

    Args:
        result: the run.
        language: of the note.
        own: what its lab defines.
    """
    if result.status == "complete":
        yield from _values(result, language, own)
        yield from _claims(result, language, own)
        yield from _figures(result, language, own)
        yield from _tables(result, language, own)
        yield from _listings(result)


def _values(result: Result, language: str, own: Additions) -> Iterator[Offer]:
    context = Context(result, language, own=own)
    names = context.names()
    sandbox = environment(language)
    for expression in _expressions(result, names):
        code = f"{{{{ {expression} }}}}"
        with contextlib.suppress(*_UNFILLED):
            text = " ".join(sandbox.from_string(code).render(names).split())
            if text and not text.startswith("("):  # a list is for no sentence
                yield Offer(kind="value", code=code, shown=text if len(text) <= LONGEST else f"{text[:LONGEST]}…")


def _expressions(result: Result, names: dict[str, object]) -> Iterator[str]:
    """Yield what may stand between the braces; what this run does not have fails when it is tried."""
    findings = result.findings
    yield from (f"settings.{name}" for name in result.settings)
    yield from (f"data.{name}" for name in getattr(names["data"], "table", {}))
    yield "seeds"
    for found, call in ((findings.scores, "score"), (findings.baselines, "baseline")):
        for name, measured in scores_of(found).items():
            yield f'{call}("{name}") | {"percent" if measured.first.unit == "share" else "number"}'
    yield from (f'measure("{name}")' for name in dict.fromkeys(one.name for one in findings.measures))
    for training in {one.role: one for one in findings.trainings}.values():
        start = f'training("{training.role}")'
        yield from (f"{start}.{name}" for name in _OF_TRAINING)
        for key in training.history:
            form = "percent" if "acc" in key else "number"
            # What is least is best of a loss and an error alone.
            ways = ("first", "best", "last") if key.endswith(("loss", "mae", "mse")) else ("first", "at_best", "last")
            yield from (f'{start}.{way}("{key}") | {form}' for way in ways)
    for model in findings.models:
        yield from (f'model("{model.role}").{name}' for name in ("parameters", "learning_rate"))
    yield from (f"own.{name}" for name in getattr(names["own"], "table", {}))


def _claims(result: Result, language: str, own: Additions) -> Iterator[Offer]:
    for name in _names(CLAIMS, own.claims, result):
        with contextlib.suppress(*_UNFILLED):
            found = claims.state(name, result, own.claims)
            if found.verdict != "unknown" or found.numbers:
                text = f"{VERDICT_MARKS[found.verdict]} {sentence(found, result, language)}"
                yield Offer(kind="claim", code=f'{{{{ claim("{name}") }}}}', shown=text)


def _figures(result: Result, language: str, own: Additions) -> Iterator[Offer]:
    words = Words(language)
    for name in _names(FIGURES, own.figures, result):
        if not name.startswith(figures.EMBLEM):
            with contextlib.suppress(*_CANNOT):
                drawn = figures.draw(name, result, words, own.figures)
                yield Offer(kind="figure", code=_directive("figure", name), shown=_cut(drawn.alt))


def _tables(result: Result, language: str, own: Additions) -> Iterator[Offer]:
    words = Words(language)
    for name in _names(TABLES, own.tables, result):
        with contextlib.suppress(*_CANNOT):
            made = tables.table(name, result, words, own.tables)
            heads = ", ".join(str(column.title) for column in made.columns if column.title)
            kind, _, role = name.partition("layers-")
            code = _directive("table", name) if kind else _directive("model", role)
            yield Offer(kind="table", code=code, shown=_cut(heads))


def _listings(result: Result) -> Iterator[Offer]:
    for listing in result.findings.listings:
        yield Offer(kind="listing", code=_directive("listing", listing.name), shown=_cut(listing.source))
    for example in (*result.findings.examples, *automatic.examples(result)):
        yield Offer(kind="listing", code=_directive("example", example.name), shown=_cut(example.code))


def _names(registry: Registry[Any], own: Iterable[str], result: Result) -> Iterator[str]:
    """Yield every name that there may be, families with each member that the run may have."""
    for name in dict.fromkeys((*own, *registry.names())):
        stem, dash, last = name.rpartition("-")
        if dash and last.isupper():
            yield from (f"{stem}-{member}" for member in _members(result))
        else:
            yield name


def _members(result: Result) -> tuple[str, ...]:
    """Return what the members of families are called by: roles, groups, kinds of texts, pictures by their number."""
    findings = result.findings
    named = [
        *(group.id for group in groups(result)),
        *(model.role for model in findings.models),
        *(text.kind for text in findings.texts),
    ]
    pictures = len(findings.own.pictures) if isinstance(findings.own, OwnRun) else 0
    return tuple(dict.fromkeys((*named, *map(str, range(1, pictures + 1)))))


def _directive(kind: str, name: str) -> str:
    return f":::{kind} {name}\n…\n:::"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
