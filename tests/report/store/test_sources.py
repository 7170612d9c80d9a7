"""The source of labs is kept with the store, once, and a comparison shows what of it differs."""

from __future__ import annotations

import pytest
from helpers.nights import write_lab

from labreport.report.cli import main
from labreport.report.store import sources
from labreport.report.store.entries import load
from labreport.report.store.runs import Store


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a lab in one file."""
    monkeypatch.chdir(tmp_path)
    write_lab(tmp_path, "good")
    (tmp_path / "labreport.toml").write_text('[paths]\ngood = "good.py"\n')
    return tmp_path


def ran(place, seeds="0-1"):
    assert main(["run", "good", "--seeds", seeds, "-q"]) == 0
    return load(Store(place / "runs").list().runs[0].path)


def test_the_source_of_a_lab_is_found_by_the_identity_of_its_runs(place):
    result = ran(place)
    assert sources.kept(place / "runs", result.key_parts["lab"]) == {"": (place / "good.py").read_text()}
    engine = sources.kept(place / "runs", result.key_parts["engine"])
    assert engine is not None
    assert "lab/session.py" in engine


def test_it_is_kept_once_and_with_one_kind_of_line_ends(place):
    ran(place)
    before = {path.name: path.stat().st_mtime_ns for path in (place / "runs" / "sources").iterdir()}
    source = place / "good.py"
    source.write_bytes(source.read_bytes().replace(b"\n", b"\r\n"))
    ran(place, "2-3")
    assert {path.name: path.stat().st_mtime_ns for path in (place / "runs" / "sources").iterdir()} == before


def test_a_lab_of_several_files_is_kept_whole(place):
    (place / "helper.py").write_text("VALUE = 0.9\n")
    write_lab(place, "good", value="VALUE")
    source = place / "good.py"
    source.write_text("from helper import VALUE\n" + source.read_text())
    result = ran(place)
    kept = sources.kept(place / "runs", result.key_parts["lab"])
    assert kept == {"good.py": source.read_text(), "helper.py": "VALUE = 0.9\n"}
    (place / "runs" / "sources").joinpath(f"{result.key_parts['lab']}.txt").write_text("forged")
    assert sources.kept(place / "runs", result.key_parts["lab"]) is None


def test_a_comparison_shows_the_lines_that_changed(place, capsys):
    ran(place)
    write_lab(place, "good", value=0.6)
    ran(place, "2-3")
    capsys.readouterr()
    assert main(["compare", "last:2", "last:1", "-v", "--to", "md", "--lang", "en,zh", "-o", "out"]) == 0
    out = capsys.readouterr().out
    assert '-    session.score("test_accuracy", 0.9, direction="higher")' in out
    assert '+    session.score("test_accuracy", 0.6, direction="higher")' in out
    assert "good.py" in out
    for language, text in (("en", "Source file `good.py`"), ("zh", "源文件 `good.py`")):
        page = (place / "out" / f"comparison-{language}.md").read_text("utf-8")
        assert text in page
        assert '+    session.score("test_accuracy", 0.6' in page


def test_the_source_of_a_run_in_another_store_is_found_there_and_comes_along_in_a_merge(place, capsys):
    ran(place)
    (place / "runs").rename(place / "earlier")
    write_lab(place, "good", value=0.6)
    result = ran(place)
    capsys.readouterr()
    assert main(["compare", "earlier", "last:1", "-v"]) == 0
    assert '-    session.score("test_accuracy", 0.9' in capsys.readouterr().out
    assert main(["merge", "runs", "earlier", "--runs-dir", "whole"]) == 0
    assert sources.kept(place / "whole", result.key_parts["lab"]) is not None


def test_a_source_that_can_not_be_kept_costs_no_run(place):
    (place / "runs").mkdir()
    (place / "runs" / "sources").write_text("a file stands in the way")
    assert main(["run", "good", "--seeds", "0", "-q"]) == 0
