"""Measures of a classifier: film reviews once more.

Question: how good are the network's decisions at every threshold, its order of the reviews, and its probabilities?
Source: precision, recall and ROC as in T. Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27,
2006; calibration as in C. Guo and others, "On Calibration of Modern Neural Networks", ICML 2017; the network is that of
F. Chollet, "Deep Learning with Python", 1st edition, 2018, section 3.4.

The validation reviews choose three things here: the number of epochs, the threshold and the temperature. So the network
that is tested learns from the other training reviews only, and never from those that choose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labreport.experiments.procedure import confusion, held_out, majority_baseline, open_lab, record_test
from labreport.experiments.result import Direction, Predictions, Score, Series
from labreport.experiments.selection import best_epoch
from labreport.experiments.settings import require_range
from labreport.experiments.texts import encoded_samples
from labreport.experiments.training import describe, predict

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

    from labreport.experiments.data.sets import Dataset
    from labreport.experiments.lab import Session
    from labreport.experiments.training import Samples

TITLE = "Measures of a classifier: film reviews once more"
VERSION = "1"
DATASET = "imdb"
QUICK = {"epochs": 4}

_HISTOGRAM_BINS = 20
_POINTS = 160
"""Points that are stored of a curve; of more, evenly spaced ones are taken."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The network, how it is trained, and what is asked of its decisions."""

    words: int = 10_000
    """Size of the vocabulary, the marks 0 to 3 included; all rarer words count as left out."""
    units: int = 16
    """Units of each of the two hidden layers."""
    epochs: int = 20
    """Epochs of the first training, more than are useful."""
    batch_size: int = 512
    """Samples of one step of training."""
    validation_samples: int = 10_000
    """Training reviews held out; of a sample of the data the same share."""
    learning_rate: float = 0.001
    """Step of the optimizer, above 0."""
    target_recall: float = 0.95
    """Recall that the chosen threshold is to reach on the validation reviews, above 0 and below 1."""
    bins: int = 10
    """Intervals of probability in which calibration is measured."""

    def __post_init__(self) -> None:
        require_range(self, "words", least=4, below=100_001)
        require_range(self, "units", "epochs", "batch_size", "validation_samples", least=1)
        require_range(self, "learning_rate", above=0)
        require_range(self, "target_recall", above=0, below=1)
        require_range(self, "bins", least=2, below=101)


def build_model(settings: Settings) -> keras.Model:
    """Return the compiled network: words in, probability of praise out."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input(shape=(settings.words,)),
            layers.Dense(settings.units, activation="relu"),
            layers.Dense(settings.units, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.RMSprop(settings.learning_rate),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    return model


def plain_fit(
    model: keras.Model,
    vectors: NDArray[np.float32],
    labels: NDArray[Any],
    held_out: int,
    settings: Settings,
) -> keras.callbacks.History:
    """Hold samples out, and train with validation."""
    return model.fit(
        vectors[held_out:],
        labels[held_out:],
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        validation_data=(vectors[:held_out], labels[:held_out]),
    )


def confusion_counts(
    probabilities: NDArray[Any],
    labels: NDArray[Any],
    threshold: float,
) -> tuple[int, int, int, int]:
    """Return true positives, false positives, false and true negatives."""
    positive = probabilities > threshold
    true = labels == 1
    return (
        int(np.sum(positive & true)),
        int(np.sum(positive & ~true)),
        int(np.sum(~positive & true)),
        int(np.sum(~positive & ~true)),
    )


def precision_recall_f1(tp: int, fp: int, fn: int) -> tuple[float, ...]:
    """Return precision (NaN where nothing is called positive), recall, F1."""
    precision = tp / (tp + fp) if tp + fp else float("nan")
    recall = tp / (tp + fn)
    return precision, recall, 2 * tp / (2 * tp + fp + fn)


def ranked_counts(
    probabilities: NDArray[Any],
    labels: NDArray[Any],
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return true and false positives down to each probability that occurs."""
    order = np.argsort(-probabilities, kind="stable")
    ranked, true = probabilities[order], labels[order] == 1
    # of equal probabilities only the last one is a point
    last = np.append(np.diff(ranked) != 0, True)
    return np.cumsum(true)[last], np.cumsum(~true)[last]


