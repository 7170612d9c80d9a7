"""Three versions or more side by side: one test of all, then of each pair, for every metric that all of them have."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from labreport.experiments.result import Result
from labreport.report.comparison.comparability import obstacles
from labreport.report.comparison.record import MetricTogether, PairTogether, Together
from labreport.report.comparison.version import Version
from labreport.report.findings import omnibus, statistics
from labreport.report.findings.scores import Measured, measured

_DEFINITION = ("unit", "direction", "metric", "split", "model")


def together(versions: Sequence[Version]) -> tuple[Together, ...]:
    """Return a table for each lab that all versions hold and that can be compared; none for two versions."""
    if len(versions) < 3:
        return ()
    labs = [lab for lab in versions[0].results if all(lab in version.results for version in versions)]
    found = [_lab(lab, [version.results[lab] for version in versions]) for lab in labs]
    return tuple(one for one in found if one is not None)


def _lab(lab: str, results: Sequence[Result]) -> Together | None:
    if any(obstacles(results[0], result) for result in results[1:]):
        return None
    known = [measured(result) for result in results]
    names = [name for name in known[0] if all(name in one for one in known) and _alike([one[name] for one in known])]
    groups = {name: tuple(tuple(one[name].values) for one in known) for name in names}
    tests = {name: omnibus.omnibus(values) for name, values in groups.items()}
    asked = [name for name, test in tests.items() if test is not None]
    adjusted = dict(zip(asked, statistics.holm([_p(tests[name]) for name in asked]), strict=True))
    return Together(
        lab=lab,
        runs=tuple(result.run_id for result in results),
        metrics=tuple(_metric(name, known[0][name], groups[name], tests[name], adjusted.get(name)) for name in names),
    )


def _alike(values: Sequence[Measured]) -> bool:
    """Return whether one metric means the same in all versions, is a matter of chance in all, and finite."""
    first = values[0]
    return all(
        one.seeded
        and all(map(isfinite, one.values))
        and all(getattr(one.first, field) == getattr(first.first, field) for field in _DEFINITION)
        for one in values
    )


def _metric(
    name: str,
    first: Measured,
    groups: tuple[tuple[float, ...], ...],
    test: omnibus.Omnibus | None,
    adjusted: float | None,
) -> MetricTogether:
    level = 1 - statistics.LEVEL + 1e-12
    shown = adjusted is not None and adjusted <= level
    return MetricTogether(
        name=name,
        unit=first.first.unit,
        direction=first.first.direction,
        values=groups,
        p=test.p if test else None,
        adjusted_p=adjusted,
        arrangements=test.arrangements if test else 0,
        exact=test.exact if test else True,
        pairs=tuple(
            PairTogether(
                first=one.first,
                second=one.second,
                difference=one.difference,
                p=one.p,
                adjusted_p=one.adjusted_p,
                shown=shown and one.adjusted_p <= level,
            )
            for one in omnibus.pairs(groups)
        ),
    )


def _p(test: omnibus.Omnibus | None) -> float:
    assert test is not None
    return test.p
