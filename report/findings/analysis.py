"""Conclusions from a Result: mean curves, the best epoch, scores over seeds.

Pure functions of plain records. Whatever figures, tables, claims and notes say about a run goes through here, so that
they can't disagree. Curves over several seeds (and folds) are averaged epoch by epoch; the best epoch of a report is
that of the mean curve, and its spread is that of the single seeds. A seed that diverged is left out of curves and means
where others did not; seeds of unequal length are not cut.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import msgspec

from labreport.experiments.result import Findings, Model, Result, Score, Training
from labreport.experiments.selection import NoValidationError, best_epoch, smooth
from labreport.report.errors import ReportError
from labreport.report.findings.flatness import Flatness, flatness
from labreport.report.findings.places import places
from labreport.report.findings.scores import Measured, Quantity, ScoreKind, mean, scores_of

FOLD = "fold"
"""Role of the trainings of a cross-validation."""


class MissingValueError(ReportError):
    """A Result does not hold what was asked of it."""

    exit_code = 4


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Where a validation curve has its minimum.

    The rule: the minimum of the curve, the earliest epoch on a tie, counted from 1. Overfitting is seen when
    epochs follow the minimum.
    """

    best_epoch: int
    epochs: int
    best: float
    last: float
    per_seed: tuple[int, ...]
    """The best epoch of each seed alone."""
    common: bool = True
    """Whether all seeds are of one length, so that the minimum is that of their mean curve; otherwise epoch and values
    are the middle of the seeds' own."""
    flat: Flatness | None = None
    """Which epochs are as good as the best one, as far as can be seen."""

    @property
    def overfits(self) -> bool:
        """Whether the curve ends above its minimum."""
        return self.best_epoch < self.epochs and self.last > self.best

    @property
    def open_end(self) -> bool:
        """Whether the curve ends above its minimum, but no farther than chance may have put it."""
        return self.overfits and self.flat is not None and self.flat.last >= self.epochs


def trainings(result: Result, role: str) -> tuple[Training, ...]:
    """Return the fits of one role, in the order of the record.

    Raises:
        MissingValueError: none has that role.
    """
    found = tuple(fit for fit in result.findings.trainings if fit.role == role)
    if not found:
        known = sorted({fit.role for fit in result.findings.trainings})
        raise MissingValueError(f"The run of {result.lab} has no training '{role}'; it has {_listed(known)}.")
    return found


def shown_role(result: Result) -> str:
    """Return the role of the training whose curves speak for the run: the first with validation, else the first.

    Raises:
        MissingValueError: nothing was trained.
    """
    fits = result.findings.trainings
    if not fits:
        raise MissingValueError(f"The run of {result.lab} has no training.")
    return next((fit.role for fit in fits if any(key.startswith("val_") for key in fit.history)), fits[0].role)


def curves(result: Result, role: str, key: str) -> tuple[tuple[float, ...], ...]:
    """Return one curve for each seed: shape (seeds, epochs); folds of a seed are averaged, a diverged seed is left out.

    Raises:
        MissingValueError: no such training, or no such key in its history.
    """
    by_seed: dict[int | None, list[tuple[float, ...]]] = {}
    for fit in trainings(result, role):
        if key not in fit.history:
            raise MissingValueError(
                f"The training '{role}' of {result.lab} has no history '{key}'; it has {_listed(sorted(fit.history))}."
            )
        by_seed.setdefault(fit.seed, []).append(fit.history[key])
    sound = [group for group in by_seed.values() if all(isfinite(value) for curve in group for value in curve)]
    return tuple(mean_of(group) for group in sound or by_seed.values())


def mean_curve(result: Result, role: str, key: str) -> tuple[float, ...]:
    """Return the mean curve over seeds and folds, one value per epoch."""
    return mean_of(curves(result, role, key))


def turn(result: Result, role: str | None = None, key: str = "val_loss") -> Turn:
    """Return where the mean curve of a role, by default of `shown_role`, has its minimum.

    Raises:
        MissingValueError: no such training, or no such key in its history.
        NoValidationError: nothing of the curve is finite.

    Source: Prechelt, "Early Stopping - But When?", 1998: the epoch at which to stop.
    """
    role = role or shown_role(result)
    found = _turn(curves(result, role, key))
    at = measured_at(result, role, key)
    if not at:
        return found
    flat = found.flat and replace(found.flat, first=at[found.flat.first - 1], last=at[found.flat.last - 1])
    return replace(
        found,
        best_epoch=at[found.best_epoch - 1],
        epochs=at[found.epochs - 1],
        per_seed=tuple(at[epoch - 1] for epoch in found.per_seed),
        flat=flat,
    )


