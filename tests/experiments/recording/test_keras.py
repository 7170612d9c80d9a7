"""Keras under watch: phases, folds, early stopping, scores by the data they saw, steps, and a crash."""

from __future__ import annotations

import subprocess

import pytest

from labreport.report.store.entries import load
from labreport.report.store.runs import Store

SCRIPT = """
import keras, numpy as np

keras.utils.set_random_seed(3)
x = np.arange(120, dtype="float32").reshape(60, 2) / 120
y = x.sum(axis=1, keepdims=True)

def build(units):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(units, "relu"), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"], run_eagerly=True)
    return model

# Two phases of one training, without initial_epoch; validation every second epoch.
model = build(3)
model.fit(x[:40], y[:40], epochs=2, verbose=0, validation_data=(x[40:50], y[40:50]))
model.fit(x[:40], y[:40], 16, 4, 0, validation_data=(x[40:50], y[40:50]), validation_freq=2)
model.evaluate(x[:40], y[:40], verbose=0)
model.evaluate(x[40:50], y[40:50], verbose=0)
print(model.evaluate(x[50:], y[50:], verbose=0, return_dict=True))

# Folds of one data set, on one object whose weights are put back.
folds = build(4)
start = folds.get_weights()
for fold in range(3):
    folds.set_weights(start)
    held = np.arange(60) % 3 == fold
    folds.fit(x[~held], y[~held], epochs=2, verbose=0, validation_data=(x[held], y[held]))
    print("fold", folds.evaluate(x[held], y[held], verbose=0)[0])

# Early stopping.
early = keras.callbacks.EarlyStopping(
    monitor="val_mae", mode="min", patience=1, min_delta=10.0, restore_best_weights=True
)
build(5).fit(x, y, epochs=9, verbose=0, validation_split=0.25, callbacks=early)

# A loop of steps.
steps = build(6)
for step in range(7):
    steps.train_on_batch(x, y)

# A search: one network with two learning rates; the first one is evaluated as it was loaded from a file.
for rate in (0.1, 0.001):
    searched = build(8)
    searched.compile(keras.optimizers.SGD(rate), "mse", metrics=["mae"], run_eagerly=True)
    searched.fit(x, y, epochs=1, verbose=0)
loaded = keras.models.clone_model(searched)
loaded.compile("sgd", "mse", metrics=["mae"], run_eagerly=True)
loaded.evaluate(x[:40], y[:40], verbose=0)

class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)

    def call(self, values):
        return self.dense(values)

own = Own()
own.compile("sgd", "mse", run_eagerly=True)
own.fit(x, y, epochs=1, verbose=0)

class Full(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise OSError(28, "No space left on device")

build(7).fit(x, y, epochs=5, verbose=0, callbacks=[Full()])
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory, warm_python):
    """What is recorded of the script; its networks have no graphs, which would take most of the time."""
    pytest.importorskip("keras")
    place = tmp_path_factory.mktemp("keras")
    (place / "train.py").write_text(SCRIPT)
    command = [warm_python, "-m", "labreport", "record", "train.py"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 1, done.stderr
    assert "watcher failed" not in done.stderr, done.stderr
    assert done.stderr.count("Traceback") == 1
    assert "boot.py" not in done.stderr
    (run,) = Store(place / "runs").list().runs
    return load(run.path)


def test_a_second_fit_of_a_network_is_a_phase_of_its_training(result):
    one = result.findings.trainings[0]
    assert one.course.phases == (2, 4)
    assert one.epochs == 6
    assert one.course.planned == 6
    assert len(one.history["loss"]) == 6
    assert one.course.at == {"val_loss": (1, 2, 4, 6), "val_mae": (1, 2, 4, 6)}
    assert one.train_samples == 40
    assert one.validation_samples == 10
    assert one.batch_size == 16


def test_the_split_of_a_score_is_that_of_the_data_it_saw(result):
    first = [item for item in result.findings.scores if item.model == "fit-1"]
    assert [item.name for item in first] == [
        "train_loss",
        "train_mae",
        "validation_loss",
        "validation_mae",
        "test_loss",
        "test_mae",
    ]
    assert {item.direction for item in first} == {"lower"}
    assert {item.seed for item in first} == {3}


def test_a_network_whose_weights_are_put_back_is_trained_again_fold_by_fold(result):
    folds = [one for one in result.findings.trainings if one.role == "fit-2"]
    assert [one.fold for one in folds] == [1, 2, 3]
    assert {one.course.group for one in folds} == {"fold"}
    judged = [one for one in result.findings.scores if (one.model, one.name) == ("fit-2", "validation_loss")]
    assert [one.fold for one in judged] == [1, 2, 3]
    printed = [float(line.split()[1]) for line in result.findings.own.printed.splitlines() if line.startswith("fold")]
    assert [one.value for one in judged] == pytest.approx(printed)
    assert [one.epochs for one in folds] == [2, 2, 2]
    assert folds[0].train_samples == 40


def test_early_stopping_is_told_with_what_it_watched(result):
    (one,) = (one for one in result.findings.trainings if one.role == "fit-3")
    stopping = one.course.stopping
    assert one.course.status == "early-stopped"
    assert one.epochs == stopping.stopped_at == 2
    assert one.course.planned == 9
    assert (stopping.monitor, stopping.direction, stopping.restore_best_weights) == ("val_mae", "lower", True)


def test_a_loop_of_steps_counts_steps(result):
    (one,) = (one for one in result.findings.trainings if one.role == "fit-4")
    assert one.course.axis == "step"
    assert len(one.history["loss"]) == 7
    assert set(one.history) == {"loss", "mae"}


def test_networks_that_are_trained_with_other_settings_are_no_group(result):
    rates = {model.role: round(model.learning_rate, 6) for model in result.findings.models}
    assert (rates["fit-5"], rates["fit-6"]) == (0.1, 0.001)
    assert all(one.course.group is None for one in result.findings.trainings if one.role in ("fit-5", "fit-6"))


def test_a_network_that_was_loaded_is_that_of_the_last_training_with_its_layers(result):
    judged = [one for one in result.findings.measures if one.name.startswith("evaluated")]
    found = [one for one in result.findings.scores if one.model == "fit-6"]
    assert [one.metric for one in found] == ["loss", "mae"]
    assert {one.split for one in found} == {"train"}
    assert {one.seed for one in found} == {3}
    assert judged == []


def test_a_network_of_a_class_of_its_own_has_its_parameters(result):
    (own,) = (model for model in result.findings.models if model.role == "fit-7")
    assert own.parameters == 3


def test_a_crash_keeps_the_epochs_before_it(result):
    (one,) = (one for one in result.findings.trainings if one.role == "fit-8")
    assert one.course.status == "failed"
    assert one.epochs == 2
    assert "No space left" in one.course.failure
    assert result.status == "failed"
    assert result.failure.kind == "OSError"
    line = 1 + SCRIPT.splitlines().index('            raise OSError(28, "No space left on device")')
    assert result.failure.stage == f'train.py:{line}: raise OSError(28, "No space left on device")'


def test_data_are_known_by_their_hashes_and_networks_by_their_layers(result):
    own = result.findings.own
    assert {item.role for item in own.data} == {"train", "validation", "test", "whole"}
    assert all(item.sha256 and not item.sampled for item in own.data)
    assert [layer.kind for layer in result.findings.models[0].layers] == ["Dense", "Dense"]
    assert [model.parameters for model in result.findings.models] == [13, 17, 21, 25, 33, 33, 3, 29]
    assert own.seeding[0].library == "keras"
    assert own.seeding[0].value == 3
