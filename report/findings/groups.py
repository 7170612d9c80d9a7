"""The trainings of any run, whatever trained them: which belong together, what was watched, where it was best.

A run of one of our labs has roles with a meaning ("selection", "fold"); a watched script, an imported log or a loop of
the user's own has none. So nothing here knows a role or a name of a metric: trainings of one role are a group, keys
`x` and `val_x` are a pair, and the best epoch is that of the key that was watched. Each value stands at the epoch at
which it was measured; trainings of unequal length are neither cut nor averaged as if they were equal; one that
diverged is named and left out of what is said of the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from msgspec import UNSET

from labreport.experiments.recording.directions import directions_of, measured, words_of
from labreport.experiments.result import Course, Direction, Result, Training
from labreport.report.findings.analysis import MissingValueError
from labreport.report.findings.flatness import Flatness, flatness
from labreport.report.findings.places import places

GroupKind = Literal["seed", "fold", "fits"]
Ending = Literal["complete", "early-stopped", "diverged", "failed", "interrupted"]


@dataclass(frozen=True, kw_only=True)
class GroupCurve:
    """The values of one key of one training, each with its epoch (or step), in order."""

    at: tuple[int, ...]
    values: tuple[float, ...]

    @property
    def _whole(self) -> bool:
        """Whether every value is certainly finite: then their sum is, and it takes a tenth of the time of a look."""
        return math.isfinite(sum(self.values))

    def finite(self) -> GroupCurve:
        """Return the curve without values that are not finite numbers."""
        if self._whole:
            return self
        kept = [(at, value) for at, value in zip(self.at, self.values, strict=True) if math.isfinite(value)]
        return GroupCurve(at=tuple(at for at, _ in kept), values=tuple(value for _, value in kept))

    def value_at(self, epoch: int) -> float | None:
        """Return the value of an epoch; None where nothing was measured then."""
        return dict(zip(self.at, self.values, strict=True)).get(epoch)

    def broken_at(self) -> int | None:
        """Return the first epoch whose value is not a finite number."""
        if self._whole:
            return None
        return next((at for at, value in zip(self.at, self.values, strict=True) if not math.isfinite(value)), None)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One measure: its curves on the parts of the data, each the key of a history or None."""

    name: str
    """The key without what names the part."""
    training: str | None = None
    validation: str | None = None
    test: str | None = None
    direction: Direction | None
    """None: not known, so nothing is called better."""

    @property
    def parts(self) -> tuple[tuple[str, Literal["training", "validation", "test"]], ...]:
        """The keys that were measured, each with its part."""
        found: tuple[tuple[str | None, Literal["training", "validation", "test"]], ...] = (
            (self.training, "training"),
            (self.validation, "validation"),
            (self.test, "test"),
        )
        return tuple((key, part) for key, part in found if key)


@dataclass(frozen=True, kw_only=True)
class Watched:
    """The key by which epochs are judged."""

    key: str
    direction: Direction
    by: Literal["stopping", "loss", "metric"]
    """Why this key: early stopping watched it, it is the validation loss, or the only kind of validation there is."""
    restored: bool = False
    """Whether the weights of the best epoch were put back at the end."""


@dataclass(frozen=True, kw_only=True)
class Best:
    """The best epoch of one training, or of the mean over several of equal length."""

    epoch: int
    value: float
    last_epoch: int
    last: float
    worse_after: bool
    """Whether the curve ends worse than it was at its best."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One training of a group."""

    training: Training
    number: int
    """Counted from 1 within the group."""

    @property
    def course(self) -> Course | None:
        """How it went, where that was recorded."""
        return None if self.training.course is UNSET else self.training.course

    @cached_property
    def ending(self) -> Ending:
        """How it ended; a history with a value that is not finite has diverged, whatever was recorded."""
        if self.course is not None and self.course.status != "complete":
            return self.course.status
        return "diverged" if self.broken_at() is not None else "complete"

    def curve(self, key: str) -> GroupCurve | None:
        """Return the values of a key with their epochs; None where it was not measured, or no one knows when."""
        values = self.training.history.get(key)
        if values is None:
            return None
        at = places(self.training, key)
        return None if at is None else GroupCurve(at=at, values=values)

    def broken_at(self) -> int | None:
        """Return the first epoch at which a measure is not a finite number."""
        found = [curve.broken_at() for key in self.training.history if (curve := self.curve(key))]
        return min((epoch for epoch in found if epoch is not None), default=None)


