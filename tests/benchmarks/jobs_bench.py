"""Four labs with one seed each on the full data: one process against two, in turn, in one run.

    python tests/benchmarks/jobs_bench.py --data-dir DATA [--rounds 1] [--before CHECKOUT]

Prints the rows of the table in docs/cluster.md: wall time, processor time, and the most memory of all processes in all
at any moment, each page that several share counted once (PSS, Linux). What the runs found must be the same
bytes; otherwise it ends with an error. With `--before` one process of an earlier checkout is measured in turn as well.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import msgspec
import psutil

from labreport.report.store.entries import load

ROOT = Path(__file__).resolve().parents[2]
LABS = ("mnist", "imdb", "reuters", "boston")
_PAUSE = 0.5
"""Seconds between two looks at the memory."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one command cost."""

    wall: float
    processor: float
    memory: float
    findings: dict[str, Any]
    """Of each lab, but for times."""


def measured(code: Path, jobs: int, data: Path) -> Cost:
    """Run the labs with a number of processes and return what it cost.

    Args:
        code: the checkout whose labreport runs.
        jobs: processes.
        data: holds the full data sets.
    """
    with tempfile.TemporaryDirectory() as folder:
        words = ["run", *LABS, "--data", "full", "--data-dir", str(data), "--runs-dir", folder, "--jobs", str(jobs)]
        begun, ended, peak = time.perf_counter(), Event(), [0.0]
        process = subprocess.Popen(
            [sys.executable, "-m", "labreport", *words, "-q"],
            cwd=code,
            env={**os.environ, "PYTHONPATH": str(code)},
            stdout=subprocess.DEVNULL,
        )
        watching = Thread(target=_watch, args=(process.pid, ended, peak))
        watching.start()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        watching.join()
        if process.returncode:
            raise SystemExit(f"labreport ended with {process.returncode}.")
        found = [load(path) for path in sorted(Path(folder).glob("*/*/result.json"))]
    return Cost(
        wall=wall,
        processor=used.ru_utime + used.ru_stime,
        memory=peak[0],
        findings={result.lab: without_times(msgspec.to_builtins(result.findings)) for result in found},
    )


def _watch(number: int, ended: Event, peak: list[float]) -> None:
    while not ended.wait(_PAUSE):
        peak[0] = max(peak[0], _memory(number))


def _memory(number: int) -> float:
    """Return the bytes of a process and of all that it has started; 0 for those that have just ended."""
    try:
        first = psutil.Process(number)
        tree = [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(_share(process.pid) for process in tree)


def _share(number: int) -> float:
    try:
        lines = Path(f"/proc/{number}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return sum(1024.0 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def without_times(found: Any) -> Any:
    """Return findings as plain values without how long anything took."""
    if isinstance(found, dict):
        return {name: without_times(value) for name, value in found.items() if name != "seconds"}
    return [without_times(value) for value in found] if isinstance(found, list | tuple) else found


def row(name: str, costs: Sequence[Cost], first: Sequence[Cost]) -> str:
    """Return a row of the table: medians of all rounds, and the median of their ratios to the first row."""
    wall, processor = (statistics.median(getattr(cost, part) for cost in costs) for part in ("wall", "processor"))
    ratio = statistics.median(cost.wall / other.wall for cost, other in zip(costs, first, strict=True))
    memory = max(cost.memory for cost in costs) / 1e9
    return f"| {name} | {wall:.1f} s | {100 * ratio:.0f} % | {processor:.1f} s | {memory:.2f} GB |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--before", type=Path)
    given = parser.parse_args()
    ways = {"one process": (ROOT, 1), "two processes": (ROOT, 2)}
    if given.before is not None:
        ways["one process, before"] = (given.before.resolve(), 1)
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(given.rounds):
        for name, (code, jobs) in ways.items():
            costs[name].append(measured(code, jobs, given.data_dir.resolve()))
            print(f"{name}: {costs[name][-1].wall:.1f} s", file=sys.stderr, flush=True)
    print("| | wall | of one process | processor | most memory in all |")
    print("|---|--:|--:|--:|--:|")
    for name, spent in costs.items():
        print(row(name, spent, costs["one process"]))
    first = costs["one process"][0].findings
    if differing := {
        lab for spent in costs.values() for cost in spent for lab in LABS if cost.findings[lab] != first[lab]
    }:
        raise SystemExit(f"Other findings: {', '.join(sorted(differing))}.")
    print("What was found is the same, byte for byte.")


if __name__ == "__main__":
    main()
