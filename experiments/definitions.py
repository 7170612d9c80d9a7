"""Claims, figures and tables as their authors define them: function, name, words in each language, in one place.

The decorators below turn a function into a definition. What is shipped here, what another distribution offers by an
entry point, and what a lab brings along in its own file are defined alike; `additions` collects the last. Nothing heavy
is imported, so that a report can be rendered where no network could be trained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from labreport.experiments.errors import LabError, message_of
from labreport.experiments.plugins import Registry
from labreport.experiments.result import Findings, Result

VERDICTS = ("true", "some", "false", "unknown")
"""What a claim can turn out to be: true, true in some runs, false, or nothing that the run can tell."""
SETTINGS = "settings"

Number = int | float | str
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the function of a claim says of one Result."""

    holds: bool | None
    """None: measured, but the difference is not larger than chance makes one."""
    numbers: Mapping[str, Number] = field(default_factory=dict)
    """What decided it, by name; the sentences of the claim and the table of evidence show them."""
    details: Mapping[str, Number] = field(default_factory=dict)
    """What else the sentences of the claim need to be worded, and no table shows."""
    votes: tuple[bool, ...] = ()
    """Whether it holds for each training, where the function asks each of them; empty: every seed is asked alone."""
    together: bool = False
    """Whether `holds` was decided by a test over all seeds together; the votes only say how many agree."""


