"""Runs of one version with different seeds, joined to one: shards of a night, and nights whose seeds rotate.

Two runs are of one version where everything that identifies them is equal but the seeds. What belongs to a seed is
taken from the run that has it; what belongs to none (the data card, models, listings, examples) is as the first run has
it, because a run of all seeds would hold it once. The same is true of what a lab shows of its first seed alone, such as
the predictions of IMDB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import UNSET

from labreport.experiments.result import Course, Findings, Result
from labreport.experiments.running import identity
from labreport.report.errors import UnreadableError
from labreport.report.store.entries import PURPOSE, Entry
from labreport.report.store.rows import seeds_text
from labreport.report.store.runs import Chosen, StoredRuns

_BESIDE = ("seeds", PURPOSE)
"""Parts of a run's identity that make no other version."""


class ContradictionError(UnreadableError):
    """Two runs of one version say different things of the same seed."""


def version_of(parts: Mapping[str, str]) -> str:
    """Return the identity of a version, from the parts of the key of any of its runs: all but the seeds."""
    return identity.key({name: value for name, value in parts.items() if name not in _BESIDE})


def of_version(entry: Entry, parts: Mapping[str, str]) -> bool:
    """Return whether a listed run is of the version of another one, by the parts of that one's key."""
    return entry.key == version_key(parts, entry.seeds)


def runs_of_version(listing: StoredRuns, lab: str, parts: Mapping[str, str]) -> Chosen:
    """Return the measurements of a lab that are of the version of a run, by the parts of that run's key."""
    return listing.of(lab).with_keys(keys_of_version(listing, lab, parts))


def keys_of_version(listing: StoredRuns, lab: str, parts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys that runs of a version have with the seeds of all stored runs of a lab."""
    return tuple(version_key(parts, seeds) for seeds in listing.seeds_of(listing.of(lab)))


def version_key(parts: Mapping[str, str], seeds: Sequence[int]) -> str:
    """Return the key that a run of a version has with other seeds."""
    rest = {name: value for name, value in parts.items() if name not in _BESIDE}
    return identity.key({**rest, "seeds": seeds_text(seeds)})


def poolable(result: Result) -> bool:
    """Return whether a run can be joined with others: complete, a measurement, and of seeds that it was given.

    A script that seeds itself, or gave the same numbers with each seed, has no seeds of which there could be more.
    """
    own = result.findings.own
    of_seeds = own is UNSET or (
        own.door == "record" and not own.identical and result.key_parts.get("seeds") == seeds_text(result.seeds)
    )
    return result.status == "complete" and bool(result.seeds) and PURPOSE not in result.key_parts and of_seeds


def pooled(results: Sequence[Result], *, strict: bool = True) -> Result:
    """Return one run with the seeds of all.

    Args:
        results: poolable runs of one version; the first has the say where a seed stands in several.
        strict: refuse a seed that two runs measured differently; otherwise that of the first counts.

    Returns:
        The joined run, whose seeds are in ascending order. Its id and key depend on nothing but the runs, its time is
        the end of the newest, and its command names the runs. A single run comes back as it is.

    Raises:
        ContradictionError: as said of `strict`.
    """
    first, *others = results
    if not others:
        return first
    joined, seeds = _marked(first.findings), set(first.seeds)
    for other in others:
        if strict:
            _check(first, other, joined, seeds & set(other.seeds))
        joined = _added(joined, _marked(other.findings), set(other.seeds) - seeds, first.seeds)
        seeds |= set(other.seeds)
    ordered = tuple(sorted(seeds))
    parts = {**first.key_parts, "seeds": seeds_text(ordered)}
    key = identity.key(parts)
    ids = sorted(result.run_id for result in results)
    newest = max(result.provenance.ended for result in results)
    stamp = max(result.run_id.partition("-")[0] for result in results)
    return msgspec.structs.replace(
        first,
        run_id=f"{stamp}-{key[:8]}-{sha256(' '.join(ids).encode()).hexdigest()[:6]}",
        key=key,
        key_parts=parts,
        seeds=ordered,
        findings=_in_order(joined, ordered),
        timings={
            stage: sum(result.timings.get(stage, 0.0) for result in results)
            for stage in dict.fromkeys(stage for result in results for stage in result.timings)
        },
        peak_memory_bytes=max(result.peak_memory_bytes for result in results),
        provenance=msgspec.structs.replace(
            first.provenance, command=("labreport", "merge", *ids), started=newest, ended=newest
        ),
    )


def _lists(findings: Findings) -> dict[str, tuple[Any, ...]]:
    """Return every list of the findings by name."""
    return {name: value for name in findings.__struct_fields__ if isinstance(value := getattr(findings, name), tuple)}


def _added(findings: Findings, other: Findings, seeds: set[int], shown: Sequence[int]) -> Findings:
    """Return findings with what another run says of some seeds, in lists that hold all seeds of the first run."""
    further, changed = _lists(other), {}
    for name, items in _lists(findings).items():
        if {getattr(item, "seed", None) for item in items} >= set(shown):
            changed[name] = (*items, *(item for item in further.get(name, ()) if getattr(item, "seed", None) in seeds))
    return msgspec.structs.replace(findings, **changed)


def _in_order(findings: Findings, seeds: Sequence[int]) -> Findings:
    """Return findings in which what belongs to a seed stands in the order of the seeds, after what belongs to none."""
    place: dict[int | None, int] = {seed: number for number, seed in enumerate(seeds)}
    return msgspec.structs.replace(
        findings,
        **{
            name: tuple(sorted(items, key=lambda item: place.get(getattr(item, "seed", None), -1)))
            for name, items in _lists(findings).items()
        },
    )


def _marked(findings: Findings) -> Findings:
    """Return findings whose trainings are known to differ by their seeds, as a script of one seed could not know."""
    return msgspec.structs.replace(
        findings,
        trainings=tuple(
            msgspec.structs.replace(one, course=msgspec.structs.replace(one.course, group="seed"))
            if isinstance(one.course, Course) and one.course.group is None
            else one
            for one in findings.trainings
        ),
    )


def _check(first: Result, other: Result, joined: Findings, both: set[int]) -> None:
    """Refuse two runs that measured a score of the same seed, or of none, differently, or with others the very same."""
    if first.findings.own is not UNSET and not both:
        histories = [repr([one.history for one in run.findings.trainings]) for run in (first, other)]
        if len(set(histories)) == 1:
            raise ContradictionError(
                f"{first.lab}: {first.run_id} and {other.run_id} have the same numbers with other seeds, so the script "
                "does not follow the seed that it is given."
            )
    for name in ("scores", "baselines"):
        known = {(one.name, one.model, one.seed, one.fold): one.value for one in getattr(joined, name)}
        for one in getattr(other.findings, name):
            value = known.get((one.name, one.model, one.seed, one.fold))
            if value is not None and (one.seed is None or one.seed in both) and repr(value) != repr(one.value):
                of = "" if one.seed is None else f" of seed {one.seed}"
                raise ContradictionError(
                    f"{first.lab}: {first.run_id} and {other.run_id} contradict each other: {one.name}{of} is "
                    f"{value!r} in one and {one.value!r} in the other."
                )
