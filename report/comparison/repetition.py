"""What became of a repetition: the numbers of a run beside those of the same work done once more.

Two Results go in, one record comes out. Wall times and memory say nothing about the work, and do not count.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from labreport.experiments.result import Findings, Provenance, Result, Score, Training

TOLERANCE = 0.01
"""Relative difference of a score, or of the best value of a curve, that another processor or version may make: their
sums are rounded in another order, and a training lets these differences grow from epoch to epoch."""

PACKAGES = ("labreport", "keras", "tensorflow", "torch", "numpy")
"""Packages whose version may change rounding."""

_TIME_UNITS = ("seconds", "s", "ms")
"""Units of measures that say how long something took."""

RepetitionVerdict = Literal["identical", "within-tolerance", "different"]


class Deviation(msgspec.Struct, frozen=True, kw_only=True):
    """One curve or number that is not what it was."""

    what: str
    """Such as `final, seed 0: val_loss`."""
    epoch: int | None = None
    """First epoch (or step) with another value; None where it is a single number, or one of the two has no curve."""
    before: float | None = None
    """Value there; None: there is none."""
    after: float | None = None
    share: float | None = None
    """Relative difference of what the curve is judged by: its last value. None where that can't be said."""

    @property
    def sentence(self) -> str:
        """The deviation in one line of English."""
        if self.before is None or self.after is None:
            return f"{self.what}: {'only in the stored run' if self.after is None else 'only in the repetition'}"
        where = "" if self.epoch is None else f" from epoch {self.epoch} on"
        share = "" if self.share is None or self.epoch is None else f"; by {self.share:.1%} at the end"
        return f"{self.what}: {self.before:.6g} before, {self.after:.6g} now{where}{share}"


