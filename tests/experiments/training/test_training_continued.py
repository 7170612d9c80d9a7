"""A training that is broken off and goes on: as if it had never been interrupted, and no epoch is trained twice."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np
import pytest
from helpers.measuring import SavedParts, measured
from helpers.small_data import houses
from helpers.small_models import classifier, labelled, optimizer, priced, regressor, twins

from labreport.experiments import boston, procedure
from labreport.experiments.errors import LabError
from labreport.experiments.lab import Session
from labreport.experiments.result import Findings
from labreport.experiments.training import DivergenceError, Fitted, fit, fit_folds, in_memory, seed_everything, start


@pytest.mark.parametrize(
    ("form", "options"), [("loop", {}), ("fit", {"run_eagerly": True})], ids=["in the loop", "by fit itself"]
)
def test_a_training_goes_on_as_if_it_had_never_stopped(form, options):
    inputs, labels = labelled(61)
    samples = in_memory(inputs, labels)

    def build() -> Any:
        return classifier(optimizer=optimizer("Adam", learning_rate=0.02), **options)

    model, whole = twins(build)
    common = {"batch_size": 8, "seed": 3, "validation": samples.first(20)}
    first = fit(model, samples.after(20), epochs=1, **common)
    told: list[int] = []
    second = fit(
        model, samples.after(20), epochs=3, after=first, on_epoch=lambda epoch, *_: told.append(epoch), **common
    )
    at_once = fit(whole, samples.after(20), epochs=3, **common)
    assert second.plan.form == form
    assert second.history == at_once.history
    assert first.history == {name: values[:1] for name, values in at_once.history.items()}
    assert told == [2, 3]
    assert second.seconds > first.seconds
    for ours, theirs in zip(model.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_dropout_goes_on_where_it_was():
    keras = start()

    def build() -> Any:
        return regressor(layers=[keras.layers.Dropout(0.5, seed=4)])

    samples = in_memory(*priced(30))
    model, whole = twins(build)
    first = fit(model, samples, epochs=2, batch_size=8, seed=0)
    second = fit(model, samples, epochs=4, batch_size=8, seed=0, after=first)
    assert second.history == fit(whole, samples, epochs=4, batch_size=8, seed=0).history


def test_no_epochs_to_go_leave_model_and_history_as_they_are():
    samples = in_memory(*priced(9))
    (model,) = twins(regressor, count=1)
    first = fit(model, samples, epochs=2, batch_size=4, seed=0)
    weights = model.get_weights()
    second = fit(model, samples, epochs=2, batch_size=4, seed=0, after=first)
    assert second.history == first.history
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_training_that_breaks_down_after_going_on_keeps_its_whole_history():
    samples = in_memory(*priced(9))
    (model,) = twins(regressor, count=1)
    first = fit(model, samples, epochs=2, batch_size=4, seed=0)
    model.optimizer.learning_rate = 1e12
    with pytest.raises(DivergenceError) as caught:
        fit(model, samples, epochs=30, batch_size=4, seed=0, after=first)
    assert caught.value.epoch > 2
    assert caught.value.history["loss"][:2] == first.history["loss"]
    assert len(caught.value.history["loss"]) == caught.value.epoch - 1


def test_what_can_not_go_on_is_refused():
    samples = in_memory(*priced(9))
    (model,) = twins(regressor, count=1)
    first = fit(model, samples, epochs=2, batch_size=4, seed=0)
    with pytest.raises(LabError, match="has 2 epochs behind it: it can't end after 1"):
        fit(model, samples, epochs=1, batch_size=4, seed=0, after=first)
    (averaged,) = twins(lambda: regressor(optimizer=optimizer("SGD", use_ema=True)), count=1)
    first = fit(averaged, samples, epochs=1, batch_size=4, seed=0)
    with pytest.raises(LabError, match="averages"):
        fit(averaged, samples, epochs=2, batch_size=4, seed=0, after=first)


def test_the_network_trained_on_is_the_one_that_a_training_of_its_own_would_give():
    samples = in_memory(*labelled(60))
    tested = in_memory(*labelled(20, seed=9))
    session = Session(seed=1)
    stages = procedure.two_stages(session, classifier, samples, tested, hold_out=20, epochs=6, batch_size=8)
    seed_everything(1)
    alone = classifier()
    history = fit(alone, samples, epochs=6, batch_size=8, seed=1).history
    trained = {training.role: training for training in session.draft.trainings}
    assert trained["overtrained"].history == history
    assert trained["overtrained"].epochs == 6
    seed_everything(1)
    stopped = classifier()
    fit(stopped, samples, epochs=stages.chosen_epochs, batch_size=8, seed=1)
    for ours, theirs in zip(stages.final.get_weights(), stopped.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def folds_of_different_sizes() -> tuple[list[Any], list[Any], list[Any]]:
    models = twins(regressor, count=3)
    sizes = (9, 8, 9)
    return (
        models,
        [in_memory(*priced(size, seed=size + number)) for number, size in enumerate(sizes)],
        [in_memory(*priced(4, seed=20 + number)) for number in range(3)],
    )


def test_finished_folds_are_not_trained_again_and_the_others_come_out_the_same():
    options: dict[str, Any] = {"epochs": 2, "batch_size": 4, "seed": 3}
    told: dict[int, Fitted] = {}
    whole = fit_folds(*folds_of_different_sizes(), **options, on_fold=told.__setitem__)
    assert list(told) == [1, 2, 3]
    models, *samples = folds_of_different_sizes()
    before = [model.get_weights() for model in models]
    again: dict[int, Fitted] = {}
    resumed = fit_folds(models, *samples, **options, finished={1: told[1], 3: told[3]}, on_fold=again.__setitem__)
    assert list(again) == [2]
    assert [fold.history for fold in resumed] == [fold.history for fold in whole]
    np.testing.assert_array_equal(models[0].get_weights()[0], before[0][0])
    assert not np.array_equal(models[1].get_weights()[0], before[1][0])


STACK_BYTES = "labreport.experiments.training.plan._STACK_BYTES"
SETTINGS = boston.Settings(
    folds=3, layers=1, units=4, epochs=6, batch_size=2, final_batch_size=5, dropped_epochs=1, learning_rate=0.01
)


@cache
def undisturbed_in_turn() -> tuple[Findings, dict[str, bytes]]:
    """What is found where nothing interrupts the trainings of folds, each after the other, and what is saved of it."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(STACK_BYTES, 0)
        findings = measured(boston, SETTINGS, houses(), seeds=(1,), saved=SavedParts(Path(folder)))
        return findings, {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@pytest.mark.parametrize("in_turn", [False, True], ids=["side by side", "in turn"])
def test_the_house_prices_go_on_with_the_folds_that_are_left(tmp_path, monkeypatch, in_turn):
    if in_turn:
        monkeypatch.setattr(STACK_BYTES, 0)
    whole = undisturbed_in_turn()[0] if in_turn else measured(boston, SETTINGS, houses(), seeds=(1,))

    def stopped(part: str, done: int, total: int, values: dict[str, float]) -> None:
        # In turn: in the midst of the second fold. Side by side: when all folds are done.
        if (part == "folds" and in_turn and done > 6) or part == "final":
            raise KeyboardInterrupt

    monkeypatch.setattr(boston, "_REPORT_EVERY", 1)
    with pytest.raises(KeyboardInterrupt):
        measured(boston, SETTINGS, houses(), seeds=(1,), progress=stopped, saved=SavedParts(tmp_path))
    finished = [1] if in_turn else [1, 2, 3]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"seed-1-fold-{number}.msgpack" for number in finished]

    told: list[str] = []
    progress = {"progress": lambda part, *_: told.append(part)}
    resumed = measured(boston, SETTINGS, houses(), seeds=(1,), saved=SavedParts(tmp_path), **progress)
    assert told.count("folds") == (12 if in_turn else 0)

    def without_times(findings: Any) -> Any:
        return [untimed(training) for training in findings.trainings], findings.scores, findings.engine

    assert without_times(resumed) == without_times(whole)


def untimed(training: Any) -> Any:
    return msgspec.structs.replace(training, seconds=0.0)


def test_a_damaged_fold_is_trained_again(tmp_path, monkeypatch):
    whole, saved = undisturbed_in_turn()
    monkeypatch.setattr(STACK_BYTES, 0)
    assert len(saved) == 3
    for name in saved:
        (tmp_path / name).write_bytes(b"nothing")
    again = measured(boston, SETTINGS, houses(), seeds=(1,), saved=SavedParts(tmp_path))
    assert [item.value for item in again.scores] == [item.value for item in whole.scores]
