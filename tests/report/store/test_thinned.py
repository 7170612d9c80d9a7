"""A report of a very long training stays small, and what it carries leads to the same conclusions."""

from __future__ import annotations

import math
from hashlib import sha256

import numpy as np
import pytest
from helpers.own_runs import course, own_run, training

from labreport.report.cli import main
from labreport.report.findings.groups import groups
from labreport.report.store import codec, embedded, thinned
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

EPOCHS, METRICS = 20_000, 10


def curve(generator, best):
    """A curve with noise and its minimum at one epoch."""
    epochs = np.arange(1, EPOCHS + 1)
    values = 1 / (1 + epochs / 3000) + epochs / 150_000 + generator.normal(0, 0.02, EPOCHS)
    values[best - 1] = -1.0
    return tuple(values.tolist())


@pytest.fixture(scope="module")
def long_run():
    generator = np.random.default_rng(1)
    history = {f"{part}m{i}": curve(generator, 8_000 + i) for i in range(METRICS) for part in ("", "val_")}
    history |= {"loss": curve(generator, 7), "val_loss": curve(generator, 3_333)}
    metrics = dict.fromkeys(history, "lower")
    return own_run("long", training(None, about=course(metrics=metrics), **history), door="import")


def test_a_page_of_half_a_million_values_is_small_and_says_that_its_curves_are_thinned(
    long_run, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    stored = Store(tmp_path / "runs").save(long_run)
    assert main(["render", "long", "--to", "html", "--lang", "en", "-q"]) == 0
    page = tmp_path / "reports" / "labreport-en.html"
    assert page.stat().st_size < 1_000_000
    assert "thinned curves" in page.read_text("utf-8")
    capsys.readouterr()
    assert main(["extract", str(page), "-o", "long.json"]) == 0
    said = capsys.readouterr().err
    assert long_run.run_id in said
    assert sha256(stored.content).hexdigest() in said
    part = load(tmp_path / "long.json")
    assert part.findings.own.whole == sha256(stored.content).hexdigest()
    assert_same_conclusions(part, long_run)
    # Rendered again, it names the same whole record.
    again = (tmp_path / "long.json").read_bytes()
    assert thinned.carried(part, again) == again


def assert_same_conclusions(part, whole):
    for few, all_ in zip(groups(part), groups(whole), strict=True):
        assert few.best() == all_.best()
        assert few.each_best() == all_.each_best()
        for key in all_.members[0].training.history:
            one, other = few.members[0].curve(key), all_.members[0].curve(key)
            values = dict(zip(other.at, other.values, strict=True))
            assert all(values[at] == value for at, value in zip(one.at, one.values, strict=True))
            assert (one.at[0], one.at[-1]) == (other.at[0], other.at[-1])
            assert (min(one.values), max(one.values)) == (min(other.values), max(other.values))
            assert 40 < len(one.at) < 2000
            # The shape: between two kept epochs nothing is lower or higher than what is kept around it.
            rough = np.interp(other.at, one.at, one.values)
            assert np.abs(rough - np.array(other.values)).mean() < 0.06


def test_trainings_of_one_group_keep_the_same_epochs_and_what_is_not_finite():
    generator = np.random.default_rng(2)

    def fit(seed, best, broken=False):
        values = list(curve(generator, best))
        if broken:
            values[5_000:] = [math.nan] * (EPOCHS - 5_000)
        return training(seed, about=course(group="seed"), loss=values, val_loss=curve(generator, best))

    whole = own_run("long", fit(0, 600), fit(1, 7_000), fit(2, 9_000, broken=True), seeds=(0, 1, 2))
    part = codec.decode(thinned.carried(whole, codec.encode(whole)), "it")
    (few,), (all_,) = groups(part), groups(whole)
    assert few.equal("val_loss")
    assert few.best() == all_.best()
    assert few.each_best() == all_.each_best()
    assert [member.broken_at() for member in few.members] == [None, None, 5_001]
    assert thinned.whole(part) == sha256(codec.encode(whole)).hexdigest()


def test_any_other_record_is_carried_byte_for_byte(tmp_path):
    short = own_run("short", training(None, loss=[0.5] * 1000))
    content = codec.encode(short)
    assert thinned.carried(short, content) is content
    assert thinned.remark(short) == ""
    assert embedded.packed({"short": content})
