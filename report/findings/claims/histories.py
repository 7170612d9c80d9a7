"""Claims about the trainings of any run: families, each member of which speaks of one group of trainings.

`best_epoch-fit-1` asks `best_epoch-GROUP` about the group `fit-1`, whatever its role and its metrics are called. The
chapters that are made without a note ask for them; a note may as well. Each training of the group has a vote where the
question is one for each of them.
"""

from __future__ import annotations

from math import isfinite

from msgspec import UNSET

from labreport.experiments.definitions import Answer, Number, claim
from labreport.experiments.result import Course, Result
from labreport.report.findings.analysis import MissingValueError
from labreport.report.findings.groups import MeasuredGroup, Member, group_named


@claim("improves-GROUP")
def improves(result: Result, name: str) -> Answer:
    """The first measure of the training part with a known direction is better at the end than at the beginning."""
    group = group_named(result, name)
    pair = next((pair for pair in group.pairs if pair.training and pair.direction), None)
    if pair is None or pair.training is None:
        raise MissingValueError("no measure of the training part is known to be better when higher or lower")
    curves = [(curve, curve.finite()) for curve in group.curves(pair.training)]
    ends = [
        (finite.values[0], curve.values[-1]) for curve, finite in curves if finite.at and finite.at[0] < curve.at[-1]
    ]
    if not ends:
        raise MissingValueError("one value shows no course")
    sign = 1 if pair.direction == "higher" else -1
    # A training that diverged got no better, however far it had come: where it ends, there is no number.
    votes = tuple(isfinite(last) and sign * (last - first) > 0 for first, last in ends)
    first, last = (sum(values) / len(ends) for values in zip(*ends, strict=True))
    return Answer(holds=all(votes), votes=votes, numbers={"first": first, "last": last}, details={"key": pair.training})


@claim("best_epoch-GROUP", neutral=True)
def best_epoch(result: Result, name: str) -> Answer:
    """The watched curve is best before its last epoch and ends worse: beyond the best epoch the network overfits."""
    group = group_named(result, name)
    best = group.best()
    if best is None:
        raise MissingValueError("the trainings have no common best epoch")
    votes = _worse_after(group)
    numbers = {"best_epoch": best.epoch, "epochs": best.last_epoch, "best": best.value, "last": best.last}
    broken = [member.broken_at() for member in group.members]
    if all(broken):
        # What is left of the curves ends where it broke off: that says nothing of how it would have gone on.
        details = {**_about(group), "diverged": min(filter(None, broken))}
        return Answer(holds=None, together=True, numbers=numbers, details=details)
    if all(len(curve.finite().at) == 1 for curve in group.curves(group.watched.key if group.watched else "")):
        raise MissingValueError("one value shows no course")
    details = {**_about(group), "trained": max(member.training.epochs for member in group.sound())}
    return Answer(holds=all(votes), votes=votes, numbers=numbers, details=details)


@claim("best_epochs-GROUP", neutral=True)
def best_epochs(result: Result, name: str) -> Answer:
    """Each training of a group of unequal length ends worse than it was at its own best epoch."""
    group = group_named(result, name)
    own = [best.epoch for best in group.each_best() if best is not None]
    if not own:
        raise MissingValueError("there is no finite value of a watched measure")
    votes = _worse_after(group)
    numbers = {"earliest": min(own), "latest": max(own)}
    return Answer(
        holds=all(votes), votes=votes, numbers=numbers, details={**_about(group), "list": ", ".join(map(str, own))}
    )


@claim("flat_minimum-GROUP", neutral=True)
def flat_minimum(result: Result, name: str) -> Answer:
    """Epochs beside the best one are as good, as far as chance lets one tell."""
    group = group_named(result, name)
    flat = group.flat()
    if flat is None:
        raise MissingValueError("a curve of fewer than three values says nothing of its noise")
    details = {**_about(group), "by_runs": int(flat.source == "runs")}
    return Answer(
        holds=not flat.sharp,
        votes=(not flat.sharp,),
        numbers={"first": flat.first, "last": flat.last},
        details=details,
    )


@claim("ahead_on_training-GROUP", neutral=True)
def ahead_on_training(result: Result, name: str) -> Answer:
    """At the best epoch the training part has the better value of the watched measure."""
    group = group_named(result, name)
    best, about = group.best(), _about(group)
    found = _both_parts(group)
    if best is None or found is None:
        raise MissingValueError("the watched measure was not taken on both parts at the best epoch")
    measure, here, there = found
    better = here < there if about["direction"] == "lower" else here > there
    numbers = {"train": here, "validation": there}
    details = {**about, "name": measure, "epoch": best.epoch}
    return Answer(holds=better, votes=(better,), numbers=numbers, details=details)


