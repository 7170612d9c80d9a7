"""`labreport new`: every kind of folder is built at once in both languages, and its own tests pass."""

from __future__ import annotations

import re
import subprocess

import pytest
from helpers.own_runs import seeds_run
from helpers.warm import on_one_processor, warmed

from labreport.report.cli import main
from labreport.report.commands.scaffold import KINDS
from labreport.report.store.runs import Store

FIRST = {
    "classification": (["build", "--profile", "quick", "-q"],),
    "regression": (["build", "--profile", "quick", "-q"],),
    "script": (["record", "--name", "my-script", "train.py", "--epochs", "2"], ["render", "-q"]),
    "notes": (["build", "tensors", "--profile", "quick", "-q"],),
    "course": (["build", "tensors", "--profile", "quick", "-q"],),
}
"""The first commands in a folder of each kind, as its README has them, with few epochs."""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder that holds one folder of each kind."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        for kind in KINDS:
            assert main(["new", f"my-{kind}", "--kind", kind, "-q"]) == 0
    return home


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_folder_is_built_at_once_in_both_languages(home, kind, monkeypatch, capsys, warm_python):
    monkeypatch.setattr("sys.executable", warm_python)  # for the script that is recorded
    monkeypatch.chdir(home / f"my-{kind}")
    for words in FIRST[kind]:
        assert main(words) == 0, capsys.readouterr().err
    for language in ("en", "zh"):
        page = (home / f"my-{kind}" / "reports" / f"labreport-{language}.html").read_text("utf-8")
        assert "__" not in page.partition("<body")[2].partition("</h1>")[0]
    if kind not in ("notes", "course"):
        assert re.search(f"[Mm]y.{kind}", page)


def test_the_tests_of_every_kind_pass_in_a_fresh_environment_with_the_wheel(home, fresh, tmp_path):
    # In one process: each of them starts labreport in its own folder, by a Python that has TensorFlow loaded, on one
    # processor, so that it starts no further ones that would load it again.
    options = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib"]
    with on_one_processor(), warmed(tmp_path, str(fresh)) as python:
        done = subprocess.run(
            [python, "-m", "pytest", *options, *(f"my-{kind}" for kind in KINDS)],
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout
    assert "5 passed" in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_folder_has_notes_in_the_languages_that_were_asked_for(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "own", "--kind", kind, "--lang", "en"]) == 0
    # The chapter of a recorded script is made from its record, in every language; a course has the shipped notes.
    assert [path.name for path in (tmp_path / "own").glob("notes/*")] == (
        [] if kind in ("script", "course") else ["en"]
    )
    assert 'lang = ["en"]' in (tmp_path / "own" / "labreport.toml").read_text("utf-8")
    assert not [
        path for path in (tmp_path / "own").rglob("*.*") if "__" in path.read_text("utf-8").replace("__file__", "")
    ]


def test_nothing_is_overwritten_unasked(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "lab.py").write_text("mine")
    (tmp_path / "own" / "other.txt").write_text("mine too")
    assert main(["new", "own"]) == 2
    assert "own/lab.py would be overwritten; choose another name, or give --force." in capsys.readouterr().err
    assert {path.name for path in (tmp_path / "own").iterdir()} == {"lab.py", "other.txt"}
    assert main(["new", "own", "--force"]) == 0
    assert "labreport" in (tmp_path / "own" / "lab.py").read_text("utf-8")
    assert (tmp_path / "own" / "other.txt").read_text() == "mine too"
    (tmp_path / "file").write_text("mine")
    assert main(["new", "file"]) == 4
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["../wine"], "can't name a lab"),
        (["wine.py"], "can't name a lab"),
        (["酒"], "can't name a lab"),
        (["-wine"], "No such option"),
        (["a" * 81], "can't name a lab"),
        (["imdb"], "A lab 'imdb' is installed already"),
        (["wine", "--lang", "en,klingon"], "Unknown language 'klingon'"),
        (["wine", "--kind", "clustering"], "'clustering' is not one of"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(words, complaint, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new", *words]) == 2
    assert complaint in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_chapter_of_a_run_becomes_notes_that_build_and_can_be_edited(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Store(tmp_path / "runs").save(seeds_run())
    assert main(["new", "mine", "--from", "digits"]) == 0
    note = tmp_path / "mine" / "en" / "digits.md"
    assert 'claim("best_epoch-fit-1")' in note.read_text("utf-8")
    note.write_text(note.read_text("utf-8").replace("# digits", "# My digits", 1))
    (tmp_path / "labreport.toml").write_text('notes = "mine"\n')
    assert main(["render", "--lang", "zh,en", "--to", "md"]) == 0
    assert "1 My digits" in (tmp_path / "reports" / "labreport-en.md").read_text("utf-8")
    assert main(["new", "mine", "--from", "digits"]) == 2
    assert main(["new", "other", "--from", "nothing"]) == 2
    capsys.readouterr()
