"""Claims about classes of uneven size: who is recognised, and what weighting the rare ones does."""

from __future__ import annotations

import statistics

from labreport.experiments.definitions import Answer, claim
from labreport.experiments.result import DataCard, Predictions, Result
from labreport.report.findings.analysis import MissingValueError, measure, score, series, setting
from labreport.report.findings.claims.scores import beyond_chance
from labreport.report.findings.paired import SIGNIFICANT, apart, compared, compared_by_class
from labreport.report.findings.scores import mean


@claim()
def small_classes_worse(result: Result) -> Answer:
    """The samples of the largest classes are recognised more often than those of the others."""
    samples = round(measure(result, "samples_large").mean), round(measure(result, "samples_small").mean)
    if not all(samples):
        raise MissingValueError("The test set has no samples of large classes, or none of small ones.")
    large, small = (
        [float(value) / count for value in measure(result, name).values]
        for name, count in zip(("right_large", "right_small"), samples, strict=True)
    )
    return beyond_chance(
        apart(large, small, samples),
        large=mean(large),
        small=mean(small),
        large_topics=int(setting(result, "large_topics")),
        least=int(measure(result, "least_large").mean),
        share=samples[0] / sum(samples),
    )


@claim()
def recall_follows_size(result: Result) -> Answer:
    """Classes with more training samples are recognised better: Spearman's rank correlation over the classes."""
    card, rows = _counted(result)
    known = [label for label, row in enumerate(rows) if sum(row)]
    if len(known) < 4:
        raise MissingValueError("Too few classes occur in the test set.")
    from scipy import stats

    sizes = [card.train_class_counts[label] for label in known]
    recalls = [rows[label][label] / sum(rows[label]) for label in known]
    if min(len(set(sizes)), len(set(recalls))) < 2:
        raise MissingValueError("All classes are alike.")
    found = stats.spearmanr(sizes, recalls)
    correlation, p = float(found.statistic), float(found.pvalue)
    return Answer(
        holds=correlation > 0 if p <= SIGNIFICANT else None,
        votes=(correlation > 0,),
        numbers={"correlation": correlation, "p_rank": p, "classes": len(known)},
    )


@claim(neutral=True)
def never_named(result: Result) -> Answer:
    """Some class that occurs in the test set is never answered."""
    _, rows = _counted(result)
    known = [label for label, row in enumerate(rows) if sum(row)]
    never = [label for label in known if not sum(row[label] for row in rows)]
    missed = [label for label in known if not rows[label][label]]
    return Answer(
        holds=bool(never),
        votes=(bool(never),),
        numbers={"never": len(never), "missed": len(missed), "classes": len(known)},
    )


@claim()
def accuracy_above_macro(result: Result) -> Answer:
    """The accuracy is above the mean recall of the classes by more than the means scatter over the classes."""
    accuracy, average = score(result, "test_accuracy"), score(result, "test_macro_recall")
    _, rows = _counted(result)
    recalls = [row[label] / sum(row) for label, row in enumerate(rows) if sum(row)]
    if len(recalls) < 2:
        raise MissingValueError("Too few classes occur in the test set.")
    gap = accuracy.mean - average.mean
    return Answer(
        holds=gap > 0,
        votes=tuple(one > other for one, other in zip(accuracy.values, average.values, strict=True)),
        together=True,
        numbers={
            "accuracy": accuracy.mean,
            "macro_recall": average.mean,
            "macro_f1": score(result, "test_macro_f1").mean,
            "gap": gap,
            "median_recall": statistics.median(recalls),
        },
    )


@claim()
def weights_raise_recall(result: Result) -> Answer:
    """Weights for rare classes raise the mean recall of the classes."""
    weighted, plain = score(result, "test_macro_recall_weighted"), score(result, "test_macro_recall")
    labels = [int(label) for label in series(result, "test_class")]
    found = compared_by_class(result, weighted, plain, labels, roles=("weighted", "final"))
    return beyond_chance(found, weighted=weighted.mean, plain=plain.mean)


@claim()
def weights_cost_accuracy(result: Result) -> Answer:
    """Weights for rare classes cost accuracy."""
    plain, weighted = score(result, "test_accuracy"), score(result, "test_accuracy_weighted")
    return beyond_chance(compared(result, plain, weighted), plain=plain.mean, weighted=weighted.mean)


def _counted(result: Result) -> tuple[DataCard, tuple[tuple[int, ...], ...]]:
    said: Predictions | None = next((one for one in result.findings.predictions if one.confusion), None)
    if said is None or result.findings.data is None:
        raise MissingValueError("The run has no confusion matrix, or no data.")
    return result.findings.data, said.confusion
