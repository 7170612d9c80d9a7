"""A very long record as a report carries it: with the curves thinned, which says so and names the whole record.

A report carries its results byte for byte. A history of millions of values would make a page of many megabytes that no
reader opens, so of such a record, and only of such a one, the page carries a part: of each curve its extremes, both
ends, the values that are not finite and, from each of many equal stretches, the lowest and the highest value. Best
epochs, marks and the shape stay; each value keeps its epoch. `OwnRun.whole` is the SHA-256 of the record in the store,
which stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import sha256

import msgspec
from msgspec import UNSET

from labreport.experiments.result import Course, OwnRun, Result, Training
from labreport.report.store import codec

MOST = 30_000
"""Values of all histories of a run together up to which a report carries them whole."""
_LEAST = 20
"""Stretches of a curve at least."""


def carried(result: Result, content: bytes) -> bytes:
    """Return what a report carries of a run: its file byte for byte, or a thinned record where that is very long.

    Args:
        result: the run; one of a lab is never long.
        content: its file.
    """
    own = result.findings.own
    trainings = result.findings.trainings
    if not isinstance(own, OwnRun) or own.whole is not UNSET or not is_long(result):
        return content
    stretches = max(_LEAST, MOST // (4 * sum(len(one.history) for one in trainings)))
    kept: dict[tuple[str, str], set[int]] = {}
    for role in dict.fromkeys(one.role for one in trainings):
        alike = [one for one in trainings if one.role == role]
        keys = tuple(dict.fromkeys(key for one in alike for key in one.history))
        curves = {key: [_curve(one, key) for one in alike if key in one.history] for key in keys}
        means = {key: _mean(found) for key, found in curves.items()}
        # Where one measure is best, the others are asked for their values, too.
        noted = {epoch for mean in means.values() for epoch in _noted(mean)}
        for key in keys:
            own_extremes = {epoch for curve in curves[key] for epoch in _noted(curve)}
            kept[role, key] = noted | own_extremes | _shape(means[key], stretches)
    findings = msgspec.structs.replace(
        result.findings,
        trainings=tuple(_thinned(one, {key: kept[one.role, key] for key in one.history}) for one in trainings),
        own=msgspec.structs.replace(own, whole=sha256(content).hexdigest()),
    )
    return codec.encode(msgspec.structs.replace(result, findings=findings))


def is_long(result: Result) -> bool:
    """Return whether a report carries the curves of a run thinned."""
    own = result.findings.own
    if not isinstance(own, OwnRun):
        return False
    values = sum(len(values) for one in result.findings.trainings for values in one.history.values())
    return values > MOST or own.whole is not UNSET


def whole(result: Result) -> str | None:
    """Return the SHA-256 of the record of which this is a thinned one; None where it is whole."""
    own = result.findings.own
    return own.whole if isinstance(own, OwnRun) and own.whole is not UNSET else None


def remark(result: Result) -> str:
    """Return a line that says that a record is thinned, and of which it is a part; empty where it is whole."""
    digest = whole(result)
    if digest is None:
        return ""
    return (
        f"{result.lab}: the curves in this record are thinned; the whole record is that of the run {result.run_id} "
        f"with the SHA-256 {digest}"
    )


def _curve(training: Training, key: str) -> dict[int, float]:
    """Return the values of a key by epoch, in order."""
    values = training.history[key]
    at = training.course.at.get(key) if isinstance(training.course, Course) else None
    return dict(zip(at or range(1, len(values) + 1), values, strict=True))


def _mean(curves: Sequence[dict[int, float]]) -> dict[int, float]:
    """Return the mean of some curves at each epoch, over those that were measured then."""
    if len(curves) == 1:
        return curves[0]
    found: dict[int, list[float]] = {}
    for curve in curves:
        for epoch, value in curve.items():
            found.setdefault(epoch, []).append(value)
    return {epoch: sum(found[epoch]) / len(found[epoch]) for epoch in sorted(found)}


def _noted(curve: dict[int, float]) -> set[int]:
    """Return the epochs of a curve that are spoken of: both ends, extremes, and where it is first not finite."""
    finite = [epoch for epoch, value in curve.items() if math.isfinite(value)]
    found = {next(iter(curve)), next(reversed(curve))} if curve else set()
    if finite:
        found |= {min(finite, key=curve.__getitem__), max(finite, key=curve.__getitem__), finite[-1]}
    return found | set([epoch for epoch, value in curve.items() if not math.isfinite(value)][:1])


def _shape(curve: dict[int, float], stretches: int) -> set[int]:
    """Return the epochs of the lowest and the highest value of each stretch."""
    epochs = [epoch for epoch, value in curve.items() if math.isfinite(value)]
    width = max(1, math.ceil(len(epochs) / stretches))
    found: set[int] = set()
    for start in range(0, len(epochs), width):
        stretch = epochs[start : start + width]
        found |= {min(stretch, key=curve.__getitem__), max(stretch, key=curve.__getitem__)}
    return found


def _thinned(training: Training, kept: dict[str, set[int]]) -> Training:
    history: dict[str, tuple[float, ...]] = {}
    at: dict[str, tuple[int, ...]] = {}
    for key in training.history:
        pairs = [(epoch, value) for epoch, value in _curve(training, key).items() if epoch in kept[key]]
        at[key] = tuple(epoch for epoch, _ in pairs)
        history[key] = tuple(value for _, value in pairs)
    assert isinstance(training.course, Course)
    course = msgspec.structs.replace(training.course, at=at)
    return msgspec.structs.replace(training, history=history, course=course)
