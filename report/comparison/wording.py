"""Numbers and verdicts of a comparison as words, alike on the terminal and in the report.

Shares are written in percent and their differences in percentage points; the number of decimals follows the spread of
the runs, so that no digit is shown that the next run would change beyond recognition.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite
from statistics import fmean, stdev

from labreport.report import numbers
from labreport.report.comparison.record import ComparedRun, EpochShift, MetricDifference, Range, Reason, Tested
from labreport.report.words import Words

ALARM = 0.05
"""Level of the tests; p values near it are written with more digits, so that none seems to lie on the other side."""


_RUN_ID = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-")


class MetricWords:
    """One metric's cells.

    Args:
        metric: as it was compared.
        words: texts of the language.
    """

    def __init__(self, metric: MetricDifference, words: Words) -> None:
        self._metric = metric
        self._words = words
        self._scale = 100.0 if metric.unit == "share" else 1.0
        self._digits = _digits((metric.a, metric.b), self._scale)

    @property
    def name(self) -> str:
        """Name with unit."""
        return self._words("compare.named_unit", name=name(self._metric.name, self._words), unit=self._unit)

    @property
    def a(self) -> str:
        """Mean of A, with the standard deviation where there are several runs."""
        return self._mean(self._metric.a)

    @property
    def b(self) -> str:
        """Mean of B, with the standard deviation where there are several runs."""
        return self._mean(self._metric.b)

    @property
    def difference(self) -> str:
        """B minus A, with its sign."""
        return numbers.signed(self._metric.difference * self._scale, self._digits)

    @property
    def interval(self) -> str:
        """The interval of the difference."""
        if self._metric.interval is None:
            return self._words("compare.none_cell")
        return interval(self._metric.interval, self._words, self._digits, self._scale)

    @property
    def improvement(self) -> str:
        """How probable it is that a run of B beats one of A."""
        value = self._metric.improvement
        return self._words("compare.none_cell") if value is None else numbers.percent(value, 0)

    @property
    def p(self) -> str:
        """The p value after the correction for the number of metrics."""
        test = self._metric.test
        return (
            p_value(test.adjusted_p)
            if test is not None and self._metric.verdict != "same"
            else self._words("compare.none_cell")
        )

    @property
    def verdict(self) -> str:
        """The verdict alone."""
        return self._words(f"compare.verdict_{self._metric.verdict}")

    @property
    def detail(self) -> str:
        """What belongs to the verdict: why it cannot be decided, or what could have been shown; may be empty."""
        metric, words = self._metric, self._words
        if metric.verdict == "equal" and metric.margin is not None:
            return words("compare.detail_margin", margin=self._amount(metric.margin))
        if metric.reason is not None and metric.reason.code == "corrected" and metric.test is not None:
            return corrected(metric.test, words)
        if metric.reason is not None and metric.reason.code == "few":
            return ""  # the same for every metric of a lab, so it is said once above the table
        if metric.reason is not None:
            return words(f"compare.detail_{metric.reason.code}", **metric.reason.values)
        if metric.verdict == "none" and metric.shown_from:
            return words("compare.detail_shown_from", value=self._amount(metric.shown_from))
        return ""

    def with_detail(self, verdict: str, detail: str) -> str:
        """Return the verdict with what belongs to it, both as the output writes them."""
        return self._words("compare.verdict_with_detail", verdict=verdict, detail=detail) if detail else verdict

    @property
    def _unit(self) -> str:
        return unit(self._metric.unit, self._words)

    def _amount(self, value: float) -> str:
        """Return the size of a difference, of a share in percentage points, with at least one digit that counts."""
        value *= self._scale
        digits = self._digits
        while digits < 6 and value and float(f"{value:.{digits}f}") == 0:
            digits += 1
        shown = numbers.number(value, digits)
        return self._words("labs.points", value=shown) if self._metric.unit == "share" else shown

    def _mean(self, values: tuple[float, ...]) -> str:
        return _mean(values, self._metric.unit, self._digits, self._words)


def short_label(label: str) -> str:
    """Return a version's label for a title: of a run's id the time at which it began, which is what a reader knows."""
    found = _RUN_ID.match(label)
    return "{}-{}-{} {}:{}:{}".format(*found.groups()) if found else label


def name(metric: str, words: Words) -> str:
    """Return the name of a metric in the language, or the record's own where it has none."""
    return words.get(f"compare.metric_{metric}", metric)


def unit(name: str, words: Words) -> str:
    """Return a unit in the language, or the record's own where it has none."""
    return words.get(f"compare.unit_{name.replace(' ', '_')}", name)


def reason(found: Reason, words: Words, *, kind: str = "remark") -> str:
    """Return a remark, or with `kind="reason"` an obstacle, as a sentence."""
    return words(f"compare.{kind}_{found.code}", **found.values)


