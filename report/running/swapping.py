"""What differs between two runs, and the runs in which some of it is as in the one and the rest as in the other.

A factor is something that can be swapped here and now: a setting of a lab, an argument of a script, the full data or
their sample, the profile, the code of lab or script where that of both runs is kept, the versions of libraries and the
training engine where a Python with them is named. What differs besides can't be swapped, and is named.
"""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from labreport.experiments import registry
from labreport.experiments.data.sources import Announce
from labreport.experiments.errors import LabError
from labreport.experiments.lab.session import Progress
from labreport.experiments.result import Result, Setting
from labreport.experiments.running import preparation
from labreport.experiments.running.identity import changed_parts
from labreport.experiments.running.preparation import Prepared
from labreport.report.configuration import Configuration, override
from labreport.report.errors import ExperimentError, NothingMeasuredError, UsageError
from labreport.report.findings import analysis
from labreport.report.findings.attribution import Combination, cells
from labreport.report.numbers import duration
from labreport.report.running import elsewhere
from labreport.report.running.elsewhere import Pythons, environment_parts
from labreport.report.running.execution import execute
from labreport.report.running.kept_code import OF_CODE, Codes, StoredTable, arguments_of, program_of
from labreport.report.running.planning import Plan, for_purpose, make_plans, planned
from labreport.report.running.time_limit import TimeSpentError, interrupted_after
from labreport.report.store.entries import EXPLANATION, PURPOSE
from labreport.report.store.runs import Store

DATA, PROFILE = "data", "profile"
CODE, ENVIRONMENT = "the code", "the environment"
"""Names of the factors besides settings and arguments. A setting is one word, so none is called like the last two."""
ABSENT = "–"
"""Stands for an argument that one of the two has not."""

_SWAPPED = ("settings", "arguments", "seeds", PROFILE, PURPOSE)
"""Parts of an identity that are factors themselves, or held alike in all runs."""
_FIVE = (0, 1, 2, 3, 4)


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
    codes: Codes | None = None
    """The code of both where it is a factor; None: all runs have what is here now."""

    pythons: Pythons | None = None
    """The Pythons of both where what is installed in them is a factor; None: all runs are made in this one."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the factors."""
        return tuple(factor.name for factor in self.factors)


def designed(
    a: Result,
    b: Result,
    seeds: tuple[int, ...] | None,
    codes: Codes | None = None,
    pythons: Pythons | None = None,
) -> Design:
    """Return what has to be measured to explain a difference.

    Args:
        a: the reference.
        b: the run that differs.
        seeds: of every run; None: those of A where B has the same ones, else 0 to 4.
        codes: as `both_codes` gives them.
        pythons: where the versions of A and B are installed.

    Raises:
        UsageError: Pythons are named although A and B had the same versions.
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
    factors = _of_scripts(a, b) if a.findings.own else _of_labs(a, b, codes)
    if codes is not None:
        factors = (*factors, Factor(name=CODE, a=_version(a), b=_version(b)))
    installed: tuple[str, ...] = ()
    if pythons is not None:
        of_a, of_b = environment_parts(a), environment_parts(b)
        installed = changed_parts(of_a, of_b)
        if not installed:
            raise UsageError("--python: A and B ran with the same versions, so there is nothing to swap.")
        factors = (*factors, Factor(name=ENVIRONMENT, a=_installed(of_a, installed), b=_installed(of_b, installed)))
    swapped = (*_SWAPPED, DATA, *(OF_CODE if codes else ()), *installed)
    held = tuple(name for name in changed_parts(a.key_parts, b.key_parts) if name not in swapped)
    if not a.findings.own and a.key_parts.get(DATA) != b.key_parts.get(DATA) and DATA not in [f.name for f in factors]:
        held = (*held, DATA)
    if not factors:
        why = ", ".join(held) or "they have the same inputs"
        raise NothingMeasuredError(f"Nothing that can be swapped differs between {a.run_id} and {b.run_id}: {why}.")
    seeds = seeds or (a.seeds if a.seeds == b.seeds else ()) or _FIVE
    return Design(a=a, b=b, factors=factors, held=held, seeds=seeds, codes=codes, pythons=pythons)


def _installed(parts: Mapping[str, str], names: Sequence[str]) -> str:
    """Return what is installed for one of the two: versions, and of code the beginning of its hash."""
    return ", ".join(f"{name} {parts.get(name, ABSENT)[:12]}" for name in names)


def _version(result: Result) -> str:
    """Return a short name of a run's code: the beginning of its hash, as in a source diff."""
    parts = [result.key_parts[part] for part in OF_CODE if part in result.key_parts]
    return (parts[0] if len(parts) == 1 else sha256("".join(parts).encode()).hexdigest())[:8]


