"""`make bench`: the engine against plain Keras, in turn, in one run, on one machine.

Every measurement is a process of its own, so that its peak memory is that of one piece of work; the table shows medians
of several rounds. Beside each time stands the floor: the operations of the training's matrix products divided by the
rate that this machine reaches in a large one. Trust the ratios, not the seconds. Writes `bench.md` and `bench.svg`,
and keeps the runs of ten seeds in `runs`, from which `error_rates.py` draws.

    python tests/benchmarks/bench.py --data-dir DATA [--rounds 3] [--labs mnist,imdb,reuters,boston,all,seeds,memory]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

HERE = Path(__file__).resolve().parent
LABS = ("mnist", "imdb", "reuters", "boston")
ROWS = (*LABS, "all", "seeds", "memory")
SEEDS, JOBS = 10, 2
"""How many seeds stand against one, and in how many processes they are trained."""
GOALS: dict[str, tuple[float, float | None]] = {
    "mnist": (1.4, None),
    "imdb": (4, 4),
    "reuters": (3, 2),
    "boston": (300, None),
    "all": (35, 4),
}
"""Least ratio of time and of peak memory, plain against engine, that is to be reached."""
SEEDS_GOAL = 6
"""Greatest ratio of the time of ten seeds to that of one."""
MEMORY_GOAL = 1.6e9
"""Bytes that all four labs, one after the other in one process, may take at most."""
OPERATIONS = {
    "mnist": 5 * 60_000 * (4 * 784 * 512 + 6 * 512 * 10),
    "imdb": 20 * 15_000 * (4 * 10_000 * 16 + 6 * 17 * 16) + (20 * 10_000 + 25_000) * 2 * (10_000 * 16 + 17 * 16),
    "reuters": 20 * 7_982 * (4 * 10_000 * 64 + 6 * 110 * 64) + 20 * 1_000 * 2 * (10_000 * 64 + 110 * 64),
    "boston": 4 * 500 * (303 * (4 * 13 * 64 + 6 * 65 * 64) + 101 * 2 * (13 * 64 + 65 * 64)),
}
"""Additions and multiplications in the dense layers: for each weight and sample 2 forward and 4 backward; 2 backward
in the first layer, whose inputs need no gradient."""

Measured = dict[str, float]


def one(kind: str, name: str, folder: Path, runs: Path) -> Measured:
    """Do one piece of work in this process and return what it cost, in seconds and bytes.

    Args:
        kind: plain, engine or run.
        name: of the lab, or of the row.
        folder: holds the full data sets.
        runs: store for the runs of ten seeds.
    """
    begun = perf_counter()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    for folder_of_code in (HERE, HERE.parents[1]):
        sys.path.insert(0, str(folder_of_code))
    if kind == "run":
        return {**_run(name, folder, runs), "seconds": perf_counter() - begun}
    labs: Any = __import__(f"{kind}_labs")
    chosen = LABS if name == "all" else (name,)
    spent = {lab: labs.LABS[lab](folder) for lab in chosen}
    # Of Boston in plain Keras only some epochs were trained: the time of the others is added.
    total = perf_counter() - begun + sum(seconds.missing for seconds in spent.values())
    return {"seconds": total if name == "all" else spent[name].all, "peak": _peak()}


def _run(name: str, folder: Path, runs: Path) -> Measured:
    """Run all four labs as `labreport run` does: with one seed, or ten; "memory" trains a few epochs of ten seeds."""
    from labreport.experiments.running.runner import RunRequest, run_lab
    from labreport.report.store.runs import Store

    grown = 0.0
    peak = 0
    for lab in LABS:
        after: dict[int, float] = {}

        def progress(part: str, done: int, total: int, values: dict[str, float], after: Any = after) -> None:
            if done == total:
                after[int(part.rpartition(" ")[2]) if "seed" in part else 0] = _resident()

        request = RunRequest(
            lab=lab,
            seeds=(0,) if name == "one" else tuple(range(SEEDS)),
            jobs=JOBS if name == "seeds" else 1,
            profile="quick" if name == "memory" else "full",
            source="full",
            data_dir=folder,
            offline=True,
        )
        result = run_lab(request, progress=progress, announce=lambda line: None)
        if result.status != "complete":
            raise SystemExit(f"{lab}: {result.failure}")
        if name == "seeds" and Store(runs).list().with_key(lab, result.key) is None:
            Store(runs).save(result)
        peak = max(peak, result.peak_memory_bytes)
        if name == "memory":
            # The first seed fills caches that all of them share.
            grown += (after[SEEDS - 1] - after[1]) / (SEEDS - 2)
    return {"peak": peak, "grown": grown}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _resident() -> float:
    """Return the memory of this process now, in bytes; 0 where the system doesn't tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return float(pages * resource.getpagesize())


def gemm_rate() -> float:
    """Return the operations per second of a large float32 matrix product in TensorFlow, at its best of ten times."""
    code = (
        "import time,tensorflow as tf;a=tf.random.uniform((2048,2048));product=tf.function(lambda:tf.matmul(a,a));"
        "product();times=[]\n"
        "for _ in range(10):\n begun=time.perf_counter();product();times.append(time.perf_counter()-begun)\n"
        "print(2*2048**3/min(times))"
    )
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def measured(kind: str, name: str, folder: Path, output: Path) -> Measured:
    """Do one piece of work in a fresh process."""
    where = ["--data-dir", str(folder), "--output", str(output)]
    command = [sys.executable, str(Path(__file__).resolve()), "--one", kind, name, *where]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{kind} {name} failed:\n{done.stderr}")
    found: Measured = json.loads(done.stdout.splitlines()[-1])
    print(f"{kind} {name}: {found['seconds']:.1f} s, {found['peak'] / 1e9:.2f} GB", file=sys.stderr)
    return found


