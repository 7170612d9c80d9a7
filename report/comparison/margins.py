"""Margins: differences that don't matter to the user, for each metric.

A margin is written `0.005` (for every metric, in the metric's own unit; shares run from 0 to 1), `test_mae=0.1`,
`imdb.test_accuracy=0.005`, or with a percent sign relative to the mean of the first version: `test_loss=2%`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from labreport.experiments.errors import unknown_name
from labreport.report.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class MarginRule:
    """One margin as it was given."""

    lab: str
    """Empty: every lab."""
    metric: str
    """Empty: every metric."""
    value: float
    relative: bool

    def amount(self, reference: float) -> float:
        """Return the margin in the metric's unit; `reference` is the mean of the first version."""
        return self.value * abs(reference) if self.relative else self.value


@dataclass(frozen=True)
class Margins:
    """All margins of one call; the most specific one counts, of equally specific ones the last."""

    rules: tuple[MarginRule, ...] = ()

    def of(self, lab: str, metric: str, reference: float) -> float | None:
        """Return the margin of a metric in its unit, or None where none was given."""
        fitting = [rule for rule in self.rules if rule.lab in ("", lab) and rule.metric in ("", metric)]
        if not fitting:
            return None
        best = max(fitting, key=lambda rule: (bool(rule.metric), bool(rule.lab), self.rules.index(rule)))
        return best.amount(reference)

    def check(self, metrics: Mapping[str, Iterable[str]]) -> None:
        """Make sure that every margin is about something that is compared.

        Args:
            metrics: names of the metrics of each lab.

        Raises:
            UsageError: an unknown lab or metric; names the nearest.
        """
        for rule in self.rules:
            if rule.lab and rule.lab not in metrics:
                raise UsageError(f"--margin: {unknown_name('lab', rule.lab, list(metrics))}")
            known = {name for lab, names in metrics.items() if rule.lab in ("", lab) for name in names}
            if rule.metric and rule.metric not in known:
                raise UsageError(f"--margin: {unknown_name('metric', rule.metric, sorted(known))}")


NO_MARGINS = Margins()
"""Every difference matters."""


def parse(texts: Sequence[str]) -> Margins:
    """Read margins as they stand on the command line.

    Raises:
        UsageError: no number, or one that is negative or not finite.
    """
    rules = []
    for text in texts:
        name, separator, amount = text.rpartition("=")
        lab, _, metric = name.strip().rpartition(".")
        try:
            value = float(amount.strip().removesuffix("%"))
        except ValueError:
            value = math.nan
        if not (value >= 0 and math.isfinite(value)) or (separator and not metric):
            raise UsageError(
                f"Can't read the margin '{text}': write 0.005, METRIC=0.005, LAB.METRIC=0.005, or 2% of the first "
                "version's mean."
            )
        relative = amount.strip().endswith("%")
        rules.append(MarginRule(lab=lab, metric=metric, value=value / 100 if relative else value, relative=relative))
    return Margins(tuple(rules))
