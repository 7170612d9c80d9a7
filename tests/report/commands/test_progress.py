"""Progress without a terminal: a line now and then says what is at work, how fast, and how long it still takes."""

from __future__ import annotations

import importlib
import os
import pkgutil
import pty
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers import browsed
from helpers.own_runs import seeds_run

from labreport.report.cli import main
from labreport.report.commands.console import Reporter
from labreport.report.configuration import Configuration, override
from labreport.report.publish import publish, workers
from labreport.report.store.entries import read
from labreport.report.store.runs import Store


def _lines(capsys) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_line_names_the_work_its_rate_and_the_time_that_is_left(capsys):
    reporter = Reporter()
    with reporter.heartbeat(0.1):
        for done in range(6):
            reporter.advance("imdb, seed 0", done, 100)
            time.sleep(0.05)
    lines = _lines(capsys)
    assert lines
    assert re.search(r": imdb, seed 0, \d of 100, [\d.]+\sa second, [\d.]+\s(s|min) left$", lines[-1])


@pytest.mark.parametrize("before", [[50], [1, 100]])
def test_what_begins_once_more_has_a_rate_of_its_own(capsys, before):
    reporter = Reporter()
    for done in before:
        reporter.advance("search", done, 100)
        time.sleep(0.01)
    reporter.advance("search", 1, 100)
    with reporter.heartbeat(0.05):
        time.sleep(0.4)
    assert _lines(capsys)[0].endswith(": search, 1 of 100")


def test_labs_that_take_different_times_promise_none(capsys):
    reporter = Reporter()
    reporter.whole("nightly, labs", 0, 3, alike=False)
    time.sleep(0.01)
    with reporter.heartbeat(0.05):
        reporter.whole("nightly, labs", 1, 3, alike=False)
        time.sleep(0.2)
    assert _lines(capsys)[0].endswith(": nightly, labs, 1 of 3")


def test_a_quiet_program_says_nothing(capsys):
    reporter = Reporter(quiet=True)
    with reporter.heartbeat(0.01):
        reporter.advance("work", 1, 2)
        time.sleep(0.05)
    assert _lines(capsys) == []


def _slowly(monkeypatch, where, wait=0.06):
    """Let a function begin later, so that there is time for a line."""
    module, _, name = where.rpartition(".")
    try:
        usual = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError:  # the method of a class
        usual = getattr(pkgutil.resolve_name(module), name)

    def later(*given, **more):
        time.sleep(wait)
        return usual(*given, **more)

    monkeypatch.setattr(where, later)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A store with some runs, in which a line is said every hundredth of a second."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("labreport.report.commands.console.HEARTBEAT", 0.01)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    for day in (2, 3, 4):
        Store(tmp_path / "runs").save(browsed.dated(seeds_run(), day, f"202601{day:02d}T000000Z-0000000{day}"))
    return tmp_path


PACE = r", [\d.]+\s(?:a second|m?s each), [\d.]+\s(?:ms|s|min) left"
STAGES = {
    "render": (
        ["render", "--lang", "en", "--to", "html,pdf"],
        [
            "render en, chapters, 0 of 1",
            "render en, html, 0 of 1",
            rf"render en, pdf: blocks set, \d+ of \d+{PACE}",
            rf"render en, pdf: pages written, \d of \d{PACE}",
        ],
        [
            "labreport.report.chapters.build._assembled",
            "labreport.report.rendering.html.html",
            "labreport.report.rendering.weasyprint.pace.Pace.set",
            "labreport.report.rendering.weasyprint.pace.Pace.written",
        ],
    ),
    "list": (
        ["list"],
        ["list: looking through the runs"],
        ["labreport.report.store.runs.Store.page"],
    ),
    "compare": (
        ["compare", "last:2", "last:1", "--to", "md", "--lang", "en"],
        ["compare: reading the versions", "compare: testing 2 versions", "compare: writing the pages"],
        [
            "labreport.report.comparison.inputs.resolve",
            "labreport.report.comparison.compare.compare_all",
            "labreport.report.comparison.outputs.write",
        ],
    ),
    "trend": (
        ["trend", "--lang", "en"],
        ["trend: listing the runs", "trend: looking for lasting changes", "trend: drawing the pages"],
        [
            "labreport.report.commands.trend.Store",
            "labreport.report.trend.history.history",
            "labreport.report.trend.folder.write",
        ],
    ),
    "gc": (
        ["gc", "--keep", "1", "--yes"],
        [
            "gc, runs looked through, 0 of 3",
            rf"gc, folders measured, 1 of 2{PACE}",
            rf"gc, runs, 1 of 2{PACE}",
        ],
        [
            "labreport.report.store.runs.Chosen.__iter__",
            "labreport.report.store.retention.size_of",
            "labreport.report.store.retention.delete",
        ],
    ),
    "merge": (
        ["merge", "other"],
        ["merge, stores read, 0 of 1", r"merge, runs, 2 of 3, [\d.]+\sa second, [\d.]+\s(s|ms|min) left"],
        ["labreport.report.store.merging._copies", "labreport.report.store.merging._take"],
    ),
    "import": (
        ["import", "a.csv", "b.csv"],
        [r"import, logs, 1 of 2, [\d.]+\sa second, [\d.]+\s(s|ms|min) left"],
        ["labreport.experiments.recording.importing.result"],
    ),
    "view": (
        ["view", "--export", "site", "--reports", "1", "--lang", "en"],
        ["view: listing the runs", r"export, \d of \d"],
        ["labreport.report.browsing.export.Stock", "labreport.report.browsing.documents.report"],
    ),
}


