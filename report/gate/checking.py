"""The joiner of the gate: from the store and the configuration to a verdict, with nothing written.

A night names the runs that it judges. Without one, the newest run of each lab with the wanted profile and data is
judged, and preferably one of the present version: a stored run that answers today's plan is what `build` reports. What
became of it does not matter: a failed run is reported as failed, and never replaced by an older one that was better. A
run that can't be read is named and passed over.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec

from labreport.experiments import registry
from labreport.experiments.errors import LabError, unknown_name
from labreport.experiments.result import Result
from labreport.experiments.running import identity
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.comparison.record import Reason
from labreport.report.configuration import Configuration, override
from labreport.report.errors import ExperimentError, NothingMeasuredError, ReportError, UnreadableError, UsageError
from labreport.report.findings import claims
from labreport.report.findings.labs import in_order
from labreport.report.findings.stand_ins import judged_scores
from labreport.report.gate import reference
from labreport.report.gate.confirmation import ChangedError, Rerun, confirmed
from labreport.report.gate.folder import scrubbed
from labreport.report.gate.judgement import Candidate, judge
from labreport.report.gate.reference import UNKNOWN, BaselineSource, changed_version
from labreport.report.gate.rules import LabRules, Rules, check_metrics, parse
from labreport.report.gate.verdict import Check, Verdict
from labreport.report.publish import report_moment, tool_version
from labreport.report.running import orders
from labreport.report.running.execution import execute
from labreport.report.running.planning import choose, for_purpose, make_plans
from labreport.report.store import codec, verdicts
from labreport.report.store.baselines import NoBaselineError
from labreport.report.store.entries import CONFIRMATION, Stored, StoredResult, load, read
from labreport.report.store.files import OutputError
from labreport.report.store.pooling import poolable, pooled, runs_of_version
from labreport.report.store.rows import seeds_text
from labreport.report.store.runs import Store, StoredRuns
from labreport.report.store.verdicts import KeptVerdict


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A verdict, and the runs it is about."""

    verdict: Verdict
    runs: tuple[StoredResult, ...]
    """The judged runs, in the order of the labs."""
    problem: Reason | None = None
    """Why there is no baseline at all."""
    message: str = ""
    """The same for a terminal, with what to do about it."""


def check(
    configuration: Configuration,
    baseline: str | None,
    *,
    store: Store,
    runs: Mapping[str, str | Check] | None = None,
    rerun: Rerun | None = None,
    first_night: bool = False,
    pool: bool = False,
    whole: bool = False,
) -> Checked:
    """Judge a run of each lab.

    Args:
        configuration: store, labs (none: all that the store or the baseline has), profile, data and rules.
        baseline: name, path, run or last:N; None takes the one of the configuration.
        store: the runs.
        runs: lab -> id of the run to judge, or what to say of a lab that was not measured; None: the newest ones.
        first_night: the baseline is not there yet, and is to become of these runs.
        pool: judge a run together with the other seeds that its version was run with.
        whole: the runs are of all labs that the user has, so that what only the baseline has was left out.
        rerun: runs a suspicious lab again before it is called regressed; None believes the first runs.

    Raises:
        UsageError: no baseline is named, or a rule is wrong or about something unknown.
        UnreadableError: the baseline is a file that can't be read.
        NothingMeasuredError: neither the store nor the baseline has a run.
    """
    rules = read_rules(configuration, store.list(whole=False))
    name = baseline or rules.baseline
    if not name:
        raise UsageError(
            "Which baseline? Give --baseline with a name, a path or last:N, or set gate.baseline in the configuration."
        )
    problem, message = None, ""
    try:
        source = BaselineSource(label=name, kind="first", store=store) if first_night else reference.read(name, store)
    except NoBaselineError as error:
        source, message = BaselineSource(label=reference.label_of(name), kind="unknown", store=store), str(error)
        problem = Reason(code=UNKNOWN, values={"name": source.label})
    candidates, judged, unreadable = _candidates(configuration, store, source, runs)
    if pool:
        candidates = [_pooled(one, store, unreadable) for one in candidates]
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
        left_out=tuple(lab for lab in source.labs if lab not in (runs or ())) if whole else (),
        unreadable=tuple(dict.fromkeys(scrubbed(message) for message in unreadable)),
    )
    return Checked(verdict=verdict, runs=tuple(judged), problem=problem, message=message)


