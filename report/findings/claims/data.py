"""Claims about data: classes, words, folds, standardisation."""

from __future__ import annotations

from labreport.experiments.definitions import Answer, claim
from labreport.experiments.result import DataCard, Result
from labreport.report.findings.analysis import MissingValueError, measure, series, setting


def _data(result: Result) -> DataCard:
    if result.findings.data is None:
        raise MissingValueError("The run names no data.")
    return result.findings.data


@claim()
def classes_uneven(result: Result) -> Answer:
    """The largest class has more than ten times the samples of the smallest."""
    card = _data(result)
    counts = card.train_class_counts
    largest = max(range(len(counts)), key=lambda label: counts[label])
    smallest = min(range(len(counts)), key=lambda label: counts[label])
    return Answer(
        holds=counts[largest] > 10 * counts[smallest],
        numbers={
            "largest": counts[largest],
            "share": counts[largest] / sum(counts),
            "smallest": counts[smallest],
            "smallest_name": card.class_names[smallest],
            "largest_name": card.class_names[largest],
        },
    )


@claim()
def classes_balanced(result: Result) -> Answer:
    """Each of two classes holds half of the training samples, to a hundredth."""
    counts = _data(result).train_class_counts
    share = counts[1] / sum(counts)
    return Answer(holds=abs(share - 0.5) <= 0.01, numbers={"share": share})


@claim(certain=True)
def vocabulary_limited(result: Result) -> Answer:
    """No word index reaches the limit of the vocabulary."""
    largest = round(measure(result, "largest_index").mean)
    words = int(setting(result, "words"))
    return Answer(holds=largest < words, numbers={"largest": largest, "words": words})


@claim(certain=True)
def multi_hot_marks_words(result: Result) -> Answer:
    """The vector of the example is 1 at the two positions of the list [3, 5], and 0 elsewhere."""
    vector = series(result, "multi_hot_example")
    expected = [1.0 if position in (3, 5) else 0.0 for position in range(len(vector))]
    return Answer(holds=list(vector) == expected, numbers={"size": len(vector), "ones": round(sum(vector))})


@claim(certain=True)
def folds_disjoint_and_cover(result: Result) -> Answer:
    """The validation parts do not overlap and together hold each sample, but for a rest smaller than the folds."""
    folds = result.findings.folds
    if not folds:
        raise MissingValueError("The run has no folds.")
    samples = _data(result).train_samples
    positions = [position for fold in folds for position in range(*fold.validation)]
    left_over = samples - len(set(positions))
    disjoint = len(positions) == len(set(positions))
    return Answer(
        holds=disjoint and 0 <= left_over < len(folds),
        numbers={"folds": len(folds), "samples": samples, "left_over": left_over},
    )


@claim(certain=True)
def published_folds_broken(result: Result) -> Answer:
    """Cutting folds of n instead of n // k samples leaves folds without validation or training data."""
    empty_validation = sum(count == 0 for count in series(result, "published_validation_samples"))
    empty_training = sum(count == 0 for count in series(result, "published_train_samples"))
    return Answer(
        holds=empty_validation > 0 and empty_training > 0,
        numbers={"empty_validation": empty_validation, "empty_training": empty_training},
    )


@claim(certain=True)
def standardised(result: Result) -> Answer:
    """After standardisation each training feature has mean 0 and standard deviation 1, to rounding."""
    mean = measure(result, "standardised_largest_mean").mean
    deviation = measure(result, "standardised_largest_deviation").mean
    return Answer(holds=mean < 1e-6 and deviation < 1e-6, numbers={"mean": mean, "deviation": deviation})