@pytest.mark.parametrize("name", STAGES)
def test_each_long_command_says_what_is_at_work(place, monkeypatch, capsys, name):
    arguments, expected, slow = STAGES[name]
    for log in ("a", "b"):
        Path(f"{log}.csv").write_text("epoch,loss,val_loss\n0,0.5,0.6\n1,0.4,0.5\n")
    shutil.copytree("runs", "other")
    if name == "merge":
        shutil.rmtree("runs")
    for where in slow:
        _slowly(monkeypatch, where)
    assert main(arguments) == 0
    lines = "\n".join(_lines(capsys))
    for stage in expected:
        assert re.search(rf"^[\d.]+\s(?:ms|s|min)[^:]*: {stage}", lines, re.MULTILINE), (stage, lines)


FIT = rf"one: fit, seed \d, \d of 6{PACE}"
TWO = FIT.replace("one", "two", 1)
LAB = """
import time
from dataclasses import dataclass
from labreport.experiments.lab import Session

TITLE, VERSION, DATASET = "Mine", "1", None
LOSS = 0.0

@dataclass(frozen=True, kw_only=True)
class Settings:
    rounds: int = 3

def train(settings, dataset, session: Session, seed) -> None:
    for step in range(1, 7):
        session.progress(session.part("fit"), step, 6, {})
        time.sleep(0.03)
    session.score("test_accuracy", 0.9 - LOSS + 0.001 * (seed * 7 % 5))
"""
TRAINS = {
    "run": (
        ["run", "one", "two", "--seeds", "8-9"],
        ["run, labs, 0 of 2; run: training", rf"run, labs, 1 of 2; {TWO}"],
    ),
    "build": (
        ["build", "--seeds", "8-9", "--to", "md"],
        [rf"run, labs, 0 of 2; {FIT}", r"render en, chapters, \d of 2"],
    ),
    "repeat": (["repeat", "one"], ["repeat: training once more", FIT]),
    "explain": (
        ["explain", "last:2", "last:1", "--seeds", "1-3", "--to", "md"],
        ["explain: reading the versions", rf"explain, combinations, 1 of 2{PACE}; {FIT}", "explain: writing the pages"],
    ),
    "check": (["check", "one", "--baseline", "main", "--confirm", "--no-report"], ["check: judging the runs", FIT]),
    "nightly": (
        ["nightly", "--no-check", "--seeds", "8-9", "--to", "md"],
        ["nightly: reading labs and data", rf"nightly, labs, 1 of 2; {FIT}", "nightly: drawing the trend"],
    ),
    "course": (
        ["course"],
        ["course: reading the runs", "course, documents, 0 of 1", "course, index and packs, 0 of 1"],
    ),
}
"""What a line says of each command that trains or makes much: the stage; the whole and its part, with rate and time."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder of a user with two labs, a baseline of the one, and a newer run that is worse."""
    place = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        for name in ("one", "two"):
            Path(f"{name}.py").write_text(LAB)
        paths = '[paths]\none = "one.py"\ntwo = "two.py"\n'
        Path("labreport.toml").write_text(f'labs = ["one", "two"]\nlang = ["en"]\njobs = 1\n{paths}')
        Path("course.toml").write_text(
            'name = "ml"\ntitle = { en = "ML" }\nlabs = ["one"]\nlang = ["en"]\nforms = ["sheet"]\nto = ["html"]\n'
            'slides = false\nnotebooks = false\neditions = ["student"]\n'
        )
        assert main(["run", "one", "--seeds", "0-4", "-q"]) == 0
        assert main(["baseline", "set", "main"]) == 0
        Path("one.py").write_text(LAB.replace("LOSS = 0.0", "LOSS = 0.3"))
        assert main(["run", "one", "--seeds", "0-4", "-q"]) == 0
    return place


@pytest.mark.parametrize("name", TRAINS)
def test_each_command_that_trains_or_makes_much_says_how_far_it_is(trained, tmp_path, monkeypatch, capsys, name):
    arguments, expected = TRAINS[name]
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("labreport.report.commands.console.HEARTBEAT", 0.01)
    for where in (
        "labreport.report.comparison.inputs.resolve",
        "labreport.report.comparison.outputs.explanation",
        "labreport.report.trend.history.history",
        "labreport.report.course.pack._finish",
        "labreport.report.commands.course.newest",
        "labreport.report.publish.workers.render_language",
        "labreport.report.chapters.build._assembled",
    ):
        _slowly(monkeypatch, where, 0.03)
    assert main(arguments) == (1 if name == "check" else 0)
    lines = "\n".join(_lines(capsys))
    for stage in expected:
        assert re.search(rf"^[\d.]+\s(?:s|min): {stage}", lines, re.MULTILINE), (stage, lines)


