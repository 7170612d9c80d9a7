"""What any process does with a task, wherever it is: bytes in, bytes out, and nothing else of it remains.

A task names what it needs by its hash. What is there already is used: a file at its place, or the folder of data sets
of this machine. What is not there is asked for by its hash, once in each process, however many tasks follow.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, TypeVar

import msgspec

from labreport.experiments import registry
from labreport.experiments.data import sets
from labreport.experiments.errors import DataError, LabError
from labreport.experiments.lab import Profile, Session
from labreport.experiments.result import DataFile, Machine, Setting
from labreport.experiments.running import identity, provenance
from labreport.experiments.running.checkpoints import decode, encode
from labreport.experiments.running.task import LabFunction, failure_of, not_begun, perform
from labreport.experiments.system import reading

T = TypeVar("T")

DATA_DIR = "LABREPORT_DATA_DIR"
"""Names the folder of data sets of a worker, in its environment."""


class LabSource(msgspec.Struct, frozen=True, kw_only=True):
    """A lab in a file of the user."""

    root: str
    """Folder from which the names of the files count, where the task was made."""
    entry: str
    """Name of the lab's file."""
    files: dict[str, str]
    """All files by name, each with its hash: its modules, and the data files that it declares."""


class DataSource(msgspec.Struct, frozen=True, kw_only=True):
    """A data set."""

    name: str
    form: Literal["full", "sample"]
    files: tuple[DataFile, ...]


class RunInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What all tasks of one run have in common."""

    lab: str
    lab_part: str
    """The lab's part of the identity of the run."""
    source: LabSource | None
    """None: the lab is installed."""
    settings: dict[str, Setting]
    data: DataSource | None
    seeds: tuple[int, ...]
    profile: Profile


class LabTask(msgspec.Struct, frozen=True, kw_only=True):
    """One function of a lab, for one seed where it is called for each."""

    key: str
    """Of the run."""
    inputs: str
    """Hash of its encoded `RunInputs`: they may be long, and each process needs them once."""
    function: LabFunction
    seed: int | None
    driver: str = ""
    """Names the program that has given it out."""
    saved: dict[str, bytes] = {}
    """Folds of this seed that were finished before."""
    versions: dict[str, str] = {}
    """Versions of the program that has given it out; empty: they are not asked for."""
    mixed: bool = False
    """Whether other versions may do it as well."""


class TaskAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What comes back: what was found, or what is missing for it."""

    part: bytes = b""
    """As `checkpoints.encode` gives it."""
    needed: tuple[str, ...] = ()
    """Hashes of contents that this process has not."""
    where: str = ""
    """Names the process that needs them."""
    refused: dict[str, str] = {}
    """The versions of this process, where they are not those asked for."""


class TaskEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a task while it is at work."""

    driver: str
    key: str
    """Of the run."""
    progress: tuple[str, int, int, dict[str, float]] | None = None
    name: str = ""
    """Of what is to be saved."""
    saved: bytes = b""


Tell = Callable[[bytes], None]
"""Takes an encoded `TaskEvent` to the program that has given out the task."""


@dataclass(frozen=True, kw_only=True)
class _Opened:
    """A run of which tasks were done here; the next task of it finds everything ready."""

    key: str
    lab: registry.Lab
    settings: Any
    dataset: sets.Dataset | None
    session: Session
    folder: tempfile.TemporaryDirectory[str] | None
    """Holds the lab's files where they were sent here."""


class NeededError(Exception):
    """Contents are not here; `digests` has their hashes."""

    def __init__(self, *digests: str) -> None:
        super().__init__(digests)
        self.digests = digests


