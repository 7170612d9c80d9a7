"""The pages about the gate: its history, and one verdict with its checks, the numbers behind them, and their runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labreport.report import numbers
from labreport.report.browsing.addresses import Addresses
from labreport.report.browsing.documents import MOST_COMPARED
from labreport.report.browsing.pages import Site
from labreport.report.comparison.wording import p_value
from labreport.report.errors import UnreadableError
from labreport.report.gate import wording
from labreport.report.gate.verdict import Check, LabVerdict, Verdict
from labreport.report.gate.wording import CheckRow
from labreport.report.store import codec, verdicts
from labreport.report.store.verdicts import KeptVerdict
from labreport.report.words import Words

NamedRun = tuple[str, str, str, bool]
"""Lab and id of a run, the address of its page, empty where it has none, and whether the store lacks it by now."""


@dataclass(frozen=True, kw_only=True)
class JudgedCheck:
    """One check of a verdict: its row, and what it rests on."""

    row: CheckRow
    rule: str
    p: str
    """Of the test, corrected where it is; empty where none was made."""
    seeds: str
    """How many seeds spoke: of the run, of the baseline, and those made afresh."""


@dataclass(frozen=True, kw_only=True)
class JudgedLab:
    """All checks of one lab."""

    title: str
    run: NamedRun | None
    baseline: tuple[NamedRun, ...]
    pooled: str
    comparison: str
    """Address of the comparison of the run with those of its baseline."""
    checks: tuple[JudgedCheck, ...]


def history(site: Site, language: str, addresses: Addresses) -> str:
    """Return the page of the verdicts, the newest first."""
    return site.written(
        "gate",
        language,
        addresses,
        verdicts=[
            {
                "address": addresses.verdict(one),
                "moment": one.when,
                "outcome": one.outcome,
                "baseline": one.baseline,
                "failed": one.failed,
                "runs": [_named(site, addresses, lab, run_id) for lab, run_id in one.runs],
            }
            for one in verdicts.read(site.stock.root)
        ],
    )


def verdict(site: Site, language: str, addresses: Addresses, kept: KeptVerdict) -> str:
    """Return the page of one verdict: its rules, its numbers, and links to the runs and to their comparison."""
    words = Words(language)
    whole, problem = None, ""
    content = verdicts.whole(site.stock.root, kept)
    try:
        whole = codec.parse(content, Verdict, kept.stem) if content else None
    except UnreadableError as error:
        problem = str(error)
    return site.written(
        "verdict",
        language,
        addresses,
        here="gate",
        kept=kept,
        whole=whole,
        problem=problem,
        explanation=wording.explanation(whole, words) if whole else "",
        environments=wording.environments(whole, words) if whole else (),
        facts=_facts(kept, whole, words),
        labs=_labs(site, addresses, whole, words) if whole else (),
        runs=[_named(site, addresses, lab, run_id) for lab, run_id in kept.runs],
    )


def _facts(kept: KeptVerdict, whole: Verdict | None, words: Words) -> list[tuple[str, str]]:
    facts = [
        (words("gate.baseline"), kept.baseline),
        (words("gate.newest"), f"{numbers.minute(kept.moment)} UTC"),
    ]
    if whole is not None:
        facts += [
            (words("gate.checks"), wording.counts(whole, words)),
            (words("gate.level"), wording.level(whole)),
            (words("gate.commit"), wording.commits(whole, words)),
            (words("view.gate_version"), f"labreport {whole.tool_version}"),
        ]
    return facts


def _labs(site: Site, addresses: Addresses, whole: Verdict, words: Words) -> list[JudgedLab]:
    return [_lab(site, addresses, lab, words) for lab in whole.labs]


def _lab(site: Site, addresses: Addresses, lab: LabVerdict, words: Words) -> JudgedLab:
    baseline = tuple(_named(site, addresses, lab.lab, run_id) for run_id in lab.baseline_runs)
    run = _named(site, addresses, lab.lab, lab.run_id) if lab.run_id else None
    rows = [(check, wording.row(lab, check, words)) for check in lab.checks]
    return JudgedLab(
        title=lab.titles.get(words.language) or lab.lab,
        run=run,
        baseline=baseline,
        pooled=wording.pooled(lab, words),
        comparison=_comparison(site, addresses, lab),
        checks=tuple(
            JudgedCheck(row=row, rule=_rule(check, words), p=_p(check), seeds=_seeds(check, words))
            for check, row in rows
        ),
    )


def _comparison(site: Site, addresses: Addresses, lab: LabVerdict) -> str:
    """Return the address of the comparison with the newest runs of the baseline, where a server can make it."""
    named: Sequence[str] = (*lab.baseline_runs[-(MOST_COMPARED - 1) :], *([lab.run_id] if lab.run_id else ()))
    runs = [run for run_id in named if (run := site.stock.find(lab.lab, run_id)) is not None]
    return addresses.comparison(runs) if addresses.served and lab.run_id and len(runs) > 1 else ""


def _named(site: Site, addresses: Addresses, lab: str, run_id: str) -> NamedRun:
    run = site.stock.find(lab, run_id)
    return lab, run_id, addresses.run(run) if run else "", run is None


def _rule(check: Check, words: Words) -> str:
    severity = words("view.gate_warns") if check.severity == "warning" else ""
    return " ".join(
        filter(None, (words.get(f"view.gate_rule_{check.rule}", check.rule) if check.rule else "", severity))
    )


def _p(check: Check) -> str:
    found = check.numbers
    p = None if found is None else found.adjusted_p if found.adjusted_p is not None else found.p
    return "" if p is None else p_value(p)


def _seeds(check: Check, words: Words) -> str:
    found = check.numbers
    if found is None:
        return ""
    said = words("view.gate_against", now=len(found.current), before=len(found.baseline))
    if check.fresh_seeds:
        said += words("view.gate_fresh", number=len(check.fresh_seeds))
    return said