@claim("ran_to_the_end-GROUP", neutral=True)
def ran_to_the_end(result: Result, name: str) -> Answer:
    """Every training made all the epochs that were asked of it."""
    group = group_named(result, name)
    if not _end_known(group):
        raise MissingValueError("the log does not say how many epochs were asked for")
    endings = [member.ending for member in group.members]
    votes = tuple(ending in ("complete", "diverged") for ending in endings)
    epochs = [member.training.epochs for member in group.members]
    stopped = endings.count("early-stopped")
    numbers: dict[str, Number] = {"fewest": min(epochs), "most": max(epochs)}
    details = {"members": len(epochs), "axis": group.axis, "stopped": stopped}
    return Answer(
        holds=all(votes),
        votes=votes,
        numbers=numbers,
        details={**details, "broken_off": len(votes) - sum(votes) - stopped},
    )


@claim("all_finite-GROUP")
def all_finite(result: Result, name: str) -> Answer:
    """Every value that was measured is a finite number."""
    group = group_named(result, name)
    broken = [(member, epoch) for member in group.members if (epoch := member.broken_at()) is not None]
    votes = tuple(member.broken_at() is None for member in group.members)
    first = min((epoch for _, epoch in broken), default=0)
    finite_again = any(all(isfinite(values[-1]) for values in one.training.history.values()) for one, _ in broken)
    details = {
        "axis": group.axis,
        "members": len(votes),
        "which": ", ".join(_name(one) for one, _ in broken),
        "finite_again": int(finite_again),
    }
    numbers: dict[str, Number] = {"broken": len(broken), **({"epoch": first} if broken else {})}
    return Answer(holds=all(votes), votes=votes, numbers=numbers, details=details)


def made(group: MeasuredGroup) -> tuple[str, ...]:
    """Return the names of the claims that can be made of a group, in the order in which a chapter makes them."""
    watched = group.watched
    names = ["improves"] if any(pair.training and pair.direction for pair in group.pairs) else []
    if watched is not None and group.best():
        # Where every curve broke off, its noise says nothing of where the lowest point would have been.
        known = group.flat() and any(member.ending != "diverged" for member in group.members)
        names += ["best_epoch", *(["flat_minimum"] if known else [])]
        names += ["ahead_on_training"] if _both_parts(group) else []
    elif watched is not None:
        names.append("best_epochs")
    names += ["ran_to_the_end"] if _end_known(group) else []
    return tuple(f"{name}-{group.id}" for name in (*names, "all_finite"))


def seed_unknown(result: Result) -> bool:
    """Return whether no seed of a run is known, so that a repetition would give other numbers."""
    own = result.findings.own
    return not result.seeds and (own is UNSET or not own.seeding)


def unseeded(result: Result) -> bool:
    """Return whether a run is known to have set no seed: its script was watched, and called nothing that sets one."""
    own = result.findings.own
    return own is not UNSET and own.door == "record" and seed_unknown(result)


def _both_parts(group: MeasuredGroup) -> tuple[str, float, float] | None:
    """Return the watched measure and its values on both parts at the best epoch; None where one was not measured."""
    best, watched = group.best(), group.watched
    pair = next((pair for pair in group.pairs if watched and pair.validation == watched.key), None)
    if best is None or watched is None or pair is None or pair.training is None:
        return None
    here = group.mean(pair.training)[0].value_at(best.epoch)
    there = group.mean(watched.key)[0].value_at(best.epoch)
    return (pair.name, here, there) if here is not None and there is not None and isfinite(here) else None


def _end_known(group: MeasuredGroup) -> bool:
    """Return whether it is known of each training how it ended: a log just stops, after all epochs or before."""
    courses = [(member.training.epochs, member.course) for member in group.members if member.ending == "complete"]
    return all(course is None or _is_whole(course, epochs) for epochs, course in courses)


def _is_whole(course: Course, epochs: int) -> bool:
    """Return whether a training that nothing ended is known to have made all its epochs."""
    if course.source == "log":
        return course.planned == epochs
    return course.source != "printed" or course.planned in (None, epochs)


def _worse_after(group: MeasuredGroup) -> tuple[bool, ...]:
    sound = {member.number for member in group.sound()}
    each = zip(group.members, group.each_best(), strict=True)
    return tuple(best.worse_after for member, best in each if best is not None and member.number in sound)


def _about(group: MeasuredGroup) -> dict[str, Number]:
    """Return what a sentence about the watched measure needs.

    Raises:
        MissingValueError: nothing was watched.
    """
    watched = group.watched
    if watched is None:
        raise MissingValueError("the trainings have no validation part")
    return {
        "key": watched.key,
        "direction": watched.direction,
        "by": watched.by,
        "restored": int(watched.restored),
        "members": len(group.sound()),
        "axis": group.axis,
    }


def _name(member: Member) -> str:
    """Return how to name a training of a group: by its fold, its seed, or its place."""
    training = member.training
    return str(training.fold or (training.seed if training.seed is not None else member.number))
