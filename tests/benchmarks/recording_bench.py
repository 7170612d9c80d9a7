"""What the watcher costs: a fit of some twenty seconds with and without it, and the start of an empty script.

    python tests/benchmarks/recording_bench.py [ROUNDS]

Each pair is measured by turns. Printed are the ratio of the least times, as everything else that a machine does only
adds to them, and the median of the ratios of the pairs: of wall time, and of processor time (user and system, all
threads), which other programs change less. At last what the watcher itself takes of a fit, by a profile: on a machine
that others use, the ratios spread by more than that.
"""

from __future__ import annotations

import os
import pstats
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

FIT = """
import keras, numpy as np, time
keras.utils.set_random_seed(0)
x = np.random.rand(20000, 128).astype("float32"); y = np.random.randint(0, 10, 20000)
model = keras.Sequential([keras.Input((128,)), keras.layers.Dense(256, "relu"), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
begun, cpu = time.perf_counter(), time.process_time()
model.fit(x, y, epochs=60, batch_size=64, validation_split=0.2, verbose=2)
print("FIT", time.perf_counter() - begun, time.process_time() - cpu)
"""
EMPTY = "print('FIT', 0, 0)\n"


def measured(command: list[str]) -> tuple[float, float, float]:
    """Return wall and processor seconds of the fit, and processor seconds of the whole command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = next(line for line in done.stdout.splitlines() if line.startswith("FIT")).split()
    whole = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return float(words[1]), float(words[2]), whole


def own_share(command: list[str], folder: str) -> float:
    """Return the processor seconds that the watcher's own functions and what they call take of a fit."""
    profile = Path(folder, "profile")
    program = "import cProfile, runpy, sys, time; p = cProfile.Profile(time.process_time, builtins=False)"
    run = f"p.runcall(runpy.run_path, sys.argv[0], run_name='__main__'); p.dump_stats({str(profile)!r})"
    script = f"{program}\nsys.argv = sys.argv[1:]\ntry:\n    {run}\nfinally:\n    p.dump_stats({str(profile)!r})"
    subprocess.run([command[0], "-c", script, *command[1:]], capture_output=True, check=False)
    guarded = {
        entry: numbers[3]
        for entry, numbers in pstats.Stats(str(profile)).stats.items()  # type: ignore[attr-defined]
        if entry[0].endswith("watching/events.py") and entry[2] == "guarded"
    }
    return max(guarded.values(), default=0.0)


def main(rounds: int) -> None:
    """Print what was measured."""
    boot = Path(__file__).parents[2] / "labreport/experiments/recording/watching/boot.py"
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        events = Path(folder, "events")
        events.mkdir()
        for name, text in (("fit.py", FIT), ("empty.py", EMPTY)):
            Path(name).write_text(text, "utf-8")
            plain = [sys.executable, name]
            watched = [sys.executable, str(boot), str(events), "-", "script", name]
            pairs = [(measured(plain), measured(watched)) for _ in range(rounds)]
            least = [[min(pair[which][place] for pair in pairs) for place in range(3)] for which in (0, 1)]
            if name == "fit.py":
                print(
                    f"fit alone {least[0][0]:.2f} s, watched {least[1][0]:.2f} s: ratio {least[1][0] / least[0][0]:.4f}"
                )
                wall = median(b[0] / a[0] for a, b in pairs)
                print(f"medians of the pairs: wall {wall:.4f}, processor {median(b[1] / a[1] for a, b in pairs):.4f}")
                print(f"processor {least[0][1]:.2f} s and {least[1][1]:.2f} s: ratio {least[1][1] / least[0][1]:.4f}")
                print(f"in the watcher: {own_share(watched, folder):.3f} s of processor time, profiled")
            print(f"{name}, whole process: {least[0][2]:.2f} s and {least[1][2]:.2f} s of processor time")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
