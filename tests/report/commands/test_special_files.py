"""A pipe, a device, a socket, an endless or a broken link in place of an input: refused at once, by name."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.hand_labs import COMMAND, stored

from labreport.report.cli import main
from labreport.report.store.baselines import Baselines
from labreport.report.store.entries import RESULT
from labreport.report.store.index import FILE, FOLDER

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _socket(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(before)


def _broken(path: Path) -> None:
    path.symlink_to("gone")


def _ring(path: Path) -> None:
    path.symlink_to(path.name)


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10**12)


KINDS = {
    "pipe": _fifo,
    "device": _device,
    "socket": _socket,
    "broken link": _broken,
    "ring of links": _ring,
    "huge file": _huge,
}
INPUTS = {
    "result": ("runs/mnist/special/" + RESULT, [["list"], ["gc", "--keep", "1"], ["trend", "-o", "out"]]),
    "named result": ("own.json", [["show", "own.json"], ["compare", "own.json", "tensors"]]),
    "baseline": ("runs/baselines/main/x.json", [["baseline", "show", "main"], ["gc", "--keep", "1"]]),
    "manifest": ("out/manifest.json", [["verify", "out"]]),
    "configuration": ("labreport.toml", [["list"], ["status"]]),
    "HTML report": ("x.html", [["extract", "x.html", "-o", "got"], ["compare", "x.html", "tensors"]]),
    "PDF report": ("x.pdf", [["extract", "x.pdf", "-o", "got"]]),
    "log": ("log.csv", [["import", "log.csv"]]),
    "gate's reference": ("own.json", [["check", "tensors", "--baseline", "own.json", "--no-report"]]),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", INPUTS)
def test_an_input_that_is_not_a_file_is_refused_at_once(place, capsys, name, kind):
    stored(place, "tensors")
    where, commands = INPUTS[name]
    path = place / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    KINDS[kind](path)
    for words in commands:
        code = main(words)
        told = capsys.readouterr()
        assert code in (1, 2, 5) if words[0] == "gc" or name == "baseline" else code == 2, (words, code, told.err)
        assert Path(where).name in told.err or where.split("/")[-2] in told.err or "main" in told.err, (words, told.err)
        assert "Traceback" not in told.err


@pytest.mark.parametrize("kind", KINDS)
def test_an_index_that_is_not_a_file_costs_nothing_but_time(place, capsys, kind):
    stored(place, "tensors")
    path = place / "runs" / FOLDER / FILE
    path.unlink()
    KINDS[kind](path)
    assert main(["list"]) == 0
    assert "tensors" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["pipe", "device", "broken link", "huge file"])
def test_a_note_or_a_logo_that_is_not_a_file_costs_its_chapter(place, capsys, kind):
    stored(place, "tensors", "workflow")
    (place / "mine" / "en").mkdir(parents=True)
    KINDS[kind](place / "mine" / "en" / "tensors.md")
    (place / "labreport.toml").write_text('notes = "mine"\n')
    assert main(["render", "--lang", "en", "--to", "md", "-q"]) in (0, 2, 4)
    assert "Traceback" not in capsys.readouterr().err
    (place / "labreport.toml").write_text('logo = "logo.png"\n')
    KINDS[kind](place / "logo.png")
    assert main(["render", "--lang", "en", "--to", "md", "-q"]) == 2
    assert "logo.png" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a" * 300, "\udcff", "é" * 200, "../" * 50, "x\x00y"])
def test_a_name_that_no_file_has_is_answered_in_a_line_by_every_command(place, monkeypatch, capsys, name):
    # So deep that the parents named end in a folder of this test: no command may read or write the whole disk.
    above, place = place, place.joinpath(*"d" * 50)
    place.mkdir(parents=True)
    for own in above.iterdir():
        if own.name != "d":
            own.rename(place / own.name)
    monkeypatch.chdir(place)
    path = stored(place, "tensors")[0]
    Baselines(place / "runs").set("main", [path])
    for words in (
        ["check", "tensors", "--baseline", name, "--no-report"],
        ["baseline", "show", name],
        ["baseline", "set", name, "tensors"],
        ["show", name],
        ["render", name, "--to", "md"],
        ["compare", name, "tensors"],
        ["extract", name, "-o", "out"],
        ["extract", "x.html", "-o", name],
        ["verify", name],
        ["import", name],
        ["list", "--runs-dir", name],
        ["trend", "-o", name],
        ["status", "--data-dir", name],
        ["run", "good", "--runs-dir", name],
        ["record", name],
        ["new", name],
        ["gc", name, "--keep", "1"],
        ["run", name],
    ):
        code = main(words)
        error = capsys.readouterr().err
        assert code != 70, (words, error)
        assert "Traceback" not in error, words
    assert path.exists()


@pytest.mark.parametrize("name", [os.fsdecode(b"x\xff\xfe"), "é" * 120])
def test_files_of_any_name_are_worked_with_or_named_in_a_line_by_every_command(place, capsys, name):
    path, reference = stored(place, "tensors", "workflow")
    Baselines(place / "runs").set("main", [path])
    assert main(["render", "tensors", "--lang", "en", "--to", "html"]) == 0
    contents = {
        "json": path.read_bytes(),
        "html": (place / "reports" / "labreport-en.html").read_bytes(),
        "csv": b"epoch,loss\n0,1.0\n1,0.5\n",
        "py": b"for epoch in range(1, 3): print(f'Epoch {epoch}/2 loss={1 / epoch}')\n",
        "toml": b'labs = ["tensors"]\n',
    }
    for end, content in contents.items():
        (place / f"{name}.{end}").write_bytes(content)
    works = (
        ["show", f"{name}.json"],
        ["compare", f"{name}.json", f"{name}.html"],
        ["extract", f"{name}.html", "-o", f"{name}out"],
        ["import", f"{name}.csv", "--name", "mine"],
        ["record", "--name", "own", f"{name}.py"],
        ["render", f"{name}.json", "--lang", "en", "--to", "md", "-o", name],
        ["verify", name],
        ["check", "tensors", "--baseline", f"{name}.json", "--no-report", "-o", f"{name}gate"],
        ["trend", "-o", f"{name}trend"],
        ["export", "tensors", "-o", f"{name}run.csv"],
        ["merge", "runs", "--runs-dir", f"{name}runs"],
        ["list", "--runs-dir", f"{name}runs"],
    )
    refused = (["grade", f"{name}.csv", "--key", f"{name}.json"], ["render", f"{name}.toml"], ["run", f"{name}.py"])
    for words, right in (*((words, 0) for words in works), *((words, 2) for words in refused)):
        code = main(words)
        error = capsys.readouterr().err
        no_text = "\udcff" in name and "not in UTF-8" in error
        assert code == (2 if no_text else right), (words, code, error)
        assert "Traceback" not in error, words
    for folder in (place / "runs" / name, place / "runs" / "tensors" / name):
        folder.mkdir()
        (folder / RESULT).write_bytes(contents["json"])
    for words in (["list"], ["gc", "--keep", "1", "--yes"], ["trend", "-o", "out"], ["status", "good"]):
        code = main(words)
        error = capsys.readouterr().err
        assert code in (0, 2), (words, code, error)
        assert "Traceback" not in error, words
    assert path.exists()
    assert reference.exists()


def test_a_file_named_as_that_of_matplotlib_changes_no_figure(place):
    stored(place, "mnist")
    (place / "matplotlibrc").write_bytes(b"\xff\xfe\x00binary")
    command = [COMMAND, "render", "mnist", "--lang", "en", "--to", "md", "-q"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
