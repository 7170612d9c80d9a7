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
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from labreport.experiments.definitions import ClaimDefinition
from labreport.experiments.errors import unknown_name
from labreport.experiments.result import Direction, Score
from labreport.report.configuration import checked, converted
from labreport.report.errors import UsageError
from labreport.report.findings.scores import of_judged_model

Severity = Literal["error", "warning", "off"]
RuleMethod = Literal["statistical", "margin"]
Way = Literal["higher", "lower", "both"]
Share = Annotated[float, Meta(gt=0, lt=1, description="a number between 0 and 1")]
Amount = Annotated[float, Meta(ge=0, le=1e300, description="a number, and not negative")]

LEVEL = 0.05
"""Share of nights on which equal versions may raise an alarm, over all labs."""

_DECIDING = ("accuracy", "mae")
"""Metrics of a lab that fail the gate by default; other test scores of the final model only warn. Of a user's own run
every test score does but the loss."""
_GOOD: dict[str, Direction] = {"accuracy": "higher", "loss": "lower", "mae": "lower", "mse": "lower"}
"""Which way is good for metrics whose names, by their last word, say it before anything is measured."""
_TOP = ("level", "baseline")
CLAIMS = "claims"


class MetricRule(msgspec.Struct, frozen=True, kw_only=True):
    """How one score is judged."""

    test: RuleMethod = "statistical"
    """statistical: a loss must be shown, and exceed the margin where one is given. margin: it must only exceed the
    margin."""
    direction: Way | None = None
    """None: as the score itself says."""
    absolute: Amount | None = None
    relative: Amount | None = None
    level: Share | None = None
    """None: a share of the common level."""
    severity: Severity = "error"

    def margin(self, reference: float) -> float | None:
        """Return the loss that does not matter, in the metric's unit; None where the rule states none."""
        if self.absolute is None and self.relative is None:
            return None
        return max(self.absolute or 0.0, (self.relative or 0.0) * abs(reference))


class LabRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration says of one lab."""

    metrics: Mapping[str, MetricRule] = {}
    claims: Mapping[str, Severity] = {}


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """All rules."""

    level: Share = LEVEL
    baseline: str | None = None
    labs: Mapping[str, LabRules] = {}

    def of(self, lab: str) -> LabRules:
        """Return what is said of a lab."""
        return self.labs.get(lab, LabRules())


def metric_rule(score: Score, kind: str) -> MetricRule | None:
    """Return the default rule of a score, or None for one that is not judged.

    Args:
        score: any record of the score.
        kind: "score", "baseline" or "stand-in"; what simple rules reach is never judged.
    """
    if kind == "stand-in":
        return MetricRule()
    if kind != "score" or score.split != "test" or not of_judged_model(score):
        return None
    decides = score.metric in _DECIDING if score.model == "final" else not score.metric.endswith("loss")
    return MetricRule(severity="error" if decides else "warning")


def claim_severity(definition: ClaimDefinition) -> Severity:
    """Return how bad it is by default when a claim that its chapter makes does not hold.

    A claim that is certain must hold; one of which neither answer is better is passed over; any other is watched: one
    that held and no longer holds is a warning.
    """
    if definition.neutral:
        return "off"
    return "error" if definition.certain else "warning"


def fallback_margin(score: Score, reference: float, test_samples: int | None) -> float:
    """Return the loss that counts where there are too few runs for a test: seeds alone hardly ever make it.

    For a share two points, and three standard deviations of the difference of two shares counted on that number of test
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
    top = {key: value for key, value in table.items() if key in _TOP}
    for lab in table:
        if lab not in _TOP and lab not in known:
            raise UsageError(f"gate: {unknown_name('key or lab', lab, [*_TOP, *known])}")
    own = {lab: _lab_rules(table[lab], f"gate.{lab}", list(claims)) for lab in table if lab not in _TOP}
    return msgspec.structs.replace(converted(top, Rules, "gate"), labs=own)


def check_metrics(lab: str, rules: LabRules, known: Mapping[str, Direction]) -> None:
    """Make sure that every rule of a lab is about something that was measured, and not upside down.

    Args:
        lab: whose rules.
        rules: of the lab.
        known: every score of the run and its baseline, and which way is good.

    Raises:
        UsageError: a metric that neither the run nor its baseline has (names the nearest), or a direction against it.
    """
    for metric, rule in rules.metrics.items():
        if metric not in known:
            raise UsageError(f"gate.{lab}: {unknown_name(f'metric of {lab}', metric, known)}")
        _check_direction(f"gate.{lab}.{metric}", rule, known[metric])


def _check_direction(origin: str, rule: MetricRule, good: Direction | None) -> None:
    """Refuse a gate that is turned upside down: it would pass whatever gets worse."""
    if good is not None and rule.direction not in (None, "both", good):
        raise UsageError(
            f'{origin}: direction = "{rule.direction}", but of this metric a {good} value is better. '
            'Leave direction out, or write "both".'
        )


def _lab_rules(table: Any, origin: str, known_claims: list[str]) -> LabRules:
    content = dict(checked(table, dict[str, Any], origin))
    severities = checked(content.pop(CLAIMS, {}), dict[str, Any], f"{origin}.{CLAIMS}")
    for name in severities:
        if name not in known_claims:
            raise UsageError(f"{origin}.{CLAIMS}: {unknown_name('claim', name, known_claims)}")
    return LabRules(
        metrics={name: _metric_rule(rule, f"{origin}.{name}") for name, rule in content.items()},
        claims={name: checked(value, Severity, f"{origin}.{CLAIMS}.{name}") for name, value in severities.items()},
    )


def _metric_rule(table: Any, origin: str) -> MetricRule:
    rule = converted(table, MetricRule, origin)
    margin = rule.absolute is not None or rule.relative is not None
    if "test" not in table and margin:
        rule = msgspec.structs.replace(rule, test="margin")
    if rule.test == "margin" and not margin:
        raise UsageError(f'{origin}: test = "margin" needs absolute or relative.')
    if rule.test == "margin" and rule.level is not None:
        raise UsageError(f'{origin}: level belongs to test = "statistical"; a margin has none.')
    _check_direction(origin, rule, _GOOD.get(re.split(r"[._]", origin)[-1]))
    return rule
