"""Print the gate's error rates as Markdown: false alarms over equal versions, and the power to find a loss.

    python tests/benchmarks/error_rates.py --runs-dir runs

Nights are drawn from the seeds of the stored full runs; a lab with fewer than eight seeds is drawn from a normal
distribution with the mean and standard deviation that plain Keras gave for it. `make bench` calls this.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import simulation
from benchmarks.simulation import Spread

from labreport.experiments.result import Result
from labreport.report.errors import ReportError
from labreport.report.gate.rules import LEVEL
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

SEEDS = (1, 2, 3, 5, 8, 10)
BASELINES = (1, 5, 10)
POINTS = (0.25, 0.5, 1.0, 2.0)
"""Losses of IMDB's test accuracy, in percentage points."""
WANTED_SEEDS, WANTED_BASELINE, WANTED_POINTS = 5, 10, 1.0
MOST_FALSE_ALARMS, LEAST_POWER = 0.05, 0.9


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; return 1 where a promise of the gate is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs-dir", type=Path, default=Path("runs"), help="store whose seeds are drawn from")
    parser.add_argument("--nights", type=int, default=4000, help="nights for each number of the first two tables")
    parser.add_argument("--quick", action="store_true", help="a tenth of the nights, to see that it works")
    options = parser.parse_args(arguments)
    nights = max(50, options.nights // 10) if options.quick else options.nights
    labs = simulation.spreads(_results(options.runs_dir))
    print("## Error rates of the gate\n")
    _print_labs(labs)
    kept = _print_promises(labs, nights)
    _print_baselines(labs, nights // 2)
    _print_power(labs, nights // 4)
    return 0 if kept else 1


def _results(folder: Path) -> list[Result]:
    found = []
    for run in Store(folder).list().runs:
        try:
            found.append(load(run.path))
        except ReportError as error:
            print(f"Passed over: {error}", file=sys.stderr)
    return found


def _print_labs(labs: Sequence[Spread]) -> None:
    print("Drawn from (the labs on tensors and on the workflow compute; chance does not enter them):\n")
    print("| lab | score | mean | sd over seeds | origin |\n| --- | --- | ---: | ---: | --- |")
    for lab in labs:
        print(f"| {lab.lab} | `{lab.metric}` | {lab.mean:.4f} | {lab.deviation:.4f} | {lab.origin} |")


def _print_promises(labs: Sequence[Spread], nights: int) -> bool:
    """Print the two promises of the default rules and whether they are kept, chance of the simulation allowed for."""
    equal = simulation.rates(labs, seeds=WANTED_SEEDS, baseline=WANTED_BASELINE, nights=nights)
    worse = simulation.rates(
        labs, seeds=WANTED_SEEDS, baseline=WANTED_BASELINE, nights=nights, losses={"imdb": WANTED_POINTS / 100}
    )
    power = worse.by_lab["imdb"]
    print(f"\n{WANTED_SEEDS} seeds against a baseline of {WANTED_BASELINE}, default rules, {nights} nights:\n")
    print("| | promised | measured | with --confirm |\n| --- | --- | ---: | ---: |")
    print(
        f"| false alarms a night, all labs, equal versions | ≤ {MOST_FALSE_ALARMS:.0%} "
        f"| {_share(equal.any, nights)} | {_share(equal.confirmed, nights)} |"
    )
    print(
        f"| a loss of {WANTED_POINTS:g} point of IMDB accuracy is found | ≥ {LEAST_POWER:.0%} "
        f"| {_share(power, nights)} | {_share(worse.confirmed_by_lab['imdb'], nights)} |"
    )
    alone = ", ".join(f"{lab} {share:.1%}" for lab, share in equal.by_lab.items())
    print(f"\nFalse alarms by lab: {alone}. Level of the night: {LEVEL:.0%}.")
    return equal.any <= MOST_FALSE_ALARMS + 2 * _error(equal.any, nights) and power >= LEAST_POWER


def _print_baselines(labs: Sequence[Spread], nights: int) -> None:
    print(f"\nFalse alarms a night (equal versions) by number of seeds, {nights} nights:\n")
    heads = " | ".join(f"baseline of {count}" for count in BASELINES)
    print(f"| seeds now | {heads} | tested, of {BASELINES[-1]} |\n| ---: |{' ---: |' * (len(BASELINES) + 1)}")
    for seeds in SEEDS:
        found = [simulation.rates(labs, seeds=seeds, baseline=count, nights=nights) for count in BASELINES]
        shares = " | ".join(_share(one.any, nights) for one in found)
        print(f"| {seeds} | {shares} | {found[-1].tested:.0%} |")


def _print_power(labs: Sequence[Spread], nights: int) -> None:
    heads = " | ".join(f"loss {points:g} pt" for points in POINTS)
    print(f"\nIMDB: share of nights on which a loss is found, against a baseline of 10, {nights} nights:\n")
    print(f"| seeds now | {heads} |\n| ---: |{' ---: |' * len(POINTS)}")
    for seeds in SEEDS:
        found = [
            simulation.rates(labs, seeds=seeds, baseline=10, nights=nights, losses={"imdb": points / 100}).by_lab[
                "imdb"
            ]
            for points in POINTS
        ]
        print(f"| {seeds} | {' | '.join(f'{share:.0%}' for share in found)} |")
    print(
        "\nWhere seeds are too few for the test, only the coarse margin of two points and more can fail a lab; the "
        "gate then says “too few runs to tell”, not “passed”."
    )


def _share(share: float, nights: int) -> str:
    return f"{share:.1%} ± {_error(share, nights):.1%}"


def _error(share: float, nights: int) -> float:
    return math.sqrt(max(share * (1 - share), 1 / nights) / nights)


if __name__ == "__main__":
    sys.exit(main())
