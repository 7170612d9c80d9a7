"""Hostile inputs of every kind end in an answer: no traceback, no fault of ours, nothing written outside.

Here a few of each kind, the same ones each time; `make fuzz` tries others, thousands of them. An input that ever failed
lies in `corpus/KIND/`, and is tried by every command that reads its kind.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.targets import TARGETS, commands, tried
from fuzz.watch import bounded

CORPUS = Path(__file__).with_name("corpus")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A place for caches that is inside what may be written."""
    place = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patch, bounded():
        for name in ("HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR", "TMPDIR"):
            patch.setenv(name, str(place))
        patch.setattr("tempfile.tempdir", str(place))
        patch.delenv("GITHUB_STEP_SUMMARY", raising=False)
        yield place


@pytest.mark.parametrize("kind", TARGETS)
def test_hostile_inputs_of_a_kind_are_answered_in_words(home, kind):
    @settings(max_examples=TARGETS[kind].few, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**48))
    def attack(seed: int) -> None:
        random = Random(seed)
        content = TARGETS[kind].make(random)
        assert tried(home, kind, content, random.choice(commands(kind, content))) == ""

    attack()


CASES = [path for path in sorted(CORPUS.glob("*/*")) if path.parent.name in TARGETS]


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_input_that_ever_failed_is_answered_in_words(home, path):
    content = path.read_bytes()
    found = [tried(home, path.parent.name, content, words) for words in commands(path.parent.name, content)]
    assert [wrong for wrong in found if wrong] == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows can't copy a process")
def test_sixty_programs_killed_at_any_moment_lose_nothing_that_is_stored(home):
    tests = Path(__file__).parents[1]
    # A process of its own: it copies itself, and this one may have threads.
    command = [sys.executable, "-m", "fuzz.kills", "60", str(home / "kills"), "1"]
    done = subprocess.run(command, cwd=tests, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows can't copy a process")
def test_eight_writers_at_once_and_one_of_them_killed_lose_nothing_and_the_index_is_right(home):
    command = [sys.executable, "-m", "fuzz.writers", "10", str(home / "written"), "1"]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
