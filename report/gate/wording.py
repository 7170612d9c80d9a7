"""A verdict in words: rows for a table, sentences for the reasons, in either language; shared by every output."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labreport.report.comparison.record import Reason
from labreport.report.findings.scores import mean
from labreport.report.gate.metrics import amount
from labreport.report.gate.reference import UNKNOWN
from labreport.report.gate.verdict import Check, CheckStatus, GateOutcome, LabVerdict, Verdict
from labreport.report.numbers import integer, marked_minute, percent
from labreport.report.words import Words

GOOD: tuple[CheckStatus, ...] = ("passed",)
"""Answers that need no attention."""
ORDER: tuple[CheckStatus, ...] = (
    "failed",
    "error",
    "missing",
    "skipped",
    "inconclusive",
    "unconfirmed",
    "warned",
    "first",
    "passed",
)
"""Answers from the gravest to the best."""
NAMED = 6
"""Broken rules, or labs that did not finish, that a sentence names; the others are counted."""
_LOSSES = ("loss", "margin", "shown", "spread_now", "spread_before")


@dataclass(frozen=True, kw_only=True)
class CheckRow:
    """One check as a table shows it; plain text, nothing escaped."""

    name: str
    """Of the lab, as on the command line."""
    lab: str
    """Title of the lab."""
    check: str
    code: bool
    """Whether the name is that of a metric or claim, to be set as code."""
    now: str
    before: str
    difference: str
    status: CheckStatus
    verdict: str
    reason: str


def rows(verdict: Verdict, words: Words) -> tuple[CheckRow, ...]:
    """Return a row for every check, lab by lab."""
    return tuple(row(lab, check, words) for lab, check in verdict.checks())


def row(lab: LabVerdict, check: Check, words: Words) -> CheckRow:
    """Return the row of one check."""
    named = check.kind in ("metric", "claim")
    now, before, difference = _numbers(check, words)
    return CheckRow(
        name=lab.lab,
        lab=lab.titles.get(words.language, lab.lab),
        check=check.name if named else words(f"gate.check_{check.kind}"),
        code=named,
        now=now,
        before=before,
        difference=difference,
        status=check.status,
        verdict=words(f"gate.status_{check.status}"),
        reason=sentence(check, words),
    )


def attention(found: Sequence[CheckRow]) -> tuple[CheckRow, ...]:
    """Return the rows that need attention, the gravest first."""
    return tuple(sorted((one for one in found if one.status not in GOOD), key=lambda one: ORDER.index(one.status)))


def sentence(check: Check, words: Words) -> str:
    """Return why a check has its answer."""
    said = reason(check.reason, words)
    if "split" in check.reason.values:
        said = _sentences(words, said, words("gate.on_validation"))
    if "spread_now" in check.reason.values:
        said = _sentences(words, said, words("gate.spread", **_in_units(check.reason.values, words)))
    if check.fresh_seeds and check.status in ("failed", "warned"):
        said = _sentences(words, said, words("gate.confirmed", fresh=integer(len(check.fresh_seeds))))
    return said


def reason(what: Reason, words: Words) -> str:
    """Return a reason in words.

    Raises:
        KeyError: the code has no text, or the text asks for a value that the reason does not hold.
    """
    return words(f"gate.reason_{what.code}", **_in_units(what.values, words))


def counts(verdict: Verdict, words: Words) -> str:
    """Return how many checks have each answer, such as "12 passed, 1 FAILED"."""
    parts = [
        words("gate.counted", count=integer(number), status=words(f"gate.status_{status}"))
        for status in reversed(ORDER)
        if (number := verdict.count(status))
    ]
    return words("gate.separator").join(parts) or words("gate.nothing")


def level(verdict: Verdict) -> str:
    """Return the level of the gate in percent."""
    digits = 0 if math.isclose(verdict.level * 100, round(verdict.level * 100)) else 2
    return percent(verdict.level, digits)


def runs(lab: LabVerdict, words: Words) -> str:
    """Return the baseline's runs of a lab, by their ids."""
    return words("gate.names_separator").join(lab.baseline_runs) or words("gate.nothing")


def commits(verdict: Verdict, words: Words) -> str:
    """Return the beginning of the commits that the judged runs were made from."""
    found = dict.fromkeys(lab.commit[:12] for lab in verdict.labs if lab.commit)
    return words("gate.separator").join(found) or words("gate.nothing")


def skipped(verdict: Verdict) -> tuple[str, ...]:
    """Return the names of the labs that were not measured."""
    return tuple(lab.lab for lab in verdict.labs if lab.run_id is None)


