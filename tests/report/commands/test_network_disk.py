"""A store on a disk of the network that knows no modes, links and locks, and forgets a file once: nothing is lost.

The disk is a fake in C that is preloaded, so that what Python, SQLite and git ask of the system is answered alike.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from helpers.hand_labs import stored
from helpers.preloaded import NEEDS_COMPILER, compiled

from labreport.report.store.entries import load
from labreport.report.store.runs import Store

pytestmark = NEEDS_COMPILER

RUN, LIST, SHOW = ["run", "good", "--force", "-q"], ["list"], ["show", "tensors"]
BUILD = ["build", "good", "--lang", "en", "--to", "md", "--force", "-q"]
SET = ["baseline", "set", "main", "tensors", "--force"]
CHECK = ["check", "tensors", "--baseline", "main", "--no-report", "-o", "out"]
TAG, UNTAG = ["tag", "tensors", "good"], ["tag", "tensors", "good", "--remove"]
TREND, STATUS, GC = ["trend", "-o", "out"], ["status", "good"], ["gc", "--keep", "1", "--yes"]
ALL = (RUN, LIST, SHOW, BUILD, SET, CHECK, TAG, UNTAG, TREND, STATUS, GC)
STALE = {
    "open result.json": (LIST, SHOW, BUILD, SET, CHECK, GC),
    "open labreport.toml": (RUN, LIST),
    "open noted.json": (TAG, UNTAG, LIST),
    "open .part": (RUN, TAG, UNTAG, SET, BUILD),
    "stat result.json": (RUN, LIST, SHOW, SET, CHECK, TREND, GC),
    "stat runs": (RUN, LIST, STATUS, GC),
    "stat labreport.toml": (RUN, STATUS),
    "rename result.json": (RUN, LIST),
    "rename noted.json": (TAG, UNTAG),
    "rename .md": (BUILD,),
    "rename main": (SET, CHECK),
}
"""A call and what stands in its path; commands that are tried with it."""

CALLS = """
import contextlib, ctypes, io, json, os, sys
from labreport.report.cli import main

disk, tries = ctypes.CDLL(sys.argv[1]), json.loads(sys.argv[2])
answers = []
for call, commands in tries.items():
    for words in commands:
        os.environ["STALE"] = ""
        os.path.lexists("labreport.toml")  # so that the disk notices that a new call is to fail
        os.environ["STALE"] = call
        disk.staled()
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
            code = main(words)
        answers.append((call, words, code, errors.getvalue(), disk.staled()))
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """The fake, compiled."""
    return compiled("network_disk", tmp_path_factory.mktemp("disk"))


def called(place, disk, tries):
    stored(place, "tensors", "workflow")
    done = subprocess.run(
        [sys.executable, "-P", "-c", CALLS, disk, json.dumps(tries)],
        cwd=place,
        env={**os.environ, "LD_PRELOAD": disk, "DISK": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def whole(place) -> set[str]:
    """Return the labs of the runs of a store, each of which can be read."""
    listing = Store(place / "runs").list()
    assert listing.unreadable == ()
    return {load(run.path).lab for run in listing.runs}


def test_where_there_are_no_modes_links_and_locks_every_command_works(place, disk):
    answers = called(place, disk, {"": ALL})
    for _, words, code, error, _ in answers:
        assert code == 0, (words, error)
        assert "Traceback" not in error
    # Found out by asking, not by waiting for another program to let go of a lock.
    assert any("the disk has no locks for it" in error for *_, error, _ in answers)
    assert whole(place) == {"tensors", "workflow", "good"}


def test_a_file_that_is_stale_once_is_read_again_or_named_in_a_line_and_nothing_is_lost(place, disk):
    answers = called(place, disk, STALE)
    for call, words, code, error, _ in answers:
        assert code in (0, 2, 3, 4, 5), (call, words, code, error)
        assert "Traceback" not in error, (call, words, error)
        assert code == 0 or "tale" in error, (call, words, code, error)
    assert {call for call, *_, times in answers if times} == set(STALE), "each was tried"
    assert whole(place) >= {"tensors", "workflow", "good"}
    assert not list((place / "runs").rglob("*.part"))