def roc_auc(tp: NDArray[Any], fp: NDArray[Any]) -> float:
    """Return the area under the ROC curve, by trapezoids."""
    true_rate = np.append(0, tp) / tp[-1]
    false_rate = np.append(0, fp) / fp[-1]
    heights = (true_rate[1:] + true_rate[:-1]) / 2
    return float(np.sum(np.diff(false_rate) * heights))


def average_precision(tp: NDArray[Any], fp: NDArray[Any]) -> float:
    """Return the mean precision, each weighted by the recall gained there."""
    recall = np.append(0, tp) / tp[-1]
    return float(np.sum(np.diff(recall) * tp / (tp + fp)))


def brier_score(probabilities: NDArray[Any], labels: NDArray[Any]) -> float:
    """Return the mean squared distance of probability and outcome."""
    return float(np.mean((probabilities - labels) ** 2))


def reliability(
    probabilities: NDArray[Any],
    labels: NDArray[Any],
    bins: int,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return for each bin its samples, mean probability and positive share."""
    which = np.minimum((probabilities * bins).astype(int), bins - 1)
    samples = np.bincount(which, minlength=bins)
    said = np.bincount(which, probabilities, bins) / np.maximum(samples, 1)
    happened = np.bincount(which, labels, bins) / np.maximum(samples, 1)
    return samples, said, happened


def calibration_error(
    samples: NDArray[Any],
    said: NDArray[Any],
    happened: NDArray[Any],
) -> float:
    """Return the mean distance of said and happened, weighted by samples."""
    distances = np.abs(said - happened)
    return float(np.sum(samples * distances) / np.sum(samples))


def log_losses(probabilities: NDArray[Any], labels: NDArray[Any]) -> NDArray[Any]:
    """Return the binary cross-entropy of each sample, in nats."""
    given = np.where(labels == 1, probabilities, 1 - probabilities)
    losses: NDArray[Any] = -np.log(np.clip(given, 1e-7, 1))
    return losses


def with_temperature(probabilities: NDArray[Any], temperature: float) -> NDArray[Any]:
    """Return probabilities with the input of the sigmoid divided by a number."""
    inside = np.clip(probabilities, 1e-7, 1 - 1e-7)
    weighted_sums = np.log(inside / (1 - inside))
    changed: NDArray[Any] = 1 / (1 + np.exp(-weighted_sums / temperature))
    return changed


def best_temperature(probabilities: NDArray[Any], labels: NDArray[Any]) -> float:
    """Return the temperature of lowest loss, out of a grid from 0.5 to 10."""
    candidates = np.geomspace(0.5, 10, 301)
    changed = (with_temperature(probabilities, one) for one in candidates)
    losses = [np.mean(log_losses(one, labels)) for one in changed]
    return float(candidates[np.argmin(losses)])


def threshold_for_recall(
    probabilities: NDArray[Any],
    labels: NDArray[Any],
    recall: float,
) -> float:
    """Return the highest threshold in hundredths that reaches this recall."""
    positive = probabilities[labels == 1]
    for threshold in np.arange(99, 0, -1) / 100:
        if np.mean(positive > threshold) >= recall:
            return float(threshold)
    return 0.0


def introduce(settings: Settings, dataset: Dataset, session: Session) -> None:
    """Show the network and the definitions, and what the commonest answer would score."""
    open_lab(
        session,
        dataset,
        fit=plain_fit,
        build_model=build_model,
        confusion_counts=confusion_counts,
        precision_recall_f1=precision_recall_f1,
        ranked_counts=ranked_counts,
        roc_auc=roc_auc,
        average_precision=average_precision,
        brier_score=brier_score,
        reliability=reliability,
        calibration_error=calibration_error,
        log_losses=log_losses,
        with_temperature=with_temperature,
        best_temperature=best_temperature,
        threshold_for_recall=threshold_for_recall,
    )
    session.draft.baselines.append(majority_baseline(dataset.train_targets, dataset.test_targets))


def train(settings: Settings, dataset: Dataset, session: Session, seed: int) -> None:
    """Train for too long and for the best number of epochs, choose on the validation reviews, and test both once."""
    with session.stage("encode"):
        samples, tested = session.once(_encoded, settings, dataset)
    hold_out, size = held_out(settings.validation_samples, dataset.card), settings.batch_size
    overtrained = session.build(build_model, settings)
    selection = session.fit(
        overtrained,
        samples.after(hold_out),
        epochs=settings.epochs,
        batch_size=size,
        validation=samples.first(hold_out),
        role="selection",
    )
    chosen = best_epoch(selection.history["val_loss"])
    session.measure("chosen_epochs", chosen, unit="epochs")
    model = session.build(build_model, settings)
    session.draft.models += [describe("selection", model)] if session.is_first else []
    session.fit(model, samples.after(hold_out), epochs=chosen, batch_size=size)
    said = {}
    for role, network in (("final", model), ("overtrained", overtrained)):
        record_test(session, role, network, tested, batch_size=size)
        with session.stage("predict"):
            said[role] = tuple(
                predict(network, part, batch_size=size)[:, 0].astype(np.float64)
                for part in (samples.first(hold_out), tested)
            )
    labels = dataset.train_targets[:hold_out], dataset.test_targets
    _record_decisions(settings, session, said["final"], labels)
    _record_probabilities(settings, session, said, labels)


def _encoded(settings: Settings, dataset: Dataset) -> tuple[Samples, Samples]:
    """Return the training and the test reviews as multi-hot samples."""
    return (
        encoded_samples(dataset.train_texts, settings.words, dataset.train_targets),
        encoded_samples(dataset.test_texts, settings.words, dataset.test_targets, as_bits=True),
    )


def _record(session: Session, metric: str, value: float, model: str = "final") -> None:
    """Record a score of the test set under the name of its metric, with the role at the end for another model."""
    name = f"test_{metric}" if model == "final" else f"test_{metric}_{model}"
    units = {"accuracy": "share", "precision": "share", "recall": "share", "ece": "share", "loss": "nats"}
    way: Direction = "lower" if metric in ("brier", "ece", "loss") else "higher"
    unit, seed = units.get(metric, ""), session.seed
    session.draft.scores.append(
        Score(name=name, model=model, metric=metric, split="test", value=value, unit=unit, direction=way, seed=seed)
    )


def _record_decisions(
    settings: Settings,
    session: Session,
    said: tuple[NDArray[Any], ...],
    labels: tuple[NDArray[Any], NDArray[Any]],
) -> None:
    """Measure the decisions at one half and at the chosen threshold, and the order of the reviews."""
    validation, tested = said
    chosen = threshold_for_recall(validation, labels[0], settings.target_recall)
    session.measure("threshold", chosen)
    for model, threshold in (("final", 0.5), ("threshold", chosen)):
        tp, fp, fn, tn = confusion_counts(tested, labels[1], threshold)
        for name, count in (("tp", tp), ("fp", fp), ("fn", fn), ("tn", tn)):
            session.measure(f"{name}_{model}", count)
        if session.is_first:
            session.draft.series.append(Series(name=f"counts_{model}", values=(tp, fp, fn, tn)))
        if model != "final":
            _record(session, "accuracy", (tp + tn) / len(tested), model)
        for metric, value in zip(("precision", "recall", "f1"), precision_recall_f1(tp, fp, fn), strict=True):
            _record(session, metric, value, model)
    hits, alarms = ranked_counts(tested, labels[1])
    _record(session, "auc", roc_auc(hits, alarms))
    _record(session, "ap", average_precision(hits, alarms))
    if session.is_first:
        _keep_curves(session, tested, labels[1], hits, alarms)


def _keep_curves(
    session: Session,
    probabilities: NDArray[Any],
    labels: NDArray[Any],
    hits: NDArray[Any],
    alarms: NDArray[Any],
) -> None:
    """Store what the figures of the first seed draw."""
    kept = np.unique(np.linspace(0, len(hits) - 1, min(_POINTS, len(hits))).round().astype(int))
    thresholds = np.arange(1, 100) / 100
    at = [precision_recall_f1(*confusion_counts(probabilities, labels, one)[:3]) for one in thresholds]
    precision, recall, f1 = np.array(at).T
    curves = {
        "roc_false_rate": np.append(0, alarms[kept] / alarms[-1]),
        "roc_true_rate": np.append(0, hits[kept] / hits[-1]),
        "ranked_recall": hits[kept] / hits[-1],
        "ranked_precision": hits[kept] / (hits + alarms)[kept],
        "thresholds": thresholds,
        "threshold_precision": precision,
        "threshold_recall": recall,
        "threshold_f1": f1,
    }
    session.draft.series += [Series(name=name, values=tuple(map(float, values))) for name, values in curves.items()]
    counts, edges = np.histogram(probabilities, bins=_HISTOGRAM_BINS, range=(0.0, 1.0))
    session.draft.predictions.append(
        Predictions(
            model="final",
            seed=session.seed,
            confusion=confusion(labels, (probabilities > 0.5).astype(np.int64), 2),
            histogram=tuple(map(int, counts)),
            histogram_edges=tuple(map(float, edges)),
        )
    )


def _record_probabilities(
    settings: Settings,
    session: Session,
    said: dict[str, tuple[NDArray[Any], ...]],
    labels: tuple[NDArray[Any], NDArray[Any]],
) -> None:
    """Measure how far the probabilities can be believed, before and after the temperature."""
    tested = {role: parts[1] for role, parts in said.items()}
    for role, (validation, before) in said.items():
        session.measure(f"temperature_{role}", best_temperature(validation, labels[0]))
        sure = np.maximum(before, 1 - before)
        session.measure(f"confidence_{role}", float(sure.mean()))
        session.measure(f"confidence_error_{role}", float(np.sqrt(np.mean(sure * (1 - sure)) / len(sure))))
    validation, before = said["overtrained"]
    if session.is_first:
        sure, right = np.maximum(before, 1 - before).mean(), np.mean((before > 0.5) == labels[1])
        session.draft.series.append(Series(name="confidence_and_accuracy", values=(float(sure), float(right))))
    tested["scaled"] = after = with_temperature(before, best_temperature(validation, labels[0]))
    losses = log_losses(before, labels[1]), log_losses(after, labels[1])
    _record(session, "loss", float(losses[1].mean()), "scaled")
    _record_difference(session, "scaling_gain", losses[0] - losses[1])
    for role, probabilities in tested.items():
        parts = reliability(probabilities, labels[1], settings.bins)
        _record(session, "brier", brier_score(probabilities, labels[1]), role)
        _record(session, "ece", calibration_error(*parts), role)
        if session.is_first:
            names = ("samples", "said", "happened")
            session.draft.series += [
                Series(name=f"reliability_{role}_{name}", values=tuple(map(float, values)))
                for name, values in zip(names, parts, strict=True)
            ]
    squares = [(tested[role] - labels[1]) ** 2 for role in ("overtrained", "final")]
    _record_difference(session, "brier_cost", squares[0] - squares[1])
    hits, alarms = ranked_counts(tested["overtrained"], labels[1])
    _record(session, "auc", roc_auc(hits, alarms), "overtrained")


def _record_difference(session: Session, name: str, differences: NDArray[Any]) -> None:
    """Record a mean difference over pairs of test samples, and its standard error."""
    session.measure(name, float(differences.mean()))
    session.measure(f"{name}_error", float(differences.std(ddof=1) / np.sqrt(len(differences))))
