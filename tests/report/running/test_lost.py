"""A run whose process was ended is stored once, whatever the moment, and however much is to be noted of it."""

from __future__ import annotations

import mmap

import msgspec
import pytest
from helpers.hand_results import hand_result

from labreport.experiments.system import supervision
from labreport.report.errors import UsageError
from labreport.report.running import lost
from labreport.report.store.entries import RESULT, read
from labreport.report.store.runs import Store

WORDS = "exit code 0"


@pytest.fixture
def page(monkeypatch):
    """Make this process one that is watched."""
    shared = mmap.mmap(-1, supervision.SIZE)
    monkeypatch.setattr(supervision, "_page", shared)
    monkeypatch.setattr(lost, "_noted", lost.WorkNoted())
    monkeypatch.setattr(lost, "_settled", {})
    return shared


def begun(lab: str, **changes):
    return msgspec.structs.replace(hand_result(lab, seeds=(0,)), status="failed", **changes)


def settled(page):
    return lost.settle(supervision.kept(page), words=WORDS, interrupted=False)


def test_a_run_that_was_stored_before_the_end_is_not_stored_again(page, tmp_path):
    store = Store(tmp_path)
    lost.note(tmp_path, begun("tensors"))
    store.save(hand_result("tensors", seeds=(0,)))
    (found,) = settled(page)
    assert found.result.status == "complete"
    assert len(store.list().runs) == 1
    assert settled(page) == (found,), "asking again changes nothing"
    assert lost.settled("tensors", found.result.key) == (found, True)


def test_a_run_whose_folder_was_made_and_no_more_is_stored_in_it(page, tmp_path):
    one = begun("tensors")
    lost.note(tmp_path, one)
    (tmp_path / "tensors" / one.run_id).mkdir(parents=True)
    with pytest.raises(UsageError, match="stored already"):
        Store(tmp_path).save(one)
    (found,) = settled(page)
    assert found.result.failure is not None
    assert found.result.failure.message == "it ended the whole program (exit code 0)"
    assert [run.entry.status for run in Store(tmp_path).list().runs] == ["failed"]


def test_a_run_that_is_too_large_for_the_page_is_noted_in_the_store_and_kept(page, tmp_path):
    long = {"text": "x" * 3 * supervision.ROOM}
    lost.note(tmp_path, begun("tensors", settings=long))
    assert len(supervision.kept(page)) < 1000
    (found,) = settled(page)
    assert found.result.settings == long
    assert [path.name for path in (tmp_path / "tensors").iterdir()] == [found.result.run_id]
    lost.note(tmp_path, begun("workflow", settings=long))
    lost.finish(Store(tmp_path).save(begun("workflow", settings=long)), "workflow", "k")
    assert len(list((tmp_path / "workflow").iterdir())) == 1


def test_a_run_of_which_nothing_could_be_noted_is_said_to_be_lost(page, tmp_path):
    (tmp_path / "tensors").write_text("in the way")
    lost.note(tmp_path, begun("tensors", settings={"text": "x" * supervision.ROOM}))
    with pytest.raises(lost.OutputError, match="The run of tensors is lost"):
        settled(page)


def test_all_runs_that_were_at_work_are_stored_and_none_is_said_to_be_the_cause(page, tmp_path):
    for lab in ("tensors", "workflow"):
        lost.note(tmp_path, begun(lab))
    lost.finish(Store(tmp_path).save(hand_result("mnist", seeds=(0,))), "mnist", "k")
    found = settled(page)
    assert [one.result.lab for one in found] == ["tensors", "workflow"]
    assert all("or another one that was at work" in one.result.failure.message for one in found)
    (path,) = tmp_path.glob(f"mnist/*/{RESULT}")
    assert lost.settled("mnist", "k") == (read(path), False)
    assert lost.count() == 3


def test_of_thousands_of_runs_the_newest_fit_into_the_page(page, tmp_path):
    stored = Store(tmp_path).save(hand_result("mnist", seeds=(0,)))
    for number in range(200):
        lost.finish(stored, "mnist", f"{number}" + "k" * 20_000)
    assert len(supervision.kept(page)) <= supervision.ROOM
    settled(page)
    assert lost.settled("mnist", "199" + "k" * 20_000) is not None


def test_a_note_that_is_cut_off_leaves_the_one_before(page):
    supervision.at_work(b"one")
    supervision.at_work(b"second")
    other = 1 - page[supervision.WHICH]
    begin = supervision.ROOMS[other]
    page[begin : begin + 20] = b"half of the next one"
    assert supervision.kept(page) == b"second"
    supervision.at_work(b"3")
    assert supervision.kept(page) == b"3"
    with pytest.raises(ValueError, match="more than"):
        supervision.at_work(b"x" * (supervision.ROOM + 1))
    supervision.at_work()
    assert supervision.kept(page) == b""