@dataclass(frozen=True, kw_only=True)
class Definition(Generic[Function]):
    """A function with the name under which notes ask for it; called like the function itself."""

    name: str
    function: Function
    words: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Language -> texts; empty for what is shipped here, whose texts lie among the templates."""

    def __call__(self, *args: Any) -> Any:
        """Call the function."""
        return self.function(*args)

    @property
    def shipped(self) -> bool:
        """Whether it comes from this distribution."""
        return self.function.__module__.startswith("labreport.")

    def guarded(self, expected: tuple[type[Exception], ...], *args: Any) -> Any:
        """Call the function; a fault in the code of another author costs its own chapter, and no more.

        Raises:
            LabError: code that is not shipped here raised something else than `expected`; names the fault.
        """
        try:
            return self.function(*args)
        except expected:
            raise
        except Exception as error:
            if self.shipped:
                raise
            raise LabError(f"{self.name!r} failed: {type(error).__name__}: {message_of(error)}") from error


@dataclass(frozen=True, kw_only=True)
class ClaimDefinition(Definition[Callable[..., Answer]]):
    """A sentence about a run that the run itself decides.

    `words` has for each language a text for each of `VERDICTS`, and may have `numbers`: what the table of evidence
    calls each number.
    """

    certain: bool = False
    """Whether no chance can make it false (arithmetic, an encoding, winning against a rule that learns nothing), so
    that the gate fails where it does not hold; any other claim is only watched."""
    neutral: bool = False
    """Whether neither answer is better, as with how flat a minimum is: the gate and `--strict` pass over it."""


@dataclass(frozen=True, kw_only=True)
class ShownDefinition(Definition[Callable[..., Any]]):
    """What a note shows of a run: a figure or a table."""

    needs: tuple[str, ...] = ()
    """What a run must hold for it; see `lacking`."""

    def of(self, expected: tuple[type[Exception], ...], result: Result, words: Any, *member: str) -> Any:
        """Return what a note is to show.

        Args:
            expected: what the function raises where a run does not hold what is to be shown.
            result: the run.
            words: texts of the report's language; those of the author are put before them.
            member: of a family, what the note asks for.

        Raises:
            LabError: the run lacks what is needed, or the code of another author failed.
        """
        if missing := lacking(result, self.needs):
            raise LabError(f"the run records no {', '.join(missing)}")
        return self.guarded(expected, result, words.extended(self.words), *member)


class FigureDefinition(ShownDefinition):
    """A picture of a run: `function(result, words)` returns a Chart or a Drawing, with alternative text and data."""


class TableDefinition(ShownDefinition):
    """A table of a run: `function(result, words)` returns columns and rows."""


CLAIMS: Registry[ClaimDefinition] = Registry("claim", "labreport.claims")
FIGURES: Registry[FigureDefinition] = Registry("figure", "labreport.figures")
TABLES: Registry[TableDefinition] = Registry("table", "labreport.tables")


def claim(
    name: str | None = None, /, *, certain: bool = False, neutral: bool = False, **words: Mapping[str, Any]
) -> Callable[[Callable[..., Answer]], ClaimDefinition]:
    """Make a claim of a function that takes a Result and returns an Answer.

    Args:
        name: as notes write it, `claim("name")`; by default that of the function. A name that ends with capitals,
            `best_epoch-GROUP`, stands for a family: what a note writes there is the function's second argument.
        certain: whether no chance can make it false, so that the gate fails where it does.
        neutral: whether neither answer is better, so that the gate and `--strict` pass over it.
        words: for each language, such as `en={…}`, the texts of the four verdicts, and under `numbers` what each number
            is called in the table of evidence. A text is a Jinja2 expression: it may name the numbers, `holds` and
            `seeds`, with the filters of notes, as in `"right in {{ share|percent }}"`.

    Raises:
        LabError: a language lacks the text of a verdict.
    """

    def defined(function: Callable[..., Answer]) -> ClaimDefinition:
        own = name or function.__name__
        for language, texts in words.items():
            missing = [verdict for verdict in VERDICTS if not isinstance(texts.get(verdict), str)]
            if missing:
                raise LabError(f"The claim {own!r} lacks a text for {', '.join(missing)} in {language}.")
        return ClaimDefinition(name=own, function=function, words=words, certain=certain, neutral=neutral)

    return defined


def figure(
    name: str | None = None, /, *, needs: Sequence[str] = (), **words: Mapping[str, str]
) -> Callable[[Callable[..., Any]], FigureDefinition]:
    """Make a figure of a function that takes a Result and words, and returns a Chart or a Drawing.

    Args:
        name: as notes write it, `:::figure name`; by default that of the function with dashes. A name that ends with
            capitals, `network-ROLE`, stands for a family: what a note writes there is the function's third argument.
        needs: what a run must hold, such as `predictions`, `series.border` or `settings.noise`.
        words: for each language, such as `en={…}`, the texts that the function asks for: `words("alt", points=40)`.

    Raises:
        LabError: a need names no part of a Result.
    """

    def defined(function: Callable[..., Any]) -> FigureDefinition:
        own = name or _dashed(function)
        return FigureDefinition(name=own, function=function, needs=_checked(own, needs), words=words)

    return defined


def table(
    name: str | None = None, /, *, needs: Sequence[str] = (), **words: Mapping[str, str]
) -> Callable[[Callable[..., Any]], TableDefinition]:
    """Make a table of a function that takes a Result and words, and returns TableData. Arguments as for `figure`."""

    def defined(function: Callable[..., Any]) -> TableDefinition:
        own = name or _dashed(function)
        return TableDefinition(name=own, function=function, needs=_checked(own, needs), words=words)

    return defined


def lacking(result: Result, needs: Sequence[str]) -> list[str]:
    """Return which of some needs a run does not meet.

    Args:
        result: the run.
        needs: each the name of a part of the findings that must not be empty (`predictions`), or of one entry in it by
            its name or role (`series.border`, `trainings.selection`, `settings.noise`).
    """
    return [need for need in needs if not _met(result, need)]


def _met(result: Result, need: str) -> bool:
    part, dot, name = need.partition(".")
    if part == SETTINGS:
        return name in result.settings if dot else bool(result.settings)
    held = getattr(result.findings, part)
    return any(name in (getattr(one, "name", None), getattr(one, "role", None)) for one in held) if dot else bool(held)


def _checked(owner: str, needs: Sequence[str]) -> tuple[str, ...]:
    known = (SETTINGS, *Findings.__struct_fields__)
    for need in needs:
        if need.partition(".")[0] not in known:
            raise LabError(f"{owner!r} needs {need!r}, which is not a part of a run; there are {', '.join(known)}.")
    return tuple(needs)


def _dashed(function: Callable[..., Any]) -> str:
    return function.__name__.replace("_", "-")
