"""Trainings of any run: which belong together, where they were best, and how well that is determined."""

from __future__ import annotations

import math

import msgspec
import pytest
from helpers.hand_results import hand_result
from helpers.own_runs import course, training
from hypothesis import given
from hypothesis import strategies as st

from labreport.experiments.result import EarlyStopping
from labreport.report.findings.flatness import jitter
from labreport.report.findings.groups import GroupCurve, best_of, groups

NAN = math.nan


def grouped(*trainings):
    """The groups of a run that holds just these trainings."""
    result = hand_result("imdb", seeds=(0,))
    return groups(
        msgspec.structs.replace(result, findings=msgspec.structs.replace(result.findings, trainings=trainings))
    )


def test_validation_every_fifth_epoch_has_its_best_epoch_where_it_was_measured():
    about = course(at={"val_loss": (5, 10, 15, 20)})
    (group,) = grouped(training(about=about, loss=[1.0] * 20, val_loss=[0.9, 0.7, 0.5, 0.6]))
    best = group.best()
    assert (best.epoch, best.value, best.last_epoch, best.worse_after) == (15, 0.5, 20, True)
    assert group.members[0].curve("loss").at == tuple(range(1, 21))


def test_a_seed_that_diverged_is_named_and_leaves_the_others_their_minimum():
    falling = [1 - 0.05 * epoch for epoch in range(9)] + [0.7, 0.8, 0.9]
    sound = [training(seed, loss=falling, val_loss=falling) for seed in (0, 1, 2, 4)]
    broken = training(3, loss=[1.0, 0.9, 0.8] + [NAN] * 9, val_loss=[1.0, 0.9, 0.8] + [NAN] * 9)
    (group,) = grouped(*sound[:3], broken, sound[3])
    assert [member.ending for member in group.members] == ["complete"] * 3 + ["diverged", "complete"]
    assert group.members[3].broken_at() == 4
    assert group.best().epoch == 9
    assert len(group.curves("val_loss")) == 4


def test_seeds_of_unequal_length_are_neither_cut_nor_given_a_common_minimum():
    def stopped(best, epochs, seed):
        return training(seed, val_loss=[1 + abs(best - epoch) / 10 for epoch in range(1, epochs + 1)])

    (group,) = grouped(stopped(7, 8, 0), stopped(11, 13, 1), stopped(15, 20, 2))
    assert group.best() is None
    assert [best.epoch for best in group.each_best()] == [7, 11, 15]
    mean, counts = group.mean("val_loss")
    assert mean.at == tuple(range(1, 21))
    assert (counts[7], counts[8], counts[12], counts[13]) == (3, 2, 2, 1)


@pytest.mark.parametrize(
    ("keys", "watched"),
    [
        (["acc", "val_acc"], ("val_acc", "higher", "metric")),
        (["mae", "val_mae", "loss", "val_loss"], ("val_loss", "lower", "loss")),
        (["输出/年龄_loss", "val_输出/年龄_loss"], ("val_输出/年龄_loss", "lower", "metric")),
        (["score_of_mine", "val_score_of_mine"], None),
        (["Train_Loss", "Val_Loss"], ("Val_Loss", "lower", "loss")),
        (["loss", "eval_loss", "eval_f1"], ("eval_loss", "lower", "loss")),
        (["train_loss", "test_loss"], None),
        (["loss", "accuracy"], None),
    ],
)
def test_the_watched_key_is_found_whatever_the_metrics_are_called(keys, watched):
    (group,) = grouped(_named(keys))
    found = group.watched and (group.watched.key, group.watched.direction, group.watched.by)
    assert found == watched


def _named(keys):
    made = training(loss=[1.0])
    return msgspec.structs.replace(made, history=dict.fromkeys(keys, (0.5, 0.6)), course=msgspec.UNSET)


