"""Runs that are under way: how far each is and the curve so far, kept beside its finished seeds for those who look.

    runs/<lab>/.partial/<key>/live.msgpack

Written once a second at most, taken away when the run ends. A run that is killed leaves it behind; its last sign of
life says so.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from labreport.experiments.lab.session import silent
from labreport.experiments.running.checkpoints import SAVED, Checkpoints, DamagedError, encode
from labreport.report.store.codec import NAME
from labreport.report.store.runs import KEPT

LIVE = "live"
"""Name under which it is saved, beside the seeds of the run."""
SECONDS = 1.0
"""Between two writings."""
MOST_POINTS = 400
"""Of one curve that are kept; of a longer one every second, fourth, … is left out."""
OLDEST = 86_400.0
"""Seconds without a sign of life after which a run is no longer under way."""
_RATE = "epochs_per_second"

Advance = Callable[[str, int, int, dict[str, float]], None]
"""Called with the part at work, steps done, steps in all, and values."""


class LivePart(msgspec.Struct, frozen=True, kw_only=True):
    """One training of a run that is under way."""

    name: str
    done: int
    total: int
    at: tuple[int, ...]
    """Steps at which values were kept."""
    values: dict[str, tuple[float, ...]]
    """One for each step of `at`, by measure."""
    rate: float | None = None
    """Epochs a second."""

    @property
    def seconds_left(self) -> float | None:
        """How long this training will still take at its rate; None where that is not known."""
        return (self.total - self.done) / self.rate if self.rate else None


class LiveRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is under way."""

    lab: str
    key: str
    profile: str
    seeds: tuple[int, ...]
    started: float
    """Seconds since 1970."""
    updated: float
    """When it last said something, in seconds since 1970."""
    parts: tuple[LivePart, ...] = ()
    """Its trainings in the order in which they began."""


class LiveNotes:
    """Notes how far a run is.

    Args:
        folder: with what the run has finished.
        run: what is noted of it at its beginning.
        clock: gives the seconds since 1970.
        every: seconds between two writings.
    """

    def __init__(
        self, folder: Path, run: LiveRun, clock: Callable[[], float] = time.time, every: float = SECONDS
    ) -> None:
        self._saved = Checkpoints(folder)
        self._run = run
        self._clock = clock
        self._every = every
        self._parts: dict[str, LivePart] = {}
        self._begun: dict[str, tuple[float, int]] = {}
        self._written = 0.0

    def advance(self, name: str, done: int, total: int, values: dict[str, float]) -> None:
        """Note a step of a training; written where the last writing is a second ago."""
        measured = {key: float(value) for key, value in values.items() if key != _RATE}
        known = self._parts.get(name)
        if known is None or set(known.values) != set(measured) or (known.at and done <= known.at[-1]):
            known = LivePart(name=name, done=0, total=total, at=(), values=dict.fromkeys(measured, ()))
            self._begun[name] = self._clock(), done
        self._parts[name] = _thinned(
            LivePart(
                name=name,
                done=done,
                total=total,
                at=(*known.at, done),
                values={key: (*known.values[key], value) for key, value in measured.items()},
                rate=values.get(_RATE) or self._rate(name, done),
            )
        )
        now = self._clock()
        if now - self._written >= self._every:
            self._written = now
            state = msgspec.structs.replace(self._run, updated=now, parts=tuple(self._parts.values()))
            self._saved.put(LIVE, encode(state))

    def _rate(self, name: str, done: int) -> float | None:
        """Return the steps a second since a training was first heard of; None where that is now."""
        begun, before = self._begun[name]
        spent = self._clock() - begun
        return (done - before) / spent if done > before and spent > 0 else None


@contextmanager
def noted(
    kept: Path, lab: str, key: str, profile: str, seeds: tuple[int, ...], also: Advance = silent
) -> Iterator[Advance]:
    """Give a function that notes the steps of a run, and passes each on, until the block ends.

    Args:
        kept: folder of the lab's finished seeds.
        lab: its name.
        key: of the run.
        profile: of the run.
        seeds: of the run.
        also: called with each step as well.
    """
    folder = kept / key
    began = time.time()
    notes = LiveNotes(folder, LiveRun(lab=lab, key=key, profile=profile, seeds=seeds, started=began, updated=began))

    def advance(name: str, done: int, total: int, values: dict[str, float]) -> None:
        notes.advance(name, done, total, values)
        also(name, done, total, values)

    try:
        yield advance
    finally:
        with contextlib.suppress(OSError):
            (folder / f"{LIVE}{SAVED}").unlink(missing_ok=True)
            folder.rmdir()  # where no seed is finished
            kept.rmdir()


def under_way(root: Path, clock: Callable[[], float] = time.time) -> tuple[LiveRun, ...]:
    """Return the runs of a store that are under way, the newest first; what can't be read is passed over.

    Args:
        root: folder of the store.
        clock: gives the seconds since 1970.
    """
    found = []
    for path in sorted(root.glob(f"*/{KEPT}/*/{LIVE}{SAVED}")):
        run = None
        with contextlib.suppress(DamagedError):
            run = Checkpoints(path.parent).load(LIVE, LiveRun)
        if run is not None and _fits(run, path) and clock() - run.updated < OLDEST:
            found.append(run)
    return tuple(sorted(found, key=lambda run: run.started, reverse=True))


def _fits(run: LiveRun, path: Path) -> bool:
    """Return whether a note is that of its folder, and can be drawn."""
    alike = all(len(values) == len(part.at) for part in run.parts for values in part.values.values())
    return alike and (run.lab, run.key) == (path.parents[2].name, path.parent.name) and bool(NAME.fullmatch(run.lab))


def _thinned(part: LivePart) -> LivePart:
    if len(part.at) <= MOST_POINTS:
        return part
    # The newest stays, so that the curve ends where the training is.
    chosen = [*range(0, len(part.at) - 1, 2), len(part.at) - 1]
    return msgspec.structs.replace(
        part,
        at=tuple(part.at[place] for place in chosen),
        values={key: tuple(values[place] for place in chosen) for key, values in part.values.items()},
    )