def test_documents_that_are_made_side_by_side_are_heard_of_from_their_processes(place, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))  # nothing there that was made before
    monkeypatch.setattr(workers, "available", lambda: 2)
    store = Store(place / "runs")
    asked = override(Configuration(), lang=("en", "zh"), to=("html", "pdf"), runs_dir=store.root, output=place / "made")
    steps, whole = [], []
    outcome = publish(
        [read(store.find("digits"))],
        asked,
        announce=lambda *step: whole.append(step),
        progress=lambda *step: steps.append(step),
    )
    assert outcome.problems == ()
    assert whole == [("documents", done, 2) for done in range(3)]
    for language in ("en", "zh"):
        said = [(what.removeprefix(f"{language}, "), *step) for what, *step in steps if what.startswith(language)]
        order = ["chapters", "html", "pdf", "pdf: blocks set", "pdf: pages written", "pdf: fonts and tags"]
        assert list(dict.fromkeys(what for what, *_ in said)) == order
        for what in order:
            *_, (done, total) = [step for name, *step in said if name == what]
            assert done == total > 0, what  # so that no bar of it is left


@pytest.mark.parametrize("command", ["list", "show", "gc"])
def test_a_store_of_many_runs_without_an_index_is_heard_of_whichever_command_reads_it(
    place, monkeypatch, capsys, command
):
    monkeypatch.setattr("labreport.report.store.index.MANY", 2)
    monkeypatch.setattr("labreport.report.store.index.BATCH", 1)
    _slowly(monkeypatch, "labreport.report.store.index.Index._line")
    shutil.rmtree("runs/.index")
    assert main([command, *{"gc": ["--keep", "9"], "show": ["digits"]}.get(command, [])]) == 0
    lines = "\n".join(_lines(capsys))
    assert "Reading 3 runs of runs into its index; that is done once." in lines
    assert re.search(rf": index, runs, 1 of 3{PACE}", lines), lines
    assert "index, runs, 3 of 3" not in lines


def test_a_large_log_is_heard_of_by_how_much_of_it_is_read(place, monkeypatch, capsys):
    monkeypatch.setattr("labreport.experiments.recording.importers.log._MB", 1024)
    monkeypatch.setattr("labreport.experiments.recording.importers.tables._ON", 64)
    _slowly(monkeypatch, "labreport.experiments.recording.importers.tables.reading_on", 0.02)
    rows = "".join(f"{epoch},{1 / (epoch + 1)},0.5\n" for epoch in range(1000))
    Path("long.csv").write_text(f"epoch,loss,val_loss\n{rows}")
    assert main(["import", "long.csv"]) == 0
    assert re.search(rf": import long.csv, MB, \d+ of \d\d{PACE}", "\n".join(_lines(capsys)))


def test_a_server_says_what_keeps_it_from_answering(place, monkeypatch, capsys):
    monkeypatch.setattr("labreport.report.browsing.server.serve", lambda _app, _door, open, _started: open.close())
    _slowly(monkeypatch, "labreport.report.browsing.stock.Stock.listing")
    _slowly(monkeypatch, "labreport.report.browsing.workshop.Workshop.proof")
    assert main(["view"]) == 0
    assert main(["preview", "--lang", "en"]) == 0
    lines = "\n".join(_lines(capsys))
    assert re.search(r"^[\d.]+\sm?s: view: listing the runs$", lines, re.MULTILINE), lines
    assert re.search(r"^[\d.]+\sm?s: preview: making the first chapter$", lines, re.MULTILINE), lines


def test_a_script_that_is_recorded_is_heard_of_by_its_epochs(place, warm_python):
    """In a process of its own, as a job runs it."""
    Path("train.py").write_text(
        "import time, keras, numpy\n"
        "model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])\n"
        "model.compile(loss='mse')\n"
        "pause = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: time.sleep(0.2))\n"
        "model.fit(numpy.ones((4, 1)), numpy.ones((4, 1)), epochs=8, verbose=0, callbacks=[pause])\n"
    )
    code = (
        "import sys\nfrom labreport.report.commands import console\nconsole.HEARTBEAT = 0.1\n"
        "from labreport.report.cli import main\nsys.exit(main(['record', 'train.py']))\n"
    )
    done = subprocess.run([warm_python, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r": fit 1, \d of 8, [\d.]+\sa second, [\d.]+\s(s|ms) left", done.stderr), done.stderr


def test_a_terminal_shows_stage_rate_and_the_time_that_is_left(monkeypatch):
    """Standard error is a terminal here: the two ends of one."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "120")
        reporter = Reporter()
        with reporter.bars():
            reporter.stage("compare: reading")
            time.sleep(0.15)
            reporter.stage("")
            for done in range(8):
                reporter.advance("gc, runs", done, 40)
                time.sleep(0.06)
    shown = os.read(ours, 1 << 20).decode()
    os.close(ours)
    assert "compare: reading" in shown
    assert "gc, runs" in shown
    assert re.search(r"\d/40", shown)
    assert re.search(r"[\d.]+/s", shown)
    assert re.search(r"0:00:0\d", shown)
