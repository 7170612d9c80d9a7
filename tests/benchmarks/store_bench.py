"""`make bench-store`: what a store of 100 000 runs costs: listing, showing, the trend, the gate, one run more.

    python tests/benchmarks/store_bench.py [--runs 100000] [--store build/bench/store] [--output build/bench]

The store is made once (2 GB on the disk with its index) and kept: six labs with five seeds, hand-made results without
curves or pictures, three hours apart, on two machines, with a loss and a gain in each lab.
Each command runs in a process of its own, several times; the table shows the least wall time and the least time of the
processors, those of an empty command taken off, beside the same in a store of a hundredth of the runs. On a machine
that others use as well the second of them counts.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from helpers.hand_results import LABS, hand_result

from labreport.experiments.result import Result
from labreport.report.store import codec
from labreport.report.store.entries import RESULT

LABREPORT = (sys.executable, "-c", "from labreport.report.cli import run; run()")
START = datetime(2020, 1, 1, tzinfo=UTC)
SEEDS = (0, 1, 2, 3, 4)
VARIANTS = 24
"""Results of each lab and level that differ in their numbers; a run has those of one of them."""
MACHINES = ("Testium 3000 @ 2.00GHz", "Otherium 9 @ 3.10GHz")
LEVELS = (1.0, 0.97, 1.01)
"""Factors of the scores in the first, the second and the last third of a lab's history."""
MARKED = ("20260105T120000Z-marked", "f" * 63 + "0", "2026-01-05T11:11:11+00:00", "2026-01-05T12:12:12+00:00", "e" * 40)
"""Id, key, start, end and commit that stand in a variant until a run takes its place."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A command whose time counts."""

    name: str
    words: tuple[str, ...]
    code: int = 0
    goal: str = ""


def tasks(lab: str, output: Path) -> tuple[Task, ...]:
    """Return what is measured."""
    pages = ("-q", "--lang", "en", "-o", str(output))
    return (
        Task(name="list --limit 20", words=("list", "--limit", "20"), goal="0.5 s"),
        Task(
            name="list, filters",
            words=("list", "--lab", lab, "--status", "complete", "--where", "test_accuracy<0.87", "--limit", "20"),
            goal="1 s",
        ),
        Task(name="show", words=("show", lab), goal="0.5 s"),
        Task(name="status", words=("status", lab), goal="independent"),
        Task(name="check", words=("check", lab, "--baseline", "last:5", "--no-report", *pages[1:]), goal="independent"),
        Task(name="trend of one lab", words=("trend", lab, *pages), goal="3 s"),
        Task(name="trend of all", words=("trend", *pages), goal="10 s"),
        Task(name="gc --keep 100", words=("gc", "--keep", "100")),
        Task(name="list", words=("list", "--json")),
    )


