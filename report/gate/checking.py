"""The joiner of the gate: from the store and the configuration to a verdict, with nothing written.

Judged is the newest run of each lab with the wanted profile and data, whatever became of it: a failed run is told as
failed, and never replaced by an older one that was better. A run that can't be read is named and passed over.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from labreport.experiments import registry
from labreport.experiments.result import Result
from labreport.experiments.running.identity import changed_parts
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.configuration import Configuration, override
from labreport.report.errors import ExperimentError, ReportError, UsageError
from labreport.report.findings import claims
from labreport.report.findings.labs import in_order
from labreport.report.gate import reference
from labreport.report.gate.confirmation import ChangedError, Rerun, confirmed
from labreport.report.gate.folder import scrubbed
from labreport.report.gate.judgement import Candidate, judge
from labreport.report.gate.reference import Source
from labreport.report.gate.rules import Rules, parse
from labreport.report.gate.verdict import Verdict
from labreport.report.publish import report_moment, tool_version
from labreport.report.running.execution import execute
from labreport.report.running.planning import choose, make_plans
from labreport.report.store.baselines import NoBaselineError
from labreport.report.store.runs import Listing, Store, StoredResult, read


class NothingMeasuredError(ReportError):
    """There is no run to check."""

    exit_code = 5


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A verdict, and the runs it is about."""

    verdict: Verdict
    runs: tuple[StoredResult, ...]
    """The judged runs, in the order of the labs."""
    problem: str = ""
    """What the user should be told about the baseline."""


def check(configuration: Configuration, baseline: str | None, *, rerun: Rerun | None = None) -> Checked:
    """Judge the newest run of each lab.

    Args:
        configuration: store, labs (none: all that the store or the baseline has), profile, data and rules.
        baseline: name, path, run or last:N; None takes the one of the configuration.
        rerun: runs a suspicious lab again before it is called regressed; None believes the first runs.

    Raises:
        UsageError: no baseline is named, or a rule is wrong or about something unknown.
        UnreadableError: the baseline is a file that can't be read.
        NothingMeasuredError: neither the store nor the baseline has a run.
    """
    store = Store(configuration.runs_dir)
    listing = store.list()
    rules = read_rules(configuration, listing)
    name = baseline or rules.baseline
    if not name:
        raise UsageError(
            "Which baseline? Give --baseline with a name, a path or last:N, or set gate.baseline in the configuration."
        )
    problem = ""
    try:
        source = reference.read(name, store)
    except NoBaselineError as error:
        source, problem = Source(label=Path(name).name, kind="unknown", store=store), str(error)
    candidates, runs, unreadable = _candidates(configuration, listing, source)
    if not candidates:
        raise NothingMeasuredError(f"There is no run to check in {store.root}.\nRun `labreport build` first.")
    notes = NotesInUse.of(configuration)
    labs = judge(candidates, rules, notes=notes)
    if rerun is not None:
        labs = confirmed(labs, candidates, rules, rerun, notes=notes)
    verdict = Verdict(
        tool_version=tool_version(),
        baseline=source.label,
        level=rules.level,
        moment=_moment(candidates),
        labs=labs,
        unreadable=tuple(dict.fromkeys(scrubbed(message) for message in unreadable)),
    )
    return Checked(verdict=verdict, runs=tuple(runs), problem=problem)


def read_rules(configuration: Configuration, listing: Listing) -> Rules:
    """Return the rules of the configuration.

    Raises:
        UsageError: they say something that can't be.
    """
    stored = sorted({run.entry.lab for run in listing.runs})
    known = dict.fromkeys([*registry.names(), *configuration.paths, *stored])
    notes = NotesInUse.of(configuration)
    own = (name for lab in configuration.paths for name in notes.own(lab).claims)
    return parse(configuration.gate, known, (*claims.names(), *own))


def rerunner(
    configuration: Configuration,
    *,
    progress: Callable[[str, int, int, dict[str, float]], None],
    announce: Callable[[str], None],
    command: Sequence[str] | None = None,
) -> Rerun:
    """Return a function that runs a lab again as it was, with other seeds, and stores the result."""
    store = Store(configuration.runs_dir)

    def rerun(result: Result, seeds: tuple[int, ...]) -> Result:
        card = result.findings.data
        again = override(
            configuration,
            labs=(result.lab,),
            seeds=",".join(map(str, seeds)),
            profile=result.profile,
            data=card.source if card else None,
            settings={result.lab: {name: result.settings[name] for name in result.changed_settings}},
        )
        plan = make_plans(again, (), store)[0]
        if plan.problem:
            raise ExperimentError(plan.problem)
        changed = [part for part in changed_parts(result.key_parts, plan.parts) if part != "seeds"]
        if changed:
            raise ChangedError(f"changed since the run: {', '.join(changed)}")
        announce(f"{result.lab}: suspicious, run again with the seeds {again.seeds}")
        done = execute(
            [plan],
            again,
            store,
            force=False,
            command=sys.argv if command is None else command,
            progress=progress,
            announce=announce,
            finished=lambda _done: None,
        )
        return done[0].result

    return rerun


def _candidates(
    configuration: Configuration, listing: Listing, source: Source
) -> tuple[list[Candidate], list[StoredResult], list[str]]:
    wanted = (configuration.profile, configuration.data)
    stored = [run.entry.lab for run in listing.runs if run.entry.answers(*wanted)]
    labs = choose(configuration) if configuration.labs else in_order([*stored, *source.labs], configuration.paths)
    unreadable = [message for message in listing.unreadable if not configuration.labs or _names(message, labs)]
    candidates, runs = [], []
    for lab in labs:
        current: Result | None = None
        for stored_run in listing.of(lab, *wanted):
            try:
                run = read(stored_run.path)
            except ReportError as error:
                unreadable.append(str(error))
                continue
            runs.append(run)
            current = run.result
            break
        found = source.of(current) if current is not None else reference.Reference()
        unreadable += found.unreadable
        candidates.append(Candidate(lab=lab, current=current, reference=found))
    return candidates, runs, unreadable


def _names(message: str, labs: Sequence[str]) -> bool:
    """Return whether a message names a file of one of these labs."""
    return any(f"/{lab}/" in message.replace("\\", "/") for lab in labs)


def _moment(candidates: Sequence[Candidate]) -> str:
    """Return the end of the newest run, so that the same runs give the same bytes on any day."""
    ended = [one.current.provenance.ended for one in candidates if one.current is not None]
    return report_moment(ended or [datetime.now(UTC).isoformat()]).isoformat()
