"""What several labs do in the same way: train and record, test and record, and the two-stage procedure.

The two stages keep the test set out of every choice: validation data choose the number of epochs, then a new network
is trained for that many epochs on all training samples, and only that one is tested.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labreport.experiments.data.sets import Dataset
from labreport.experiments.errors import LabError
from labreport.experiments.lab import Session
from labreport.experiments.result import DataCard, Score, Split, Training
from labreport.experiments.selection import best_epoch
from labreport.experiments.training import DivergenceError, Fitted, Samples, evaluate, fit, seed_everything, start
from labreport.experiments.training.fitting import OnEpoch
from labreport.experiments.training.history import History

SHARE = "share"
NATS = "nats"


def open_lab(session: Session, dataset: Dataset | None, **listings: Callable[..., Any]) -> Dataset:
    """Put data card and listings on record, start Keras, and return the data set.

    Args:
        session: gets the records.
        dataset: what the lab was given.
        listings: functions whose source the report prints, by name.

    Raises:
        LabError: there is no data set.
    """
    if dataset is None:
        raise LabError("This lab needs its data set, but was given none.")
    session.draft.data = dataset.card
    for name, part in listings.items():
        session.draft.listing(name, part)
    with session.stage("start"):
        start()
    return dataset


def train(
    session: Session,
    role: str,
    model: Any,
    samples: Samples,
    *,
    seed: int,
    epochs: int,
    batch_size: int,
    validation: Samples | None = None,
    after: Fitted | None = None,
) -> Fitted:
    """Train a compiled model and put the training on record, also one that breaks down.

    Args:
        session: gets the record, the time and the progress.
        role: what the training is for, e.g. "selection".
        model: compiled, and not yet trained except in `after`.
        samples: training samples.
        seed: decides the batch order; the initial weights are the model's.
        epochs: at least 1.
        batch_size: 1 to the number of samples.
        validation: samples that are looked at after each epoch.
        after: the training of this model on these samples that this one goes on with; its epochs count.

    Raises:
        LabError: the samples don't allow this training.
        DivergenceError: the loss is no longer finite.
    """

    def record(history: History, seconds: float) -> None:
        session.draft.trainings.append(
            Training(
                role=role,
                seed=seed,
                epochs=len(history.get("loss", ())),
                batch_size=batch_size,
                train_samples=len(samples),
                validation_samples=0 if validation is None else len(validation),
                history=history,
                seconds=seconds,
            )
        )

    begun = perf_counter()
    with session.stage(role):
        try:
            fitted = fit(
                model,
                samples,
                epochs=epochs,
                batch_size=batch_size,
                seed=seed,
                validation=validation,
                on_epoch=reporter(session, session.part(role, seed), before=0 if after is None else after.epochs),
                after=after,
            )
        except DivergenceError as error:
            record(error.history, perf_counter() - begun + (0.0 if after is None else after.seconds))
            raise
    record(fitted.history, fitted.seconds)
    session.draft.engines += fitted.plan.reasons
    return fitted


def reporter(session: Session, part: str, every: int = 1, *, before: int = 0) -> OnEpoch:
    """Return a function that passes on the progress of a training, with its rate.

    Args:
        session: whose progress is told.
        part: what is being trained.
        every: epochs between two reports; the last epoch is always reported.
        before: epochs that were trained earlier, and so tell nothing of the rate.
    """
    begun = perf_counter()

    def report(epoch: int, epochs: int, values: dict[str, float]) -> None:
        if epoch % every == 0 or epoch == epochs:
            rate = (epoch - before) / max(perf_counter() - begun, 1e-9)
            session.progress(part, epoch, epochs, {**values, "epochs_per_second": rate})

    return report


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


def record_test(session: Session, role: str, model: Any, samples: Samples, *, seed: int, batch_size: int) -> None:
    """Test a trained classifier and add its test accuracy and loss; a name ending marks what is no final model."""
    with session.stage("test"):
        values = evaluate(model, samples, batch_size=batch_size)
    ending = "" if role == "final" else f"_{role}"
    session.draft.scores += [
        score(f"test_accuracy{ending}", role, "accuracy", "test", values["accuracy"], seed=seed),
        score(f"test_loss{ending}", role, "loss", "test", values["loss"], seed=seed),
    ]


def score(
    name: str,
    model: str,
    metric: str,
    split: Split,
    value: float,
    *,
    seed: int | None = None,
    fold: int | None = None,
    unit: str | None = None,
) -> Score:
    """Return a score of a classifier: accuracy as a share, loss in nats; or in another unit, lower being better."""
    accuracy = metric == "accuracy"
    return Score(
        name=name,
        model=model,
        metric=metric,
        split=split,
        seed=seed,
        fold=fold,
        value=float(value),
        unit=unit or (SHARE if accuracy else NATS),
        direction="higher" if accuracy else "lower",
    )


@dataclass(frozen=True, kw_only=True)
class Stages:
    """What the two stages gave."""

    selection: Fitted
    chosen_epochs: int
    final: Any
    """The model that was tested."""


def two_stages(
    session: Session,
    build: Callable[[], Any],
    samples: Samples,
    tested: Samples,
    *,
    seed: int,
    hold_out: int,
    epochs: int,
    batch_size: int,
) -> Stages:
    """Choose the number of epochs on validation data, train anew on all samples, test once.

    Afterwards that network is trained on to the last epoch and tested once more, only to show what training on costs;
    it chooses nothing.

    Args:
        session: gets all records.
        build: makes a compiled model.
        samples: all training samples.
        tested: the test samples.
        seed: of the initial weights and batch orders.
        hold_out: how many of the first training samples validate.
        epochs: trained in the first stage.
        batch_size: of all trainings.
    """
    draft = session.draft
    seed_everything(seed)
    selection = train(
        session,
        "selection",
        build(),
        samples.after(hold_out),
        seed=seed,
        epochs=epochs,
        batch_size=batch_size,
        validation=samples.first(hold_out),
    )
    chosen = best_epoch(selection.history["val_loss"])
    draft.measure("chosen_epochs", chosen, seed=seed, unit="epochs")

    seed_everything(seed)
    model = build()
    fitted = train(session, "final", model, samples, seed=seed, epochs=chosen, batch_size=batch_size)
    draft.scores.append(
        score("train_accuracy", "final", "accuracy", "train", fitted.history["accuracy"][-1], seed=seed)
    )
    record_test(session, "final", model, tested, seed=seed, batch_size=batch_size)
    final = build()
    final.set_weights(model.get_weights())

    train(session, "overtrained", model, samples, seed=seed, epochs=epochs, batch_size=batch_size, after=fitted)
    record_test(session, "overtrained", model, tested, seed=seed, batch_size=batch_size)
    return Stages(selection=selection, chosen_epochs=chosen, final=final)


def linear_baseline(
    session: Session,
    build: Callable[[], Any],
    samples: Samples,
    tested: Samples,
    *,
    seed: int,
    epochs: int,
    batch_size: int,
) -> None:
    """Train a linear classifier, a single Dense layer, on the same samples and add its test accuracy."""
    seed_everything(seed)
    model = build()
    train(session, "linear", model, samples, seed=seed, epochs=epochs, batch_size=batch_size)
    with session.stage("test"):
        values = evaluate(model, tested, batch_size=batch_size)
    session.draft.baselines.append(
        score("linear_accuracy", "linear", "accuracy", "test", values["accuracy"], seed=seed)
    )


def majority_baseline(train_labels: NDArray[Any], test_labels: NDArray[Any]) -> Score:
    """Return the test accuracy of always answering the most frequent training class."""
    majority = int(np.bincount(train_labels).argmax())
    return score("majority_accuracy", "majority", "accuracy", "test", float(np.mean(test_labels == majority)))


def random_baseline(train_labels: NDArray[Any], test_labels: NDArray[Any]) -> Score:
    """Return the test accuracy to be expected of guessing at random with the training set's class frequencies.

    It is the sum over the classes of training share times test share.
    """
    classes = int(max(train_labels.max(), test_labels.max())) + 1
    train_shares = np.bincount(train_labels, minlength=classes) / len(train_labels)
    test_shares = np.bincount(test_labels, minlength=classes) / len(test_labels)
    return score("random_accuracy", "random", "accuracy", "test", float(train_shares @ test_shares))


def confusion(true_labels: NDArray[Any], predicted: NDArray[Any], classes: int) -> tuple[tuple[int, ...], ...]:
    """Return how often each class (row) was given each answer (column), shape (classes, classes)."""
    pairs = np.asarray(true_labels, dtype=np.int64) * classes + predicted
    counts = np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
    return tuple(tuple(int(count) for count in row) for row in counts)