def level(value: float) -> str:
    """Return a confidence level as percent."""
    return numbers.percent(value, 0)


def p_value(p: float) -> str:
    """Return p with three decimals; never on the wrong side of the level by rounding."""
    if p < 0.0005:
        return "<0.001"
    digits = 3
    while digits < 6 and (float(f"{p:.{digits}f}") <= ALARM) != (p <= ALARM):
        digits += 1
    return numbers.number(p, digits)


def interval(found: Range, words: Words, digits: int, scale: float = 1.0) -> str:
    """Return both ends of an interval."""
    return words(
        "compare.interval",
        low=numbers.signed(found.low * scale, digits),
        high=numbers.signed(found.high * scale, digits),
    )


def corrected(test: Tested, words: Words) -> str:
    """Return what the correction for the number of metrics did to p."""
    return words("compare.detail_corrected", p=p_value(test.p), adjusted=p_value(test.adjusted_p), family=test.family)


def arrangements(test: Tested, words: Words) -> str:
    """Return how many arrangements a permutation test went through."""
    key = "compare.all_arrangements" if test.exact else "compare.drawn_arrangements"
    return words(key, count=numbers.integer(test.arrangements))


def shift(found: EpochShift, words: Words) -> str:
    """Return the sentences on the best epoch."""
    said = {
        "a": found.a,
        "b": found.b,
        "epochs_a": found.epochs_a,
        "epochs_b": found.epochs_b,
        # "Later by 1.8 epochs": the direction is said in words there.
        "difference": numbers.number(abs(found.difference), 1)
        if found.verdict in ("later", "earlier")
        else numbers.signed(found.difference, 1),
        "level": level(found.interval.level) if found.interval else "",
        "interval": interval(found.interval, words, 1) if found.interval else "",
        "p": p_value(found.test.p) if found.test else "",
        "mean_a": numbers.number(fmean(found.per_run_a), 1),
        "mean_b": numbers.number(fmean(found.per_run_b), 1),
    }
    alike = "_alike" if found.verdict == "none" and found.a == found.b else ""
    sentences = [words(f"compare.shift_{found.verdict}{alike}", **said)]
    if found.verdict in ("later", "earlier") and found.overfits_a and found.overfits_b:
        sentences.append(words(f"compare.overfitting_{found.verdict}"))
    if found.reason is not None and found.reason.code == "no_turn":
        sentences.append(words("compare.detail_no_turn", **found.reason.values))
    falling = [
        (side, epochs)
        for side, overfits, epochs in (("A", found.overfits_a, found.epochs_a), ("B", found.overfits_b, found.epochs_b))
        if not overfits
    ]
    if len(falling) == 2 and found.epochs_a == found.epochs_b:
        sentences.append(words("compare.no_overfitting_both", epochs=found.epochs_a))
    else:
        sentences += [words("compare.no_overfitting", side=side, epochs=epochs) for side, epochs in falling]
    return words.record.between_sentences.join(sentences)


def duration(run: ComparedRun) -> str:
    """Return the wall time of a run."""
    return numbers.duration(run.seconds)


def means(groups: Sequence[tuple[float, ...]], unit: str, words: Words) -> list[str]:
    """Return the mean of each group of runs with its standard deviation, all with the same decimals."""
    digits = _digits(groups, 100.0 if unit == "share" else 1.0)
    return [_mean(values, unit, digits, words) for values in groups]


def _mean(values: tuple[float, ...], unit: str, digits: int, words: Words) -> str:
    mean = sum(values) / len(values)
    scale = 100.0 if unit == "share" else 1.0
    if unit == "share" and isfinite(mean):
        # `percent` never shows 99.996 as 100.
        shown = numbers.percent(mean, digits).removesuffix("%")
    else:
        shown = numbers.number(mean, digits)
    if len(values) < 2 or not all(map(isfinite, values)):
        return shown
    return words("compare.mean_and_deviation", mean=shown, deviation=numbers.number(stdev(values) * scale, digits))


def _digits(groups: Sequence[tuple[float, ...]], scale: float) -> int:
    """Decimals that show two digits of the spread over the runs, or of the difference where there is one run each."""
    spreads = [stdev(values) for values in groups if len(values) > 1 and all(map(isfinite, values))]
    between = max(map(fmean, groups)) - min(map(fmean, groups))
    size = min((spread for spread in spreads if spread > 0), default=between) * scale
    if not isfinite(size) or size == 0:
        size = abs(fmean(groups[0])) * scale / 100 if all(map(isfinite, groups[0])) else 0.0
    return numbers.digits_for(size, most=4 if scale > 1 else numbers.MOST_DECIMALS)
