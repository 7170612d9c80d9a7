"""What differs between two runs, and the runs in which some of it is as in the one and the rest as in the other.

A factor is something that can be swapped here and now: a setting of a lab, an argument of a script, the full data or
their sample, the profile. What differs besides, such as the code or a version, can't be swapped, and is named.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from labreport.experiments.data.sources import Announce
from labreport.experiments.lab.session import Progress
from labreport.experiments.result import Result
from labreport.experiments.running.identity import changed_parts
from labreport.report.configuration import Configuration, override
from labreport.report.errors import ExperimentError, NothingMeasuredError
from labreport.report.findings import analysis
from labreport.report.findings.attribution import Combination, cells
from labreport.report.numbers import duration
from labreport.report.running.execution import execute
from labreport.report.running.planning import Plan, for_purpose, make_plans
from labreport.report.store.entries import EXPLANATION, PURPOSE
from labreport.report.store.runs import Store

DATA, PROFILE = "data", "profile"
"""Names of the factors besides settings."""
ABSENT = "–"
"""Stands for an argument that one of the two has not."""

_SWAPPED = ("settings", "arguments", "seeds", PROFILE, PURPOSE)
"""Parts of an identity that are factors themselves, or held alike in all runs."""

StoredTable = Callable[[Sequence[str]], Mapping[str, Any]]
"""Gives the table of the configuration that a stored `labreport record` command stands for."""


@dataclass(frozen=True, kw_only=True)
class Factor:
    """Something that differs and can be swapped."""

    name: str
    a: str
    """Its value in A, as it is shown."""
    b: str


@dataclass(frozen=True, kw_only=True)
class Design:
    """What is to be measured."""

    a: Result
    b: Result
    factors: tuple[Factor, ...]
    held: tuple[str, ...]
    """Parts of the identity that differ and can't be swapped: all runs have what is here now."""
    seeds: tuple[int, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the factors."""
        return tuple(factor.name for factor in self.factors)


def designed(a: Result, b: Result, seeds: tuple[int, ...] | None) -> Design:
    """Return what has to be measured to explain a difference.

    Args:
        a: the reference.
        b: the run that differs.
        seeds: of every run; None: those of A where B has the same ones, else 0 to 4.

    Raises:
        NothingMeasuredError: they are of different labs, or nothing differs that can be swapped.
        ExperimentError: a run is not complete, or was not made by labreport.
    """
    if a.lab != b.lab:
        raise NothingMeasuredError(f"A is a run of {a.lab} and B one of {b.lab}: their numbers answer other questions.")
    for side, one in (("A", a), ("B", b)):
        if one.status != "complete":
            raise ExperimentError(f"{side} ({one.run_id}) is {one.status}; only complete runs can be explained.")
        own = one.findings.own
        if own and own.door != "record":
            raise ExperimentError(f"{side} ({one.run_id}) was not run by labreport, so nothing of it can be swapped.")
    factors = _of_scripts(a, b) if a.findings.own else _of_labs(a, b)
    held = tuple(name for name in changed_parts(a.key_parts, b.key_parts) if name not in (*_SWAPPED, DATA))
    if not a.findings.own and a.key_parts.get(DATA) != b.key_parts.get(DATA) and DATA not in [f.name for f in factors]:
        held = (*held, DATA)
    if not factors:
        why = ", ".join(held) or "they have the same inputs"
        raise NothingMeasuredError(f"Nothing that can be swapped differs between {a.run_id} and {b.run_id}: {why}.")
    return Design(a=a, b=b, factors=factors, held=held, seeds=seeds or (a.seeds if a.seeds == b.seeds else ()) or _FIVE)


_FIVE = (0, 1, 2, 3, 4)


def _of_labs(a: Result, b: Result) -> tuple[Factor, ...]:
    names = dict.fromkeys((*a.settings, *b.settings))
    found = [
        Factor(name=name, a=_shown(a.settings.get(name)), b=_shown(b.settings.get(name)))
        for name in names
        if a.settings.get(name) != b.settings.get(name)
    ]
    sources = [one.findings.data.source if one.findings.data else "" for one in (a, b)]
    if sources[0] != sources[1]:
        found.append(Factor(name=DATA, a=sources[0], b=sources[1]))
    if a.profile != b.profile:
        found.append(Factor(name=PROFILE, a=a.profile, b=b.profile))
    return tuple(found)


def _of_scripts(a: Result, b: Result) -> tuple[Factor, ...]:
    of_a, of_b = (arguments(_arguments_of(one)) for one in (a, b))
    return tuple(
        Factor(name=name, a=_words(of_a.get(name)), b=_words(of_b.get(name)))
        for name in dict.fromkeys((*of_a, *of_b))
        if of_a.get(name) != of_b.get(name)
    )


def _arguments_of(result: Result) -> tuple[str, ...]:
    own = result.findings.own
    return own.script.arguments if own and own.script else ()


def arguments(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the arguments of a script by name, each with its words: a flag with its value, or one by its place."""
    found: dict[str, tuple[str, ...]] = {}
    name, place = "", 0
    for word in words:
        if word.startswith("-") and not word.lstrip("-")[:1].isdigit():
            name = word.partition("=")[0]
            found[name] = (*found.get(name, ()), word)
            if "=" in word:
                name = ""
        elif name:
            found[name] += (word,)
            name = ""
        else:
            place += 1
            found[f"argument {place}"] = (word,)
    return found


def _words(words: tuple[str, ...] | None) -> str:
    return ABSENT if words is None else shlex.join(words)


def _shown(value: object) -> str:
    return ABSENT if value is None else str(value)


def measured(
    design: Design,
    configuration: Configuration,
    store: Store,
    *,
    recorded: StoredTable,
    budget: float | None,
    progress: Progress,
    announce: Announce,
) -> dict[Combination, Result]:
    """Run every combination that is not stored yet, and return the results.

    Args:
        design: what is to be measured.
        configuration: where data lie, how many processes train.
        store: of runs; those of a combination are kept in it, marked as made for this.
        recorded: what a stored recording was started with.
        budget: seconds that all runs together may take; None: any.
        progress: called after each step of a training.
        announce: called with what the user should know.

    Raises:
        ExperimentError: a run failed, its data are missing, or the budget does not suffice; what is done is stored.
    """
    wanted = cells(design.names)
    plans = {cell: _plan(design, cell, configuration, store, recorded) for cell in wanted}
    missing = [cell for cell in wanted if plans[cell].stored is None]
    expected = _seconds_of_a_seed(design) * len(design.seeds) * len(missing)
    announce(
        f"{design.a.lab}: {len(wanted)} combinations of {len(design.names)} factors, {len(design.seeds)} seeds each; "
        f"{len(missing)} to run, about {duration(expected)}"
    )
    if budget is not None and expected > budget:
        raise ExperimentError(
            f"This takes about {duration(expected)}, more than the budget of {duration(budget)}. "
            "Give fewer seeds (at least 3) or a larger budget."
        )
    begun = monotonic()
    results: dict[Combination, Result] = {}
    for cell in wanted:
        plan = plans[cell]
        if plan.stored is None and budget is not None and monotonic() - begun > budget:
            raise ExperimentError(
                f"The budget is used up after {len(results)} of {len(wanted)} combinations. They are stored: the same "
                "command goes on from there."
            )
        if plan.problem:
            raise ExperimentError(plan.problem)
        announce(f"{design.a.lab}: {_named(cell, design.names)}{'' if plan.stored is None else ' (stored)'}")
        (done,) = execute(
            [plan],
            configuration,
            store,
            force=False,
            command=sys.argv,
            progress=progress,
            announce=announce,
            finished=lambda _done: None,
        )
        if done.result.status != "complete":
            failure = done.result.failure
            why = f"{failure.kind}: {failure.message}" if failure else done.result.status
            raise ExperimentError(f"The combination “{_named(cell, design.names)}” can't be measured: {why}")
        results[cell] = done.result
    return results


def _named(cell: Combination, names: Sequence[str]) -> str:
    switched = [name for name in names if name in cell]
    if not switched or len(switched) == len(names):
        return "all as in B" if switched else "all as in A"
    return f"{', '.join(switched)} as in B"


def _seconds_of_a_seed(design: Design) -> float:
    return max(analysis.seconds(one) / max(1, len(one.seeds)) for one in (design.a, design.b))


def _plan(design: Design, cell: Combination, configuration: Configuration, store: Store, recorded: StoredTable) -> Plan:
    """Return the plan of a combination: the run of that name that is stored, or one made for this."""
    changed = (_of_a_script if design.a.findings.own else _of_a_lab)(design, cell, configuration, recorded)
    plan = make_plans(changed, (), store)[0]
    return plan if plan.stored is not None else for_purpose(plan, store, EXPLANATION)


def _of_a_lab(design: Design, cell: Combination, configuration: Configuration, recorded: StoredTable) -> Configuration:
    a, b = design.a, design.b
    settings = {
        name: (b if name in cell else a).settings.get(name) for name in dict.fromkeys((*a.settings, *b.settings))
    }
    card = (b if DATA in cell else a).findings.data
    return override(
        configuration,
        labs=(a.lab,),
        seeds=",".join(map(str, design.seeds)),
        profile=(b if PROFILE in cell else a).profile,
        data=card.source if card else None,
        settings={a.lab: {name: value for name, value in settings.items() if value is not None}},
    )


def _of_a_script(
    design: Design, cell: Combination, configuration: Configuration, recorded: StoredTable
) -> Configuration:
    table = dict(recorded(design.a.provenance.command))
    before = shlex.split(table["command"])
    of_a, of_b = (arguments(_arguments_of(one)) for one in (design.a, design.b))
    program = before[: len(before) - sum(map(len, of_a.values()))]
    words = [word for name in dict.fromkeys((*of_a, *of_b)) for word in (of_b if name in cell else of_a).get(name, ())]
    table |= {"command": shlex.join([*program, *words]), "seeds": ",".join(map(str, design.seeds))}
    return override(configuration, labs=(design.a.lab,), record={**configuration.record, design.a.lab: table})
