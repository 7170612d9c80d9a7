"""Claims about the course of a training."""

from __future__ import annotations

from itertools import pairwise

from labreport.experiments.definitions import Answer, Number, claim
from labreport.experiments.result import Result
from labreport.report.findings.analysis import (
    Turn,
    curves,
    fold_spread,
    mean_curve,
    mean_of,
    measure,
    score,
    setting,
    shown_role,
    smoothed_turn,
    trainings,
    turn,
)


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
        holds=rises == 0, numbers={"epochs": len(curve), "rises": rises, "first": curve[0], "last": curve[-1]}
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
    found = turn(result)
    return Answer(holds=found.overfits, numbers=_turned(found))


@claim()
def accuracy_gap(result: Result) -> Answer:
    """At the last epoch the training accuracy lies above the validation accuracy."""
    train = mean_curve(result, shown_role(result), "accuracy")[-1]
    validation = mean_curve(result, shown_role(result), "val_accuracy")[-1]
    return Answer(
        holds=train > validation, numbers={"train": train, "validation": validation, "gap": train - validation}
    )


@claim()
def smoothed_minimum_before_end(result: Result) -> Answer:
    """The smoothed validation MAE has its minimum before the last epoch."""
    found = smoothed_turn(result)
    return Answer(holds=found.overfits, numbers=_turned(found))


@claim()
def folds_spread(result: Result) -> Answer:
    """The folds differ by more than a tenth of their mean, so that one split alone would mislead."""
    low, high = fold_spread(result)
    mean = mean_of(curves(result, "fold", "val_mae"))[-1]
    return Answer(holds=high - low > 0.1 * mean, numbers={"low": low, "high": high, "difference": high - low})


@claim()
def train_test_gap(result: Result) -> Answer:
    """The final network does better on what it was trained on than on the test set."""
    train, test = score(result, "train_accuracy").mean, score(result, "test_accuracy").mean
    return Answer(holds=train > test, numbers={"train": train, "test": test, "gap": train - test})


@claim()
def stopping_beats_training_on(result: Result) -> Answer:
    """Stopping at the chosen epoch gives a better test accuracy than training to the end."""
    stopped = score(result, "test_accuracy").mean
    trained_on = score(result, "test_accuracy_overtrained").mean
    return Answer(
        holds=stopped > trained_on,
        numbers={
            "stopped": stopped,
            "trained_on": trained_on,
            "difference": stopped - trained_on,
            "chosen_epochs": round(measure(result, "chosen_epochs").mean),
            "epochs": trainings(result, "overtrained")[0].epochs,
        },
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
    """A narrow middle layer costs validation accuracy."""
    wide = score(result, "validation_accuracy_selection").mean
    narrow = score(result, "validation_accuracy_bottleneck").mean
    return Answer(
        holds=narrow < wide,
        numbers={
            "wide": wide,
            "narrow": narrow,
            "difference": wide - narrow,
            "units": int(setting(result, "bottleneck_units")),
        },
    )
