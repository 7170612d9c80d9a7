"""What is better for a metric is known by its name in any spelling, and never guessed."""

from __future__ import annotations

import pytest

from labreport.experiments.recording.directions import direction_of, directions_of, is_metric, measured

HIGHER = {
    "accuracy", "val_accuracy", "acc", "binary_accuracy", "val_sparse_categorical_accuracy", "auc_1", "val_AUC",
    "f1", "F1Score", "val/f1_macro", "Validation/Dice-Score", "mIoU", "mean_io_u_3", "R2", "r2_score",
    "digit_accuracy", "class_0_recall", "prc", "top_5_accuracy", "eval_accuracy",
    "val_top_k_categorical_accuracy_2", "precision", "neg_mean_squared_error", "bleu",
}  # fmt: skip
LOWER = {
    "loss", "val_loss", "accuracy_loss", "输出/年龄_loss", "ink_mae", "mae_2", "val_mse", "mean_absolute_error",
    "rmse", "BCELoss", "train_loss", "eval_loss", "val_binary_crossentropy", "Loss/train", "perplexity", "fp",
    "val_fn", "error_rate", "valLoss", "training.loss", "nll",
}  # fmt: skip
UNKNOWN = ["tp", "val_tn", "weird", "score2x", "温度", "loss_scale", "gap", "", "accuracy_gap", "map_size"]
NO_METRIC = ["learning_rate", "lr", "epoch", "step", "eval_runtime", "grad_norm", "eval_samples_per_second"]


@pytest.mark.parametrize("name", sorted(HIGHER))
def test_a_higher_value_is_better(name):
    assert direction_of(name) == "higher"


@pytest.mark.parametrize("name", [*sorted(LOWER), "Brier score", "val_cross entropy"])
def test_a_lower_value_is_better(name):
    assert direction_of(name) == "lower"


@pytest.mark.parametrize("name", [*UNKNOWN, *NO_METRIC])
def test_an_unknown_name_has_no_direction(name):
    assert direction_of(name) is None


@pytest.mark.parametrize("name", NO_METRIC)
def test_what_measures_no_network_is_not_a_metric(name):
    assert not is_metric(name)


def test_what_the_user_says_goes_before_the_name():
    found = directions_of(["loss", "val_odd", "odd", "learning_rate"], {"odd": "higher", "loss": "higher"})
    assert found == {"loss": "higher", "val_odd": "higher", "odd": "higher"}


PARTS = {
    "val_loss": ("loss", "validation"),
    "loss": ("loss", None),
    "Train Loss": ("Loss", "train"),
    "Val_Loss": ("Loss", "validation"),
    "eval_f1": ("f1", "validation"),
    "Loss/valid": ("Loss", "validation"),
    "validation/acc": ("acc", "validation"),
    "train_loss_epoch": ("loss", "train"),
    "accuracy (test)": ("accuracy", "test"),
    "valLoss": ("Loss", "validation"),
    "value_loss": ("value_loss", None),
    "evaluator_f1": ("evaluator_f1", None),
    "val": ("val", None),
    "输出/年龄": ("输出/年龄", None),
}


@pytest.mark.parametrize("key", PARTS)
def test_the_part_of_the_data_is_known_by_the_key_in_any_spelling(key):
    found = measured(key)
    assert (found.name, found.part) == PARTS[key]


def test_the_mean_of_an_epoch_is_a_metric_and_the_number_of_an_epoch_is_not():
    assert direction_of("train_loss_epoch") == "lower"
    assert not is_metric("epoch")
