"""Filters without script: a radio button for each value, and the style rules that hide what is not chosen."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from labreport.report.trend.history import Group, TrendHistory, machines
from labreport.report.words import Words

Value = str | None
MOST_RULES = 600
"""Combinations for which a rule is written at most; beyond, an empty choice goes without a remark."""


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One question that a reader may ask: which lab, which profile."""

    name: str
    prefix: str
    """Beginning of its classes: classes are numbered, because a name may hold anything."""
    legend: str
    options: tuple[tuple[Value, str], ...]
    """Value and label of each option besides "all"."""
    value_of: Callable[[Group], Value]
    """Returns the value of a group; not asked for machines, of which a group has several."""
    offered: bool = True

    def position(self, value: Value) -> int:
        """Return the place of a value among the options; the first for a value that is none."""
        return next((place for place, (known, _) in enumerate(self.options) if known == value), 0)

    def class_of(self, value: Value) -> str:
        """Return the class of everything that has a value; none for a value that is not an option."""
        return f"{self.prefix}{self.position(value)}" if any(known == value for known, _ in self.options) else ""

    @property
    def shown(self) -> bool:
        """Whether there is anything to choose."""
        return self.offered and len(self.options) > 1


def make_filters(history: TrendHistory, words: Words) -> tuple[Filter, ...]:
    """Return the filters for lab, profile, data and machine with the values that occur."""
    groups = history.groups

    def options(name: str, values: list[Value]) -> tuple[tuple[Value, str], ...]:
        return tuple((value, words.get(f"trend.{name}_{value or 'none'}", str(value))) for value in values)

    profiles = sorted({group.profile for group in groups})
    sources = sorted({group.source for group in groups}, key=lambda source: (source is None, source or ""))
    return (
        Filter(
            name="lab",
            prefix="l",
            legend=words("trend.filter_lab"),
            options=tuple((lab, lab) for lab in dict.fromkeys(group.lab for group in groups)),
            value_of=lambda group: group.lab,
        ),
        Filter(
            name="profile",
            prefix="p",
            legend=words("trend.filter_profile"),
            options=options("profile", list(profiles)),
            value_of=lambda group: group.profile,
        ),
        Filter(
            name="source",
            prefix="d",
            legend=words("trend.filter_source"),
            options=options("source", list(sources)),
            value_of=lambda group: group.source,
        ),
        Filter(
            name="machine",
            prefix="m",
            legend=words("trend.filter_machine"),
            options=tuple((machine, machine or words("trend.unknown_machine")) for machine in machines(history)),
            value_of=lambda _group: None,
            offered=not history.pooled,
        ),
    )


def rules(filters: tuple[Filter, ...], history: TrendHistory) -> str:
    """Return the style rules that hide what the chosen buttons leave out, and those that say when nothing is left."""
    lines = []
    for item in filters:
        if not item.shown:
            continue
        for place in range(len(item.options)):
            chosen = f"body:has(#{item.prefix}-{place}:checked)"
            # Only what bears a class of this filter can be hidden by it.
            bearing = ",".join(f".{item.prefix}{other}" for other in range(len(item.options)) if other != place)
            lines.append(f"{chosen} :is({bearing}):not(.{item.prefix}{place}){{display:none}}")
    return "\n".join(lines + _empty(filters, history)) + "\n"


def _empty(filters: tuple[Filter, ...], history: TrendHistory) -> list[str]:
    """Return a rule for each choice of lab, profile and data that no run answers to."""
    asked = [item for item in filters if item.shown and item.name != "machine"]
    present = {tuple(item.value_of(group) for item in asked) for group in history.groups}
    chosen = list(itertools.product(*([None, *range(len(item.options))] for item in asked)))
    if len(chosen) > MOST_RULES:
        return []
    lines = []
    for places in chosen:
        wanted = [None if place is None else item.options[place][0] for item, place in zip(asked, places, strict=True)]
        answered = any(
            all(place is None or value == given for place, value, given in zip(places, wanted, group, strict=True))
            for group in present
        )
        if not answered:
            having = "".join(
                f":has(#{item.prefix}-{place}:checked)"
                for item, place in zip(asked, places, strict=True)
                if place is not None
            )
            lines.append(f"body{having} .nothing{{display:block}}")
    return lines