def measured_at(result: Result, role: str, key: str) -> tuple[int, ...]:
    """Return the epochs at which a key was measured, such as every fifth; empty where it was at each.

    Raises:
        MissingValueError: no such training, or its fits measured the key at other epochs than one another.
    """
    found = [places(fit, key) for fit in trainings(result, role) if key in fit.history]
    known = [at for at in found if at is not None]
    if len(known) < len(found):
        raise MissingValueError(f"Nothing says at which epochs '{key}' of {result.lab} was measured.")
    longest = max(known, key=len, default=())
    if any(longest[: len(at)] != at for at in known):
        raise MissingValueError(f"The trainings '{role}' of {result.lab} measured '{key}' at unlike epochs.")
    return () if longest == tuple(range(1, len(longest) + 1)) else longest


def value_at(result: Result, role: str, key: str, epoch: int) -> float:
    """Return the value of the mean curve at an epoch.

    Raises:
        MissingValueError: no such training or key, or it was not measured at that epoch.
    """
    at = measured_at(result, role, key)
    values = mean_curve(result, role, key)
    if at and epoch not in at:
        raise MissingValueError(f"The training '{role}' of {result.lab} has no '{key}' at epoch {epoch}.")
    return values[at.index(epoch) if at else epoch - 1]


def _turn(single: Sequence[Sequence[float]], parts: Sequence[Sequence[float]] = (), *, dropped: int = 0) -> Turn:
    """Return where the mean of some curves has its minimum.

    Args:
        single: one curve for each seed.
        parts: what the chance of a single seed is judged by, such as its folds; by default the jitter of its curve.
        dropped: epochs that were left out at the beginning of each.
    """
    own = [best_epoch(curve) for curve in single]
    per_seed = tuple(dropped + best for best in own)
    if len({len(curve) for curve in single}) > 1:
        return Turn(
            best_epoch=statistics.median_low(per_seed),
            epochs=dropped + max(map(len, single)),
            best=statistics.fmean(curve[best - 1] for curve, best in zip(single, own, strict=True)),
            last=statistics.fmean(curve[-1] for curve in single),
            per_seed=per_seed,
            common=False,
        )
    mean = mean_of(single)
    best = best_epoch(mean)
    by_parts = bool(parts) and len(single) == 1
    judged = parts if by_parts else single
    epochs = range(dropped + 1, dropped + len(mean) + 1)
    finite = all(isfinite(value) for curve in judged for value in curve)
    return Turn(
        best_epoch=dropped + best,
        epochs=dropped + len(mean),
        best=mean[best - 1],
        last=mean[-1],
        per_seed=per_seed,
        flat=flatness(epochs, judged, dropped + best, folds=by_parts) if finite else None,
    )


def smoothed_curve(result: Result) -> tuple[int, tuple[float, ...]]:
    """Return the smoothed validation MAE of a cross-validation.

    Returns:
        Epochs dropped at the beginning, and the exponential moving average of the rest, averaged over folds and seeds;
        its first value belongs to the epoch after the dropped ones.
    """
    dropped = dropped_epochs(result)
    return dropped, mean_of([_smoothed(result, curve) for curve in curves(result, FOLD, "val_mae")])


def smoothed_turn(result: Result) -> Turn:
    """Return where the smoothed validation MAE of a cross-validation has its minimum, in epochs of the whole curve.

    Raises:
        MissingValueError: no folds, no MAE in their history, or a setting of the smoothing is missing.
        NoValidationError: nothing of the curve is finite.
    """
    single = [_smoothed(result, curve) for curve in curves(result, FOLD, "val_mae")]
    folds = [_smoothed(result, fit.history["val_mae"]) for fit in trainings(result, FOLD)]
    # The jitter of a smoothed curve says nothing: the folds do.
    return _turn(single, folds if len(folds) > 1 else (), dropped=dropped_epochs(result))


def cross_validated(result: Result) -> bool:
    """Return whether the number of epochs was chosen over folds, by the smoothed validation MAE."""
    return any(fit.role == FOLD for fit in result.findings.trainings)


def overfitting(result: Result) -> Turn | None:
    """Return the best epoch of a run: where its validation loss is lowest, or its smoothed MAE over folds.

    None where there is no validation curve, or nothing in it can be compared.
    """
    try:
        return turn_of_role(result, FOLD if cross_validated(result) else shown_role(result))
    except (MissingValueError, NoValidationError):
        return None


def turn_of_role(result: Result, role: str) -> Turn:
    """Return where the validation curve that decides about a role has its minimum.

    Raises:
        MissingValueError: no such training, no such key in its history, or a setting of the smoothing is missing.
        NoValidationError: nothing of the curve is finite.
    """
    return smoothed_turn(result) if role == FOLD else turn(result, role)


