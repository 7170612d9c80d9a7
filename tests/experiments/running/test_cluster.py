"""Tasks on a Dask cluster: the findings are those of one process, whatever happens to scheduler and workers."""

from __future__ import annotations

import io
import os
import random
import signal
import tempfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import numpy as np
import pytest
from helpers import seed_lab
from helpers.dask_cluster import LoopbackCluster
from helpers.waiting import until

from labreport.experiments import registry
from labreport.experiments.result import DataFile, Findings, Result
from labreport.experiments.running import runner, work
from labreport.experiments.running.cluster import Cluster
from labreport.experiments.running.engines import EngineError
from labreport.experiments.running.preparation import prepare
from labreport.experiments.running.runner import RunInterrupted, run_lab

SEEDS = (5, 0, 2, 7, 1)


def run(folder: Path, on: str = "", seeds: tuple[int, ...] = SEEDS, **options: Any) -> Result:
    """Run the watched lab, on a cluster or here."""
    lab = registry.load("seeds", Path(seed_lab.__file__))
    prepared = prepare(lab, overrides={"folder": str(folder)}, seeds=seeds)
    options.setdefault("announce", lambda line: None)
    return run_lab(prepared, engine=Cluster(on) if on else None, saved=folder / "kept", **options)


def trained(folder: Path) -> dict[int, int]:
    """How often each seed was trained."""
    return {int(path.name.removeprefix("trained-")): len(path.read_text()) for path in folder.glob("trained-*")}


def content(findings: Findings) -> bytes:
    """Return the bytes of findings; the times of this lab are made up, and equal."""
    return msgspec.msgpack.encode(findings)


@pytest.fixture
def whole(tmp_path) -> bytes:
    """What one process finds."""
    folder = tmp_path / "alone"
    folder.mkdir()
    return content(run(folder).findings)


def test_a_cluster_finds_byte_for_byte_what_one_process_finds(tmp_path, cluster, whole):
    seen: list[str] = []
    result = run(tmp_path, cluster.address, progress=lambda part, *_: seen.append(part))
    assert result.status == "complete"
    assert content(result.findings) == whole
    assert trained(tmp_path) == dict.fromkeys(SEEDS, 1)
    until(lambda: len(seen) == len(SEEDS), 5)
    assert sorted(seen) == [f"seeds: final, seed {seed}" for seed in sorted(SEEDS)]
    assert result.provenance.workers is msgspec.UNSET  # one machine with one set of versions
    again = run(tmp_path, str(cluster.file), seeds=(5, 0))
    assert [item.seed for item in again.findings.trainings] == [5, 0]


def test_the_task_of_a_worker_that_is_killed_is_done_elsewhere(tmp_path, cluster, whole):
    (tmp_path / "wait-0").write_text("killed")

    def kill() -> None:
        process = tmp_path / "process-0"
        os.kill(int(until(lambda: process.exists() and process.read_text())), signal.SIGKILL)
        (tmp_path / "killed").touch()

    thread = Thread(target=kill)
    thread.start()
    result = run(tmp_path, cluster.address)
    thread.join()
    assert content(result.findings) == whole
    assert trained(tmp_path)[0] == 2


def test_a_seed_that_kills_every_worker_is_given_up_by_name_and_the_others_complete(tmp_path, cluster):
    (tmp_path / "end-0").touch()
    result = run(tmp_path, cluster.address, seeds=(5, 0, 2))
    assert result.status == "failed"
    assert result.failure is not None
    assert result.failure.kind == "ProcessEnded"
    assert "seed 0" in result.failure.message
    assert [item.seed for item in result.findings.trainings] == [5, 2]
    cluster.client.wait_for_workers(3, timeout=30)


def test_a_lab_that_raises_on_a_worker_fails_as_it_does_here(tmp_path, cluster):
    (tmp_path / "fail-0").touch()
    result = run(tmp_path, cluster.address)
    alone = run(tmp_path)
    assert result.failure == alone.failure
    assert content(result.findings) == content(alone.findings)


def test_a_worker_without_memory_loses_its_task_to_one_that_has_some(tmp_path, cluster, whole):
    small = cluster.add_workers(1, "--memory-limit", "300MB", LABREPORT_TEST_TAKES="400")
    try:
        cluster.client.wait_for_workers(4, timeout=30)
        for seed in SEEDS:
            (tmp_path / f"wait-{seed}").write_text("taken")  # so that it has its share
        assert content(run(tmp_path, cluster.address).findings) == whole
        assert sum(trained(tmp_path).values()) > len(SEEDS)
    finally:
        small.kill()
        small.wait()
        until(lambda: len(cluster.client.nthreads()) == 3)


