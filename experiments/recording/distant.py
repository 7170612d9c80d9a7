"""Processes of a script on the workers of a cluster: its files go there, what the watcher saw comes back.

A worker needs labreport and no shared disk. It gets the Python files of the script's folder and the declared data
files, each once, by its hash; a data file outside of that folder is taken from the same place of the worker, if it has
the same content there. What else a script opens, it does not find: it is to be declared with `--data`.
"""

from __future__ import annotations

import os
import secrets
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, TimeoutError
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from labreport.experiments.errors import LabError
from labreport.experiments.recording.launch import Ended, Launcher, ProgramKind
from labreport.experiments.recording.sources import source_path
from labreport.experiments.recording.watching.events import EVENTS
from labreport.experiments.running import work
from labreport.experiments.running.cluster import Cluster
from labreport.experiments.running.driver import NOT_KEPT, TRIES
from labreport.experiments.running.engines import EngineError
from labreport.experiments.system import reading, temporary

MOST_FILES = 2_000
"""Python files of a folder that are sent at most."""
MOST_BYTES = 50_000_000
"""Bytes of them together."""
_LEFT_OUT = ("__pycache__", "node_modules", "site-packages")
_STEP = 0.3
"""Seconds between two looks at a process, and at whether it is still wanted."""


class ScriptTask(msgspec.Struct, frozen=True, kw_only=True):
    """One process of a script."""

    driver: str
    """Names the program that has given it out."""
    kind: ProgramKind
    program: str
    """Below the folder in which it runs."""
    arguments: tuple[str, ...]
    seed: int | None
    timeout: float | None
    files: dict[str, str]
    """Files of the folder by their path, each with its hash."""
    elsewhere: dict[str, str]
    """Files that must lie at an absolute path, each with its hash."""


class ScriptAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it, or what is missing for it."""

    where: str = ""
    """Names the worker."""
    needed: tuple[str, ...] = ()
    """Hashes of contents that the worker has not."""
    lacking: str = ""
    """A file that the worker should have and has not."""
    code: int = 0
    timed_out: bool = False
    folder: str = ""
    """Where the script ran; it stands in what was seen."""
    seen: dict[str, bytes] = {}
    """What the watcher wrote, by name."""


class Distant:
    """The processes of one recording on a cluster.

    Args:
        on: address of the scheduler, or its file.
        mixed: whether workers may have other versions.
        kind: a script or a module.
        program: its path, or package.module.
        data: files that the user has declared.

    Raises:
        EngineError: there is no cluster, or a worker has other versions.
        LabError: the program can't be sent.
        ModuleNotFoundError: the package of the cluster is not installed.
    """

    def __init__(self, on: str, kind: ProgramKind, program: str, data: Sequence[Path], *, mixed: bool = False) -> None:
        self._root, self._program = _root(kind, program)
        self._kind = kind
        self._files: dict[str, str] = {}
        self._elsewhere: dict[str, str] = {}
        self._contents: dict[str, bytes] = {}
        self._driver = secrets.token_hex(8)
        for path in (*_sources(self._root), *(path.absolute() for path in data)):
            content = reading.content(path, reading.LARGEST_DATA)
            digest = sha256(content).hexdigest()
            if path.is_relative_to(self._root):
                self._files[path.relative_to(self._root).as_posix()] = digest
                self._contents[digest] = content
            else:
                self._elsewhere[str(path)] = digest
        self._engine = Cluster(on, mixed=mixed)
        self._engine.on_event = self._heard
        self._folders: dict[int | None, Path] = {}

    def room(self) -> int:
        """Return how many processes can be at work at a time; at least 1, which waits for a worker."""
        return max(1, self._engine.room())

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let the cluster go after the block; what is at work there for this recording ends."""
        try:
            yield
        finally:
            self._engine.finish(self._driver)
            self._engine.shutdown()

    def run(
        self, launcher: Launcher, arguments: Sequence[str], *, folder: Path, seed: int | None, timeout: float | None
    ) -> Ended:
        """Run the script with a seed on a worker, to its end; arguments and errors as `Launcher.run`.

        Raises:
            EngineError: the scheduler is lost, or workers do not keep what is sent to them.
            LabError: the worker lacks a file.
        """
        self._folders[seed] = folder
        task = ScriptTask(
            driver=self._driver,
            kind=self._kind,
            program=self._program,
            arguments=tuple(arguments),
            seed=seed,
            timeout=timeout,
            files=self._files,
            elsewhere=self._elsewhere,
        )
        asked = 0
        while True:
            answer = self._answer(task, launcher)
            if answer is None:
                return Ended(code=-signal.SIGINT, interrupted=True)
            if not answer.needed:
                break
            asked += 1
            if asked > TRIES * self.room():
                raise EngineError(NOT_KEPT)
            self._engine.provide(
                self._driver, answer.where, {digest: self._contents[digest] for digest in answer.needed}
            )
        if answer.lacking:
            raise LabError(
                f"The worker {answer.where} has not the file {answer.lacking} with this content. Declare it by a path "
                "below the folder of the script, so that it is sent."
            )
        for name, content in answer.seen.items():
            (folder / name).write_bytes(content.replace(answer.folder.encode(), str(self._root).encode()))
        return Ended(code=answer.code, timed_out=answer.timed_out)

    def _answer(self, task: ScriptTask, launcher: Launcher) -> ScriptAnswer | None:
        """Return what a worker says; None where the user wants no more of it."""
        future: Future[Any] = self._engine.submit(carry_out, msgspec.msgpack.encode(task))
        while True:
            if launcher.interrupted:
                self._engine.abandon(future)
                return None
            try:
                return msgspec.msgpack.decode(future.result(timeout=_STEP), type=ScriptAnswer)
            except TimeoutError:
                continue
            except Exception as error:
                if self._engine.ended(error):
                    return ScriptAnswer(code=-signal.SIGKILL)
                raise self._engine.lost(error) from error

    def _heard(self, event: bytes) -> None:
        """Put what a worker says of the script where the progress is read."""
        said = msgspec.msgpack.decode(event, type=work.TaskEvent)
        folder = self._folders.get(None if said.key == "" else int(said.key)) if said.driver == self._driver else None
        if folder is not None:
            with suppress(OSError), (folder / EVENTS).open("wb" if said.name == "first" else "ab") as file:
                file.write(said.saved)


