"""The same seed gives the same numbers, in another process too."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version

from helpers.small_models import classifier, labelled

from labreport.experiments.training import fit, in_memory, seed_everything

LOADED_BEFORE = """
import os, tensorflow
from labreport.experiments.training.backend import limit_threads, start
limit_threads(1)
start()
print(tensorflow.config.threading.get_intra_op_parallelism_threads(), "xla_cpu" in os.environ.get("XLA_FLAGS", ""))
"""

SCRIPT = """
import json
from helpers.small_models import classifier, labelled
from labreport.experiments.training import fit, in_memory, seed_everything
inputs, labels = labelled(200, 500)
seed_everything(11)
model = classifier(500)
print(json.dumps(fit(model, in_memory(inputs, labels), epochs=2, batch_size=50, seed=11).history))
"""


def test_the_same_seed_gives_the_same_history_in_another_process(monkeypatch, warm_python):
    inputs, labels = labelled(200, 500)
    seed_everything(11)
    here = fit(classifier(500), in_memory(inputs, labels), epochs=2, batch_size=50, seed=11).history
    monkeypatch.setenv("PYTHONPATH", ":".join(path for path in sys.path if path))
    there = subprocess.run([warm_python, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert {key: tuple(values) for key, values in json.loads(there.stdout).items()} == here
    assert there.stderr == ""
    seed_everything(12)
    other = fit(classifier(500), in_memory(inputs, labels), epochs=2, batch_size=50, seed=12).history
    assert other["loss"] != here["loss"]


def test_a_lab_that_imports_tensorflow_itself_keeps_to_its_threads(warm_python):
    done = subprocess.run([warm_python, "-c", LOADED_BEFORE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", str(version("tensorflow").startswith("2.21."))]
    assert done.stderr == ""