def make(root: Path, count: int) -> None:
    """Make a store of some runs; one that is there already stays."""
    if root.is_dir():
        return
    part = root.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    for number in range(count):
        if number < len(LABS):
            (part / LABS[number]).mkdir(parents=True)
    for lab in LABS:
        for run, content in runs(lab, count // len(LABS)):
            folder = part / lab / run
            folder.mkdir()
            (folder / RESULT).write_bytes(content)
    part.rename(root)


def runs(lab: str, count: int, first: int = 0) -> Iterator[tuple[str, bytes]]:
    """Return id and file of runs of a lab."""
    chance = random.Random(lab)
    variants = [[_variant(lab, level, chance) for _ in range(VARIANTS)] for level in LEVELS]
    machines = [MACHINES[0].encode(), MACHINES[1].encode()]
    for number in range(first, first + count):
        moment = START + timedelta(hours=3 * number)
        run = f"{moment:%Y%m%dT%H%M%SZ}-{number:08x}"
        content = chance.choice(variants[min(2, 3 * (number - first) // count)])
        said = (run, f"{number:064x}", moment.isoformat(), (moment + timedelta(minutes=9)).isoformat())
        for mark, text in zip(MARKED, (*said, f"{number // 3:040x}"), strict=True):
            content = content.replace(mark.encode(), text.encode())
        yield run, content.replace(machines[0], machines[chance.random() < 0.3])


def _variant(lab: str, level: float, chance: random.Random) -> bytes:
    """Return a small result of a lab with numbers of its own."""
    found: Result = hand_result(lab, seeds=SEEDS, images=(), predictions=(), per_sample=(), trainings=())
    noisy = tuple(
        msgspec.structs.replace(one, value=one.value * level * chance.gauss(1, 0.003)) for one in found.findings.scores
    )
    run, key, started, ended, commit = MARKED
    machine = msgspec.structs.replace(found.provenance.machine, processor=MACHINES[0])
    said = {"started": started, "ended": ended, "git_commit": commit, "git_dirty": False, "machine": machine}
    return codec.encode(
        msgspec.structs.replace(
            found,
            run_id=run,
            key=key,
            findings=msgspec.structs.replace(found.findings, scores=noisy),
            provenance=msgspec.structs.replace(found.provenance, **said),
        )
    )


def seconds(words: Sequence[str], root: Path | None, rounds: int, code: int = 0) -> tuple[float, float]:
    """Return the least wall time of a command, and the least time of the processors."""
    wall = busy = float("inf")
    where = () if root is None else ("--runs-dir", str(root))
    for _ in range(rounds):
        begun, before = perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([*LABREPORT, *words, *where], capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        wall = min(wall, perf_counter() - begun)
        busy = min(busy, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        if done.returncode not in (0, code):
            print(done.stderr.decode()[-2000:], file=sys.stderr)
            return float("nan"), float("nan")
    return wall, busy


def adding(root: Path, lab: str, count: int = 20) -> float:
    """Return the seconds that a run more costs, in this process."""
    from labreport.report.store.runs import Store

    first = 10_000_000 + int(perf_counter() * 1000) % 1_000_000
    found = [codec.decode(content, run) for run, content in runs(lab, count, first)]
    store = Store(root)
    took = []
    for result in found:
        begun = perf_counter()
        store.save(result)
        took.append(perf_counter() - begun)
    for result in found:
        shutil.rmtree(root / lab / result.run_id)
    return sorted(took)[len(took) // 2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the stores, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--store", type=Path, default=Path("build/bench/store"))
    parser.add_argument("--output", type=Path, default=Path("build/bench"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="only commands with this in their name")
    options = parser.parse_args(arguments)
    large, small = options.store, options.store.with_name(f"{options.store.name}-small")
    make(large, options.runs)
    make(small, max(60, options.runs // 100))
    os.environ["COLUMNS"] = "200"
    lab = "imdb"
    print(f"{'':<24}{options.runs // 100:>10}{'processors':>11}{options.runs:>10}{'processors':>11}  goal")
    for name, root in (("first listing", small), ("first listing", large)):
        if not options.only:
            begun, busy = seconds(("list", lab, "--json"), root, 1)
            print(f"{name}: {begun:.2f} s ({busy:.2f} s of the processors) in {root.name}", flush=True)
    start = seconds(("schema",), None, options.rounds)
    for task in tasks(lab, options.output / "store-pages"):
        if options.only in task.name:
            print(f"{task.name:<24}", end="")
            for root in (small, large):
                wall, busy = seconds(task.words, root, options.rounds, task.code)
                print(f"{wall - start[0]:>9.2f}s{busy - start[1]:>10.2f}s", end="", flush=True)
            print(f"  {task.goal}")
    times = [adding(root, lab) for root in (small, large)]
    print(f"{'adding a run':<24}{1000 * times[0]:>8.1f}ms{1000 * times[1]:>8.1f}ms  independent")
    for page in sorted((options.output / "store-pages").glob("trend*")):
        print(f"{page.name:<24}{page.stat().st_size / 1e6:>9.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
