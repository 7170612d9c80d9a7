"""`make bench`: the engine against plain Keras, in turn in one run on one machine, as ratios.

Every measurement is a process of its own, so that peak memory is that of one piece of work. Medians of several rounds. Beside
each time stands the floor: the floating-point operations of the training divided by the rate this machine reaches in a large
matrix product. Writes `bench.md` and `bench.svg` into the build folder.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).resolve().parent
LABS = ("mnist", "imdb", "reuters", "boston")
GOALS = {
    "boston": (300, None),
    "imdb": (4, 4),
    "reuters": (3, 2),
    "mnist": (1.4, None),
    "all": (35, 4),
}
"""Least ratio of wall time and of peak memory that the engine is to reach."""
OPERATIONS = {
    "mnist": 5 * 60_000 * 6 * (784 * 512 + 512 * 10),
    "imdb": 20 * (15_000 * 6 + 10_000 * 2) * (10_000 * 16 + 16 * 16 + 16) + 25_000 * 2 * 160_272,
    "reuters": 20 * (7_982 * 6 + 1_000 * 2) * (10_000 * 64 + 64 * 64 + 64 * 46),
    "boston": 4 * 500 * (303 * 6 + 101 * 2) * (13 * 64 + 64 * 64 + 64),
}
"""Multiplications and additions of dense layers: 2 forward, 4 backward for each weight and sample."""


def one(kind: str, lab: str, folder: Path) -> None:
    """Do one piece of work in this process and print what it cost, as JSON."""
    begun = perf_counter()
    sys.path.insert(0, str(HERE.parents[1]))
    sys.path.insert(0, str(HERE))
    if kind == "plain":
        import os

        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import plain_labs as labs
    else:
        import engine_labs as labs  # type: ignore[no-redef]
    fits = {name: labs.LABS[name](folder) for name in (LABS if lab == "all" else (lab,))}
    total = perf_counter() - begun
    if kind == "plain" and "boston" in fits:
        # Only a few of Boston's epochs were trained: put the extrapolated time of all in their place.
        trained = labs.FOLDS * labs.BOSTON_EPOCHS_TRAINED / (labs.FOLDS * labs.EPOCHS) * fits["boston"]
        total += fits["boston"] - trained
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"fit": fits.get(lab, total), "total": total, "peak": peak}))


def gemm_rate() -> float:
    """Return the floating-point operations per second of a large float32 matrix product on this machine."""
    code = (
        "import numpy as np,time;a=np.random.rand(2048,2048).astype('f');a@a;"
        "t=time.perf_counter();[a@a for _ in range(5)];print(5*2*2048**3/(time.perf_counter()-t))"
    )
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def measured(kind: str, lab: str, folder: Path) -> dict[str, float]:
    """Do one piece of work in a fresh process."""
    command = [sys.executable, str(Path(__file__)), "--one", kind, lab, "--data-dir", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure in turn, and write the table and the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, metavar=("KIND", "LAB"))
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--labs", default="mnist,imdb,reuters,boston,all")
    parser.add_argument("--output", type=Path, default=Path("build/bench"))
    arguments = parser.parse_args()
    if arguments.one:
        one(*arguments.one, arguments.data_dir)
        return
    rows: dict[str, dict[str, list[dict[str, float]]]] = {}
    for turn in range(arguments.rounds):
        for lab in arguments.labs.split(","):
            for kind in ("plain", "engine"):
                print(f"round {turn + 1}: {lab}, {kind} …", file=sys.stderr)
                rows.setdefault(lab, {}).setdefault(kind, []).append(measured(kind, lab, arguments.data_dir))
    write(rows, gemm_rate(), arguments.output, arguments.rounds)


def write(rows: dict[str, dict[str, list[dict[str, float]]]], rate: float, folder: Path, rounds: int) -> None:
    """Write the table as Markdown and the ratios as a plot; print the table."""
    lines = [
        f"Medians of {rounds} rounds. Plain Boston is extrapolated from a few epochs. "
        f"Matrix product: {rate / 1e9:.0f} GFLOP/s.",
        "",
        "| lab | plain | engine | floor | plain ÷ engine | goal | plain peak | engine peak | plain ÷ engine | goal |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    ratios: dict[str, float] = {}
    for lab, kinds in rows.items():
        time = {kind: statistics.median(item["fit"] for item in items) for kind, items in kinds.items()}
        peak = {kind: statistics.median(item["peak"] for item in items) for kind, items in kinds.items()}
        operations = sum(OPERATIONS.values()) if lab == "all" else OPERATIONS[lab]
        ratios[lab] = time["plain"] / time["engine"]
        goal_time, goal_memory = GOALS[lab]
        lines.append(
            f"| {lab} | {time['plain']:.1f} s | {time['engine']:.1f} s | {operations / rate:.1f} s | "
            f"{ratios[lab]:.1f} | ≥ {goal_time} | {peak['plain'] / 1e9:.2f} GB | {peak['engine'] / 1e9:.2f} GB | "
            f"{peak['plain'] / peak['engine']:.1f} | {f'≥ {goal_memory}' if goal_memory else '–'} |"
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.md").write_text("\n".join(lines) + "\n", "utf-8")
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
    axes.set_xlabel("wall time, plain ÷ engine")
    axes.legend()
    figure.savefig(path)


if __name__ == "__main__":
    main()
