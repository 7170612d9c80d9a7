"""What several labs do in the same way: open, test and record, and the two-stage procedure.

The two stages keep the test set out of every choice: validation data choose the number of epochs, then a new network
is trained for that many epochs on all training samples, and only that one is tested.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labreport.experiments.data.sets import Dataset
from labreport.experiments.errors import LabError
from labreport.experiments.lab import Session, score
from labreport.experiments.result import DataCard, PerSample, Score
from labreport.experiments.selection import best_epoch
from labreport.experiments.training import Fitted, Samples, evaluate, predict, start

LONGER = 10
"""How many times as long as the network a model may be trained that is to be trained out, such as a baseline."""


def open_lab(
    session: Session, dataset: Dataset, *, fit: Callable[..., Any] | None = None, **listings: Callable[..., Any]
) -> None:
    """Record data card and listings, and start Keras.

    Args:
        session: gets the records.
        dataset: what the lab was given.
        fit: the training in plain Keras, which is shown in place of the faster loop that runs.
        listings: functions that run and whose source the report prints, by name.
    """
    session.draft.data = dataset.card
    for name, part in listings.items():
        session.draft.listing(name, part)
    if fit is not None:
        session.draft.listing("fit", fit, ran=False)
    with session.stage("start"):
        start()


def held_out(validation_samples: int, card: DataCard) -> int:
    """Return how many training samples to hold out: of a sample of the data the same share as of the whole.

    Raises:
        LabError: nothing would remain to train on.
    """
    count = max(1, round(validation_samples * card.train_samples / card.full_train_samples))
    if count >= card.train_samples:
        raise LabError(
            f"validation_samples is {validation_samples}, but of the {card.full_train_samples} training samples some "
            "must remain to train on."
        )
    return count


def record_test(
    session: Session, role: str, model: Any, samples: Samples, *, batch_size: int, unit: str = "nats"
) -> NDArray[Any]:
    """Test a trained classifier and record accuracy and loss, with the role in their names where it isn't `final`.

    Args:
        session: gets the scores.
        role: of the training.
        model: trained.
        samples: those of the test.
        batch_size: of the test.
        unit: of the loss.

    Returns:
        Its answers, as `predict` gives them.
    """
    with session.stage("test"):
        values = evaluate(model, samples, batch_size=batch_size)
    ending = "" if role == "final" else f"_{role}"
    session.score(f"test_accuracy{ending}", values["accuracy"], model=role)
    session.score(f"test_loss{ending}", values["loss"], model=role, unit=unit)
    return record_answers(session, role, model, samples, batch_size=batch_size, accuracy=values["accuracy"])


def record_answers(
    session: Session, role: str, model: Any, samples: Samples, *, batch_size: int, accuracy: float
) -> NDArray[Any]:
    """Record which test samples a classifier gets right, so that it can be compared with another one in pairs.

    Where the share of these is not the accuracy that Keras gives (several labels a sample), nothing is recorded.

    Returns:
        The answers, as `predict` gives them.
    """
    with session.stage("predict"):
        answers = predict(model, samples, batch_size=batch_size)
    targets = np.asarray(samples.targets)[samples.positions.start : samples.positions.stop]
    if answers.ndim != 2 or targets.ndim > 2:
        return answers
    classes = answers.argmax(axis=1) if answers.shape[1] > 1 else answers[:, 0] > 0.5
    labels = targets.argmax(axis=1) if targets.shape[1:] == answers.shape[1:] != (1,) else targets.reshape(len(targets))
    right = classes == labels
    if round(accuracy * len(right)) == right.sum():
        session.draft.per_sample.append(
            PerSample(model=role, seed=session.seed, samples=len(right), correct=np.packbits(right).tobytes())
        )
    return answers


@dataclass(frozen=True, kw_only=True)
class Stages:
    """What the two stages gave."""

    selection: Fitted
    chosen_epochs: int
    final: Any
    """The model that was tested."""
    answers: NDArray[Any]
    """What it answered to the test samples, as `predict` gives it."""


def two_stages(
    session: Session,
    build: Callable[[], Any],
    samples: Samples,
    tested: Samples,
    *,
    hold_out: int,
    epochs: int,
    batch_size: int,
    unit: str = "nats",
) -> Stages:
    """Choose the number of epochs on validation data, train a new network on all samples, test once.

    Afterwards that network is trained on to the last epoch and tested once more, only to show what training on costs;
    it chooses nothing.

    Args:
        session: gets all records; of its seed are the initial weights and the batch orders.
        build: makes a compiled model.
        samples: all training samples.
        tested: the test samples.
        hold_out: how many of the first training samples validate.
        epochs: trained in the first stage.
        batch_size: of all trainings.
        unit: of the loss.

    Raises:
        LabError: the samples don't allow these trainings.
        DivergenceError: a loss is no longer finite.
    """
    selection = session.fit(
        session.build(build),
        samples.after(hold_out),
        epochs=epochs,
        batch_size=batch_size,
        validation=samples.first(hold_out),
        role="selection",
    )
    chosen = best_epoch(selection.history["val_loss"])
    session.measure("chosen_epochs", chosen, unit="epochs")

    model = session.build(build)
    fitted = session.fit(model, samples, epochs=chosen, batch_size=batch_size)
    session.score("train_accuracy", fitted.history["accuracy"][-1], split="train")
    answers = record_test(session, "final", model, tested, batch_size=batch_size, unit=unit)
    final = build()
    final.set_weights(model.get_weights())

    session.fit(model, samples, epochs=epochs, batch_size=batch_size, role="overtrained", after=fitted)
    record_test(session, "overtrained", model, tested, batch_size=batch_size, unit=unit)
    return Stages(selection=selection, chosen_epochs=chosen, final=final, answers=answers)


def linear_baseline(
    session: Session,
    build: Callable[[], Any],
    samples: Samples,
    tested: Samples,
    *,
    hold_out: int,
    epochs: int,
    batch_size: int,
) -> None:
    """Train a linear classifier, a single Dense layer, by the same rule as the network, and record how well it does.

    The validation samples choose its number of epochs; it is trained until its validation loss has passed the lowest
    point, for at most `LONGER` times as many epochs as the network. Then a new one is trained on all samples.

    Args:
        session: gets the records.
        build: makes the compiled classifier.
        samples: all training samples.
        tested: the test samples.
        hold_out: how many of the first training samples validate.
        epochs: of the network's own training.
        batch_size: samples of one step, and of the test.

    Raises:
        LabError: the samples don't allow the training.
        DivergenceError: the loss is no longer finite.
    """
    selection = session.fit(
        session.build(build),
        samples.after(hold_out),
        epochs=epochs,
        most=LONGER * epochs,
        batch_size=batch_size,
        validation=samples.first(hold_out),
        role="linear-selection",
    )
    model = session.build(build)
    chosen = best_epoch(selection.history["val_loss"])
    fitted = session.fit(model, samples, epochs=chosen, batch_size=batch_size, role="linear")
    with session.stage("test"):
        values = evaluate(model, tested, batch_size=batch_size)
    session.draft.baselines += [
        score("linear_accuracy", values["accuracy"], model="linear", seed=session.seed),
        score(
            "linear_train_accuracy",
            fitted.history["accuracy"][-1],
            model="linear",
            split="train",
            seed=session.seed,
        ),
    ]
    record_answers(session, "linear", model, tested, batch_size=batch_size, accuracy=values["accuracy"])


def majority_baseline(train_labels: NDArray[Any], test_labels: NDArray[Any]) -> Score:
    """Return the test accuracy of always answering the most frequent training class, as a share from 0 to 1.

    Args:
        train_labels: class of each training sample from 0, shape (samples,).
        test_labels: class of each test sample, shape (samples,).
    """
    majority = int(np.bincount(train_labels).argmax())
    return score("majority_accuracy", float(np.mean(test_labels == majority)), model="majority")


def random_baseline(train_labels: NDArray[Any], test_labels: NDArray[Any]) -> Score:
    """Return the test accuracy to be expected of guessing at random with the training set's class frequencies.

    It is the sum over the classes of training share times test share.

    Args:
        train_labels: class of each training sample from 0, shape (samples,).
        test_labels: class of each test sample, shape (samples,).
    """
    classes = int(max(train_labels.max(), test_labels.max())) + 1
    train_shares = np.bincount(train_labels, minlength=classes) / len(train_labels)
    test_shares = np.bincount(test_labels, minlength=classes) / len(test_labels)
    return score("random_accuracy", float(train_shares @ test_shares), model="random")


def mean_baseline(train_targets: NDArray[Any], test_targets: NDArray[Any], *, unit: str = "") -> Score:
    """Return the mean absolute test error of always answering the mean training target, in the targets' unit."""
    error = np.abs(test_targets - train_targets.mean()).mean()
    return score("mean_mae", float(error), model="mean", unit=unit)


def confusion(true_labels: NDArray[Any], predicted: NDArray[Any], classes: int) -> tuple[tuple[int, ...], ...]:
    """Return how often each class (row) was given each answer (column), shape (classes, classes).

    Args:
        true_labels: class of each sample, from 0 to classes - 1, shape (samples,).
        predicted: class answered, of the same shape.
        classes: number of classes.
    """
    pairs = np.asarray(true_labels, dtype=np.int64) * classes + predicted
    counts = np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
    return tuple(tuple(int(count) for count in row) for row in counts)
