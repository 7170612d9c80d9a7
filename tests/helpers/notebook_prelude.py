"""Runs code cells of notebooks as Jupyter would, on the embedded samples: `python notebook_prelude.py cells.json …`.

Before the first cell, `load_data` of every data set is replaced by a loader of the sample, cut short, so that nothing
is downloaded and a training takes moments. A cell that raises, or warns once the libraries are loaded, ends the run.
Keras makes graphs in the notebook `GRAPHED` alone: for some twenty samples that takes longer than all else. That the
functions of the labs can be made graphs of is shown wherever a lab is trained.
Each file is one notebook with a namespace of its own; several share a process, since loading Keras takes longest.
"""

from __future__ import annotations

import codeop
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import keras
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import tensorflow

from labreport.experiments.data import sets

TRAIN, TEST = 140, 60
GRAPHED = "workflow"
SAID_OF_EAGER = "Even though the `tf.config.experimental_run_functions_eagerly` option is set"
"""What TensorFlow says of the setting that this program makes."""


def _texts(texts: sets.Texts, count: int, words: int) -> np.ndarray:
    lists = [[int(index) if index < words else 2 for index in texts[number]] for number in range(count)]
    return np.array(lists, dtype="object")


def replace_loaders() -> None:
    """Let `keras.datasets` give parts of the embedded samples, in the types that Keras gives."""
    for name in ("mnist", "imdb", "reuters", "boston_housing"):

        def load_data(num_words: int = 100_000, name: str = name) -> Any:
            found = sets.load(name, source="sample", data_dir=None, offline=True, announce=lambda _: None)
            train, test = min(TRAIN, len(found.train_targets)), min(TEST, len(found.test_targets))
            if found.vocabulary:
                inputs = _texts(found.train_texts, train, num_words), _texts(found.test_texts, test, num_words)
            else:
                inputs = found.train_array[:train], found.test_array[:test]
            return (inputs[0], found.train_targets[:train]), (inputs[1], found.test_targets[:test])

        def word_index(name: str = name) -> dict[str, int]:
            found = sets.load(name, source="sample", data_dir=None, offline=True, announce=lambda _: None)
            return {word: index - 3 for index, word in enumerate(found.vocabulary) if index > 3}

        module = getattr(keras.datasets, name)
        module.load_data = load_data
        if hasattr(module, "get_word_index"):
            module.get_word_index = word_index


def run(cells: list[tuple[str, str]]) -> dict[str, Any]:
    """Run cells in one namespace, features of `__future__` reaching later cells as in IPython, and return it."""
    keras.utils.clear_session()
    compiler = codeop.Compile()
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for name, source in cells:
        try:
            exec(compiler(source, f"<cell {name}>", "exec"), namespace)
        except Exception as error:
            error.add_note(f"in the cell {name}")
            raise
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", SAID_OF_EAGER)
    return namespace


def main() -> None:
    """Run the notebooks named on the command line; write the plain numbers that each left behind."""
    matplotlib.use("agg")
    plt.show = lambda: plt.close("all")
    replace_loaders()
    for argument in sys.argv[1:]:
        file = Path(argument)
        tensorflow.config.run_functions_eagerly(file.stem != GRAPHED)
        namespace = run(json.loads(file.read_text("utf-8")))
        left = {name: float(value) for name, value in namespace.items() if isinstance(value, int | float | np.floating)}
        file.with_suffix(".left").write_text(json.dumps(left), "utf-8")


if __name__ == "__main__":
    main()