def test_memory_that_is_short_on_a_worker_is_tried_again_and_then_named(tmp_path, cluster):
    (tmp_path / "memory-0").write_text("once")
    assert run(tmp_path, cluster.address, seeds=(5, 0)).status == "complete"
    (tmp_path / "memory-2").write_text("always")
    failure = run(tmp_path, cluster.address, seeds=(2, 5)).failure
    assert failure is not None
    assert failure.kind == "MemoryError"
    assert trained(tmp_path)[2] == 3


LAB = """
from dataclasses import dataclass
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
import labreport
from helper import WORD

TITLE, VERSION, DATASET = "Mine", "1", "boston_housing"
DATA = labreport.files("points.csv")

def train(settings, dataset, session, seed):
    session.measure(WORD, len(DATA["points.csv"].read_text()) + len(dataset.train_targets))
    session.draft.listing("train", train)
    session.measure("elsewhere", Path(__file__).parent != Path("{folder}"))
"""


def own(folder: Path, **options: Any) -> Result:
    """Run a lab of the user that is moved away once it is planned, so that no worker finds it in its place."""
    place = folder / "mine"
    place.mkdir()
    (place / "lab.py").write_text(LAB.replace("{folder}", str(place)))
    (place / "helper.py").write_text("WORD = 'points'\n")
    (place / "points.csv").write_text("1,2\n")
    return prepare(registry.load("mine", place / "lab.py"), source="sample", **options)


def test_the_source_of_a_users_lab_and_its_data_files_are_sent_to_workers_that_have_them_not(
    tmp_path, cluster, monkeypatch
):
    prepared = own(tmp_path, seeds=(0, 1, 2, 3))
    elsewhere = runner.LabSource
    monkeypatch.setattr(runner, "LabSource", lambda **given: elsewhere(**{**given, "root": "/nowhere"}))
    result = run_lab(prepared, engine=Cluster(cluster.address), announce=lambda line: None)
    assert result.failure is None
    assert {(item.name, item.value) for item in result.findings.measures} == {("points", 408), ("elsewhere", True)}
    until(lambda: not list(Path(tempfile.gettempdir()).glob("labreport-lab-*")))


DRAWING = """
import importlib
import random

TITLE, VERSION = "Draws", "1"

def train(settings, dataset, session, seed):
    random.seed(seed)
    for name in ("tornado.ioloop", "distributed.utils_comm", "distributed.comm.core"):
        importlib.import_module(name).random.random()  # as its threads do whenever they like
    session.measure("drawn", random.random())
"""


def test_what_dask_draws_meanwhile_changes_no_random_number_of_a_lab(tmp_path, cluster):
    (tmp_path / "draws.py").write_text(DRAWING)
    prepared = prepare(registry.load("draws", tmp_path / "draws.py"), seeds=(3, 4))
    result = run_lab(prepared, engine=Cluster(cluster.address), announce=lambda line: None)
    assert result.failure is None
    assert [item.value for item in result.findings.measures] == [random.Random(seed).random() for seed in (3, 4)]


def test_data_are_taken_from_the_folder_of_the_worker_or_else_sent_to_each_worker_once(tmp_path, cluster):
    prepared = own(tmp_path, seeds=tuple(range(9)))
    file = io.BytesIO()
    np.savez(file, x=np.ones((20, 13)), y=np.ones(20))
    files = (DataFile(name="boston.npz", sha256=sha256(file.getvalue()).hexdigest()),)
    full = replace(prepared.data, source="full", files=files, contents=(file.getvalue(),))
    sent: list[str] = []

    class Counting(Cluster):
        def provide(self, driver, where, contents):
            sent.extend(
                where for digest in contents if digest in {file.sha256 for file in (*files, *prepared.own_files)}
            )
            super().provide(driver, where, contents)

    assert run_lab(prepared, engine=Counting(cluster.address), announce=lambda line: None).status == "complete"
    assert sent == []  # the sample is part of the package, and the lab lies on a disk of both
    result = run_lab(replace(prepared, data=full), engine=Counting(cluster.address), announce=lambda line: None)
    assert {item.value for item in result.findings.measures if item.name == "points"} == {20}
    assert 1 <= len(sent) == len(set(sent)) <= 3


