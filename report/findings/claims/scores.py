"""Claims that set a score beside a baseline, and claims about predictions."""

from __future__ import annotations

import math

from labreport.experiments.definitions import Answer, Number, claim
from labreport.experiments.result import Predictions, Result
from labreport.report.findings.analysis import MissingValueError, measure
from labreport.report.findings.confusion import LISTED_PAIRS, confused_pairs
from labreport.report.findings.paired import SIGNIFICANT, Beyond, compared, mcnemar_p
from labreport.report.findings.scores import Measured, alike, deciding, mean, measured


def _beats(result: Result, model: str) -> Answer:
    """Set the deciding score of a run beside what a simple rule or model reaches by the same measure."""
    judged = deciding(result)
    if judged is None:
        raise MissingValueError(f"The run of {result.lab} has no score on the test set.")
    simple = _rival(result, judged, model)
    return beyond_chance(compared(result, judged, simple), score=judged.mean, baseline=simple.mean)


def beyond_chance(found: Beyond, **numbers: Number) -> Answer:
    """Return what a comparison says: that the first is ahead, that the second is, or that it is not known.

    Args:
        found: the comparison.
        numbers: what was compared.
    """
    alone = dict(zip(("alone", "rival_alone"), found.alone or (), strict=False))
    decided: dict[str, Number] = {"difference": abs(found.difference), f"p_{found.test}": found.p, **alone}
    return Answer(
        holds=found.ahead,
        votes=found.votes,
        together=True,
        numbers={**numbers, **decided},
        details={"ahead": int(found.difference > 0), "equal": int(found.difference == 0)},
    )


def _rival(result: Result, judged: Measured, model: str) -> Measured:
    for one in measured(result).values():
        if (one.kind, one.first.model) == ("baseline", model) and alike(one.first, judged.first):
            return one
    raise MissingValueError(f"The run of {result.lab} has no baseline '{model}' by {judged.first.metric}.")


def _final(result: Result) -> Predictions:
    if not result.findings.predictions:
        raise MissingValueError(f"The run of {result.lab} has no predictions.")
    return result.findings.predictions[0]


@claim(certain=True)
def beats_majority(result: Result) -> Answer:
    """The network beats a rule that always names the most frequent class."""
    return _beats(result, "majority")


@claim()
def beats_linear(result: Result) -> Answer:
    """The network beats a linear model on the test set, beyond chance."""
    return _beats(result, "linear")


@claim(certain=True)
def beats_random(result: Result) -> Answer:
    """The network beats a guesser that keeps the distribution of the classes."""
    return _beats(result, "random")


@claim(certain=True)
def beats_mean(result: Result) -> Answer:
    """The network beats the rule that always predicts the mean training target."""
    return _beats(result, "mean")


@claim(certain=True)
def probabilities_sum_to_one(result: Result) -> Answer:
    """The probabilities of each test image sum to 1, to float32 tolerance."""
    deviation = measure(result, "softmax_largest_sum_deviation").mean
    return Answer(holds=deviation <= 1e-5, numbers={"deviation": deviation})


@claim()
def mistakes_few(result: Result) -> Answer:
    """Fewer than one test image in twenty is misread."""
    if result.findings.data is None:
        raise MissingValueError("The run names no data.")
    mistakes = round(measure(result, "mistakes").mean)
    samples = result.findings.data.test_samples
    share = mistakes / samples
    return Answer(holds=share < 0.05, numbers={"mistakes": mistakes, "samples": samples, "share": share})


@claim()
def most_confused_pair(result: Result) -> Answer:
    """Some pair of classes is confused more than once: mistakes are not spread evenly."""
    if result.findings.data is None:
        raise MissingValueError("The run names no data.")
    said = _final(result)
    if not said.confusion:
        raise MissingValueError("The run has no confusion matrix.")
    pairs = confused_pairs(said) or [(0, 0, 0)]
    true, predicted, count = pairs[0]
    names = result.findings.data.class_names
    return Answer(
        holds=count > 1,
        numbers={
            "true_name": names[true],
            "predicted_name": names[predicted],
            "count": count,
            "samples": sum(said.confusion[true]),
        },
    )


@claim(neutral=True)
def worst_class(result: Result) -> Answer:
    """One class is recognised worst; of several the one with most test samples is named."""
    card, rows = result.findings.data, _final(result).confusion
    found = [(row[label] / sum(row), -sum(row), label) for label, row in enumerate(rows) if sum(row)]
    if card is None or not found:
        raise MissingValueError("The run has no confusion matrix, or no data.")
    least, negative, label = min(found)
    return Answer(
        holds=True,
        votes=(True,),
        numbers={
            "worst_name": card.class_names[label],
            "right": rows[label][label],
            "samples": -negative,
            "alike": sum(accuracy == least for accuracy, _, _ in found),
        },
    )


@claim()
def confused_with_larger(result: Result) -> Answer:
    """More mistakes than chance explains name a class with more training samples than the true one."""
    card = result.findings.data
    pairs = confused_pairs(_final(result))
    if card is None or not pairs:
        raise MissingValueError("The run has no confusion matrix with mistakes, or no data.")
    sizes = card.train_class_counts
    larger = sum(count for true, given, count in pairs if sizes[given] > sizes[true])
    smaller = sum(count for true, given, count in pairs if sizes[given] < sizes[true])
    p = mcnemar_p(larger, smaller)
    listed = pairs[:LISTED_PAIRS]
    return Answer(
        holds=larger > smaller if p <= SIGNIFICANT else None,
        numbers={
            "mistakes": sum(count for _, _, count in pairs),
            "larger": larger,
            "smaller": smaller,
            "p_mistakes": p,
            "pairs": len(listed),
            "pairs_larger": sum(sizes[given] > sizes[true] for true, given, _ in listed),
        },
    )


@claim()
def largest_error(result: Result) -> Answer:
    """A single test sample makes up ten times its share of the squared error, or more."""
    said = _final(result)
    errors = [given - true for true, given in zip(said.true_values, said.predicted_values, strict=True)]
    if len(errors) < 2:
        raise MissingValueError(f"The run of {result.lab} holds no predicted values.")
    worst = max(range(len(errors)), key=lambda place: abs(errors[place]))
    squares, others = [error**2 for error in errors], [abs(e) for place, e in enumerate(errors) if place != worst]
    share = squares[worst] / math.fsum(squares)
    return Answer(
        holds=share > 10 / len(errors),
        numbers={
            "true_value": said.true_values[worst],
            "predicted_value": said.predicted_values[worst],
            "share": share,
            "samples": len(errors),
            "mse": mean(squares),
            "mse_without": mean([error**2 for error in others]),
            "mae": mean([abs(error) for error in errors]),
            "mae_without": mean(others),
        },
    )
