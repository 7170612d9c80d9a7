"""The same seed gives the same numbers, in another process too."""

from __future__ import annotations

import json
import subprocess
import sys

from helpers.small_models import classifier, labelled

from labreport.experiments.training import fit, in_memory, seed_everything

SCRIPT = """
import json
from helpers.small_models import classifier, labelled
from labreport.experiments.training import fit, in_memory, seed_everything
inputs, labels = labelled(200, 500)
seed_everything(11)
model = classifier(500)
print(json.dumps(fit(model, in_memory(inputs, labels), epochs=3, batch_size=16, seed=11).history))
"""


def test_the_same_seed_gives_the_same_history_in_another_process(monkeypatch):
    inputs, labels = labelled(200, 500)
    seed_everything(11)
    here = fit(classifier(500), in_memory(inputs, labels), epochs=3, batch_size=16, seed=11).history
    monkeypatch.setenv("PYTHONPATH", ":".join(path for path in sys.path if path))
    there = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert {key: tuple(values) for key, values in json.loads(there.stdout).items()} == here
    assert there.stderr == ""
    seed_everything(12)
    other = fit(classifier(500), in_memory(inputs, labels), epochs=3, batch_size=16, seed=12).history
    assert other["loss"] != here["loss"]