@dataclass(frozen=True, kw_only=True)
class MeasuredGroup:
    """Trainings of one role: the seeds of one experiment, the folds of one, or several fits of the same network."""

    id: str
    """The name under which notes ask for it: its role, or training-1, training-2, … where that is not a plain word."""
    role: str
    members: tuple[Member, ...]
    kind: GroupKind | None
    """What tells its members apart; None where there is only one."""
    axis: Literal["epoch", "step"]
    pairs: tuple[Pair, ...]
    watched: Watched | None
    """None: no validation part, or nothing known of what is better."""

    def sound(self) -> tuple[Member, ...]:
        """Return the members that did not diverge, or all where each of them did."""
        return tuple(member for member in self.members if member.ending != "diverged") or self.members

    def curves(self, key: str) -> tuple[GroupCurve, ...]:
        """Return the curves of a key, one for each sound member that measured it."""
        return tuple(curve for member in self.sound() if (curve := member.curve(key)) is not None)

    def mean(self, key: str) -> tuple[GroupCurve, tuple[int, ...]]:
        """Return the mean of a key over the sound members, with the number of members at each epoch.

        Members of unequal length are not cut: at each epoch the mean is over those that were still training.
        """
        curves = self.curves(key)
        if len(curves) == 1:
            return curves[0], (1,) * len(curves[0].at)
        by_epoch: dict[int, list[float]] = {}
        for curve in curves:
            for at, value in zip(curve.at, curve.values, strict=True):
                by_epoch.setdefault(at, []).append(value)
        epochs = tuple(sorted(by_epoch))
        means = tuple(math.fsum(by_epoch[epoch]) / len(by_epoch[epoch]) for epoch in epochs)
        return GroupCurve(at=epochs, values=means), tuple(len(by_epoch[epoch]) for epoch in epochs)

    def equal(self, key: str) -> bool:
        """Return whether the sound members measured a key at the same epochs, so that their mean is one curve."""
        return len({curve.finite().at for curve in self.curves(key)}) <= 1

    def best(self) -> Best | None:
        """Return the best epoch: of the mean curve, or None where members of unequal length have no common one.

        The extreme of the watched key, the earliest on a tie (Prechelt, "Early Stopping - But When?", 1998).
        """
        if self.watched is None:
            return None
        if not self.equal(self.watched.key):
            return None
        return best_of(self.mean(self.watched.key)[0], self.watched.direction)

    def each_best(self) -> tuple[Best | None, ...]:
        """Return the best epoch of each member, in their order; None where it measured nothing that counts."""
        if self.watched is None:
            return tuple(None for _ in self.members)
        curves = [member.curve(self.watched.key) for member in self.members]
        return tuple(best_of(curve, self.watched.direction) if curve else None for curve in curves)

    def flat(self) -> Flatness | None:
        """Return which epochs are as good as the best one, as far as can be decided; None where nothing can be.

        See `findings.flatness` for the method.
        """
        best = self.best()
        if best is None or self.watched is None:
            return None
        curves = [curve.finite() for curve in self.curves(self.watched.key)]
        return flatness(curves[0].at, [curve.values for curve in curves], best.epoch, folds=self.kind == "fold")


