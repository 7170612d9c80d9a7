"""Several seeds: kept when a run is stopped, trained in several processes, and always joined in the same order."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing import active_children
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from helpers import seed_lab
from helpers.measuring import measured
from helpers.small_data import houses

from labreport.experiments import boston, registry
from labreport.experiments.errors import LabError
from labreport.experiments.result import Findings, Measure, Result
from labreport.experiments.running.checkpoints import Checkpoints, DamagedError, decode, encode
from labreport.experiments.running.engines import Here
from labreport.experiments.running.preparation import prepare
from labreport.experiments.running.runner import RunInterrupted, run_lab
from labreport.experiments.running.schedule import Schedule
from labreport.experiments.running.task import Part, not_begun

SEEDS = (5, 0, 2)


def run(folder: Path, seeds: tuple[int, ...] = SEEDS, said: list[str] | None = None, **options: Any) -> Result:
    """Run the watched lab; finished seeds are kept in the folder `kept`."""
    lab = registry.load("seeds", Path(seed_lab.__file__))
    prepared = prepare(lab, overrides={"folder": str(folder)}, seeds=seeds)
    announce = (said if said is not None else []).append
    return run_lab(prepared, saved=folder / "kept", announce=announce, **options)


def trained(folder: Path) -> dict[int, int]:
    """How often each seed was trained."""
    return {int(path.name.removeprefix("trained-")): len(path.read_text()) for path in folder.glob("trained-*")}


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "kept").glob("*/*"))


@pytest.fixture
def whole(tmp_path) -> Findings:
    """What a run finds that is not disturbed."""
    folder = tmp_path / "undisturbed"
    folder.mkdir()
    return run(folder).findings


def test_a_run_that_was_stopped_goes_on_where_it_was_and_finds_the_same(tmp_path, whole):
    (tmp_path / "interrupt-0").touch()
    with pytest.raises(RunInterrupted) as stopped:
        run(tmp_path)
    assert kept(tmp_path) == ["seed-5.msgpack"]
    assert [item.seed for item in stopped.value.result.findings.trainings] == [5]
    assert [(item.name, item.seed) for item in stopped.value.result.findings.measures] == [
        ("seeds", None),
        ("square", 5),
        ("square", 0),
    ]
    (tmp_path / "interrupt-0").unlink()
    said: list[str] = []
    resumed = run(tmp_path, said=said)
    assert trained(tmp_path) == {5: 1, 0: 2, 2: 1}
    assert said == ["Finished in a run that was interrupted, so not trained again: seed 5."]
    assert repr(resumed.findings) == repr(whole)


def test_another_run_takes_nothing_over(tmp_path):
    run(tmp_path)
    assert kept(tmp_path) == ["seed-0.msgpack", "seed-2.msgpack", "seed-5.msgpack"]
    run(tmp_path, seeds=(5, 0))
    assert trained(tmp_path) == {5: 2, 0: 2, 2: 1}


@pytest.mark.parametrize("content", [b"", bytes(90), "other seed"], ids=["empty", "zeros", "another"])
def test_a_kept_seed_that_is_damaged_is_told_and_trained_again(tmp_path, whole, content):
    run(tmp_path)
    (file,) = tmp_path.glob("kept/*/seed-0.msgpack")
    file.write_bytes(content if isinstance(content, bytes) else file.with_name("seed-2.msgpack").read_bytes())
    said: list[str] = []
    assert repr(run(tmp_path, said=said).findings) == repr(whole)
    assert "Seed 0 was finished before, but its file" in said[0]
    assert trained(tmp_path) == {5: 1, 0: 2, 2: 1}


def test_where_nothing_can_be_kept_the_run_goes_on(tmp_path, whole):
    (tmp_path / "kept").write_text("a file stands in the way")
    said: list[str] = []
    assert repr(run(tmp_path, said=said).findings) == repr(whole)


def test_what_is_kept_is_exact_and_what_comes_from_elsewhere_is_refused():
    seed = Part(seed=3, findings=Findings(measures=(Measure(name="m", value=float("nan")),)), timings={"work": 0.1})
    assert repr(decode(encode(seed), Part)) == repr(seed)
    with pytest.raises(DamagedError, match="cut off"):
        decode(encode(seed)[:-1], Part)
    other = encode(seed).replace(b"measures", b"measured")
    with pytest.raises(DamagedError):
        decode(other, Part)
    assert Checkpoints().load("seed-3", Part) is None


def test_the_findings_of_several_processes_are_joined_in_the_order_of_the_seeds(tmp_path, whole):
    (tmp_path / "wait-5").write_text("trained-2")  # the first seed lasts until the last is begun
    progress: list[str] = []
    result = run(tmp_path, jobs=3, progress=lambda part, *_: progress.append(part))
    assert repr(result.findings) == repr(whole)
    assert trained(tmp_path) == dict.fromkeys(SEEDS, 1)
    # What a process says last goes another way than its answer, and may come when the run is finished.
    assert set(progress) <= {"seeds: final, seed 0", "seeds: final, seed 2", "seeds: final, seed 5"}
    assert progress
    assert result.timings.keys() == {"data", "work", "total"}


def test_the_first_seed_that_fails_counts_whoever_trained_it(tmp_path):
    (tmp_path / "fail-0").touch()
    alone = run(tmp_path)
    for file in tmp_path.glob("*/*/*"):
        file.unlink()
    (tmp_path / "trained-0").unlink()
    (tmp_path / "wait-5").write_text("heard")

    def hear() -> None:
        while not (tmp_path / "trained-0").exists():
            time.sleep(0.01)
        time.sleep(0.5)  # enough for the other process to fail, and for this one to hear of it
        (tmp_path / "heard").touch()

    Thread(target=hear, daemon=True).start()
    for result in (alone, run(tmp_path, jobs=2)):
        assert result.status == "failed"
        assert result.failure is not None
        assert (result.failure.message, result.failure.stage) == ("Seed 0 went wrong.", "work")
        assert [(item.name, item.seed) for item in result.findings.measures] == [
            ("seeds", None),
            ("square", 5),
            ("square", 0),
        ]
    assert 2 not in trained(tmp_path)


def test_a_seed_that_fails_here_waits_for_earlier_ones_and_leaves_out_later_ones(tmp_path):
    (tmp_path / "wait-5").write_text("trained-0")  # by then the other process has the second seed
    (tmp_path / "wait-0").write_text("trained-2")
    (tmp_path / "fail-2").touch()
    result = run(tmp_path, jobs=2)
    assert result.failure is not None
    assert result.failure.message == "Seed 2 went wrong."
    assert [item.seed for item in result.findings.trainings] == [5, 0]
    (tmp_path / "fail-0").touch()  # now both of the later ones fail, the last one first
    again = run(tmp_path, seeds=(5, 0, 2, 4), jobs=2)
    assert again.failure is not None
    assert again.failure.message == "Seed 0 went wrong."
    assert [item.seed for item in again.findings.trainings] == [5]


def test_seeds_lost_with_killed_processes_are_trained_again(tmp_path, whole):
    (tmp_path / "wait-0").write_text("never")
    (tmp_path / "wait-5").write_text("killed")
    begun = [tmp_path / f"trained-{seed}" for seed in (5, 0)]

    def kill() -> None:
        while not all(file.exists() and file.read_text() for file in begun):
            time.sleep(0.01)
        for process in active_children():
            os.kill(process.pid or 0, signal.SIGKILL)
        (tmp_path / "wait-0").unlink()
        (tmp_path / "killed").touch()

    thread = Thread(target=kill)
    thread.start()
    assert repr(run(tmp_path, jobs=2).findings) == repr(whole)
    thread.join()
    assert trained(tmp_path) == {5: 2, 0: 2, 2: 1}


def test_a_seed_lost_after_a_later_one_has_failed_is_trained_again_and_counts(tmp_path):
    (tmp_path / "wait-5").write_text("never")
    (tmp_path / "fail-0").touch()

    def kill() -> None:
        begun = [tmp_path / name for name in ("process-5", "trained-0")]
        while not all(file.exists() and file.read_text() for file in begun):
            time.sleep(0.01)
        time.sleep(0.5)  # meanwhile the other process has answered
        (tmp_path / "wait-5").unlink()
        os.kill(int(begun[0].read_text()), signal.SIGKILL)

    thread = Thread(target=kill)
    thread.start()
    result = run(tmp_path, jobs=2)
    thread.join()
    assert (result.status, result.failure and result.failure.message) == ("failed", "Seed 0 went wrong.")
    assert [item.seed for item in result.findings.trainings] == [5]
    assert trained(tmp_path) == {5: 2, 0: 1}


def test_what_is_put_back_after_a_failure_is_given_out_again_only_where_it_comes_before(tmp_path):
    lab = registry.load("seeds", Path(seed_lab.__file__))
    schedule = Schedule(lab, (5, 0, 2), Checkpoints(None), lambda line: None)
    introduction = schedule.take()
    assert introduction is not None
    schedule.give(introduction, Part(seed=None, findings=Findings(), timings={}))
    steps = [schedule.take() for _ in range(3)]
    first, second, third = [step for step in steps if step is not None]
    schedule.give(second, not_begun(0, LabError("It went wrong.")))
    schedule.put_back(first)
    schedule.put_back(third)
    assert not schedule.is_settled
    assert schedule.take() == first
    assert schedule.take() is None
    schedule.give(first, Part(seed=5, findings=Findings(), timings={}))
    assert schedule.is_settled


def test_a_run_of_several_processes_that_fails_keeps_what_was_finished(tmp_path, whole):
    (tmp_path / "wait-5").write_text("trained-2")
    (tmp_path / "wait-2").write_text("never")
    (tmp_path / "fail-5").touch()
    assert run(tmp_path, jobs=2).status == "failed"
    assert kept(tmp_path) == ["seed-0.msgpack"]
    assert not active_children()
    for name in ("fail-5", "wait-2"):
        (tmp_path / name).unlink()
    assert repr(run(tmp_path, jobs=2).findings) == repr(whole)


def test_an_interruption_that_a_lab_raises_in_another_process_is_a_failure_of_the_lab(tmp_path):
    (tmp_path / "interrupt-5").touch()
    result = run(tmp_path, jobs=2)
    assert (result.status, result.failure and result.failure.kind) == ("failed", "KeyboardInterrupt")


def test_a_seed_that_ends_every_process_is_given_up_by_name_and_the_others_complete(tmp_path):
    (tmp_path / "end-0").touch()
    result = run(tmp_path, jobs=2)
    assert result.status == "failed"
    assert result.failure is not None
    assert result.failure.kind == "ProcessEnded"
    assert "seed 0" in result.failure.message
    assert [item.seed for item in result.findings.trainings] == [5, 2]
    assert trained(tmp_path) == {5: 1, 0: 3, 2: 1}


def test_a_run_needs_a_process(tmp_path):
    with pytest.raises(LabError, match="at least one process"):
        run(tmp_path, jobs=0)


def test_networks_trained_in_several_processes_have_the_same_histories(monkeypatch):
    """Also with another number of threads: the other process has half of the processors.

    One seed is enough: what several processes found is joined in the same way whatever they trained (see above).
    """
    few = {"epochs": 2, "units": 4, "layers": 1, "folds": 2, "batch_size": 101, "dropped_epochs": 0}
    prepared = prepare(registry.load("boston"), overrides=few, seeds=(1,), source="sample")
    alone = run_lab(prepared, announce=lambda line: None)
    monkeypatch.delattr(Here, "submit")  # nothing is trained in this process
    shared = run_lab(prepared, jobs=2, announce=lambda line: None)
    assert alone.status == shared.status == "complete"
    assert [training.history for training in shared.findings.trainings] == [
        training.history for training in alone.findings.trainings
    ]
    assert shared.findings.scores == alone.findings.scores
    assert shared.findings.predictions == alone.findings.predictions
    assert {training.seed for training in shared.findings.trainings} == {1}


BASELINES = """
TITLE, VERSION = "Two functions", "1"

