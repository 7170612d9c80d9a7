"""Claims about the course of a training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from labreport.experiments.definitions import Answer, Number, claim
from labreport.experiments.result import Result
from labreport.experiments.selection import smooth
from labreport.report.findings.analysis import (
    MissingValueError,
    Turn,
    curves,
    dropped_epochs,
    fold_errors,
    mean_curve,
    measure,
    score,
    setting,
    shown_role,
    smoothed_turn,
    trainings,
    turn,
)
from labreport.report.findings.claims.scores import beyond_chance
from labreport.report.findings.earlier import settings_of
from labreport.report.findings.paired import apart, compared
from labreport.report.findings.scores import mean
from labreport.report.numbers import difference


def _turned(found: Turn) -> dict[str, Number]:
    """Where a curve turns, and of several seeds between which epochs the single ones do."""
    numbers: dict[str, Number] = {"best_epoch": found.best_epoch, "epochs": found.epochs}
    numbers |= {"best": found.best, "last": found.last}
    if len(found.per_seed) > 1:
        numbers |= {"earliest": min(found.per_seed), "latest": max(found.per_seed)}
    return numbers


@claim()
def training_loss_falls(result: Result) -> Answer:
    """The training loss falls in every epoch."""
    curve = mean_curve(result, shown_role(result), "loss")
    rises = sum(later >= earlier for earlier, later in pairwise(curve))
    return Answer(
        holds=rises == 0,
        numbers={"epochs": len(curve), "rises": rises, "first": curve[0], "last": curve[-1]},
        # What the loss is, follows from the settings; a lab of another author need not have it among them.
        details={"loss": str(settings_of(result).get("loss", ""))},
    )


@claim()
def training_accuracy_rises(result: Result) -> Answer:
    """The training accuracy rises in every epoch."""
    curve = mean_curve(result, shown_role(result), "accuracy")
    drops = sum(later <= earlier for earlier, later in pairwise(curve))
    return Answer(
        holds=drops == 0, numbers={"epochs": len(curve), "drops": drops, "first": curve[0], "last": curve[-1]}
    )


@claim()
def overfits(result: Result) -> Answer:
    """The validation loss has its minimum before the last epoch and is higher at the end."""
    return _overfits(turn(result))


def _overfits(found: Turn) -> Answer:
    """Say whether a curve has turned; where it ends no higher than chance may have put it, that is not known."""
    return Answer(
        holds=None if found.open_end else found.overfits,
        numbers=_turned(found),
        details={"common": int(found.common)},
    )


@claim()
def accuracy_gap(result: Result) -> Answer:
    """At the last epoch the training accuracy lies above the validation accuracy."""
    role = shown_role(result)
    parts = [[curve[-1] for curve in curves(result, role, key)] for key in ("accuracy", "val_accuracy")]
    fit = trainings(result, role)[0]
    return _gap(parts[0], parts[1], (fit.train_samples or 0, fit.validation_samples or 0), "validation")


def _gap(train: Sequence[float], other: Sequence[float], samples: tuple[int, int], name: str) -> Answer:
    """Say whether the accuracy on the training samples is ahead of that on others beyond chance."""
    if not all(samples):
        raise MissingValueError("The run does not say on how many samples an accuracy was measured.")
    answer = beyond_chance(apart(train, other, samples), train=mean(train), **{name: mean(other)})
    return replace(answer, numbers={"gap" if key == "difference" else key: v for key, v in answer.numbers.items()})


@claim()
def smoothed_minimum_before_end(result: Result) -> Answer:
    """The smoothed validation MAE has its minimum before the last epoch."""
    return _overfits(smoothed_turn(result))


@claim()
def training_error_falls_on(result: Result) -> Answer:
    """From the best epoch to the last the training MAE falls while the validation MAE, smoothed alike, rises."""
    found = smoothed_turn(result)
    dropped, factor = dropped_epochs(result), float(setting(result, "smoothing_factor"))
    trained = smooth(mean_curve(result, "fold", "mae"), dropped, factor)
    numbers: dict[str, Number] = {"best_epoch": found.best_epoch, "epochs": found.epochs}
    numbers |= {"trained": trained[found.best_epoch - dropped - 1], "trained_last": trained[-1]}
    numbers |= {"validated": found.best, "validated_last": found.last}
    falls = trained[-1] < trained[found.best_epoch - dropped - 1]
    return Answer(holds=None if falls and found.open_end else falls and found.overfits, numbers=numbers)


@claim(neutral=True)
def smoothed_minimum_flat(result: Result) -> Answer:
    """Epochs beside that of the lowest smoothed validation MAE are as good, as far as the folds can tell."""
    flat = smoothed_turn(result).flat
    if flat is None:
        raise MissingValueError("One curve says nothing of how it differs from fold to fold.")
    return Answer(holds=not flat.sharp, votes=(not flat.sharp,), numbers={"first": flat.first, "last": flat.last})


@claim()
def folds_spread(result: Result) -> Answer:
    """At the best epoch the folds differ by more than a tenth of their mean, so that one split alone would mislead."""
    errors = fold_errors(result).values()
    low, high = min(errors), max(errors)
    return Answer(
        holds=high - low > 0.1 * mean(tuple(errors)),
        numbers={"low": low, "high": high, "difference": difference(high, low)},
    )


@claim()
def train_test_gap(result: Result) -> Answer:
    """The final network does better on what it was trained on than on the test set."""
    if result.findings.data is None:
        raise MissingValueError("The run names no data.")
    train, test = score(result, "train_accuracy"), score(result, "test_accuracy")
    samples = trainings(result, train.first.model)[0].train_samples or 0, result.findings.data.test_samples
    return _gap(train.values, test.values, samples, "test")


@claim()
def stopping_beats_training_on(result: Result) -> Answer:
    """Stopping at the chosen epoch gives a better test accuracy than training to the end."""
    stopped, trained_on = score(result, "test_accuracy"), score(result, "test_accuracy_overtrained")
    return beyond_chance(
        compared(result, stopped, trained_on),
        stopped=stopped.mean,
        trained_on=trained_on.mean,
        chosen_epochs=round(measure(result, "chosen_epochs").mean),
        epochs=trainings(result, "overtrained")[0].epochs,
    )


@claim(certain=True)
def encodings_agree(result: Result) -> Answer:
    """One-hot and integer labels give the same loss in each epoch, to float tolerance.

    The tolerance is 1e-3 absolute: both runs do the same arithmetic in another order, and training amplifies the last
    bit of a float32 from epoch to epoch.
    """
    difference = measure(result, "encodings_largest_difference").mean
    return Answer(
        holds=difference <= 1e-3,
        numbers={"difference": difference, "epochs": trainings(result, "sparse")[0].epochs},
    )


@claim()
def bottleneck_loses(result: Result) -> Answer:
    """A narrow middle layer costs validation accuracy, each network at its own best epoch."""
    wide = score(result, "validation_accuracy_selection")
    narrow = score(result, "validation_accuracy_bottleneck")
    own = turn(result, "bottleneck")
    answer = beyond_chance(
        compared(result, wide, narrow),
        wide=wide.mean,
        narrow=narrow.mean,
        units=int(setting(result, "bottleneck_units")),
        wide_epoch=turn(result, "selection").best_epoch,
        narrow_epoch=own.best_epoch,
        narrow_epochs=own.epochs,
    )
    return replace(answer, details={**answer.details, "still_learning": int(own.best_epoch == own.epochs)})


@claim()
def linear_trained_out(result: Result) -> Answer:
    """The linear model was trained until its lowest validation loss had passed, as the network was."""
    found = turn(result, "linear-selection")
    return Answer(
        holds=found.best_epoch < found.epochs, numbers={"best_epoch": found.best_epoch, "epochs": found.epochs}
    )
