"""Print how often `explain` finds planted changes, and how often it blames chance, as Markdown.

    PYTHONPATH=tests python -m benchmarks.explained_labs --output build/bench/explained

Two labs on the samples of the Boston and the IMDB data are run as a user would run them, each trial with seeds of its
own: A, B, and what `explain` needs besides. What was measured is added to a file as soon as it is there, so that the
same command goes on where it was stopped; the table is made from that file.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labreport.experiments.lab.session import silent
from labreport.experiments.result import Result
from labreport.report.comparison.explanation import explained
from labreport.report.configuration import Configuration, override
from labreport.report.findings.attribution import Attribution, attributed
from labreport.report.running.execution import execute
from labreport.report.running.planning import make_plans
from labreport.report.running.swapping import designed, measured
from labreport.report.store.runs import Store

SEEDS = 5
LABS = Path(__file__).resolve().parent / "planted"


@dataclass(frozen=True, kw_only=True)
class Case:
    """Changes between A and B, and which of them make a difference."""

    name: str
    lab: str
    changed: Mapping[str, Any]
    planted: tuple[str, ...]
    joint: bool = False
    """Whether the planted ones do more together than one by one."""


CASES = (
    Case(name="one change", lab="prices", changed={"features": 4, "salt": 1}, planted=("features",)),
    Case(
        name="two changes",
        lab="prices",
        changed={"features": 4, "learning_rate": 0.001},
        planted=("features", "learning_rate"),
    ),
    Case(
        name="changes that act together",
        lab="prices",
        changed={"epochs": 4, "batch_size": 64},
        planted=("epochs", "batch_size"),
        joint=True,
    ),
    Case(name="none", lab="prices", changed={"salt": 1, "pepper": 1}, planted=()),
    Case(name="one change", lab="reviews", changed={"words": 200, "salt": 1}, planted=("words",)),
    Case(
        name="two changes", lab="reviews", changed={"words": 200, "batch_size": 1024}, planted=("words", "batch_size")
    ),
    Case(
        name="changes that act together",
        lab="reviews",
        changed={"learning_rate": 0.0001, "batch_size": 1024},
        planted=("learning_rate", "batch_size"),
        joint=True,
    ),
    Case(name="none", lab="reviews", changed={"salt": 1, "pepper": 1}, planted=()),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing and print the table; return 1 where a promise of `explain` is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("build/bench/explained"), help="folder of what is measured")
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--table", action="store_true", help="measure nothing")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    lines = options.output / "trials.jsonl"
    if not options.table:
        measure(lines, options.trials)
    return 0 if table(lines) else 1


def measure(lines: Path, trials: int) -> None:
    """Add every trial that is not in the file."""
    there = {(one["lab"], one["case"], one["trial"]) for one in _read(lines)}
    for trial in range(trials):
        for lab in dict.fromkeys(case.lab for case in CASES):
            missing = [case for case in CASES if case.lab == lab and (lab, case.name, trial) not in there]
            # One store for a trial: its cases share A, as explanations of one user do.
            with tempfile.TemporaryDirectory() as folder:
                for case in missing:
                    found = _explained(case, trial, Store(Path(folder)))
                    line = {"lab": lab, "case": case.name, "trial": trial, "seeds": found.seeds}
                    line["cells"] = [[one.switched, one.values] for one in found.cells]
                    line |= {"metric": found.attribution.metric, "unit": found.attribution.unit}
                    with lines.open("a") as file:
                        file.write(json.dumps(line) + "\n")


def _explained(case: Case, trial: int, store: Store) -> Any:
    seeds = tuple(range(SEEDS * trial, SEEDS * (trial + 1)))
    configuration = override(
        Configuration(),
        labs=(case.lab,),
        seeds=",".join(map(str, seeds)),
        data="sample",
        paths={case.lab: LABS / f"{case.lab}.py"},
    )
    a, b = (_run(configuration, settings, store) for settings in ({}, dict(case.changed)))
    design = designed(a, b, seeds)
    results = measured(
        design,
        configuration,
        store,
        recorded=lambda _words: {},
        budget=None,
        progress=silent,
        whole=lambda _what, _done, _total: None,
        announce=_quiet,
    )
    return explained(design, results, metric=None, titles={}, tool_version="")


def _run(configuration: Configuration, settings: Mapping[str, Any], store: Store) -> Result:
    (lab,) = configuration.labs
    wanted = override(configuration, settings={lab: settings})
    (done,) = execute(
        make_plans(wanted, (), store),
        wanted,
        store,
        force=False,
        command=("labreport", "run", lab),
        progress=silent,
        announce=_quiet,
        finished=lambda _done: None,
    )
    if done.result.status != "complete":
        raise RuntimeError(f"{lab} {settings}: {done.result.failure}")
    return done.result


def _quiet(_line: str) -> None:
    pass


def table(lines: Path) -> bool:
    """Print the table; return whether planted changes are found, and chance is not blamed, in 95 % of the trials."""
    trials = list(_read(lines))
    print("| data | planted | A → B | found | blamed without cause |\n|---|---|---|--:|--:|")
    kept = True
    for case in CASES:
        seen = [_attribution(case, one) for one in trials if (one["lab"], one["case"]) == (case.lab, case.name)]
        found = sum(_found(case, one) for one in seen)
        wrong = sum(bool(_blamed(one) - set(case.planted)) for one in seen)
        limit = 0.95 * len(seen)
        kept = kept and bool(seen) and (found >= limit if case.planted else len(seen) - wrong >= limit)
        what = ", ".join(f"`{name}`" for name in case.planted) or "–"
        data = {"prices": "Boston", "reviews": "IMDB"}[case.lab]
        hits = f"{found} of {len(seen)}" if case.planted else "–"
        idle = len(case.changed) > len(case.planted)
        print(f"| {data} | {case.name} | {what} | {hits} | {f'{wrong} of {len(seen)}' if idle else '–'} |")
    return kept


def _read(lines: Path) -> Iterator[dict[str, Any]]:
    if lines.exists():
        yield from map(json.loads, lines.read_text().splitlines())


def _attribution(case: Case, line: Mapping[str, Any]) -> Attribution:
    values = {frozenset(switched): values for switched, values in line["cells"]}
    return attributed(tuple(case.changed), values, metric=line["metric"], unit=line["unit"])


def _blamed(found: Attribution) -> set[str]:
    return {one.factors[0] for one in found.contributions if one.verdict == "responsible"}


def _found(case: Case, found: Attribution) -> bool:
    joint = {one.factors for one in found.interactions if one.verdict == "responsible"}
    return set(case.planted) <= _blamed(found) and (not case.joint or bool(joint))


if __name__ == "__main__":
    raise SystemExit(main())
