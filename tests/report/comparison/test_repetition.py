"""A repetition is identical, within the tolerance of another machine, or different, and it is said from where on."""

from __future__ import annotations

import msgspec
import pytest
from helpers.hand_results import all_hand_results, hand_result
from helpers.own_runs import own_run, score, training

from labreport.report.comparison.repetition import compared


def run(*losses, seeds=(0,), processor="A", threads=2, **about):
    result = own_run("digits", training(loss=losses), seeds=seeds, **about)
    place = result.provenance
    machine = msgspec.structs.replace(place.machine, processor=processor, threads=threads)
    return msgspec.structs.replace(result, provenance=msgspec.structs.replace(place, machine=machine))


@pytest.mark.parametrize("result", all_hand_results(), ids=lambda result: f"{result.lab}-{len(result.seeds)}")
def test_every_run_is_identical_to_itself(result):
    found = compared(result, result)
    assert (found.verdict, found.deviations, found.surroundings) == ("identical", (), ())


def test_wall_times_are_no_difference():
    before = hand_result("imdb")
    slower = tuple(msgspec.structs.replace(one, seconds=one.seconds + 9) for one in before.findings.trainings)
    after = msgspec.structs.replace(before, findings=msgspec.structs.replace(before.findings, trainings=slower))
    assert compared(before, after).verdict == "identical"


def test_the_first_epoch_with_another_value_is_named():
    found = compared(run(0.5, 0.4, 0.3), run(0.5, 0.41, 0.3))
    (one,) = found.deviations
    assert (found.verdict, one.epoch, one.before, one.after) == ("different", 2, 0.4, 0.41)
    assert "fit-1, seed 0: loss: 0.4 before, 0.41 now from epoch 2 on" in one.sentence


def test_a_small_difference_is_within_the_tolerance_only_where_the_machine_is_another():
    before, after = run(0.5, 0.4), run(0.5, 0.401)
    assert compared(before, after).verdict == "different"
    found = compared(before, run(0.5, 0.401, processor="B"))
    assert (found.verdict, found.surroundings) == ("within-tolerance", ("processor: A → B",))
    assert compared(before, run(0.5, 0.401, threads=1)).surroundings == ("threads: 2 → 1",)
    assert compared(before, run(0.5, 0.5, processor="B")).verdict == "different"
    assert compared(before, run(0.5, 0.5, processor="B"), tolerance=0.3).verdict == "within-tolerance"


def test_what_only_one_of_the_two_has_is_different_on_any_machine():
    before = run(0.5, 0.4, scores=(score("test_accuracy", 0.9, 0),))
    for after in (run(0.5, 0.4, processor="B"), run(0.5, processor="B", scores=before.findings.scores)):
        assert compared(before, after).verdict == compared(after, before).verdict == "different"
    assert "only in the stored run" in compared(before, run(0.5, 0.4)).deviations[0].sentence


def test_a_value_that_is_not_a_number_equals_itself_and_no_other():
    nan = float("nan")
    assert compared(run(0.5, nan), run(0.5, nan)).verdict == "identical"
    assert compared(run(0.5, nan), run(0.5, 0.4, processor="B")).verdict == "different"


def test_a_run_without_a_seed_says_so():
    assert compared(run(0.5), run(0.5)).seeded
    assert not compared(run(0.5, seeds=()), run(0.4, seeds=())).seeded
