"""The rules of the gate: which scores and claims are judged, how, and how bad it is when one fails.

    [tool.labreport.gate]
    level = 0.05                 # false alarms a night, all tests together
    baseline = "main"            # what `check` compares with where --baseline is not given

    [tool.labreport.gate.imdb.test_accuracy]
    direction = "higher"         # which way is good; by default as the run itself says. "both": any change is bad
    test = "statistical"         # or "margin": only the size of the loss counts
    absolute = 0.01              # a loss up to here does not matter, in the metric's unit …
    relative = 0.02              # … or as a share of the baseline's mean; the larger of the two counts
    level = 0.01                 # a level of its own instead of a share of the common one
    severity = "error"           # or "warning", or "off"

    [tool.labreport.gate.imdb.claims]
    overfits = "error"           # must hold in every seed

What is not written follows the defaults below.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from labreport.experiments.definitions import ClaimDefinition
from labreport.experiments.result import Score
from labreport.experiments.suggestion import unknown_name
from labreport.report.errors import UsageError

Severity = Literal["error", "warning", "off"]
Kind = Literal["statistical", "margin"]
Way = Literal["higher", "lower", "both"]

LEVEL = 0.05
"""Share of nights on which equal versions may raise an alarm, over all labs."""

_DECIDING = ("accuracy", "mae")
"""Metrics that fail the gate by default; other test scores of the final model only warn."""
_KEYS = ("direction", "test", "absolute", "relative", "level", "severity")
_TOP = ("level", "baseline")
CLAIMS = "claims"


@dataclass(frozen=True, kw_only=True)
class MetricRule:
    """How one score is judged."""

    test: Kind = "statistical"
    """statistical: a loss must be shown, and exceed the margin where one is given. margin: it must only exceed the
    margin."""
    direction: Way | None = None
    """None: as the score itself says."""
    absolute: float | None = None
    relative: float | None = None
    level: float | None = None
    """None: a share of the common level."""
    severity: Severity = "error"
    given: bool = False
    """Whether the configuration names it."""

    def margin(self, reference: float) -> float | None:
        """Return the loss that does not matter, in the metric's unit; None where the rule states none."""
        if self.absolute is None and self.relative is None:
            return None
        return max(self.absolute or 0.0, (self.relative or 0.0) * abs(reference))


@dataclass(frozen=True, kw_only=True)
class LabRules:
    """What the configuration says of one lab."""

    metrics: Mapping[str, MetricRule] = field(default_factory=dict)
    claims: Mapping[str, Severity] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """All rules."""

    level: float = LEVEL
    baseline: str | None = None
    labs: Mapping[str, LabRules] = field(default_factory=dict)

    def of(self, lab: str) -> LabRules:
        """Return what is said of a lab."""
        return self.labs.get(lab, LabRules())


def metric_rule(score: Score, kind: str) -> MetricRule | None:
    """Return the default rule of a score, or None for one that is not judged.

    Args:
        score: any record of the score.
        kind: "score" or "baseline"; what simple rules reach is never judged.
    """
    if kind != "score" or score.split != "test" or score.model != "final":
        return None
    return MetricRule(severity="error" if score.metric in _DECIDING else "warning")


def claim_severity(definition: ClaimDefinition) -> Severity:
    """Return how bad it is by default when a claim that its chapter makes does not hold.

    A claim that is certain must hold; any other is watched: one that held and no longer holds is a warning.
    """
    return "error" if definition.certain else "warning"


def fallback_margin(score: Score, reference: float, test_samples: int | None) -> float:
    """Return the loss that counts where there are too few runs for a test: seeds alone hardly ever make it.

    For a share two points, and three standard deviations of the difference of two shares counted on so many test
    samples (2p(1-p)/n); for any other metric three tenths of the reference. Coarse on purpose: it finds what is
    broken, not what is a little worse.
    """
    if score.unit != "share":
        return 0.3 * abs(reference)
    share = min(1.0, max(0.0, reference))
    counted = 3 * math.sqrt(2 * share * (1 - share) / test_samples) if test_samples else 0.0
    return 0.02 + counted