def remember(store: Store, verdict: Verdict, now: datetime | None = None) -> None:
    """Keep a verdict with the store, and note it with each judged run.

    So a rejected run does not become a baseline unasked, and the feed has an entry for each verdict.

    Args:
        store: the runs.
        verdict: what was said of them.
        now: when; None: at this moment.
    """
    kept = KeptVerdict(
        outcome=verdict.outcome,
        baseline=verdict.baseline,
        moment=verdict.moment,
        runs=tuple((lab.lab, lab.run_id) for lab in verdict.labs if lab.run_id),
        failed=tuple((lab.lab, check.name) for lab, check in verdict.checks() if check.status == "failed"),
        judged=(now or datetime.now(UTC)).isoformat(timespec="microseconds"),
    )
    with contextlib.suppress(OutputError):
        verdicts.keep(store.root, kept, codec.encode(verdict))
    judged = {(lab.lab, lab.run_id): verdict.outcome_of(lab) for lab in verdict.labs}
    with contextlib.suppress(OutputError):  # a store that can't be written changes no verdict
        listing = store.list(whole=False)
        for (lab, run_id), outcome in judged.items():
            for run in tuple(listing.named(lab, run_id or "")) if outcome else ():
                store.note(run, outcome=outcome)


def read_rules(configuration: Configuration, listing: StoredRuns) -> Rules:
    """Return the rules of the configuration.

    Raises:
        UsageError: they say something that can't be.
    """
    known = dict.fromkeys([*registry.names(), *configuration.paths, *configuration.record, *listing.labs])
    notes = NotesInUse.of(configuration)
    own = (name for lab in configuration.paths for name in notes.own(lab).claims)
    return parse(configuration.gate, known, (*claims.names(), *own))


def doubtful_rules(rules: Rules, configuration: Configuration, listing: StoredRuns) -> tuple[str, ...]:
    """Return what seems wrong with the rules before anything is trained, by the newest complete run of each lab.

    A metric that this run did not measure may be one that a changed lab will; so it is named, and no error yet.

    Raises:
        UsageError: a direction against that of the metric.
    """
    doubts = []
    for lab, said in rules.labs.items():
        complete = listing.of(lab, configuration.profile).complete[:1]
        if not complete or not said.metrics:
            continue
        with contextlib.suppress(UnreadableError):
            known = {name: one.first.direction for name, one in judged_scores(load(complete[0].path)).items()}
            for metric, rule in said.metrics.items():
                if metric in known:
                    check_metrics(lab, LabRules(metrics={metric: rule}), known)
                else:
                    doubts.append(f"gate.{lab}: {unknown_name(f'metric of the newest run of {lab}', metric, known)}")
    return tuple(doubts)