def test_workers_with_other_versions_are_refused_with_a_table_unless_they_are_allowed(tmp_path, cluster, monkeypatch):
    real = work.versions()
    monkeypatch.setattr(work, "_versions", lambda: tuple({**real, "numpy": "1.2.3"}.items()))
    with pytest.raises(EngineError, match="--mixed") as refused:
        Cluster(cluster.address)
    head, ours, *others = str(refused.value).splitlines()[1:]
    assert head.split() == ["labreport", "python", "keras", "tensorflow", "numpy"]
    assert ours.split()[-1] == "1.2.3"
    assert len(others) == 3
    assert all(line.split()[1:] == ["=", "=", "=", "=", real["numpy"]] for line in others)
    lab = registry.load("seeds", Path(seed_lab.__file__))
    prepared = prepare(lab, overrides={"folder": str(tmp_path)}, seeds=(5, 0))
    result = run_lab(prepared, engine=Cluster(cluster.address, mixed=True))
    (worker,) = result.provenance.workers
    assert worker.packages["numpy"] == real["numpy"]


def test_where_there_is_no_scheduler_one_line_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr("labreport.experiments.running.cluster._CONNECTING", 0.5)
    with pytest.raises(EngineError, match=r"There is no Dask scheduler at tcp://127\.0\.0\.1:9"):
        Cluster("tcp://127.0.0.1:9")
    with pytest.raises(EngineError, match=r"There is no Dask scheduler at missing\.json"):
        Cluster("missing.json")


def test_a_worker_that_no_longer_answers_is_not_waited_for_at_the_end(cluster, monkeypatch):
    monkeypatch.setattr("labreport.experiments.running.cluster._FORGETTING", 0.5)
    engine = Cluster(cluster.address)
    hanging = cluster.processes()[0]
    os.kill(hanging, signal.SIGSTOP)
    answered = []
    ending = Thread(target=lambda: answered.append(engine.finish("none")), daemon=True)
    try:
        ending.start()
        ending.join(30)  # asked without an end, it would not be over while the worker hangs
        assert answered == [None]
    finally:
        os.kill(hanging, signal.SIGCONT)
        engine.shutdown()


@pytest.fixture(scope="module")
def doomed(tmp_path_factory):
    """A cluster of one worker, for tests that leave nothing of it: first its worker goes, then its scheduler."""
    found = LoopbackCluster(tmp_path_factory.mktemp("doomed"), 1)
    yield found
    found.stop()


def test_ctrl_c_ends_a_wait_for_workers_and_finished_seeds_are_kept(tmp_path, doomed):
    (tmp_path / "wait-0").write_text("never")

    def interrupt() -> None:
        until(lambda: list((tmp_path / "kept").glob("*/seed-5*")) and (tmp_path / "trained-0").exists())
        doomed.end_workers()
        os.kill(os.getpid(), signal.SIGINT)

    thread = Thread(target=interrupt)
    # A job in the background is started with Ctrl-C ignored, and would wait for ever.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        thread.start()
        with pytest.raises(RunInterrupted) as stopped:
            run(tmp_path, doomed.address)
        thread.join()
    finally:
        signal.signal(signal.SIGINT, before)
    assert stopped.value.result.status == "interrupted"
    assert [item.seed for item in stopped.value.result.findings.trainings] == [5]
    doomed.add_workers(1)
    doomed.client.wait_for_workers(1, timeout=60)


def test_without_workers_it_waits_with_a_line_and_without_a_scheduler_it_ends_and_the_same_command_goes_on(
    tmp_path, doomed, whole
):
    said: list[str] = []
    (tmp_path / "wait-0").write_text("never")

    def end_workers() -> None:
        until(lambda: (tmp_path / "kept").is_dir() and (tmp_path / "trained-0").exists())
        doomed.end_workers()
        until(lambda: any("There is no worker" in line for line in said))
        doomed.scheduler.kill()

    thread = Thread(target=end_workers)
    thread.start()
    result = run(tmp_path, doomed.address, announce=said.append)
    thread.join()
    assert result.failure is not None
    assert "scheduler" in result.failure.message
    assert "the same command resumes there" in result.failure.message
    assert [item.seed for item in result.findings.trainings] == [5]
    (tmp_path / "wait-0").unlink()
    assert content(run(tmp_path).findings) == whole
    assert trained(tmp_path)[5] == 1
