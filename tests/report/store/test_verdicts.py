"""Verdicts that are kept with a store: each piece of news once, in the order in which they were said."""

from __future__ import annotations

import json

import pytest

from labreport.report.store import verdicts
from labreport.report.store.verdicts import KeptVerdict

OLD_RUNS = (("imdb", "20260101T000000Z-00000000"),)
NEW_RUNS = (("imdb", "20260109T000000Z-11111111"),)


def said(hour, outcome="passed", runs=OLD_RUNS, **more):
    moment = "2026-01-01T00:05:00Z" if runs is OLD_RUNS else "2026-01-09T00:05:00Z"
    judged = f"2026-02-01T{hour:02d}:00:00.000000+00:00"
    return KeptVerdict(outcome=outcome, baseline="main", moment=moment, runs=runs, judged=judged, **more)


@pytest.fixture
def kept(tmp_path):
    """Return a function that keeps verdicts one after the other and gives back all that the store has, newest first."""

    def keep(*ones):
        for one in ones:
            verdicts.keep(tmp_path, one, b"{}")
        return [(one.outcome, one.judged[11:13]) for one in verdicts.read(tmp_path)]

    return keep


def test_the_same_verdict_again_is_no_news(kept):
    assert kept(said(1), said(2), said(3)) == [("passed", "01")]


def test_a_verdict_that_comes_back_after_another_is_news_again(kept):
    found = kept(said(1), said(2, "regressed", NEW_RUNS), said(3), said(4))
    assert found == [("passed", "03"), ("regressed", "02"), ("passed", "01")]


def test_a_verdict_on_old_runs_is_as_new_as_the_night_that_gave_it(kept):
    # The baseline was lost: nothing was trained, and yet that is what happened last.
    assert kept(said(1, runs=NEW_RUNS), said(2, "nothing"))[0] == ("nothing", "02")


def test_a_clock_that_was_set_back_puts_no_verdict_below_what_was_said_before_it(kept):
    assert kept(said(9), said(2, "regressed", NEW_RUNS), said(2, "regressed", NEW_RUNS))[0] == ("regressed", "09")
    assert kept(said(3), said(4, "nothing"), said(10, "passed")) == [
        ("passed", "10"),
        ("nothing", "09"),
        ("passed", "09"),
        ("regressed", "09"),
        ("passed", "09"),
    ]


def test_a_verdict_of_an_earlier_version_keeps_its_name_and_its_checks(tmp_path):
    one = said(1)
    verdicts.keep(tmp_path, KeptVerdict(outcome="passed", baseline="main", moment=one.moment, runs=OLD_RUNS), b"[]")
    [path] = (tmp_path / verdicts.FOLDER).glob("*.json")
    # Written before verdicts had a date of their own.
    plain = json.loads(path.read_text())
    del plain["judged"]
    path.write_text(json.dumps(plain))
    [found] = verdicts.read(tmp_path)
    assert (found.stem, found.when) == (path.stem, one.moment)
    assert path.stem == "20260101T000500-e403123679fd" == f"20260101T000500-{one.name}"
    assert verdicts.whole(tmp_path, found) == b"[]"
