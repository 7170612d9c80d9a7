"""A full disk, a place that can't be written, a quota, a share that is gone, a clock that goes back: one clear line."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from helpers.hand_labs import COMMAND, stored
from helpers.hand_results import hand_result

from labreport.report.cli import main
from labreport.report.store import files
from labreport.report.store.index import FOLDER
from labreport.report.store.runs import Store

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these are answers of POSIX")

COMMANDS = (
    ["run", "good"],
    ["render", "tensors", "--lang", "en", "--to", "md", "--force"],
    ["trend", "-o", "out"],
    ["check", "tensors", "--baseline", "last:1", "--no-report", "-o", "out"],
    ["baseline", "set", "main", "tensors"],
    ["import", "log.csv"],
)
READING = (["list"], ["show", "tensors"], ["status", "good"], ["compare", "tensors", "workflow"], ["gc", "--keep", "1"])


@pytest.fixture
def filled(place):
    """A folder with two runs, whose lines in a listing have to be made again, and a log."""
    stored(place, "tensors", "workflow")
    shutil.rmtree(place / "runs" / FOLDER)
    (place / "log.csv").write_text("epoch,loss\n0,1.0\n1,0.5\n")
    return place


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ESTALE, errno.EIO, errno.EACCES])
def test_where_nothing_can_be_written_reading_works_and_writing_says_why(filled, monkeypatch, capsys, number):
    def refuse(*_arguments: object, **_more: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    monkeypatch.setattr("os.fsync", refuse)
    for words in READING:
        assert main(words) in (0, 5), words
        assert "Traceback" not in capsys.readouterr().err
    for words in COMMANDS:
        code = main(words)
        error = capsys.readouterr().err
        assert code in (2, 3, 4, 5), (words, code, error)
        assert "Traceback" not in error, words
    assert len(Store(filled / "runs").list().runs) == 2


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO])
def test_a_share_that_is_gone_in_the_middle_is_named(filled, monkeypatch, capsys, number):
    real = os.open

    def broken(path, *arguments, **more):
        if str(path).endswith("result.json"):
            raise OSError(number, os.strerror(number), str(path))
        return real(path, *arguments, **more)

    monkeypatch.setattr("os.open", broken)
    for words in (["list"], ["show", "tensors"], ["trend", "-o", "out"], ["gc", "--keep", "1", "--yes"]):
        assert main(words) in (2, 5), words
        error = capsys.readouterr().err
        assert os.strerror(number) in error or "No run" in error, (words, error)
        assert "Traceback" not in error
    monkeypatch.undo()
    assert len(list((filled / "runs").rglob("result.json"))) == 2


def test_a_full_disk_leaves_no_half_file_and_the_old_one(tmp_path):
    """The limit of a file's size stands for a disk that is full: the write itself fails in the middle."""
    path = tmp_path / "page.html"
    files.write(path, b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(files.OutputError, match="Can't write"):
            files.write(path, b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["page.html"]


def test_a_clock_that_goes_back_loses_no_run_and_shows_both(place, capsys):
    store = Store(place / "runs")
    for year in (2030, 1999):
        moment = datetime(year, 1, 1, tzinfo=UTC).isoformat().replace("+00:00", "Z")
        result = hand_result("tensors", seeds=(0,), run_id=f"{year}0101T000000Z-0")
        source = msgspec.structs.replace(result.provenance, started=moment, ended="2001-01-01T00:00:00Z")
        store.save(msgspec.structs.replace(result, provenance=source))
    for words in (["list"], ["show", "tensors"], ["trend", "-o", "out"], ["gc", "--keep", "90d"]):
        assert main(words) == 0, capsys.readouterr().err
    assert len(store.list().runs) == 2


@pytest.mark.parametrize("name", [b"\xff\xfe", "中文 ü".encode()])
def test_a_folder_of_any_name_is_worked_in(tmp_path, name):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    folder.mkdir()
    stored(folder, "tensors")
    for words in (["list"], ["trend", "-o", "out"]):
        done = subprocess.run([COMMAND, *words], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 2, 4), done.stderr
        assert "Traceback" not in done.stderr
    assert (folder / "out").is_dir()


def test_a_user_without_a_name_is_served(place):
    stored(place, "tensors")
    code = (
        "import pwd\n"
        "def unknown(*_): raise KeyError('uid not found')\n"
        "pwd.getpwuid = pwd.getpwnam = unknown\n"
        "from labreport.report.cli import main\n"
        "raise SystemExit(max(main(words.split()) for words in "
        "('list', 'run good', 'status good')))\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