def ending(verdict: Verdict, words: Words, exit_code: int | None = None) -> tuple[str, GateOutcome]:
    """Return in a few words how a command ended, and the outcome whose colour says so.

    Args:
        verdict: of the gate.
        words: of the language.
        exit_code: of the command; None: that of the verdict. Where it is that of something else, such as a page that
            could not be made, this is said, so that nothing looks as if all were well.
    """
    if exit_code is None or _is_that_of(verdict, exit_code):
        return words(f"gate.outcome_{verdict.outcome}"), verdict.outcome
    return words(f"nightly.outcome_{exit_code}"), "nothing"


def _is_that_of(verdict: Verdict, exit_code: int) -> bool:
    return exit_code in (verdict.exit_code(), verdict.exit_code(inconclusive_fails=True))


def explanation(verdict: Verdict, words: Words, exit_code: int | None = None) -> str:
    """Return what the outcome means, which rules are broken, and which labs did not finish or were not measured.

    Arguments as for `ending`.
    """
    said = [words(f"gate.explain_{verdict.outcome}")]
    if exit_code is not None and not _is_that_of(verdict, exit_code):
        said.insert(0, words("gate.verdict_stands", outcome=words(f"gate.outcome_{verdict.outcome}")))
    certain = [(lab.lab, check) for lab, check in verdict.checks() if check.severity == "error"]
    if broken := [f"{lab} {check.name}" for lab, check in certain if check.status == "failed"]:
        said.append(words("gate.broken", checks=_named(broken, words)))
    if unfinished := [lab for lab, check in certain if check.status == "error"]:
        said.append(words("gate.unfinished", labs=_named(unfinished, words)))
    if any(check.reason.code == UNKNOWN for _, check in verdict.checks()):
        said.append(words("gate.baseline_missing", name=verdict.baseline))
    else:
        parted = [lab.lab for lab, check in verdict.checks() if check.status == "missing" and lab.run_id]
        if parted and verdict.outcome == "nothing":
            said.append(words("gate.not_compared", labs=_named(parted, words)))
    for key, names in (("not_measured", skipped(verdict)), ("left_out", verdict.left_out)):
        if names:
            said.append(words(f"gate.{key}", labs=_named(names, words)))
    return _sentences(words, *said, *environments(verdict, words))


def environments(verdict: Verdict, words: Words) -> tuple[str, ...]:
    """Return a sentence for each way in which the judged runs were measured elsewhere than their baselines."""
    labs: dict[tuple[tuple[str, tuple[str, str]], ...], list[str]] = {}
    for lab in verdict.labs:
        if lab.environment:
            labs.setdefault(tuple(lab.environment.items()), []).append(lab.lab)
    separator = words("gate.separator")
    return tuple(
        words(
            "gate.environment",
            labs=words("gate.names_separator").join(names),
            changes=separator.join(
                words("gate.environment_change", name=words.get(f"gate.fact_{name}", name), before=a, now=b)
                for name, (a, b) in changes
            ),
        )
        for changes, names in labs.items()
    )


def pooled(lab: LabVerdict, words: Words) -> str:
    """Return which earlier runs are judged together with the run, as a sentence; empty where there is none."""
    if not lab.pooled_runs:
        return ""
    return words("gate.pooled", runs=words("gate.names_separator").join(lab.pooled_runs), seeds=integer(len(lab.seeds)))


def newest(verdict: Verdict, words: Words, zone: str = "UTC") -> str:
    """Return when the newest judged run ended, in a time zone."""
    judged = any(lab.run_id is not None for lab in verdict.labs)
    return marked_minute(verdict.moment, zone) if judged else words("gate.nothing")


def _named(names: Sequence[str], words: Words) -> str:
    """Return names, each once, as a part of a sentence; many of them cut and counted."""
    names = tuple(dict.fromkeys(names))
    shown = words("gate.names_separator").join(names[:NAMED])
    more = len(names) - NAMED
    return words("gate.more_names", names=shown, count=integer(more)) if more > 0 else shown


def _sentences(words: Words, *said: str) -> str:
    return words.record.between_sentences.join(said)


def _in_units(values: Mapping[str, str], words: Words) -> dict[str, str]:
    parts = dict(values)
    for name in _LOSSES:
        if f"{name}_unit" in values:
            parts[name] = words("gate.points", value=values[name])
    return parts


def _numbers(check: Check, words: Words) -> tuple[str, str, str]:
    found, nothing = check.numbers, words("gate.nothing")
    if found is None:
        return nothing, nothing, nothing
    now, before = (
        words("gate.of_runs", value=amount(mean(values), found.unit), runs=integer(len(values)))
        if all(math.isfinite(value) for value in values)
        else "NaN"
        for values in (found.current, found.baseline)
    )
    if found.loss is None:
        return now, before, nothing
    moved = mean(found.current) - mean(found.baseline)
    text = amount(moved, found.unit, difference=True)
    shown = words("gate.points", value=text) if found.unit == "share" else text
    return now, before, f"+{shown}" if moved > 0 else shown
