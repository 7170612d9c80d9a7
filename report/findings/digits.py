"""With how many decimals the numbers of a run are written: the one answer for text, tables, exercises and covers.

Over several seeds the spread decides: a mean is written with the decimals that show two digits of its standard
deviation, and a share with no more than its number of answers can tell apart. One run has no spread, and then each
metric has its usual decimals; a value that is smaller than these can show gets more.

Source of the two digits: ISO/IEC Guide 98-3 (GUM), 2008, 7.2.6.
"""

from __future__ import annotations

from collections.abc import Iterator

from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.findings.scores import Measured, measured, precedence

USUAL = {"accuracy": numbers.SHARE_DIGITS, "loss": 3, "mae": 2, "mse": 2}
"""Decimals of a metric in a single run; accuracies in percent."""


class Decimals:
    """The decimals of one run.

    All shares of a run are written alike, those of its baselines, curves and differences, too: by the spread of the
    score that judges it. Any other metric goes by its own spread.

    Args:
        result: the run.
    """

    def __init__(self, result: Result) -> None:
        self._result = result
        self._found: dict[tuple[str, str | None], int | None] = {}
        self._scores: tuple[Measured, ...] | None = None

    def by_spread(self, unit: str, metric: str | None = None) -> int | None:
        """Return the decimals that the spread over the seeds supports; None where there is none.

        Args:
            unit: of the number; the decimals of a share are those of its percentage.
            metric: which of the metrics in that unit; None: the first, and for shares there is no other.
        """
        key = (unit, None if unit == "share" else metric)
        if key not in self._found:
            repeated = next((one for one in self._alike(*key) if one.deviation is not None), None)
            self._found[key] = self._supported(repeated) if repeated is not None and _spreads(repeated) else None
        return self._found[key]

    def of(self, unit: str, metric: str, split: str) -> int:
        """Return the decimals of the scores of a metric on one part of the data, wherever they stand."""
        supported = self.by_spread(unit, metric)
        if supported is not None:
            return supported
        usual = USUAL.get(metric, 2)
        if unit == "share":
            return numbers.SHARE_DIGITS
        sizes = [abs(one.mean) for one in self._alike(unit, metric) if one.mean and one.first.split == split]
        return max(usual, numbers.digits_for(min(sizes, default=1.0), least=0, most=numbers.MOST_DECIMALS))

    def _alike(self, unit: str, metric: str | None) -> Iterator[Measured]:
        if self._scores is None:
            # What judges the run comes first.
            self._scores = tuple(sorted(measured(self._result).values(), key=precedence))
        return (one for one in self._scores if one.unit == unit and metric in (None, one.first.metric))

    def _supported(self, one: Measured) -> int:
        deviation = one.deviation or 0.0
        if one.unit != "share":
            return numbers.digits_for(deviation, least=0, most=numbers.MOST_DECIMALS)
        card = self._result.findings.data
        answers = card.test_samples if card and one.first.split == "test" else 0
        return numbers.share_digits(deviation, answers * len(one.values))


def _spreads(one: Measured) -> bool:
    """Return whether the values differ by more than the rounding of their mean."""
    return (one.deviation or 0.0) > 1e-12 * max(map(abs, one.values))