def parse(table: Mapping[str, Any], labs: Iterable[str], claims: Iterable[str]) -> Rules:
    """Read the table `gate` of the configuration.

    Args:
        table: as TOML gives it.
        labs: names of all known labs.
        claims: names of all claims.

    Raises:
        UsageError: an unknown key, lab or claim (names the nearest), or a value of the wrong type or range.
    """
    known = list(labs)
    known_claims = list(claims)
    level = _share(table.get("level", LEVEL), "gate.level")
    baseline = table.get("baseline")
    if baseline is not None and not isinstance(baseline, str):
        raise UsageError(f"gate.baseline must be a text, not {baseline!r}.")
    rules: dict[str, LabRules] = {}
    for lab, content in table.items():
        if lab in _TOP:
            continue
        if lab not in known:
            raise UsageError(f"gate: {unknown_name('key or lab', lab, [*_TOP, *known])}")
        rules[lab] = _lab_rules(_table(content, f"gate.{lab}"), f"gate.{lab}", known_claims)
    return Rules(level=level, baseline=baseline, labs=rules)


def check_metrics(lab: str, rules: LabRules, known: Iterable[str]) -> None:
    """Make sure that every rule of a lab is about something that was measured.

    Raises:
        UsageError: a metric that neither the run nor its baseline has; names the nearest.
    """
    names = list(known)
    for metric in rules.metrics:
        if metric not in names:
            raise UsageError(f"gate.{lab}: {unknown_name(f'metric of {lab}', metric, names)}")


def _lab_rules(table: Mapping[str, Any], origin: str, known_claims: list[str]) -> LabRules:
    claims: dict[str, Severity] = {}
    for name, severity in _table(table.get(CLAIMS, {}), f"{origin}.{CLAIMS}").items():
        if name not in known_claims:
            raise UsageError(f"{origin}.{CLAIMS}: {unknown_name('claim', name, known_claims)}")
        claims[name] = cast(Severity, _choice(severity, get_args(Severity), f"{origin}.{CLAIMS}.{name}"))
    metrics = {
        name: _metric_rule(_table(content, f"{origin}.{name}"), f"{origin}.{name}")
        for name, content in table.items()
        if name != CLAIMS
    }
    return LabRules(metrics=metrics, claims=claims)


def _metric_rule(table: Mapping[str, Any], origin: str) -> MetricRule:
    for key in table:
        if key not in _KEYS:
            raise UsageError(f"{origin}: {unknown_name('key', key, _KEYS)}")
    margins = {
        key: _amount(table[key], f"{origin}.{key}") if key in table else None for key in ("absolute", "relative")
    }
    plain: Kind = "margin" if any(value is not None for value in margins.values()) else "statistical"
    test = cast(Kind, _choice(table.get("test", plain), get_args(Kind), f"{origin}.test"))
    if test == "margin" and all(value is None for value in margins.values()):
        raise UsageError(f'{origin}: test = "margin" needs absolute or relative.')
    if test == "margin" and "level" in table:
        raise UsageError(f'{origin}: level belongs to test = "statistical"; a margin has none.')
    way = table.get("direction")
    return MetricRule(
        test=test,
        direction=None if way is None else cast(Way, _choice(way, get_args(Way), f"{origin}.direction")),
        absolute=margins["absolute"],
        relative=margins["relative"],
        level=_share(table["level"], f"{origin}.level") if "level" in table else None,
        severity=cast(Severity, _choice(table.get("severity", "error"), get_args(Severity), f"{origin}.severity")),
        given=True,
    )


def _table(value: Any, origin: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{origin} must be a table, not {value!r}.")
    return value


def _choice(value: Any, known: tuple[str, ...], origin: str) -> str:
    if value not in known:
        raise UsageError(f"{origin}: {unknown_name('value', str(value), known)}")
    return str(value)


def _number(value: Any, origin: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise UsageError(f"{origin} must be a number, not {value!r}.")
    return float(value)


def _amount(value: Any, origin: str) -> float:
    number = _number(value, origin)
    if number < 0:
        raise UsageError(f"{origin} must not be negative; it is {value!r}.")
    return number


def _share(value: Any, origin: str) -> float:
    number = _number(value, origin)
    if not 0 < number < 1:
        raise UsageError(f"{origin} must lie between 0 and 1, not {value!r}.")
    return number
