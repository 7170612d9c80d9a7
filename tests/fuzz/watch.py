"""Calling the command line under watch: what it answers, writes and connects to."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from labreport.report import cli

CODES = {0, 1, 2, 3, 4, 5, 6}
"""What a command may answer; 70 is a fault of ours, and nothing here interrupts."""
MEMORY = 3_000_000_000
"""Bytes that may be asked for; what a process takes in hand is far less."""
_WRITES = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "shutil.rmtree"}
_FREE = ("/dev/", "/proc/")

_allowed: tuple[str, ...] = ()
_seen: list[str] = []
_installed = threading.Event()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command answered."""

    code: int
    error: str
    outside: tuple[str, ...]
    """What it wrote outside the folder it may write into, and what it connected to."""

    @property
    def fault(self) -> str:
        """What should not be; empty where all is well."""
        if self.code not in CODES:
            return f"exit code {self.code}: {self.error[-1500:]}"
        if "too little memory" in self.error:
            return "it asks for more memory than any input needs"
        if "Traceback" in self.error:
            return f"a traceback: {self.error[-1500:]}"
        return "; ".join(self.outside)


def called(words: Sequence[str], folder: Path, *, within: Path) -> Answer:
    """Call the command line in a folder; within another it may write what it likes, and nowhere else."""
    errors = io.StringIO()
    with _watched(folder, within), contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        code = cli.main(list(words))
    return Answer(code=code, error=errors.getvalue(), outside=tuple(_seen))


def watched(work: Callable[[], str], folder: Path, *, within: Path) -> str:
    """Do other work in a folder under the same watch; return what is wrong with it, as it says or as was seen."""
    errors = io.StringIO()
    with _watched(folder, within), contextlib.redirect_stderr(errors):
        try:
            wrong = work()
        except Exception:
            return f"a traceback: {traceback.format_exc()[-3000:]}"
    if not wrong and "Traceback" in errors.getvalue():
        wrong = f"a traceback: {errors.getvalue()[-1500:]}"
    return wrong or "; ".join(_seen)


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Let this process have little more memory than it has: an input that asks for gigabytes fails alone."""
    pages = Path("/proc/self/statm")
    if not pages.exists():
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(pages.read_text("ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@contextlib.contextmanager
def _watched(folder: Path, within: Path) -> Iterator[None]:
    global _allowed
    if not _installed.is_set():
        sys.addaudithook(_hear)
        _installed.set()
    _seen.clear()
    before = Path.cwd()
    os.chdir(folder)
    _allowed = (f"{within.resolve()}{os.sep}", *_FREE)
    try:
        # What a process of its own does would not be seen.
        with mock.patch("labreport.report.publish.workers.available", return_value=1):
            yield
    finally:
        _allowed = ()
        os.chdir(before)


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if not _allowed:
        return
    if event == "socket.connect":
        _seen.append(f"{event} {arguments[1:]}")
    elif (
        event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    ) or event in _WRITES:
        _check(event, arguments[0])


def _check(event: str, path: object) -> None:
    if not isinstance(path, str | bytes | os.PathLike):
        return  # a descriptor: it was opened before
    absolute = Path.cwd() / os.fsdecode(path)
    place = f"{absolute.parent.resolve() / absolute.name}{os.sep}"  # a file without a name is opened by its folder's
    if not place.startswith(_allowed) and not any(sign in place for sign in (".pyc", "__pycache__")):
        _seen.append(f"{event} {place}")