class _Place:
    """What this process keeps between tasks."""

    def __init__(self) -> None:
        self.alone = threading.Lock()
        """A lab may print, change the folder, and set the seeds of Keras: one at a time."""
        self.opened: _Opened | None = None
        self.task: LabTask | None = None
        self.tell: Tell | None = None
        self.threads: int | None = None
        self.contents: dict[str, dict[str, bytes]] = {}
        """What was sent here, by the program that has sent it, and by its hash."""
        self.folder: Path | None = None
        """Where contents lie for several processes of one machine."""
        self.at_hand: tuple[str, registry.Lab, Any, sets.Location | None] | None = None
        """The key of a run, and what this process has of it already."""
        self.stopped: set[str] = set()
        """Programs that want no more work done."""

    def progress(self, part: str, done: int, total: int, values: Mapping[str, float]) -> None:
        """Take the progress of a lab to where it is shown."""
        assert self.task is not None
        if self.task.driver in self.stopped:
            raise KeyboardInterrupt
        shown = {}
        with suppress(TypeError, ValueError, AttributeError):  # a lab may say anything
            shown = {str(name): float(value) for name, value in values.items()}
        self._say(progress=(str(part), int(done), int(total), shown))

    def found(self, name: str, kind: type[T]) -> T | None:
        """Return a fold that came with the task."""
        saved = self.task.saved.get(name) if self.task is not None else None
        with suppress(LabError):
            return None if saved is None else decode(saved, kind)
        return None

    def save(self, name: str, record: Any) -> None:
        """Take a finished fold to where it is saved."""
        self._say(name=name, saved=encode(record))

    def _say(self, **said: Any) -> None:
        assert self.task is not None
        assert self.tell is not None
        self.tell(msgspec.msgpack.encode(TaskEvent(driver=self.task.driver, key=self.task.key, **said)))


_place = _Place()


def is_needed(event: bytes) -> bool:
    """Return whether an encoded event must arrive: one that saves something, or the last progress of a part."""
    said = msgspec.msgpack.decode(event, type=TaskEvent)
    return bool(said.saved) or said.progress is None or said.progress[1] >= said.progress[2]


def carry_out(content: bytes, tell: Tell, where: str = "", threads: int | None = None) -> bytes:
    """Do a task and return the encoded `TaskAnswer`.

    Args:
        content: the encoded `LabTask`.
        tell: takes what is said meanwhile.
        where: names this process, so that what is missing can be sent to it.
        threads: that TensorFlow may use here; None: its own choice.
    """
    task = msgspec.msgpack.decode(content, type=LabTask)
    with _place.alone:
        _place.task, _place.tell, _place.threads = task, tell, threads
        try:
            answer = _answer(task)
        except NeededError as error:
            answer = TaskAnswer(needed=error.digests)
    return msgspec.msgpack.encode(msgspec.structs.replace(answer, where=where))


def _answer(task: LabTask) -> TaskAnswer:
    others: dict[str, str] = {}
    if task.versions and task.versions != (here := versions()):
        if not task.mixed:
            return TaskAnswer(refused=here)
        others = {name: version for name, version in here.items() if version != task.versions.get(name)}
    begun = perf_counter()
    try:
        run = _open(task)
    except NeededError:
        raise
    except BaseException as error:
        part = not_begun(task.seed, error)
    else:
        opening = perf_counter() - begun
        part = perform(run.lab, run.settings, run.dataset, run.session.for_seed(task.seed), task.function)
        timings = {"data": opening + part.timings.get("data", 0.0), **part.timings} if run.dataset else part.timings
        part = msgspec.structs.replace(part, timings=timings)
    if part.interrupted and _place.at_hand is None:
        # Ctrl-C does not come here: the lab has raised it.
        part = msgspec.structs.replace(part, interrupted=False, failure=failure_of(KeyboardInterrupt(), [], "train"))
    return TaskAnswer(part=encode(msgspec.structs.replace(part, machine=_machine(), packages=others)))


def _open(task: LabTask) -> _Opened:
    """Import the lab and read its data, if the last task here was not one of the same run."""
    if _place.opened is not None and _place.opened.key == task.key:
        return _place.opened
    run = msgspec.msgpack.decode(_sent([task.inputs])[task.inputs], type=RunInputs)
    _place.opened = None  # its arrays go before others come
    from labreport.experiments.training.backend import limit_threads

    limit_threads(_place.threads)
    folder = None
    if _place.at_hand is not None and _place.at_hand[0] == task.key:
        _, lab, settings, location = _place.at_hand
    else:
        lab, folder = _lab(run)
        with lab.home.entered():
            settings = lab.settings(**run.settings)
        location = None if run.data is None else _located(run.data)
    _place.opened = _Opened(
        key=task.key,
        lab=lab,
        settings=settings,
        dataset=None if location is None else sets.read(location),
        session=Session(seeds=run.seeds, progress=_place.progress, profile=run.profile, saved=_place),
        folder=folder,
    )
    return _place.opened


