"""Hostile inputs of every kind end in an answer: no traceback, no fault of ours, nothing written outside, no connection.

Here a few of each kind, the same ones each time; `make fuzz` tries others, thousands of them. An input that ever failed
lies in `corpus/KIND/`, and is tried by every command that reads its kind.
"""

from __future__ import annotations

import os
import shutil
from hashlib import sha256
from itertools import count
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.targets import TARGETS
from fuzz.watch import called

CORPUS = Path(__file__).with_name("corpus")
MANY = int(os.environ.get("FUZZ", "0"))
"""Inputs of each kind; 0: those few that the suite tries."""
FEW = 8

_number = count()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A place for caches that is inside what may be written."""
    place = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(place))
        patch.setenv("XDG_CACHE_HOME", str(place / "cache"))
        patch.setenv("MPLCONFIGDIR", str(place / "matplotlib"))
        patch.setenv("TMPDIR", str(place))
        patch.delenv("GITHUB_STEP_SUMMARY", raising=False)
        yield place


def tried(home: Path, kind: str, content: bytes, words: tuple[str, ...]) -> str:
    """Try one input with one command; return what is wrong, or nothing."""
    folder = home / "work" / str(next(_number))
    folder.mkdir(parents=True)
    try:
        TARGETS[kind].lay(folder, content)
        answer = called(words, folder, within=home)
        return f"labreport {' '.join(words)!r}: {answer.fault}" if answer.fault else ""
    finally:
        shutil.rmtree(folder)


def commands(kind: str, content: bytes) -> tuple[tuple[str, ...], ...]:
    """Return the commands that read an input; where the input is a command line, that one."""
    return TARGETS[kind].commands or (tuple(content.decode("utf-8", "replace").split("\x1f")),)


@pytest.mark.parametrize("kind", TARGETS)
def test_hostile_inputs_of_a_kind_are_answered_in_words(home, kind):
    @settings(
        max_examples=MANY or FEW,
        derandomize=not MANY,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, 2**48))
    def attack(seed: int) -> None:
        random = Random(seed)
        content = TARGETS[kind].make(random)
        wrong = tried(home, kind, content, random.choice(commands(kind, content)))
        if wrong and MANY:
            place = CORPUS / kind / sha256(content).hexdigest()[:12]
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(content)
        assert not wrong

    attack()


CASES = [path for path in sorted(CORPUS.glob("*/*")) if path.parent.name in TARGETS]


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_input_that_ever_failed_is_answered_in_words(home, path):
    content = path.read_bytes()
    found = [tried(home, path.parent.name, content, words) for words in commands(path.parent.name, content)]
    assert [wrong for wrong in found if wrong] == []