def groups(result: Result) -> tuple[MeasuredGroup, ...]:
    """Return the trainings of a run in groups, in the order of the record."""
    by_role: dict[str, list[Training]] = {}
    for training in result.findings.trainings:
        by_role.setdefault(training.role, []).append(training)
    plain = all(role.replace("-", "").isalnum() and role.isascii() for role in by_role)
    return tuple(
        _group(role if plain else f"training-{number}", role, members)
        for number, (role, members) in enumerate(by_role.items(), 1)
    )


def group_named(result: Result, name: str) -> MeasuredGroup:
    """Return a group by its id.

    Raises:
        MissingValueError: the run has no such group.
    """
    found = {group.id: group for group in groups(result)}
    if name not in found:
        raise MissingValueError(
            f"The run of {result.lab} has no trainings '{name}'; it has {', '.join(found) or 'none'}."
        )
    return found[name]


def best_of(curve: GroupCurve, direction: Direction) -> Best | None:
    """Return the best epoch of a curve, counted from 1, the earliest on a tie; None where no value is finite."""
    finite = curve.finite()
    if not finite.at:
        return None
    sign = 1 if direction == "lower" else -1
    value, epoch = min((sign * value, at) for at, value in zip(finite.at, finite.values, strict=True))
    last = finite.values[-1]
    return Best(epoch=epoch, value=sign * value, last_epoch=finite.at[-1], last=last, worse_after=sign * last > value)


def _group(id_: str, role: str, trainings: Sequence[Training]) -> MeasuredGroup:
    members = tuple(Member(training=training, number=number) for number, training in enumerate(trainings, 1))
    metrics: dict[str, Direction | None] = {}
    for member in members:
        metrics |= _metrics(member)
    pairs = _pairs(metrics)
    return MeasuredGroup(
        id=id_,
        role=role,
        members=members,
        kind=_kind(members),
        axis=members[0].course.axis if members[0].course else "epoch",
        pairs=pairs,
        watched=_watched(members, pairs),
    )


def _metrics(member: Member) -> dict[str, Direction | None]:
    if member.course is not None:
        return dict(member.course.metrics)
    return directions_of(list(member.training.history))


def _pairs(metrics: dict[str, Direction | None]) -> tuple[Pair, ...]:
    """Return the measures of a history, in the order of their first keys; a second key of one part stands alone."""
    found: dict[tuple[str, ...], Pair] = {}
    for key, direction in metrics.items():
        about = measured(key)
        part = {"validation": "validation", "test": "test"}.get(about.part or "", "training")
        place = words_of(about.name) or (about.name,)
        known = found.get(place)
        if known is not None and part in dict(known.parts).values():
            place, known = (key,), None
        if known is None:
            found[place] = Pair(name=key if place == (key,) else about.name, direction=direction, **{part: key})
        else:
            found[place] = replace(known, direction=known.direction or direction, **{part: key})
    return tuple(found.values())


def _watched(members: Sequence[Member], pairs: Sequence[Pair]) -> Watched | None:
    rules = [member.course.stopping for member in members if member.course and member.course.stopping]
    validated = {pair.validation for pair in pairs}
    histories = [member.training.history for member in members]
    for rule in rules:
        directions = {pair.validation or pair.name: pair.direction for pair in pairs}
        directions |= {pair.training: pair.direction for pair in pairs if pair.training}
        direction = rule.direction or directions.get(rule.monitor)
        if direction is not None and rule.monitor in validated and any(rule.monitor in kept for kept in histories):
            return Watched(key=rule.monitor, direction=direction, by="stopping", restored=rule.restore_best_weights)
    for pair in pairs:
        if words_of(pair.name) == ("loss",) and pair.validation:
            return Watched(key=pair.validation, direction=pair.direction or "lower", by="loss")
    for pair in pairs:
        if pair.validation and pair.direction:
            return Watched(key=pair.validation, direction=pair.direction, by="metric")
    return None


def _kind(members: Sequence[Member]) -> GroupKind | None:
    if len(members) < 2:
        return None
    told = members[0].course.group if members[0].course else None
    if told is not None:
        return told
    return "fold" if any(member.training.fold for member in members) else "seed"
