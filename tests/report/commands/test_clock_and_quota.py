"""A clock that goes back all the time, and a quota that ends a write in the middle: nothing lost, nothing negative."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

import pytest
from helpers.begun_with import limited
from helpers.hand_labs import COMMAND, stored
from helpers.preloaded import NEEDS_COMPILER, compiled

from labreport.report.findings import analysis
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

CALLS = """
import json, sys
from labreport.report.cli import main
sys.stderr.write(json.dumps([main(words) for words in json.loads(sys.argv[1])]))
"""
CLOCKED = (
    ["run", "good"],
    ["run", "good", "--force"],
    ["build", "good", "--lang", "en", "--to", "md", "--force", "-q"],
    ["list"],
    ["show", "good"],
    ["trend", "-o", "out"],
    ["baseline", "set", "main", "good", "--force"],
    ["check", "good", "--baseline", "main", "--no-report", "-o", "out"],
    ["gc", "--keep", "9", "--yes"],
)


@NEEDS_COMPILER[0]
@NEEDS_COMPILER[1]
def test_with_a_clock_that_goes_back_all_the_time_runs_are_stored_listed_and_told_apart(place, tmp_path):
    done = subprocess.run(
        [sys.executable, "-P", "-c", CALLS, json.dumps(CLOCKED)],
        cwd=place,
        env={**os.environ, "LD_PRELOAD": compiled("backward_clock", tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert "Traceback" not in done.stderr
    codes = json.loads(done.stderr.splitlines()[-1])
    # The lab measures no score, so that there is nothing to judge.
    expected = [5 if words[0] == "check" else 0 for words in CLOCKED]
    assert codes == expected, done.stderr
    listing = Store(place / "runs").list("good")
    assert listing.unreadable == ()
    runs = [load(run.path) for run in listing.runs]
    assert len({run.run_id for run in runs}) == 3
    assert all(run.provenance.ended < run.provenance.started for run in runs), "the clock did go back"
    assert all(seconds >= 0 for run in runs for seconds in (analysis.seconds(run) or 0, *run.timings.values()))
    moments = [run.provenance.started for run in runs]
    assert moments == sorted(moments, reverse=True), "newest first, as the runs say themselves"


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of a file's size is that of POSIX")
@pytest.mark.parametrize(
    "words", [["run", "good"], ["render", "tensors", "--lang", "en", "--to", "md"], ["trend", "-o", "out"]]
)
def test_a_quota_that_ends_a_write_in_the_middle_is_one_line_and_costs_nothing_that_is_stored(place, words):
    kept = stored(place, "tensors")[0].read_bytes()
    command = limited(resource.RLIMIT_FSIZE, 600, [COMMAND, *words])
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode in (2, 3, 4), done.stderr
    assert "Traceback" not in done.stderr
    assert "Can't" in done.stderr or "can't" in done.stderr
    (run,) = Store(place / "runs").list().runs
    assert run.path.read_bytes() == kept
    assert not list(place.rglob("*.part"))
