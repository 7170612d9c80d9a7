"""What the watcher costs: a fit of some twenty seconds with and without it, and the start of an empty script.

    python tests/benchmarks/recording_bench.py [ROUNDS]

Prints two ratios and two differences; each pair is measured by turns, and the least time of each counts, as everything
else that a machine does only adds to it. Times are processor times, which other programs hardly change, of the whole
process with all its threads.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

FIT = """
import keras, numpy as np, time
keras.utils.set_random_seed(0)
x = np.random.rand(20000, 128).astype("float32"); y = np.random.randint(0, 10, 20000)
model = keras.Sequential([keras.Input((128,)), keras.layers.Dense(256, "relu"), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
begun, cpu = time.perf_counter(), time.process_time()
model.fit(x, y, epochs=20, batch_size=64, validation_split=0.2, verbose=2)
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
                print(f"processor {least[0][1]:.2f} s and {least[1][1]:.2f} s: ratio {least[1][1] / least[0][1]:.4f}")
            print(f"{name}, whole process: {least[0][2]:.2f} s and {least[1][2]:.2f} s of processor time")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
