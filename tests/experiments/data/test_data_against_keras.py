"""The full sets are, array for array, what `keras.datasets` gives from the same files."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from helpers.places import SHARED

from labreport.experiments.data import catalogue, encoding, sets
from labreport.experiments.data.sets import Texts

DATA = SHARED / "data"
needs_full_sets = pytest.mark.skipif(not DATA.is_dir(), reason="the full data sets are not beside the repository")

SAMPLED = ("mnist", "imdb", "reuters", "boston_housing")

KERAS_SCRIPT = """
import hashlib, json
import numpy as np
import sys
import keras
from keras import datasets
from keras.src.backend import config
config._KERAS_DIR = sys.argv[1]  # what Keras takes from KERAS_HOME when it is loaded

def digest(values, labels):
    ragged = isinstance(values[0], list)
    flat = np.concatenate([np.asarray(one, dtype=np.uint32) for one in values]) if ragged else values
    lengths = np.asarray([len(one) for one in values] if ragged else values.shape)
    return [hashlib.sha256(np.ascontiguousarray(one).tobytes()).hexdigest() for one in (flat, lengths, labels)]

found = {"word": {}}
for name in ("mnist", "boston_housing", "imdb", "reuters"):
    of_texts = name in ("imdb", "reuters")
    train, test = getattr(datasets, name).load_data(**({"num_words": 10000} if of_texts else {}))
    found[name] = [digest(*train), digest(*test)]
    if of_texts:
        places = getattr(datasets, name).get_word_index()
        found["word"][name] = max(places.items(), key=lambda item: item[1])
found["topics"] = list(datasets.reuters.get_label_names())
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def as_keras_loads(tmp_path_factory: pytest.TempPathFactory, warm_python: str) -> Iterator[dict[str, Any]]:
    """Digests of what `keras.datasets` gives from copies of the files, in a process of its own."""
    home = tmp_path_factory.mktemp("keras-home")
    (home / "datasets").mkdir()
    for file in DATA.iterdir():
        if file.suffix in {".npz", ".json"}:
            shutil.copyfile(file, home / "datasets" / file.name)
    done = subprocess.run([warm_python, "-c", KERAS_SCRIPT, str(home)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    yield found
    full.cache_clear()


@cache
def full(name: str) -> sets.Dataset:
    return sets.load(name, source="full", data_dir=DATA)


@needs_full_sets
@pytest.mark.parametrize("name", SAMPLED)
def test_full_sets_are_exactly_what_keras_loads(name: str, as_keras_loads: dict[str, Any]) -> None:
    loaded = full(name)
    ours = []
    for inputs, targets in (
        (loaded.train_inputs, loaded.train_targets),
        (loaded.test_inputs, loaded.test_targets),
    ):
        if isinstance(inputs, Texts):
            limited = encoding.limit_words(inputs, 10_000)
            parts = (limited.values, limited.lengths, targets)
        else:
            parts = (inputs, np.asarray(inputs.shape), targets)
        ours.append([hashlib.sha256(np.ascontiguousarray(part).tobytes()).hexdigest() for part in parts])
    assert ours == as_keras_loads[name]
    known = catalogue.SETS[name]
    assert (loaded.card.train_samples, loaded.card.test_samples) == (known.train_samples, known.test_samples)
    assert loaded.card.source == "full"


@needs_full_sets
def test_topics_and_vocabularies_are_those_of_keras(as_keras_loads: dict[str, Any]) -> None:
    assert list(catalogue.TOPICS) == as_keras_loads["topics"]
    for name, (word, place) in as_keras_loads["word"].items():
        vocabulary = full(name).vocabulary
        assert vocabulary[place + 3] == word
        assert len(vocabulary) == place + 4