def _of_labs(a: Result, b: Result, codes: Codes | None) -> tuple[Factor, ...]:
    names = dict.fromkeys((*a.settings, *b.settings))
    if codes is not None:
        # A setting that only one of them has comes and goes with its code.
        names = dict.fromkeys(name for name in a.settings if name in b.settings)
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
    of_a, of_b = (arguments(arguments_of(one)) for one in (a, b))
    return tuple(
        Factor(name=name, a=_words(of_a.get(name)), b=_words(of_b.get(name)))
        for name in dict.fromkeys((*of_a, *of_b))
        if of_a.get(name) != of_b.get(name)
    )


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
    whole: Callable[[str, int, int], None],
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
        whole: called with what is counted, combinations done and combinations in all.
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
    results: dict[Combination, Result] = {}
    whole("explain, combinations", 0, len(missing))
    try:
        with interrupted_after(math.inf if budget is None else budget):
            for cell in wanted:
                plan = plans[cell]
                if plan.problem:
                    raise ExperimentError(plan.problem)
                stored = "" if plan.stored is None else " (stored)"
                announce(f"{design.a.lab}: {_named(cell, design.names)}{stored}")
                results[cell] = _done(design, cell, plan, configuration, store, progress, announce)
                whole("explain, combinations", sum(cell in results for cell in missing), len(missing))
    except TimeSpentError as spent:
        raise ExperimentError(
            f"The budget is used up after {len(results)} of {len(wanted)} combinations. What is finished is stored: "
            "the same command goes on from there."
        ) from spent
    return results


def _done(
    design: Design,
    cell: Combination,
    plan: Plan,
    configuration: Configuration,
    store: Store,
    progress: Progress,
    announce: Announce,
) -> Result:
    """Return what a combination measured: as it is stored, or run now, here or in the Python that it needs."""
    python = _python(design, cell)
    if plan.stored is None and python is not None:
        result = elsewhere.run(plan, plan.parts, python, configuration, store)
    else:
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
        result = done.result
    if result.status != "complete":
        failure = result.failure
        why = f"{failure.kind}: {failure.message}" if failure else result.status
        raise ExperimentError(f"The combination “{_named(cell, design.names)}” can't be measured: {why}")
    return result


def _python(design: Design, cell: Combination) -> Path | None:
    """Return the Python in which a combination is run; None: this one."""
    if design.pythons is None:
        return None
    return design.pythons.b if ENVIRONMENT in cell else design.pythons.a


def _named(cell: Combination, names: Sequence[str]) -> str:
    switched = [name for name in names if name in cell]
    if not switched or len(switched) == len(names):
        return "all as in B" if switched else "all as in A"
    return f"{', '.join(switched)} as in B"


def _seconds_of_a_seed(design: Design) -> float:
    return max((analysis.seconds(one) or 0.0) / max(1, len(one.seeds)) for one in (design.a, design.b))


def _plan(design: Design, cell: Combination, configuration: Configuration, store: Store, recorded: StoredTable) -> Plan:
    """Return the plan of a combination: the run of that name that is stored, or one made for this."""
    if design.codes is not None and not design.a.findings.own:
        plan = planned(_with_code(design, design.codes, cell, configuration), store.list())
    else:
        changed = (_of_a_script if design.a.findings.own else _of_a_lab)(design, cell, configuration, recorded)
        plan = make_plans(changed, (), store)[0]
    if design.pythons is not None:
        side, one = ("B", design.b) if ENVIRONMENT in cell else ("A", design.a)
        wanted = environment_parts(one)
        other = [name for name, part in wanted.items() if plan.parts.get(name) != part]
        if other and _python(design, cell) is None:
            raise ExperimentError(
                f"{side} ran with something else installed than this Python has ({', '.join(other)}); "
                f"give --python {side}=PATH."
            )
        parts = {**plan.parts, **wanted}
        prepared = replace(plan.prepared, parts=parts)
        plan = replace(plan, prepared=prepared, stored=store.list().with_key(plan.lab, prepared.key))
    return plan if plan.stored is not None else for_purpose(plan, store, EXPLANATION)


def _with_code(design: Design, codes: Codes, cell: Combination, configuration: Configuration) -> Prepared:
    """Return the run of a lab whose code is swapped, too."""
    a, b = design.a, design.b
    path = codes.b if CODE in cell else codes.a
    of_code = (b if CODE in cell else a).settings
    card = (b if DATA in cell else a).findings.data
    try:
        return preparation.prepare(
            registry.load(a.lab, path),
            overrides={name: _setting(design, cell, name, value) for name, value in of_code.items()},
            seeds=design.seeds,
            profile=(b if PROFILE in cell else a).profile,
            source=card.source if card else "auto",
            data_dir=configuration.data_dir,
            offline=configuration.offline,
        )
    except LabError as error:
        raise ExperimentError(f"The combination “{_named(cell, design.names)}” can't be run: {error}") from error


def _setting(design: Design, cell: Combination, name: str, own: Setting) -> Setting:
    """Return the value of a setting in a combination; `own` is that of the run whose code it has."""
    if name not in design.a.settings or name not in design.b.settings:
        return own
    return (design.b if name in cell else design.a).settings[name]


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
    of_a, of_b = (arguments(arguments_of(one)) for one in (design.a, design.b))
    program = program_of(design.a, recorded)
    if design.codes is not None:
        program = [str(design.codes.b if CODE in cell else design.codes.a)]
    words = [word for name in dict.fromkeys((*of_a, *of_b)) for word in (of_b if name in cell else of_a).get(name, ())]
    table |= {"command": shlex.join([*program, *words]), "seeds": ",".join(map(str, design.seeds))}
    return override(configuration, labs=(design.a.lab,), record={**configuration.record, design.a.lab: table})