def rerunner(
    configuration: Configuration,
    store: Store,
    *,
    progress: Callable[[str, int, int, dict[str, float]], None],
    announce: Callable[[str], None],
    command: Sequence[str] | None = None,
) -> Rerun:
    """Return a function that runs a lab again as it was, with other seeds, and stores the result as a confirmation.

    A confirmation that is stored already is taken from there, so that the same night asked again trains nothing.
    """

    def rerun(result: Result, seeds: tuple[int, ...]) -> Result:
        card = result.findings.data
        changed = {name: result.settings[name] for name in result.changed_settings}
        again = override(
            orders.with_seeds(configuration, result.lab, seeds),
            labs=(result.lab,),
            seeds=",".join(map(str, seeds)),
            profile=result.profile,
            data=card.source if card else None,
            settings={result.lab: changed} if changed else {},
        )
        plan = make_plans(again, (), store)[0]
        if plan.problem:
            raise ExperimentError(plan.problem)
        if differing := changed_version(result.key_parts, plan.parts):
            raise ChangedError(f"changed since the run: {', '.join(differing)}")
        plan = for_purpose(plan, store, CONFIRMATION)
        how = "taken from the store" if plan.stored else "run again"
        announce(f"{result.lab}: suspicious; the fresh seeds {seeds[0]}–{seeds[-1]} are {how}")
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
    configuration: Configuration, store: Store, source: BaselineSource, named: Mapping[str, str | Check] | None
) -> tuple[list[Candidate], list[StoredResult], list[str]]:
    listing = store.list(whole=False)
    runs = {lab: known for lab in listing.labs if (known := listing.of(lab, configuration.profile, configuration.data))}
    labs: Sequence[str]
    if named is not None:
        labs = tuple(named)
    else:
        labs = (
            choose(configuration, runs)
            if configuration.labs
            else in_order([*runs, *source.labs], [*configuration.paths, *configuration.record])
        )
    chosen_alone = named is not None or bool(configuration.labs)
    unreadable: list[str] = []
    candidates, judged = [], []
    for lab in labs:
        name = named[lab] if named is not None else None
        if isinstance(name, Check):
            candidates.append(Candidate(lab=lab, current=None, reference=reference.Reference(), absent=name))
            continue
        current: Result | None = None
        considered: Iterable[Stored] = ()
        if name is not None:
            considered = listing.named(lab, name)
        elif lab in runs:
            considered = _present_first(lab, listing, configuration, store)
        for run in considered:
            try:
                found_run = read(run.path)
            except ReportError as error:
                unreadable.append(str(error))
                continue
            judged.append(found_run)
            current = found_run.result
            break
        found = source.of(current) if current is not None else reference.Reference()
        unreadable += found.unreadable
        candidates.append(Candidate(lab=lab, current=current, reference=found))
    # Asked last: that a run is damaged may have been noticed only when it was to be judged.
    damaged = [message for message in listing.unreadable if not chosen_alone or _names(message, labs)]
    return candidates, judged, [*damaged, *unreadable]


def _pooled(candidate: Candidate, store: Store, unreadable: list[str]) -> Candidate:
    """Return a candidate with the seeds of all runs of its version, but for those that are the baseline themselves."""
    current = candidate.current
    if current is None or not poolable(current):
        return candidate
    further = []
    reserved = {current.run_id, *(result.run_id for result in candidate.reference.results)}
    for run in runs_of_version(store.list(whole=False), current.lab, current.key_parts).complete:
        if run.entry.run_id not in reserved:
            try:
                further.append(load(run.path))
            except ReportError as error:
                unreadable.append(str(error))
    new = [result for result in further if poolable(result) and set(result.seeds) - set(current.seeds)]
    joined = msgspec.structs.replace(
        pooled([current, *new], strict=False),
        run_id=current.run_id,
        key=current.key,
        key_parts=current.key_parts,
        provenance=current.provenance,
        timings=current.timings,
    )
    return replace(candidate, current=joined, pooled=tuple(result.run_id for result in new))


def _present_first(lab: str, listing: StoredRuns, configuration: Configuration, store: Store) -> Iterator[Stored]:
    """Return runs of a lab, newest first, those of the present version before all others."""
    runs = listing.of(lab, configuration.profile, configuration.data)
    parts: Mapping[str, str] = {}
    with contextlib.suppress(ReportError, LabError):  # a lab that is not here has no present version
        parts = make_plans(override(configuration, labs=(lab,), offline=True), (), store)[0].parts
    keys = [identity.key({**parts, "seeds": seeds_text(seeds)}) for seeds in listing.seeds_of(runs)]
    yield from runs.with_keys(keys)
    yield from runs.without_keys(keys)


def _names(message: str, labs: Sequence[str]) -> bool:
    """Return whether a message names a file of one of these labs."""
    return any(f"/{lab}/" in message.replace("\\", "/") for lab in labs)


def _moment(candidates: Sequence[Candidate]) -> str:
    """Return the end of the newest run, so that the same runs give the same bytes on any day."""
    ended = [one.current.provenance.ended for one in candidates if one.current is not None]
    return report_moment(ended or [datetime.now(UTC).isoformat()]).isoformat()
