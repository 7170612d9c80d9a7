"""California housing, the twin of Boston: its file is not at hand, so everything is tried on a made one."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.measuring import measured
from helpers.small_models import without_graphs

from labreport.experiments import boston
from labreport.experiments.data import catalogue, sets
from labreport.experiments.errors import DataError

NAME = "california_housing"


def _keras_source() -> str:
    """Return Keras' own loader as text, without importing Keras."""
    found = importlib.util.find_spec("keras")
    assert found is not None
    assert found.submodule_search_locations
    return (Path(found.submodule_search_locations[0]) / "src" / "datasets" / f"{NAME}.py").read_text("utf-8")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with a made-up file of fifty block groups that counts as Keras' own."""
    random = np.random.default_rng(0)
    features = random.normal(size=(50, 8)) * 10.0 ** np.arange(8) + 5
    packed = io.BytesIO()
    np.savez(packed, x=features, y=150_000 + 20_000 * features[:, 0])
    content = packed.getvalue()
    known = catalogue.SETS[NAME]
    file = catalogue.KnownFile(name=known.files[0].name, sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(catalogue.SETS, NAME, dataclasses.replace(known, files=(file,)))
    (tmp_path / file.name).write_bytes(content)
    return tmp_path


def test_the_checksum_is_the_one_in_the_source_of_keras():
    (digest,) = re.findall(r'"([0-9a-f]{64})"', _keras_source())
    assert catalogue.SETS[NAME].files[0].sha256 == digest


def test_it_is_shuffled_and_split_as_keras_does_it_and_its_prices_are_in_thousand_dollars(made):
    loaded = sets.load(NAME, data_dir=made, announce=lambda _: None)
    code = re.sub(r"^(from keras|@keras_export).*$", "", _keras_source(), flags=re.MULTILINE)
    scope: dict[str, Any] = {"get_file": lambda *_, **__: made / f"{NAME}.npz"}
    exec(code, scope)
    (train, prices), (tests, test_prices) = scope["load_data"]()
    assert np.array_equal(loaded.train_array, train)
    assert np.array_equal(loaded.test_array, tests)
    assert np.allclose(loaded.train_targets * 1000, prices)
    assert np.allclose(loaded.test_targets * 1000, test_prices)
    assert (loaded.card.train_samples, loaded.card.full_train_samples) == (40, 16_512)
    assert loaded.card.feature_names == catalogue.CALIFORNIA_FEATURES
    assert "capped" in loaded.card.licence


def test_another_file_of_that_name_is_refused_before_it_is_opened(made):
    with (made / f"{NAME}.npz").open("ab") as file:
        file.write(b"more")
    with pytest.raises(DataError, match=NAME):
        sets.load(NAME, data_dir=made, announce=lambda _: None)


def test_without_the_file_nothing_takes_its_place(tmp_path):
    with pytest.raises(DataError, match=rf"{NAME}\.npz"):
        sets.load(NAME, data_dir=tmp_path, announce=lambda _: None)


def test_the_lab_on_house_prices_runs_on_it(made, monkeypatch):
    monkeypatch.setattr("labreport.experiments.training.plan._STACK_BYTES", 0)  # nothing is compiled for the folds
    settings = boston.Settings(
        dataset=NAME, folds=2, layers=1, units=3, epochs=3, batch_size=10, dropped_epochs=0, learning_rate=0.01
    )
    with without_graphs():
        found = measured(boston, settings, sets.load(NAME, data_dir=made, announce=lambda _: None))
    assert found.data is not None
    assert found.data.name == NAME
    assert found.models[0].input_shape == (None, 8)
    assert {fit.train_samples for fit in found.trainings if fit.role == "fold"} == {20}
    scores = {score.name: score for score in found.scores}
    assert scores["test_mae"].unit == "thousand dollars"
    assert 0 < scores["test_mae"].value < 1_000
