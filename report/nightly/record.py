"""What became of a night: of each lab and each step, in words and as data, and the exit code of all of it.

The code is that of the worst thing that is certain: a gate that failed on what was measured, before a fault of ours, a
lab that failed, a run that can't be read, something that was not measured, too few runs to tell, a page that can't be
rendered. So 1 always means a verdict, and a success that nothing failed: at least one lab was measured or is unchanged,
and those that no longer fitted into the budget come first the next night.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from labreport.report.languages import TERMINAL
from labreport.report.numbers import UNKNOWN, duration
from labreport.report.words import Words

ORDER = (1, 70, 3, 2, 5, 6, 4)
"""Exit codes, the one that prevails first."""
MARKER = "<!-- labreport nightly -->"
"""Hidden in the summary, so that a comment made from it can be found again."""

State = Literal["trained", "fresh", "failed", "late", "long", "stopped"]
"""fresh: unchanged, taken from the store. late, long: skipped, because it no longer fits or never will. stopped: begun,
but the budget was spent."""
StepName = Literal["report", "trend", "check"]


@dataclass(frozen=True, kw_only=True)
class LabNight:
    """What became of a lab."""

    lab: str
    state: State
    run_id: str | None = None
    seconds: float = 0.0
    """That it took tonight, or that it would have taken."""
    reason: str = ""
    """Why it failed."""

    @property
    def measured(self) -> bool:
        """Whether there is a run of tonight's version, which the report shows and the gate judges."""
        return self.state in ("trained", "fresh", "failed")


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Something to be said of a step, in whatever language it is read."""

    key: str
    """Of the words."""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NightStep:
    """A part of the night after the training."""

    name: StepName
    code: int
    remark: Remark | str = ""
    """A text is a message of the program, which has one language."""
    files: tuple[str, ...] = ()
    """Relative to the folder of the night."""


@dataclass(frozen=True, kw_only=True)
class Night:
    """Everything that was done."""

    labs: tuple[LabNight, ...]
    steps: tuple[NightStep, ...]
    budget: float | None
    """In seconds."""
    seconds: float
    """That the whole night took."""

    @property
    def code(self) -> int:
        """The exit code."""
        states = {lab.state for lab in self.labs}
        codes = {step.code for step in self.steps}
        if "failed" in states:
            codes.add(3)
        # What never fits is never measured, and a night on which nothing could be measured is not a success.
        if "long" in states or "stopped" in states or (states and states <= {"late"}):
            codes.add(5)
        return next((code for code in ORDER if code in codes), 0)


def data(night: Night) -> dict[str, Any]:
    """Return a night as values that JSON can hold."""
    return {
        "format": 1,
        "exit_code": night.code,
        "budget_seconds": night.budget,
        "seconds": round(night.seconds, 3),
        "labs": [
            {
                "lab": lab.lab,
                "state": lab.state,
                "run": lab.run_id,
                "seconds": round(lab.seconds, 3),
                "reason": lab.reason,
            }
            for lab in night.labs
        ],
        "steps": [
            {
                "step": step.name,
                "exit_code": step.code,
                "remark": _remark(step, Words(TERMINAL)),
                "files": list(step.files),
            }
            for step in night.steps
        ],
    }


def summary(night: Night, languages: Sequence[str]) -> str:
    """Return a night as Markdown, once in each language."""
    return "\n".join([MARKER, *(part for language in languages for part in _part(night, Words(language)))]) + "\n"


def state_text(lab: LabNight, words: Words) -> str:
    """Return in words what became of a lab."""
    return words(f"nightly.state_{lab.state}", time=duration(lab.seconds), reason=_one_line(lab.reason))


def in_a_terminal(lab: LabNight, words: Words) -> str:
    """Return the same for a terminal, which has no bold type."""
    return state_text(lab, words).replace("**", "")


def _part(night: Night, words: Words) -> list[str]:
    spent = duration(night.seconds)
    whole = words("nightly.spent", spent=spent)
    if night.budget is not None:
        whole = words("nightly.spent_of", spent=spent, budget=duration(night.budget))
    lines = [f"## {words('nightly.title')}", "", words("nightly.code", code=night.code), whole]
    if night.budget is not None and night.seconds > night.budget:
        lines.append(words("nightly.exceeded", more=duration(night.seconds - night.budget)))
    lines.append("")
    lines += [f"| {words('nightly.lab')} | {words('nightly.state')} | {words('nightly.run')} |", "|---|---|---|"]
    lines += [f"| {lab.lab} | {_cell(state_text(lab, words))} | {_code(lab.run_id)} |" for lab in night.labs]
    lines.append("")
    for step in night.steps:
        parts = [words("nightly.step", step=words(f"nightly.step_{step.name}"), code=step.code)]
        if step.remark:
            said = _remark(step, words)
            parts.append(said if isinstance(step.remark, Remark) else _code(said))
        parts += [" · ".join(f"[{name}]({name})" for name in step.files)] if step.files else []
        lines.append(f"- {' '.join(parts)}")
    return [*lines, ""]


def _remark(step: NightStep, words: Words) -> str:
    return words(step.remark.key, **step.remark.values) if isinstance(step.remark, Remark) else step.remark


def _code(text: str | None) -> str:
    return f"`{_one_line(text).replace('`', chr(39))}`" if text else UNKNOWN


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _one_line(text: str) -> str:
    return " ".join(text.split())
