"""What a notebook can ask for: runs read back, their report, their comparison, each shown by itself."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from html import unescape

import msgspec
import pytest
from helpers.own_runs import seeds_run, sparse_run

import labreport
from labreport.report.errors import UsageError
from labreport.report.store.runs import Store


@pytest.fixture
def stored(tmp_path):
    """Two versions of a run with four seeds, and an imported log."""
    store = Store(tmp_path / "runs")
    run = seeds_run()
    store.save(msgspec.structs.replace(run, run_id="20260101T000000Z-00000001"))
    store.save(msgspec.structs.replace(run, run_id="20260102T000000Z-00000002"))
    store.save(sparse_run())
    return tmp_path / "runs"


def test_the_import_brings_nothing_else_so_that_it_costs_a_script_nothing():
    code = "import sys; before = set(sys.modules); import labreport; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["labreport"]


def test_runs_are_read_back_with_their_conclusions(stored):
    run = next(labreport.runs(stored, lab="digits"))
    assert run.run_id == "20260102T000000Z-00000002"
    assert run.overfitting_epoch == 6
    assert len(run.history["val_loss"]) == 4
    assert {claim.name: claim.verdict for claim in run.claims}["best_epoch-fit-1"] == "true"


def test_the_report_of_runs_is_there_in_memory_and_shows_itself(stored, tmp_path):
    page = labreport.report(labreport.runs(stored), to=("html", "md"), lang="en")
    assert page.problems == ()
    assert {"labreport-en.html", "labreport-en.md"} <= set(page.files)
    assert "digits" in page.html
    shown = page._repr_html_()
    assert shown.startswith("<iframe sandbox srcdoc=")
    assert "<script" not in shown
    assert shown.endswith(' title="labreport-en.html"></iframe>')  # who can't see it learns what it is
    assert not list(tmp_path.glob("*.html"))
    assert all(path.is_file() for path in page.save(tmp_path / "out"))


def test_two_runs_are_compared_and_the_comparison_shows_itself(stored):
    new, old = labreport.runs(stored, lab="digits")
    page = labreport.compare(old, new)
    assert page.problems == ()
    assert set(page.files) == {"comparison-en.html", "comparison.json"}
    assert page._repr_html_().startswith("<iframe sandbox")


def test_a_run_shows_its_report_sealed_and_light_or_dark_as_the_reader_likes(stored):
    run = next(labreport.runs(stored, lab="digits"))
    shown = run._repr_html_()
    assert shown.startswith('<iframe sandbox srcdoc="')
    inner = unescape(shown.split('srcdoc="', 1)[1].split('" style=', 1)[0])
    assert 'content="light dark"' in inner
    assert "prefers-color-scheme:dark" in inner
    assert "default-src 'none'" in inner
    assert "<script" not in inner


def test_a_format_that_does_not_exist_is_refused_with_the_nearest(stored):
    with pytest.raises(UsageError, match="Did you mean 'html'"):
        labreport.report(labreport.runs(stored), to="htm")
    with pytest.raises(UsageError, match="xx"):
        labreport.report(labreport.runs(stored), lang="xx")


def test_a_program_may_call_the_package_before_anything_else_is_imported(stored):
    program = "import sys, labreport; print(len(labreport.report(labreport.runs(sys.argv[1])).html) > 1000)"
    done = subprocess.run([sys.executable, "-c", program, str(stored)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def test_runs_are_chosen_by_day_and_by_setting(tmp_path):
    store = Store(tmp_path / "runs")
    for day in (1, 2, 3):
        run = seeds_run()
        when = msgspec.structs.replace(run.provenance, started=f"2026-01-0{day}T12:00:00Z")
        settings = {"units": 8 * day, "final": day == 3}
        store.save(
            msgspec.structs.replace(run, run_id=f"2026010{day}T120000Z-00000001", provenance=when, settings=settings)
        )

    def days(**chosen):
        return [run.started[9:10] for run in labreport.runs(tmp_path / "runs", **chosen)]

    assert days() == ["3", "2", "1"]
    assert days(since="2026-01-02") == days(since=date(2026, 1, 2)) == ["3", "2"]
    assert days(until="2026-01-02") == ["2", "1"]
    assert days(since="2026-01-02T13:00:00+00:00") == ["3"]
    assert days(until="2026-01-02T11:00:00") == ["1"]
    assert days(since="2026-01-02", until="2026-01-02", lab="digits") == ["2"]
    assert days(tag="units=16") == ["2"]
    assert days(tag="final=True") == ["3"]
    assert days(tag="units") == ["3", "2", "1"]
    with pytest.raises(ValueError, match="yesterday"):
        days(since="yesterday")