def test_early_stopping_says_what_is_watched_and_whether_the_best_weights_came_back():
    metrics = {"loss": "lower", "val_loss": "lower", "val_binary_crossentropy": "lower"}
    rule = EarlyStopping(monitor="val_binary_crossentropy", direction="lower", patience=3, restore_best_weights=True)
    (group,) = grouped(
        training(
            about=course(metrics=metrics, stopping=rule, status="early-stopped"),
            loss=[3, 2, 1], val_loss=[3, 2, 1], val_binary_crossentropy=[0.5, 0.3, 0.4],
        )
    )  # fmt: skip
    assert (group.watched.key, group.watched.restored, group.best().epoch) == ("val_binary_crossentropy", True, 2)
    assert group.members[0].ending == "early-stopped"


def test_two_outputs_are_two_pairs_each():
    keys = ["digit_loss", "ink_mae", "val_digit_loss", "val_ink_mae"]
    (group,) = grouped(_named(keys))
    assert [(pair.name, pair.training, pair.validation) for pair in group.pairs] == [
        ("digit_loss", "digit_loss", "val_digit_loss"),
        ("ink_mae", "ink_mae", "val_ink_mae"),
    ]


@pytest.mark.parametrize(
    "keys",
    [["train_loss", "val_loss"], ["Loss/train", "Loss/val"], ["loss", "eval_loss"], ["train_loss_epoch", "valid_loss"]],
)
def test_the_parts_of_a_measure_are_one_pair_in_any_spelling(keys):
    (group,) = grouped(_named(keys))
    assert [(pair.training, pair.validation) for pair in group.pairs] == [tuple(keys)]


def test_what_was_measured_on_test_data_is_neither_training_nor_validation():
    (group,) = grouped(_named(["train_loss", "test_loss"]))
    assert [pair.parts for pair in group.pairs] == [(("train_loss", "training"), ("test_loss", "test"))]


def test_two_keys_of_one_part_stand_alone():
    (group,) = grouped(_named(["loss", "train_loss", "eval_loss"]))
    assert [(pair.name, dict(pair.parts)) for pair in group.pairs] == [
        ("loss", {"loss": "training", "eval_loss": "validation"}),
        ("train_loss", {"train_loss": "training"}),
    ]


def test_a_learning_rate_is_no_measure():
    (group,) = grouped(_named(["loss", "learning_rate", "val_loss"]))
    assert [pair.name for pair in group.pairs] == ["loss"]


def _shaken(values, by):
    return [
        training(seed, val_loss=[value + by(seed, epoch) for epoch, value in enumerate(values)]) for seed in range(5)
    ]


def test_a_flat_minimum_is_told_from_a_sharp_one():
    flat = [1.0, 0.6, 0.401, 0.4, 0.402, 0.401, 0.6, 0.9]
    (group,) = grouped(*_shaken(flat, lambda seed, epoch: 0.004 * ((epoch * 7 + seed * 3) % 5)))
    found = group.flat()
    assert (found.first, found.last, found.source) == (3, 6, "runs")
    sharp = [1.0, 0.6, 0.2, 0.6, 0.9, 1.2]
    (group,) = grouped(*_shaken(sharp, lambda seed, epoch: 0.001 * seed * epoch))
    assert group.flat().sharp


def test_the_jitter_of_one_curve_tells_how_flat_its_minimum_is():
    (group,) = grouped(training(val_loss=[1.0, 0.8, 0.62, 0.5, 0.49, 0.5, 0.49, 0.51, 0.6, 0.72, 0.86]))
    found = group.flat()
    assert found.source == "jitter"
    assert found.first <= group.best().epoch <= found.last
    assert found.last < 11


def test_a_straight_line_has_no_jitter_and_two_values_tell_nothing_of_it():
    assert jitter([1.0, 2.0, 3.0, 4.0]) == 0
    assert jitter([1.0, 2.0]) is None


VALUES = st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=30)


@given(VALUES, st.sampled_from(["higher", "lower"]))
def test_the_best_epoch_is_the_earliest_of_the_best_finite_values(values, direction):
    best = best_of(GroupCurve(at=tuple(range(1, len(values) + 1)), values=tuple(values)), direction)
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        assert best is None
    else:
        wanted = min(finite) if direction == "lower" else max(finite)
        assert (best.value, best.epoch) == (wanted, values.index(wanted) + 1)
