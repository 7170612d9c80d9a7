"""Who trains which seed of a run, and how what they find becomes one.

The lab introduces itself in this process; then seeds are given out in order, to the next free process: this one,
and the workers where there are several jobs. Whatever the order in which they were finished, and whether in this run
or before an interruption, what was found stands in the order of the seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Condition
from typing import Any

from labreport.experiments.data.sets import Dataset
from labreport.experiments.lab import Session
from labreport.experiments.registry import Lab
from labreport.experiments.running.checkpoints import Checkpoints, DamagedError
from labreport.experiments.running.task import Part, perform
from labreport.experiments.running.workers import Worker

Hire = Callable[[int], Sequence[Worker]]
"""Starts workers for that number of seeds; none where this process trains all."""


class Schedule:
    """The parts of one run.

    Args:
        lab: the lab.
        settings: its dataclass.
        dataset: the data set it names, or None.
        session: for `introduce`.
        saved: where finished seeds are saved.
        announce: called with the seeds that need not be trained again.
        hire: starts other processes.
        stopped: whether the user wants the run to stop.
    """

    def __init__(
        self,
        lab: Lab,
        settings: Any,
        dataset: Dataset | None,
        session: Session,
        *,
        saved: Checkpoints,
        announce: Callable[[str], None],
        hire: Hire,
        stopped: Callable[[], bool],
    ) -> None:
        self._lab, self._settings, self._dataset, self._session = lab, settings, dataset, session
        self._saved, self._announce, self._hire, self._stopped = saved, announce, hire, stopped
        self._changed = Condition()
        self._introduction: Part | None = None
        self._trained: dict[int, Part] = {}
        self._waiting: list[int] = []
        self._at_work: set[int] = set()
        self._workers: Sequence[Worker] = ()

    def run(self) -> None:
        """Let the lab introduce itself, and train all seeds; stop at the first failure, or when the user wants it."""
        self._introduction = perform(self._lab, self._settings, self._dataset, self._session)
        if not self._introduction.is_complete or self._lab.train is None:
            return
        self._load()
        self._waiting = [seed for seed in self._session.seeds if seed not in self._trained]
        self._workers = self._hire(len(self._waiting))
        for worker in self._workers:
            worker.work(self._take, self._give)
        while True:
            while (seed := self._take()) is not None:
                self._give(seed, perform(self._lab, self._settings, self._dataset, self._session.for_seed(seed)))
            self._wait()
            if not self._waiting or self._ended():  # else a seed came back that was lost with its process
                return

    @property
    def parts(self) -> tuple[Part, ...]:
        """What was found, in order, up to the first failure: the one at which a single process would have stopped."""
        return tuple(self._until_failure())

    @property
    def is_complete(self) -> bool:
        """Whether the lab came to its end with every seed."""
        parts = self.parts
        expected = 1 + (0 if self._lab.train is None else len(self._session.seeds))
        return len(parts) == expected and all(part.is_complete for part in parts)

    def close(self) -> None:
        """End the other processes at once."""
        for worker in self._workers:
            worker.close()

    def _until_failure(self) -> Iterator[Part]:
        trained = (self._trained.get(seed) for seed in self._session.seeds)
        for part in (self._introduction, *trained):
            if part is not None:
                yield part
                if part.failure is not None:
                    return

    def _load(self) -> None:
        for seed in self._session.seeds:
            try:
                part = self._saved.load(_name(seed), Part)
                if part is not None and part.seed != seed:
                    raise DamagedError(f"it holds seed {part.seed}")
            except DamagedError as error:
                self._announce(
                    f"Seed {seed} was finished before, but its file can't be used ({error}): it is trained again."
                )
                continue
            if part is not None:
                self._trained[seed] = part
        if self._trained:
            names = ", ".join(map(str, self._trained))
            self._announce(f"Finished in a run that was interrupted, so not trained again: seed {names}.")

    def _ended(self) -> bool:
        """Whether no more seeds are to be begun."""
        return self._stopped() or any(not part.is_complete for part in self._trained.values())

    def _take(self) -> int | None:
        with self._changed:
            if not self._waiting or self._ended():
                return None
            seed = self._waiting.pop(0)
            self._at_work.add(seed)
            return seed

    def _give(self, seed: int, part: Part | None) -> None:
        with self._changed:
            self._at_work.discard(seed)
            if part is None:
                self._waiting.insert(0, seed)
            else:
                self._trained[seed] = part
                if part.is_complete:
                    self._saved.save(_name(seed), part)
            self._changed.notify_all()

    def _wait(self) -> None:
        """Wait for the seeds that others are training; after a failure only for those before it."""

        def settled() -> bool:
            if self._stopped() or any(part.interrupted for part in self._trained.values()):
                return True
            order = self._session.seeds.index
            first = min((order(seed) for seed, part in self._trained.items() if not part.is_complete), default=None)
            return not any(first is None or order(seed) < first for seed in self._at_work)

        with self._changed:
            self._changed.wait_for(settled)


def _name(seed: int) -> str:
    return f"seed-{seed}"
