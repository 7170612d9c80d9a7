"""Claims that set a score beside a baseline, and claims about predictions."""

from __future__ import annotations

from labreport.experiments.definitions import Answer, claim
from labreport.experiments.result import Predictions, Result
from labreport.report.findings.analysis import MissingValueError, measure
from labreport.report.findings.scores import Measured, deciding, measured


def _beats(result: Result, model: str) -> Answer:
    """Set the deciding score of a run beside what a simple rule or model reaches by the same measure."""
    judged = deciding(result)
    if judged is None:
        raise MissingValueError(f"The run of {result.lab} has no score on the test set.")
    simple = _rival(result, judged, model)
    difference = judged.mean - simple.mean if judged.first.direction == "higher" else simple.mean - judged.mean
    return Answer(
        holds=difference > 0, numbers={"score": judged.mean, "baseline": simple.mean, "difference": difference}
    )


def _rival(result: Result, judged: Measured, model: str) -> Measured:
    for one in measured(result).values():
        if (one.kind, one.first.model, one.first.metric) == ("baseline", model, judged.first.metric):
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
    """The network beats a linear model on the test set."""
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
    confusion = _final(result).confusion
    pairs = [
        (count, true, predicted)
        for true, row in enumerate(confusion)
        for predicted, count in enumerate(row)
        if true != predicted
    ]
    if not pairs:
        raise MissingValueError("The run has no confusion matrix.")
    count, true, predicted = max(pairs, key=lambda pair: (pair[0], -pair[1], -pair[2]))
    names = result.findings.data.class_names
    return Answer(
        holds=count > 1,
        numbers={
            "true_name": names[true],
            "predicted_name": names[predicted],
            "count": count,
            "samples": sum(confusion[true]),
        },
    )
