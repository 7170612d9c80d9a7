"""The lab on remedies against overfitting, on sixty made-up texts."""

from __future__ import annotations

import inspect

import pytest
from helpers.measuring import measured
from helpers.small_data import texts
from helpers.small_models import without_graphs

from labreport.experiments import remedies
from labreport.experiments.errors import LabError
from labreport.experiments.result import Findings
from labreport.experiments.settings import SettingError, resolve

SETTINGS = remedies.Settings(
    words=100,
    units=4,
    smaller_units=2,
    larger_units=8,
    epochs=4,
    patience=1,
    batch_size=20,
    validation_samples=60,
    learning_rate=0.1,
)
ROLES = ["final", "more-data", "smaller", "larger", "l2", "dropout", "stopped"]


@pytest.fixture(scope="module")
def findings() -> Findings:
    with without_graphs():
        return measured(remedies, SETTINGS, texts("imdb", 2, full=180))


def test_each_network_differs_from_the_base_network_in_one_thing(findings):
    roles = {fit.role: fit for fit in findings.trainings}
    assert list(roles) == ROLES
    assert {role: fit.train_samples for role, fit in roles.items()} == {
        role: 40 if role == "more-data" else 20 for role in ROLES
    }
    assert {fit.validation_samples for fit in roles.values()} == {20}
    assert all(fit.epochs == 4 for role, fit in roles.items() if role != "stopped")
    parameters = {model.role: model.parameters for model in findings.models}
    base = parameters["final"]
    assert [role for role in ROLES if parameters[role] == base] == ["final", "more-data", "l2", "dropout", "stopped"]
    assert parameters["smaller"] < base < parameters["larger"]
    kinds = {model.role: [layer.kind for layer in model.layers] for model in findings.models}
    assert kinds["dropout"] == ["Dense", "Dropout", "Dense", "Dropout", "Dense"]
    assert kinds["l2"] == kinds["final"] == ["Dense"] * 3


def test_early_stopping_ends_the_training_of_the_base_network_and_restores_its_best_weights(findings):
    roles = {fit.role: fit.history for fit in findings.trainings}
    base, stopped = roles["final"]["val_loss"], roles["stopped"]["val_loss"]
    assert stopped == pytest.approx(base[: len(stopped)], abs=1e-4)
    best = min(range(len(base)), key=base.__getitem__)
    assert len(stopped) == min(len(base), best + 1 + SETTINGS.patience)


def test_the_loss_of_the_network_with_a_penalty_holds_it_and_its_cross_entropy_does_not(findings):
    for fit in findings.trainings:
        apart = [
            loss - entropy
            for loss, entropy in zip(fit.history["val_loss"], fit.history["val_binary_crossentropy"], strict=True)
        ]
        assert all(one > 1e-4 for one in apart) if fit.role == "l2" else max(map(abs, apart)) < 1e-5
    scores = {score.name: score.value for score in findings.scores}
    assert set(scores) == {
        f"test_{metric}{'' if role == 'final' else f'_{role}'}" for metric in ("accuracy", "loss") for role in ROLES
    }


def test_the_answers_of_each_network_are_on_record_for_comparisons_in_pairs(findings):
    assert [(row.model, row.samples) for row in findings.per_sample] == [(role, 30) for role in ROLES]


def test_the_listings_are_those_that_ran(findings):
    listings = {listing.name: listing.source for listing in findings.listings}
    assert listings["build_model"] == inspect.getsource(remedies.build_model)
    assert listings["build_callback"] == inspect.getsource(remedies.build_callback)


def test_of_the_reviews_some_must_be_left_for_the_network_with_more_data():
    settings = resolve(remedies.Settings, {"train_share": 0.99, "validation_samples": 60, "words": 100})
    with pytest.raises(LabError, match=r"train_share is 0\.99"):
        measured(remedies, settings, texts("imdb", 2, full=180))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"activation": "rellu"}, r"Unknown activation 'rellu'\. Did you mean 'relu'\?"),
        ({"optimizer": "adm"}, r"Unknown optimizer 'adm'\. Did you mean 'adam'\?"),
        ({"dropout": "1"}, "dropout must be less than 1"),
        ({"dropout": "0"}, "dropout must be greater than 0"),
        ({"l2": "-1"}, "l2 must be at least 0"),
        ({"layers": "11"}, "layers must be less than 11"),
        ({"train_share": "1"}, "train_share must be less than 1"),
        ({"unit": "3"}, r"Unknown setting of remedies 'unit'\. Did you mean 'units'\?"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_nearest_name_or_the_range(given, message):
    with pytest.raises(SettingError, match=message):
        resolve(remedies.Settings, given, lab="remedies")