def dropped_epochs(result: Result) -> int:
    """Return how many first epochs the smoothed curve leaves out; fewer where hardly more were trained.

    Raises:
        MissingValueError: the run has no folds, or no setting `dropped_epochs`.
    """
    epochs = min(fit.epochs for fit in trainings(result, FOLD))
    return min(int(setting(result, "dropped_epochs")), max(0, epochs - 2))


def fold_errors(result: Result) -> dict[int, float]:
    """Return the validation MAE of each fold at the best epoch, averaged over the seeds, in the unit of the targets.

    Raises:
        MissingValueError: the run has no folds, or nothing by which a best epoch could be named.
        NoValidationError: nothing of the curve is finite.
    """
    epoch = smoothed_turn(result).best_epoch
    by_fold: dict[int, list[float]] = {}
    for fit in trainings(result, FOLD):
        by_fold.setdefault(fit.fold or 0, []).append(fit.history["val_mae"][epoch - 1])
    return {fold: mean(values) for fold, values in sorted(by_fold.items())}


def score(result: Result, name: str) -> Measured:
    """Return a score over the seeds; the folds of a seed are averaged.

    Raises:
        MissingValueError: the run has no such score.
    """
    return _quantity(result, name, result.findings.scores, "score")


def baseline(result: Result, name: str) -> Measured:
    """Return what a simple rule or model reaches.

    Raises:
        MissingValueError: the run has no such baseline.
    """
    return _quantity(result, name, result.findings.baselines, "baseline")


def measure(result: Result, name: str) -> Quantity:
    """Return a further measured number over the seeds.

    Raises:
        MissingValueError: the run has no such measure.
    """
    found = [item for item in result.findings.measures if item.name == name]
    if not found:
        known = sorted({item.name for item in result.findings.measures})
        raise MissingValueError(f"The run of {result.lab} has no measure '{name}'; it has {_listed(known)}.")
    values = tuple(item.value for item in found)
    return Quantity(values=values, unit=found[0].unit)


def series(result: Result, name: str) -> tuple[float, ...]:
    """Return a named list of numbers.

    Raises:
        MissingValueError: the run has no such series.
    """
    for item in result.findings.series:
        if item.name == name:
            return item.values
    known = sorted(item.name for item in result.findings.series)
    raise MissingValueError(f"The run of {result.lab} has no series '{name}'; it has {_listed(known)}.")


def model(result: Result, role: str) -> Model:
    """Return the model of a role.

    Raises:
        MissingValueError: the run has no such model.
    """
    for item in result.findings.models:
        if item.role == role:
            return item
    known = sorted(item.role for item in result.findings.models)
    raise MissingValueError(f"The run of {result.lab} has no model '{role}'; it has {_listed(known)}.")


def setting(result: Result, name: str) -> float:
    """Return a setting that is a number.

    Raises:
        MissingValueError: the lab has no such setting, or it is not a number.
    """
    value = result.settings.get(name)
    if isinstance(value, (bool, str)) or value is None:
        raise MissingValueError(f"The run of {result.lab} has no number '{name}' among its settings.")
    return value


def seconds(result: Result) -> float | None:
    """Return the wall time of a run in seconds, from reading the data to the last score.

    None where it is not known: a log may tell no times, and is stored with none.
    """
    return result.timings.get("total", sum(result.timings.values())) or None


def only_seed(result: Result, seed: int | None) -> Result:
    """Return the Result as if only this seed had run; what needs no seed stays."""

    def of_seed(items: Iterable[msgspec.Struct]) -> tuple[msgspec.Struct, ...]:
        return tuple(item for item in items if getattr(item, "seed", None) in (None, seed))

    findings: Findings = msgspec.structs.replace(
        result.findings,
        **{
            name: of_seed(getattr(result.findings, name))
            for name in ("trainings", "scores", "baselines", "measures", "predictions")
        },
    )
    return msgspec.structs.replace(result, findings=findings, seeds=(seed,))


def mean_of(lists: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Return the mean at each position, over those lists that are long enough to have one there."""
    if len(lists) == 1:
        return tuple(lists[0])
    return tuple(mean(column) for column in columns_of(lists))


def columns_of(lists: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the values at each position, of those lists that are long enough to have one there."""
    return [[values[at] for values in lists if at < len(values)] for at in range(max(map(len, lists), default=0))]


def _smoothed(result: Result, curve: Sequence[float]) -> tuple[float, ...]:
    try:
        return smooth(curve, dropped_epochs(result), float(setting(result, "smoothing_factor")))
    except ValueError as error:
        raise MissingValueError(f"The curve of {result.lab} can't be smoothed: {error}") from error


def _quantity(result: Result, name: str, records: Sequence[Score], kind: ScoreKind) -> Measured:
    found = scores_of(records, kind)
    if name not in found:
        raise MissingValueError(f"The run of {result.lab} has no {kind} '{name}'; it has {_listed(sorted(found))}.")
    return found[name]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none"
