"""The best epoch of two runs, and whether it has moved."""

from __future__ import annotations

from collections.abc import Sequence

from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.comparison.record import EpochShift, Reason, Shift
from labreport.report.comparison.scores import range_of, tested
from labreport.report.findings import analysis, statistics
from labreport.report.findings.analysis import Turn
from labreport.report.findings.statistics import Test


def epoch_shift(a: Result, b: Result, *, paired: bool, comparable: bool) -> EpochShift | None:
    """Return where the validation curve of each run is lowest, and the shift over its seeds.

    Every seed has an epoch of its own; the test is over these. None where a run has no validation curve, or one of
    which nothing is finite.
    """
    smoothed = [analysis.cross_validated(result) for result in (a, b)]
    turn_a, turn_b = analysis.overfitting(a), analysis.overfitting(b)
    if turn_a is None or turn_b is None or smoothed[0] != smoothed[1]:
        return None
    before, after = ([float(epoch) for epoch in turn.per_seed] for turn in (turn_a, turn_b))
    test = _test(before, after, paired=paired) if comparable and min(len(before), len(after)) > 1 else None
    verdict, reason = _verdict(turn_a, turn_b, test) if comparable else ("incomparable", None)
    return EpochShift(
        smoothed=smoothed[0],
        a=turn_a.best_epoch,
        b=turn_b.best_epoch,
        epochs_a=turn_a.epochs,
        epochs_b=turn_b.epochs,
        overfits_a=turn_a.overfits,
        overfits_b=turn_b.overfits,
        per_run_a=turn_a.per_seed,
        per_run_b=turn_b.per_seed,
        difference=sum(after) / len(after) - sum(before) / len(before),
        interval=range_of(test.interval) if test else None,
        test=tested(test, 1) if test else None,
        verdict=verdict,
        reason=reason,
    )


def _test(before: Sequence[float], after: Sequence[float], *, paired: bool) -> Test:
    # Curves come in the order of the seeds in the record; equal sets of seeds are in equal order there.
    belong = paired and len(before) == len(after) and statistics.pairs_suffice(len(before))
    return statistics.permutation_tests([before], [after], paired=belong)[0]


def _verdict(a: Turn, b: Turn, test: Test | None) -> tuple[Shift, Reason | None]:
    if a.per_seed == b.per_seed and a.epochs == b.epochs:
        return "same", None
    if a.epochs != b.epochs and not (a.overfits and b.overfits):
        # A curve that still falls has its minimum somewhere beyond its end; ends at different epochs say nothing.
        return "incomparable", Reason(code="no_turn", values={"a": str(a.epochs), "b": str(b.epochs)})
    counts = {"a": str(len(a.per_seed)), "b": str(len(b.per_seed))}
    if test is None:
        return ("single", None) if counts == {"a": "1", "b": "1"} else ("few", Reason(code="few_one", values=counts))
    if not test.can_tell:
        return "few", Reason(code="few", values=counts | {"p": numbers.number(test.least_p, 2)})
    if test.significant:
        return ("later" if test.difference > 0 else "earlier"), None
    return "none", None