def carry_out(content: bytes, tell: work.Tell, where: str = "", threads: int | None = None) -> bytes:
    """Run a process of a script on this worker, and return the encoded `ScriptAnswer`.

    Args:
        content: the encoded `ScriptTask`.
        tell: takes what the watcher sees meanwhile.
        where: names this worker.
        threads: not used: a script decides that itself.
    """
    task = msgspec.msgpack.decode(content, type=ScriptTask)
    try:
        contents = work.sent(task.driver, task.files.values())
    except work.NeededError as error:
        return msgspec.msgpack.encode(ScriptAnswer(where=where, needed=error.digests))
    for path, digest in task.elsewhere.items():
        with suppress(OSError):
            if reading.digest(Path(path)) == digest:
                continue
        return msgspec.msgpack.encode(ScriptAnswer(where=where, lacking=path))
    with temporary.folder() as whole:
        place, seen = whole / "place", whole / "seen"
        seen.mkdir()
        for name, digest in task.files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(contents[digest])
        ended = _watched(task, place, seen, tell)
        answer = ScriptAnswer(
            where=where,
            code=ended.code,
            timed_out=ended.timed_out,
            folder=str(place),
            seen={path.name: reading.content(path) for path in sorted(seen.iterdir()) if path.is_file()},
        )
    return msgspec.msgpack.encode(answer)


def _watched(task: ScriptTask, place: Path, seen: Path, tell: work.Tell) -> Ended:
    """Run the script while another thread says what is seen, and ends it when it is not wanted any more."""
    launcher = Launcher(unattended=True, place=place)
    over = threading.Event()
    key = "" if task.seed is None else str(task.seed)

    def follow() -> None:
        known, name = 0, "first"
        while not over.wait(_STEP):
            if work.is_stopped(task.driver):
                launcher.stop(signal.SIGTERM)
            with suppress(OSError), (seen / EVENTS).open("rb") as file:
                file.seek(known)
                if text := file.read():
                    known += len(text)
                    tell(msgspec.msgpack.encode(work.TaskEvent(driver=task.driver, key=key, name=name, saved=text)))
                    name = "further"

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        return launcher.run(task.kind, task.program, task.arguments, folder=seen, seed=task.seed, timeout=task.timeout)
    finally:
        over.set()
        thread.join()


def _root(kind: ProgramKind, program: str) -> tuple[Path, str]:
    """Return the folder that is sent, and how the program is called in it."""
    here = Path.cwd()
    if kind == "program":
        raise LabError("Only a Python script can be sent to a cluster; another program runs where it is.")
    path = source_path(kind, program)
    if path is None:
        raise LabError(f"The module {program} is not found, so it can't be sent to a cluster.")
    path = path.absolute()
    if kind == "module":
        if not path.is_relative_to(here):
            raise LabError(f"The module {program} is installed; only one below the current folder can be sent.")
        return here, program
    if path.is_relative_to(here):
        return here, path.relative_to(here).as_posix()
    return path.parent, path.name


def _sources(root: Path) -> tuple[Path, ...]:
    """Return the Python files of a folder, without those of environments and hidden folders.

    Raises:
        LabError: they are too many to be a script's own.
    """
    found: list[Path] = []
    size = 0
    for folder, folders, names in os.walk(root):
        folders[:] = [
            name
            for name in sorted(folders)
            if not name.startswith(".") and name not in _LEFT_OUT and not Path(folder, name, "pyvenv.cfg").exists()
        ]
        for name in sorted(names):
            path = Path(folder, name)
            if path.suffix == ".py" and path.is_file():
                found.append(path)
                size += path.stat().st_size
        if len(found) > MOST_FILES or size > MOST_BYTES:
            raise LabError(
                f"{root} holds more than {MOST_FILES} Python files or {MOST_BYTES // 1_000_000} MB of them; start the "
                "recording in the folder of the script alone."
            )
    return tuple(found)