def train(settings, dataset, session, seed):
    session.measure("network", seed)

def train_baselines(settings, dataset, session, seed):
    session.measure("baseline", seed)
"""


def test_baselines_are_tasks_of_their_own_and_stand_after_the_training_of_their_seed(tmp_path):
    (tmp_path / "lab.py").write_text(BASELINES)
    prepared = prepare(registry.load("two", tmp_path / "lab.py"), seeds=(3, 1))
    alone, shared = (run_lab(prepared, jobs=jobs, saved=tmp_path / "kept") for jobs in (1, 2))
    expected = [("network", 3), ("baseline", 3), ("network", 1), ("baseline", 1)]
    assert [(item.name, item.seed) for item in alone.findings.measures] == expected
    assert [(item.name, item.seed) for item in shared.findings.measures] == expected
    names = sorted(path.name for path in tmp_path.glob("kept/*/*"))
    assert names == [f"seed-{seed}{what}.msgpack" for seed in (1, 3) for what in ("-train_baselines", "")]


def test_seeds_have_weights_and_orders_of_their_own(monkeypatch):
    monkeypatch.setattr("labreport.experiments.training.plan._STACK_BYTES", 0)  # nothing is compiled for the folds
    settings = boston.Settings(folds=2, units=2, epochs=1, dropped_epochs=0, final_batch_size=5)
    losses = [training.history["loss"] for training in measured(boston, settings, houses(), seeds=(0, 1)).trainings]
    assert len(set(losses)) == len(losses) == 6


@pytest.mark.parametrize("odd", ["object()", "10**400", "'many'"])
def test_a_seed_of_another_process_whose_findings_cannot_be_stored_fails_in_words(tmp_path, odd, capfd):
    source = Path(seed_lab.__file__).read_text()
    lab = tmp_path / "odd.py"
    lab.write_text(
        source.replace(
            'session.progress(session.part("final"',
            f'draft.measure("x", {odd})\n    session.progress(session.part("final"',
        )
    )
    (tmp_path / "wait-5").write_text("trained-0")  # until another process is at work
    prepared = prepare(registry.load("seeds", lab), overrides={"folder": str(tmp_path)}, seeds=SEEDS)
    result = run_lab(prepared, jobs=2, announce=lambda line: None)
    assert (result.status, result.failure and result.failure.kind) == ("failed", "LabError")
    assert result.failure is not None
    assert "can't be stored" in result.failure.message
    assert "Traceback" not in capfd.readouterr().err
