"""Progress without a terminal: a line now and then says what is at work, how fast, and how long it still takes."""

from __future__ import annotations

import re
import time

from labreport.report.commands.console import Reporter


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


def test_what_begins_once_more_has_a_rate_of_its_own(capsys):
    reporter = Reporter()
    reporter.advance("search", 50, 100)
    time.sleep(0.01)
    reporter.advance("search", 1, 100)
    with reporter.heartbeat(0.05):
        time.sleep(0.08)
    assert _lines(capsys)[0].endswith(": search, 1 of 100")


def test_a_quiet_program_says_nothing(capsys):
    reporter = Reporter(quiet=True)
    with reporter.heartbeat(0.01):
        reporter.advance("work", 1, 2)
        time.sleep(0.05)
    assert _lines(capsys) == []