class Repetition(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on a repetition and its reasons."""

    run: str
    """Id of the stored run."""
    lab: str
    verdict: RepetitionVerdict
    surroundings: tuple[str, ...]
    """What differs around the work: processor, system, versions; each with both values."""
    deviations: tuple[Deviation, ...]
    compared: int
    """Curves and numbers that were compared."""
    seeded: bool
    """Whether seeds were set; without them a repetition need not give the same."""


def compared(before: Result, after: Result, tolerance: float = TOLERANCE) -> Repetition:
    """Return what a repetition shows.

    Args:
        before: the stored run.
        after: the same work once more.
        tolerance: relative difference that counts as rounding where processor, system or versions differ.
    """
    found, number_of = [], 0
    for deviation in _deviations(before.findings, after.findings):
        number_of += 1
        if deviation is not None:
            found.append(deviation)
    surroundings = tuple(_surroundings(before.provenance, after.provenance))
    small = all(one.share is not None and one.share <= tolerance for one in found)
    verdict: RepetitionVerdict = (
        "identical" if not found else "within-tolerance" if surroundings and small else "different"
    )
    own = before.findings.own
    return Repetition(
        run=before.run_id,
        lab=before.lab,
        verdict=verdict,
        surroundings=surroundings,
        deviations=tuple(found),
        compared=number_of,
        seeded=bool(before.seeds) or bool(own and own.seeding),
    )


def _surroundings(before: Provenance, after: Provenance) -> Iterator[str]:
    pairs = [
        ("processor", before.machine.processor, after.machine.processor),
        ("system", before.machine.system, after.machine.system),
        # Sums are cut into as many pieces, which the last bit of a loss may show.
        ("threads", *(one.machine.threads or one.machine.logical_processors for one in (before, after))),
        ("Python", before.python, after.python),
        *((name, before.packages.get(name), after.packages.get(name)) for name in PACKAGES),
    ]
    for name, was, now in pairs:
        if was != now:
            yield f"{name}: {was or 'none'} → {now or 'none'}"


def _deviations(before: Findings, after: Findings) -> Iterator[Deviation | None]:
    """Compare everything that was measured; yield None for what is as it was."""
    yield from _of_trainings(before.trainings, after.trainings)
    yield from _of_scores((*before.scores, *before.baselines), (*after.scores, *after.baselines))
    measures = [
        {(one.name, one.seed): one.value for one in findings.measures if one.unit not in _TIME_UNITS}
        for findings in (before, after)
    ]
    for key in dict.fromkeys((*measures[0], *measures[1])):
        name = key[0] if key[1] is None else f"{key[0]}, seed {key[1]}"
        yield _of_numbers(name, measures[0].get(key), measures[1].get(key))
    for one in before.predictions:
        same = next((other for other in after.predictions if (other.model, other.seed) == (one.model, one.seed)), None)
        if not (one.confusion or one.predicted_values):
            continue
        equal = same is not None and (one.confusion, one.predicted_values) == (same.confusion, same.predicted_values)
        yield (
            None
            if equal
            else Deviation(what=f"predictions of {one.model}, seed {one.seed}", before=0, after=1, share=0)
        )


def _of_trainings(before: Sequence[Training], after: Sequence[Training]) -> Iterator[Deviation | None]:
    def keyed(trainings: Sequence[Training]) -> dict[Any, Training]:
        counted: dict[Any, Training] = {}
        for one in trainings:
            place = 0
            while (key := (one.role, one.seed, one.fold, place)) in counted:
                place += 1
            counted[key] = one
        return counted

    old, new = keyed(before), keyed(after)
    for key in dict.fromkeys((*old, *new)):
        role, seed, fold, _ = key
        name = role + ("" if seed is None else f", seed {seed}") + ("" if fold is None else f", fold {fold}")
        was, now = old.get(key), new.get(key)
        for metric in dict.fromkeys((*(was.history if was else ()), *(now.history if now else ()))):
            yield _of_curves(
                f"{name}: {metric}",
                was.history.get(metric, ()) if was else (),
                now.history.get(metric, ()) if now else (),
            )


def _of_curves(what: str, before: Sequence[float], after: Sequence[float]) -> Deviation | None:
    if not before or not after:
        return None if before == after else Deviation(what=what, before=_last(before), after=_last(after))
    at = next((at for at, pair in enumerate(zip(before, after, strict=False)) if not _equal(*pair)), None)
    if at is None:
        if len(before) == len(after):
            return None
        shorter = min(len(before), len(after))
        return Deviation(
            what=f"{what}, number of values", epoch=shorter + 1, before=len(before), after=len(after), share=None
        )
    return Deviation(
        what=what,
        epoch=at + 1,
        before=before[at],
        after=after[at],
        share=_share(before[-1], after[-1]) if len(before) == len(after) else None,
    )


def _of_scores(before: Sequence[Score], after: Sequence[Score]) -> Iterator[Deviation | None]:
    old, new = (
        {(one.name, one.model, one.split, one.seed, one.fold): one.value for one in scores}
        for scores in (before, after)
    )
    for key in dict.fromkeys((*old, *new)):
        name, model, _, seed, fold = key
        what = f"{name} of {model}" + ("" if seed is None else f", seed {seed}") + (f", fold {fold}" if fold else "")
        yield _of_numbers(what, old.get(key), new.get(key))


def _of_numbers(what: str, before: float | None, after: float | None) -> Deviation | None:
    if before is not None and after is not None:
        if _equal(before, after):
            return None
        return Deviation(what=what, before=before, after=after, share=_share(before, after))
    return Deviation(what=what, before=before, after=after)


def _equal(before: float, after: float) -> bool:
    return before == after or (math.isnan(before) and math.isnan(after))


def _share(before: float, after: float) -> float | None:
    size = max(abs(before), abs(after))
    if not math.isfinite(size) or size == 0:
        return 0.0 if _equal(before, after) else None
    return abs(before - after) / size


def _last(values: Sequence[float]) -> float | None:
    return values[-1] if values else None
