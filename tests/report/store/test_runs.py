"""The store: whole runs or none, nothing overwritten, a damaged run named and passed over."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest
from helpers.hand_results import hand_result

from labreport.experiments.result import Findings
from labreport.report.errors import UnreadableError, UsageError
from labreport.report.store import entries, files, index
from labreport.report.store.runs import Store


def _run(lab: str, number: int, **changes):
    result = hand_result(lab, **changes)
    started = f"2026-01-{number:02d}T00:00:00Z"
    return msgspec.structs.replace(
        result,
        run_id=f"202601{number:02d}T000000Z-{number:08x}",
        key=f"{number:064x}",
        provenance=msgspec.structs.replace(result.provenance, started=started, ended=started),
    )


def test_a_run_is_stored_in_a_folder_of_its_own_and_read_back(tmp_path):
    result = _run("imdb", 1)
    path = Store(tmp_path).save(result).path
    assert path == tmp_path / "imdb" / result.run_id / "result.json"
    assert entries.load(path) == result


def test_nothing_is_overwritten(tmp_path):
    Store(tmp_path).save(_run("imdb", 1))
    with pytest.raises(UsageError, match="nothing is overwritten"):
        Store(tmp_path).save(_run("imdb", 1))


def test_runs_are_listed_newest_first_and_by_lab(tmp_path):
    for lab, number in (("imdb", 1), ("mnist", 3), ("imdb", 2)):
        Store(tmp_path).save(_run(lab, number))
    assert [(run.entry.lab, run.entry.started[8:10]) for run in Store(tmp_path).list().runs] == [
        ("mnist", "03"),
        ("imdb", "02"),
        ("imdb", "01"),
    ]
    assert len(Store(tmp_path).list("imdb").runs) == 2
    latest = Store(tmp_path).list().newest("imdb")
    assert latest is not None
    assert latest.entry.started.startswith("2026-01-02")


def test_a_listing_reads_the_small_index_and_not_the_whole_result(tmp_path, monkeypatch):
    Store(tmp_path).save(_run("imdb", 1))
    monkeypatch.setattr(index, "read", lambda path: 1 / 0)
    assert Store(tmp_path).list().runs[0].entry.score is not None


def test_a_run_without_index_is_listed_from_its_result(tmp_path):
    path = Store(tmp_path).save(_run("imdb", 1)).path
    shutil.rmtree(tmp_path / index.FOLDER)
    assert Store(tmp_path).list().runs[0].entry == entries.entry_of(entries.load(path))
    assert (tmp_path / index.FOLDER / index.FILE).is_file()


def test_a_result_that_was_damaged_behind_a_whole_index_is_noticed(tmp_path):
    Store(tmp_path).save(_run("imdb", 1))
    path = Store(tmp_path).save(_run("imdb", 2)).path
    whole = path.read_bytes()
    for broken in (b"", whole[: len(whole) // 2], b"\0" * len(whole)):
        path.write_bytes(broken)
        listing = Store(tmp_path).list()
        assert [run.entry.started[8:10] for run in listing.runs] == ["01"]
        assert str(path) in listing.unreadable[0]
    path.write_bytes(whole)
    assert len(Store(tmp_path).list().runs) == 2


def test_a_result_that_was_mended_or_copied_keeps_the_link_to_its_report(tmp_path):
    path = Store(tmp_path).save(_run("imdb", 1)).path
    Store(tmp_path).note(Store(tmp_path).list().runs[0], report="../reports")
    os.utime(path, ns=(1, 1))
    (run,) = Store(tmp_path).list().runs
    assert run.entry.report == "../reports"


def test_a_run_that_is_deleted_while_others_are_listed_is_no_damaged_one(tmp_path, monkeypatch):
    path = Store(tmp_path).save(_run("imdb", 1)).path
    shutil.rmtree(tmp_path / index.FOLDER)

    def gone(folder: str | Path) -> tuple[int, int, int, int]:
        path.unlink(missing_ok=True)
        return 0, 0, 0, 0

    monkeypatch.setattr(index, "stamp_of", gone)
    listing = Store(tmp_path).list()
    assert not listing.runs
    assert listing.unreadable == ()


def test_one_damaged_run_among_others_is_named_and_passed_over(tmp_path):
    Store(tmp_path).save(_run("imdb", 1))
    broken = Store(tmp_path).save(_run("imdb", 2)).path
    broken.write_bytes(b"{")
    listing = Store(tmp_path).list()
    assert len(listing.runs) == 1
    assert str(broken) in listing.unreadable[0]


def test_a_folder_that_a_killed_program_left_is_no_run(tmp_path):
    folder = tmp_path / "imdb" / "20260101T000000Z-dead"
    folder.mkdir(parents=True)
    (folder / ".result.json.x.part").write_bytes(b"half")
    assert not Store(tmp_path).list().runs


def test_only_a_complete_run_answers_for_its_key(tmp_path):
    Store(tmp_path).save(_run("imdb", 1, status="failed"))
    assert Store(tmp_path).list().with_key("imdb", f"{1:064x}") is None
    Store(tmp_path).save(msgspec.structs.replace(_run("imdb", 1), run_id="other"))
    assert Store(tmp_path).list().with_key("imdb", f"{1:064x}") is not None


def test_a_listing_shows_the_score_that_decides_also_where_the_loss_comes_first(tmp_path):
    result = hand_result("imdb")
    loss_first = tuple(sorted(result.findings.scores, key=lambda score: score.metric != "loss"))
    Store(tmp_path).save(hand_result("imdb", scores=loss_first))
    (run,) = Store(tmp_path).list().runs
    assert run.entry.score is not None
    assert run.entry.score[0] == "test_accuracy"


def test_a_run_is_found_by_the_unique_beginning_of_its_id_by_folder_and_by_file(tmp_path):
    path = Store(tmp_path).save(_run("imdb", 1)).path
    Store(tmp_path).save(_run("imdb", 2))
    assert Store(tmp_path).find("20260101") == path
    assert Store(tmp_path).find(str(path.parent)) == path
    assert Store(tmp_path).find(str(path)) == path
    with pytest.raises(UsageError, match="may mean"):
        Store(tmp_path).find("202601")
    assert Store(tmp_path).find("imdb").parent.name.startswith("20260102")
    for name in ("nothing", "/nowhere/at/all", "*", "../imdb"):
        with pytest.raises(UsageError, match="No run"):
            Store(tmp_path).find(name)


def test_a_missing_file_is_an_error_for_users(tmp_path):
    with pytest.raises(UnreadableError, match="No such file"):
        entries.load(tmp_path / "result.json")


def test_a_file_is_whole_or_absent_when_the_disk_is_full(tmp_path, monkeypatch):
    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(files.OutputError, match="No space left on device"):
        files.write(tmp_path / "a.json", b"content")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_an_error_for_users(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(files.OutputError, match="Can't write"):
        Store(tmp_path / "runs").save(_run("imdb", 1))


def test_a_written_file_has_the_usual_permissions(tmp_path):
    files.write(tmp_path / "a", b"")
    expected = Path(tmp_path / "b")
    expected.touch()
    assert (tmp_path / "a").stat().st_mode == expected.stat().st_mode


def test_the_newest_run_of_a_lab_is_that_of_its_profile_and_data(tmp_path):
    kinds = (("full", "full"), ("quick", "full"), ("full", "sample"))
    for number, (profile, source) in enumerate(kinds, 1):
        result = _run("imdb", number)
        card = msgspec.structs.replace(hand_result("imdb").findings.data, source=source)
        findings = msgspec.structs.replace(result.findings, data=card)
        Store(tmp_path).save(msgspec.structs.replace(result, profile=profile, findings=findings))
    Store(tmp_path).save(_run("mnist", 9))
    listing = Store(tmp_path).list()

    def day(*wanted):
        found = listing.newest("imdb", *wanted)
        return found and int(found.entry.started[8:10])

    assert (day(), day("full"), day("quick")) == (3, 3, 2)
    assert (day("full", "auto"), day("full", "full"), day("full", "sample")) == (3, 1, 3)
    assert day("quick", "sample") is None
    assert [run.entry.profile for run in listing.of("imdb", data="full")] == ["quick", "full"]


def test_a_run_that_knows_no_data_answers_for_any(tmp_path):
    Store(tmp_path).save(hand_result("workflow"))
    failed = msgspec.structs.replace(_run("imdb", 2), status="failed", findings=Findings())
    Store(tmp_path).save(failed)
    listing = Store(tmp_path).list()
    for lab in ("workflow", "imdb"):
        for data in ("auto", "full", "sample"):
            assert listing.newest(lab, "full", data) is not None


def test_notes_that_can_not_be_read_are_not_written_over(tmp_path):
    store = Store(tmp_path)
    store.save(hand_result("tensors", seeds=(0,)))
    (run,) = store.list().runs
    store.tag(run, "good")
    (run.folder / entries.NOTED).rename(run.folder / "aside")
    (run.folder / entries.NOTED).mkdir()
    with pytest.raises(files.OutputError, match="Nothing was noted, so that nothing is lost"):
        store.tag(run, "better")
    (run.folder / entries.NOTED).rmdir()
    (run.folder / entries.NOTED).symlink_to("gone")
    assert store.tag(run, "better").entry.tags == ("better",), "a link that leads nowhere holds nothing"