def pieces(row: str) -> tuple[tuple[str, str], ...]:
    """Return the processes of a row: what kind of work each does, and which."""
    if row == "seeds":
        return ("run", "one"), ("run", "seeds")
    return (("run", "memory"),) if row == "memory" else (("plain", row), ("engine", row))


def main() -> None:
    """Measure in turn, and write the table and the plot."""
    parser = argparse.ArgumentParser(description="Measure the training engine against plain Keras.")
    parser.add_argument("--one", nargs=2, metavar=("KIND", "NAME"), help=argparse.SUPPRESS)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--labs", default=",".join(ROWS), help="Rows to measure.  [default: %(default)s]")
    parser.add_argument("--output", type=Path, default=Path("build/bench"))
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(one(*arguments.one, arguments.data_dir, arguments.output / "runs")))
        return
    rows = tuple(arguments.labs.split(","))
    if unknown := set(rows) - set(ROWS):
        parser.error(f"no row {', '.join(sorted(unknown))}; known: {', '.join(ROWS)}")
    found: dict[tuple[str, str], list[Measured]] = {}
    for turn in range(arguments.rounds):
        print(f"round {turn + 1} of {arguments.rounds}", file=sys.stderr)
        for row in rows:
            for piece in pieces(row):
                found.setdefault(piece, []).append(measured(*piece, arguments.data_dir, arguments.output))
    write(rows, found, arguments.output, arguments.rounds)


def write(rows: Sequence[str], found: dict[tuple[str, str], list[Measured]], folder: Path, rounds: int) -> None:
    """Write the table as Markdown and the ratios as a plot; print the table."""

    def median(piece: tuple[str, str], value: str) -> float:
        return statistics.median(item[value] for item in found[piece])

    rate = gemm_rate()
    lines = [
        f"Medians of {rounds} rounds on {os.cpu_count()} processors ({platform.machine()}), Python "
        f"{platform.python_version()}. Large matrix product: {rate / 1e9:.0f} GFLOP/s. Boston in plain Keras is "
        "extrapolated from a few epochs.",
    ]
    table = [
        "",
        "| lab | plain | engine | floor | plain ÷ engine | goal | peak, plain | peak, engine | plain ÷ engine | goal |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    ratios: dict[str, float] = {}
    for row in (row for row in rows if row in GOALS):
        plain, engine = ("plain", row), ("engine", row)
        times, peaks = ([median(piece, value) for piece in (plain, engine)] for value in ("seconds", "peak"))
        operations = sum(OPERATIONS.values()) if row == "all" else OPERATIONS[row]
        ratios[row] = times[0] / times[1]
        time_goal, peak_goal = GOALS[row]
        table.append(
            f"| {row} | {times[0]:.1f} s | {times[1]:.1f} s | {operations / rate:.1f} s | {ratios[row]:.1f} | "
            f"≥ {time_goal} | {peaks[0] / 1e9:.2f} GB | {peaks[1] / 1e9:.2f} GB | {peaks[0] / peaks[1]:.1f} | "
            f"{f'≥ {peak_goal}' if peak_goal else '–'} |"
        )
    if ratios:
        lines += table
    if "seeds" in rows:
        single, many = median(("run", "one"), "seconds"), median(("run", "seeds"), "seconds")
        peak, peak_of_many = median(("run", "one"), "peak"), median(("run", "seeds"), "peak")
        lines += [
            "",
            f"The four labs as `labreport run` trains them: one seed {single:.0f} s, at most {peak / 1e9:.2f} GB "
            f"(goal ≤ {MEMORY_GOAL / 1e9}); {SEEDS} seeds with `--jobs {JOBS}` {many:.0f} s, {many / single:.1f} times "
            f"one seed (goal ≤ {SEEDS_GOAL}), at most {peak_of_many / 1e9:.2f} GB for each process.",
        ]
    if "memory" in rows:
        peak, grown = median(("run", "memory"), "peak"), median(("run", "memory"), "grown")
        lines += [
            "",
            f"The four labs with {SEEDS} seeds and few epochs in one process: at most {peak / 1e9:.2f} GB; each "
            f"further seed of all four adds {grown / 1e6:.1f} MB.",
        ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.md").write_text("\n".join(lines) + "\n", "utf-8")
    if ratios:
        plot(ratios, folder / "bench.svg")
    print("\n".join(lines))


def plot(ratios: dict[str, float], path: Path) -> None:
    """Draw the ratios with the goals."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 0.5 * len(ratios) + 1), layout="constrained")
    axes = figure.add_subplot()
    names = list(ratios)
    axes.barh(names, [ratios[name] for name in names], color="#1f4e8c")
    axes.plot([GOALS[name][0] for name in names], names, "|", color="#b9540b", markersize=16, label="goal")
    axes.set_xscale("log")
    axes.set_xlabel("time, plain ÷ engine")
    axes.legend()
    figure.savefig(path)


if __name__ == "__main__":
    main()
