"""What became of a night: of each lab and each step, in words and as data, and the exit code of all of it.

The code is that of the worst thing that is certain: a gate that failed on what was measured, before a fault of ours, a
lab that failed, a run that can't be read, something that was not measured, too few runs to tell, a page that can't be
rendered. So 1 always means a verdict, and a success that nothing failed: at least one lab was measured or is unchanged,
and those that no longer fitted into the budget come first the next night.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import shorten
from typing import Any, Literal

from labreport.report.gate import wording
from labreport.report.gate.summary import escaped
from labreport.report.gate.verdict import Verdict
from labreport.report.languages import TERMINAL
from labreport.report.numbers import UNKNOWN, duration
from labreport.report.words import Words

ORDER = (1, 70, 3, 2, 5, 6, 4)
"""Exit codes, the one that prevails first."""
MARKER = "<!-- labreport nightly -->"
"""Hidden in the summary, so that a comment made from it can be found again."""

SHORTEST = 0.05
"""Seconds below which a time is not worth naming."""
LONGEST_REASON = 300
"""Signs of a reason in a summary."""

State = Literal["trained", "fresh", "failed", "late", "long", "stopped"]
"""fresh: unchanged, taken from the store. late, long: skipped, because it no longer fits or never will. stopped: begun,
but the budget was spent."""
StepName = Literal["report", "trend", "check"]


def gravest(codes: Collection[int]) -> int:
    """Return the exit code that prevails; 0 where there is none."""
    return next((code for code in ORDER if code in codes), 0)


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


NO_RUN = Remark(key="nightly.no_run")


@dataclass(frozen=True, kw_only=True)
class NightStep:
    """A part of the night after the training."""

    name: StepName
    code: int
    remark: Remark | str = ""
    """A text is a message of the program, which has one language."""
    files: tuple[str, ...] = ()
    """Relative to the folder of the night."""
    verdict: Verdict | None = None
    """What the check found; None for the other steps, and for a check that could not judge."""


@dataclass(frozen=True, kw_only=True)
class Night:
    """Everything that was done."""

    labs: tuple[LabNight, ...]
    steps: tuple[NightStep, ...]
    budget: float | None
    """In seconds."""
    seconds: float
    """That the whole night took."""
    unwritten: int = 0
    """Exit code of what kept the night's own files from being written."""

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
        return gravest(codes | {self.unwritten})

    @property
    def verdict(self) -> Verdict | None:
        """What the gate said; None where it was not asked, or could not answer."""
        return next((step.verdict for step in self.steps if step.verdict is not None), None)


def data(night: Night) -> dict[str, Any]:
    """Return a night as values that JSON can hold."""
    return {
        "format": 1,
        "exit_code": night.code,
        "outcome": night.verdict.outcome if night.verdict else None,
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


def summary(night: Night, languages: Sequence[str], *, linked: bool = True) -> str:
    """Return a night as Markdown, once in each language.

    Args:
        night: what was done.
        languages: one part for each, in this order.
        linked: whether the files of the night lie beside the text, so that links lead to them.
    """
    parts = (part for language in languages for part in _part(night, Words(language), linked=linked))
    return "\n".join([MARKER, *parts]) + "\n"


def outcome_text(night: Night, words: Words) -> str:
    """Return in a few words how a night ended: what the gate said, or what weighs more than its answer."""
    if night.verdict is not None:
        return wording.ending(night.verdict, words, night.code)[0]
    return words(f"nightly.outcome_{night.code}")


def state_text(lab: LabNight, words: Words) -> str:
    """Return in words what became of a lab, as Markdown that stays in a cell of a table."""
    # The whole reason is in the data; a page of a step that grows too large shows nothing at all.
    reason = shorten(lab.reason, LONGEST_REASON, placeholder=" …")
    return words(_state(lab), time=duration(lab.seconds), reason=escaped(reason))


def _state(lab: LabNight) -> str:
    # How long a lab takes that never ran is not known; "about 0.0 s" would be a number that no one measured.
    unknown = lab.state == "late" and lab.seconds < SHORTEST
    return f"nightly.state_{lab.state}{'_unknown' if unknown else ''}"


def in_a_terminal(lab: LabNight, words: Words) -> str:
    """Return the same for a terminal, which has no bold type."""
    said = words(_state(lab), time=duration(lab.seconds), reason="{reason}").replace("**", "")
    return said.replace("{reason}", _one_line(lab.reason))


def _part(night: Night, words: Words, *, linked: bool) -> list[str]:
    spent = duration(night.seconds)
    whole = words("nightly.spent", spent=spent)
    if night.budget is not None:
        whole = words("nightly.spent_of", spent=spent, budget=duration(night.budget))
    lines = [f"## {words('nightly.title')}{words.record.colon}{outcome_text(night, words)}", ""]
    if night.verdict is not None:
        lines += [escaped(wording.explanation(night.verdict, words, night.code)), ""]
    lines += [f"{words('nightly.code', code=night.code)} · {whole}", ""]
    if night.budget is not None and night.seconds > night.budget:
        lines += [words("nightly.exceeded", more=duration(night.seconds - night.budget)), ""]
    lines += [f"| {words('nightly.lab')} | {words('nightly.state')} | {words('nightly.run')} |", "|---|---|---|"]
    lines += [f"| {lab.lab} | {state_text(lab, words)} | {_code(lab.run_id)} |" for lab in night.labs]
    lines.append("")
    for step in night.steps:
        parts = [words("nightly.step", step=words(f"nightly.step_{step.name}"), code=step.code)]
        if step.verdict is not None:
            outcome = words(f"gate.outcome_{step.verdict.outcome}")
            parts.append(words("nightly.judged", outcome=outcome, counts=wording.counts(step.verdict, words)))
        if step.remark:
            said = _remark(step, words)
            parts.append(said if isinstance(step.remark, Remark) else _code(said))
        parts.append(" · ".join(f"[{name}]({name})" if linked else _code(name) for name in step.files))
        lines.append(f"- {words.record.between_sentences.join(part for part in parts if part)}")
    return [*lines, ""]


def _remark(step: NightStep, words: Words) -> str:
    return words(step.remark.key, **step.remark.values) if isinstance(step.remark, Remark) else step.remark


def _code(text: str | None) -> str:
    return f"`{_one_line(text).replace('`', chr(39))}`" if text else UNKNOWN


def _one_line(text: str) -> str:
    return " ".join(text.split())
