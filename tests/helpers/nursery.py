"""Programs that are forked from one process which has loaded labreport.

They are real processes, which can be killed, without the time they take to start; several begin in the same moment.
Nothing of TensorFlow is loaded there; for programs that train there is `helpers/warm.py`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from helpers.places import TESTS

PATIENCE = 120
"""Seconds after which a program is ended that does not end by itself."""


@dataclass(frozen=True)
class Program:
    """A program under way."""

    nursery: Nursery
    process: int
    output: Path

    def kill(self) -> None:
        """End it as the want of memory does."""
        os.kill(self.process, signal.SIGKILL)

    def ended(self) -> tuple[int, str, str]:
        """Wait for its end; return its exit code, or the negative number of a signal, and what it wrote to both."""
        code = int(self.nursery.asked(["wait", self.process]))
        return code, *(self.output.with_suffix(kind).read_text("utf-8") for kind in (".out", ".err"))


class Nursery:
    """The process that is forked.

    Args:
        folder: for what the programs write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        paths = os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": paths},
        )

    def asked(self, words: Sequence[object]) -> str:
        """Return the answer of the process, a line."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def start(self, place: Path, *commands: Sequence[str]) -> list[Program]:
        """Start programs, all in the same moment.

        Args:
            place: where they run.
            commands: of each, words of the command line, or `write`, a store, a name and a number of runs.
        """
        outputs = [self._folder / f"{self._count + number}.x" for number in range(len(commands))]
        self._count += len(commands)
        answer = self.asked(["start", str(place), list(zip(map(str, outputs), commands, strict=True))])
        return [Program(self, process, output) for process, output in zip(json.loads(answer), outputs, strict=True)]

    def close(self) -> None:
        """End the process."""
        self._process.communicate()  # it ends with what it reads


@contextmanager
def nursery(folder: Path) -> Iterator[Nursery]:
    """Have programs forked while the block runs."""
    found = Nursery(folder)
    try:
        yield found
    finally:
        found.close()


def _write(root: str, name: str, count: str) -> int:
    """Store runs under a name, and return how many were refused because there was one of that name already."""
    import msgspec

    from helpers.hand_results import hand_result
    from labreport.report.errors import UsageError
    from labreport.report.store.runs import Store

    result, refused = hand_result("mnist", seeds=(0,)), 0
    for number in range(int(count)):
        try:
            Store(Path(root)).save(msgspec.structs.replace(result, run_id=f"20260101T000000Z-{name}{number:04d}"))
        except UsageError:
            refused += 1
        if number % 5 == 0:
            Store(Path(root)).list()
    return refused


def _forked(
    place: str, output: str, words: list[str], ready: int, gate: tuple[int, int], main: Callable[[list[str]], int]
) -> int:
    """Return the number of a new process, which begins as soon as the second end of a pipe is closed everywhere."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        os.close(gate[1])
        signal.alarm(PATIENCE)
        for number, kind in ((1, ".out"), (2, ".err")):
            os.dup2(os.open(Path(output).with_suffix(kind), os.O_WRONLY | os.O_CREAT), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(place)
        sys.argv = ["labreport", *words]
        os.write(ready, b".")
        os.read(gate[0], 1)
        if words[0] == "write":
            print(_write(*words[1:]))
            code = 0
        else:
            code = main(words)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def _serve() -> None:
    from helpers.hand_results import hand_result
    from labreport.report.cli import main
    from labreport.report.nightly import work  # noqa: F401  what a night needs is loaded for all of them
    from labreport.report.publish import document  # noqa: F401

    hand_result("mnist", seeds=(0,))
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    for line in sys.stdin:
        kind, *given = json.loads(line)
        if kind == "wait":
            _, status = os.waitpid(given[0], 0)
            answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
            continue
        place, programs = given
        ready, gate = os.pipe(), os.pipe()
        found = [_forked(place, output, words, ready[1], gate, main) for output, words in programs]
        os.close(ready[1])
        for _ in found:
            os.read(ready[0], 1)
        for end in (ready[0], *gate):
            os.close(end)
        answers.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    _serve()