@contextmanager
def at_hand(key: str, lab: registry.Lab, settings: Any, data: sets.Location | None) -> Iterator[None]:
    """Let tasks of a run in this process use what it has already: nothing is imported or located twice."""
    _place.at_hand, _place.opened = (key, lab, settings, data), None
    try:
        yield
    finally:
        _place.at_hand = _place.opened = None


def receive(driver: str, contents: Mapping[str, bytes]) -> None:
    """Keep what a program has sent to this process, until it lets go of it."""
    _place.contents.setdefault(driver, {}).update(contents)


def share(folder: Path) -> None:
    """Look for what is needed in a folder, too."""
    _place.folder = folder


def is_stopped(driver: str) -> bool:
    """Return whether a program wants no more work done."""
    return driver in _place.stopped


def forget(driver: str) -> None:
    """Let go of what was kept for a program; a task of it that is at work ends at its next step."""
    _place.stopped.add(driver)
    _place.contents.pop(driver, None)
    if _place.alone.acquire(blocking=False):
        _place.opened = None
        _place.alone.release()


def versions() -> dict[str, str]:
    """Return what decides numbers in this process: Python, the packages, and labreport with a hash of its engine."""
    return dict(_versions())


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    engine = identity.listing(sorted(identity.PACKAGE.rglob("*.py")), identity.PACKAGE)
    return (
        ("labreport", f"{identity.package_version('labreport')} ({sha256(engine).hexdigest()[:8]})"),
        ("python", ".".join(map(str, sys.version_info[:3]))),
        *((package, identity.package_version(package)) for package in identity.DISTRIBUTIONS),
    )


def _machine() -> Machine:
    # Threads of one TensorFlow operation; 0 where TensorFlow chooses, or was not needed.
    tensorflow = sys.modules.get("tensorflow")
    threads = 0 if tensorflow is None else int(tensorflow.config.threading.get_intra_op_parallelism_threads())
    return _machine_with(threads)


@cache
def _machine_with(threads: int) -> Machine:
    return provenance.machine(threads=threads)


def _lab(run: RunInputs) -> tuple[registry.Lab, tempfile.TemporaryDirectory[str] | None]:
    """Import a lab: an installed one, or one in a file, from its place or from what was sent here."""
    if run.source is None:
        lab = registry.load(run.lab)
        if identity.lab_part(lab) != run.lab_part:
            raise LabError(f"The lab {run.lab!r} is another one here; install the same version of its package.")
        return lab, None
    folder, root = None, Path(run.source.root)
    if not all(_holds(root / name, digest) for name, digest in run.source.files.items()):
        contents = _sent(run.source.files.values())
        folder = tempfile.TemporaryDirectory(prefix="labreport-lab-", ignore_cleanup_errors=True)
        root = Path(folder.name)
        for name, digest in run.source.files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(contents[digest])
    return registry.load(run.lab, root / run.source.entry), folder


def _located(data: DataSource) -> sets.Location:
    """Find a data set in the folders of this machine, or in what was sent here."""
    own = os.environ.get(DATA_DIR)
    with suppress(DataError):
        found = sets.locate(data.name, source=data.form, data_dir=Path(own) if own else None, offline=True)
        if found.files == data.files and found.contents is not None:
            return found
    contents = _sent(file.sha256 for file in data.files)
    return sets.Location(
        name=data.name, source=data.form, files=data.files, contents=tuple(contents[file.sha256] for file in data.files)
    )


def _holds(path: Path, digest: str) -> bool:
    with suppress(OSError):
        return reading.digest(path) == digest
    return False


def _sent(digests: Iterable[str]) -> dict[str, bytes]:
    """Return contents that were sent here for the task at work. Returns and raises as `sent`."""
    return sent(_place.task.driver if _place.task is not None else "", digests)


def sent(driver: str, digests: Iterable[str]) -> dict[str, bytes]:
    """Return contents that a program has sent here, by hash.

    Raises:
        NeededError: some were not.
    """
    wanted = tuple(dict.fromkeys(digests))
    own = _place.contents.get(driver, {})
    found = {digest: own[digest] for digest in wanted if digest in own}
    for digest in wanted:
        if digest not in found and _place.folder is not None and _holds(_place.folder / digest, digest):
            found[digest] = reading.content(_place.folder / digest, reading.LARGEST_DATA)
    if missing := [digest for digest in wanted if digest not in found]:
        raise NeededError(*missing)
    return found
