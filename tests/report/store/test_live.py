"""Runs that are under way: noted while they train, seen by those who look, gone when they end."""

from __future__ import annotations

import math

import msgspec
import pytest
from helpers.hand_labs import lab_source

from labreport.experiments.running.checkpoints import Checkpoints, encode
from labreport.report.cli import main
from labreport.report.store import live

KEY = "a" * 64


def note(kept, **values):
    """Return notes of a run of imdb that are written at once."""
    run = live.LiveRun(lab="imdb", key=KEY, profile="full", seeds=(0,), started=1000.0, updated=1000.0)
    return live.LiveNotes(kept / KEY, msgspec.structs.replace(run, **values), clock=lambda: 1010.0, every=0)


def seen(root):
    return live.under_way(root, clock=lambda: 1020.0)


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "imdb" / ".partial"


def test_each_training_has_its_curve_its_rate_and_the_time_that_is_left(kept, tmp_path):
    notes = note(kept)
    for epoch in (1, 2, 3):
        notes.advance("seed 0", epoch, 10, {"loss": 1 / epoch, "epochs_per_second": 2.0})
    notes.advance("seed 1", 1, 10, {"loss": math.nan})
    (run,) = seen(tmp_path)
    first, second = run.parts
    assert (first.name, first.done, first.at, first.values["loss"]) == ("seed 0", 3, (1, 2, 3), (1.0, 0.5, 1 / 3))
    assert (first.rate, first.seconds_left, second.seconds_left) == (2.0, 3.5, None)


def test_where_no_rate_is_given_it_is_counted(kept, tmp_path):
    clock = iter([1000.0] * 4 + [1002.0] * 4)
    run = live.LiveRun(lab="imdb", key=KEY, profile="full", seeds=(0,), started=1000.0, updated=1000.0)
    notes = live.LiveNotes(kept / KEY, run, clock=lambda: next(clock, 1004.0), every=0)
    for epoch in range(1, 6):
        notes.advance("fit 1", epoch, 10, {"loss": 1.0})
    assert seen(tmp_path)[0].parts[0].rate == 1.0


def test_a_training_that_begins_once_more_begins_its_curve_once_more(kept, tmp_path):
    notes = note(kept)
    for epoch in (1, 2, 3, 1):
        notes.advance("fold", epoch, 10, {"loss": 1.0})
    assert seen(tmp_path)[0].parts[0].at == (1,)


def test_a_very_long_training_keeps_its_ends_and_few_points(kept, tmp_path):
    ticks = iter([*[0.0] * 6000, *[1010.0] * 2])  # written at the end alone
    run = live.LiveRun(lab="imdb", key=KEY, profile="full", seeds=(0,), started=0.0, updated=0.0)
    notes = live.LiveNotes(kept / KEY, run, clock=lambda: next(ticks, 1010.0))
    for epoch in range(1, 3001):
        notes.advance("long", epoch, 3000, {"loss": 1 / epoch})
    part = seen(tmp_path)[0].parts[0]
    assert (part.at[0], part.at[-1]) == (1, 3000)
    assert len(part.at) <= live.MOST_POINTS


def test_what_is_damaged_forged_or_silent_for_a_day_is_passed_over(kept, tmp_path):
    notes = note(kept)
    notes.advance("seed 0", 1, 10, {"loss": 1.0})
    assert len(live.under_way(tmp_path, clock=lambda: 1010.0 + live.OLDEST - 1)) == 1
    assert live.under_way(tmp_path, clock=lambda: 1010.0 + live.OLDEST + 1) == ()
    file = kept / KEY / "live.msgpack"
    file.write_bytes(file.read_bytes()[:-3])
    assert seen(tmp_path) == ()
    note(kept, lab="../mnist").advance("seed 0", 1, 10, {"loss": 1.0})
    assert seen(tmp_path) == ()
    part = live.LivePart(name="x", done=1, total=1, at=(1, 2), values={"loss": (1.0,)})
    forged = live.LiveRun(lab="imdb", key=KEY, profile="full", seeds=(0,), started=0.0, updated=1010.0, parts=(part,))
    Checkpoints(kept / KEY).put("live", encode(forged))
    assert seen(tmp_path) == ()


def test_a_lab_is_under_way_while_it_trains_and_no_longer_when_it_ends_however(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    look = (
        "session.progress('seed 0', 1, 2, {'loss': 1.0}); assert list(pathlib.Path('runs').glob('*/.partial/*/live*'))"
    )
    for name, end, code in (("good", "pass", 0), ("bad", "raise RuntimeError('the lamp went out')", 3)):
        (tmp_path / f"{name}.py").write_text("import pathlib\n" + lab_source(f"{look}; {end}"))
        (tmp_path / "labreport.toml").write_text(f'[paths]\n{name} = "{name}.py"\n')
        assert main(["run", name, "-q"]) == code
        assert not list((tmp_path / "runs").glob("*/.partial/*/live*"))
