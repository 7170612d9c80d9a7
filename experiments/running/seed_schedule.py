"""Who trains which seed of a run, and how their findings become one.

The lab runs in this process. With several jobs, other processes run it for some of the seeds as well (see `workers`);
seeds are given out in order, to whoever is free. Whatever the order in which they were finished, and whether in this
run or in one that was interrupted, the findings are put together in the order of the seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from labreport.experiments.checkpoints import DamagedError, Kept
from labreport.experiments.errors import LabError
from labreport.experiments.lab import Session
from labreport.experiments.result import Failure, Findings
from labreport.experiments.running import seed_results as finished_seeds
from labreport.experiments.running.seed_results import Finished, Mark
from labreport.experiments.running.validation import checked
from labreport.experiments.running.workers import Workers

Hire = Callable[[tuple[int, ...], Kept], Workers]
"""Starts other processes for seeds that are not finished; they keep what they finish where this one does."""


class SeedError(LabError):
    """A seed failed in another process."""


class Turns:
    """The seeds of one run.

    Args:
        seeds: all seeds, in order.
        announce: told of seeds that need not be trained again.
        kept: where finished seeds are kept.
        hire: starts other processes; None where this one trains all.
    """

    def __init__(
        self, seeds: tuple[int, ...], announce: Callable[[str], None], kept: Kept, hire: Hire | None = None
    ) -> None:
        self._kept = kept
        self._seeds = seeds
        self._announce = announce
        self._hire = hire
        self._workers: Workers | None = None
        self._common: dict[str, int] | None = None
        """Lengths of the draft's parts before any seed; None before seeds were asked for."""
        self._finished: dict[int, Finished] = {}
        self._failed: dict[int, tuple[Failure, Findings]] = {}
        self._current: int | None = None
        """The seed that this process is training."""
        self._joined = False

    def take(self, session: Session) -> Iterator[int]:
        """Give out the seeds that this process is to train, and at the end join the findings of all.

        Raises:
            SeedError: a seed failed in another process.
        """
        if self._common is not None:
            raise LabError("A lab may go through its seeds only once.")
        self._common = session.draft.lengths()
        self._load(session)
        waiting = tuple(seed for seed in self._seeds if seed not in self._finished)
        if self._hire is not None and len(waiting) > 1:
            self._workers = self._hire(waiting, self._kept)
            for seed in self._workers.take():
                yield from self._train(seed, session)
            self._wait(self._workers, session, before=None)
            if self._failed:
                raise SeedError(f"Not all seeds could be trained: {', '.join(map(str, self._failed))}.")
            waiting = tuple(seed for seed in waiting if seed not in self._finished)  # lost with a process
        for seed in waiting:
            yield from self._train(seed, session)
        self._join(session)

    def failed(self, session: Session, failure: Failure) -> Failure:
        """Join what there is after the lab has failed, and return the failure that counts.

        It is that of the first seed in order that failed: the one at which a single process would have stopped. What
        comes after it is left out.
        """
        if self._common is None or self._joined:
            return failure
        rest = session.draft.cut(self._common)
        if self._current is not None:
            if self._workers is not None:
                self._wait(self._workers, session, before=self._current)
            self._failed[self._current] = failure, rest
        if not self._failed:
            self._join(session)
            return failure
        first = min(self._failed, key=self._seeds.index)
        failure, rest = self._failed[first]
        self._join(session, before=first)
        session.draft.extend(rest)
        return failure

    def interrupted(self, session: Session) -> None:
        """Stop the other processes at once, and join what is finished with what was begun here."""
        if self._common is None or self._joined:
            return
        rest = session.draft.cut(self._common)
        if self._workers is not None:
            self._receive(self._workers.stop(), session)
        self._join(session)
        session.draft.extend(rest)

    def close(self) -> int:
        """End the other processes, and return the greatest memory that one of them took, in bytes."""
        return 0 if self._workers is None else self._workers.close()

    def _train(self, seed: int, session: Session) -> Iterator[int]:
        mark = Mark(session)
        self._current = seed
        yield seed
        finished = mark.cut(seed, session)
        checked(finished.findings)
        self._current = None
        self._finished[seed] = finished
        finished_seeds.save(self._kept, finished)

    def _load(self, session: Session) -> None:
        found: dict[int, Finished] = {}
        for seed in self._seeds:
            try:
                finished = finished_seeds.load(self._kept, seed)
            except DamagedError as error:
                self._announce(f"Seed {seed} was finished before, but is {error} in its file: it is trained again.")
                continue
            if finished is not None:
                found[seed] = finished
        if found:
            names = ", ".join(map(str, found))
            self._announce(f"Finished in a run that was interrupted, so not trained again: seed {names}.")
        self._receive(found, session)

    def _wait(self, workers: Workers, session: Session, *, before: int | None) -> None:
        self._receive(workers.wait(before), session)
        self._failed |= workers.failed

    def _receive(self, found: Mapping[int, Finished], session: Session) -> None:
        for seed, finished in found.items():
            self._finished[seed] = finished
            for stage, seconds in finished.timings.items():
                session.timings[stage] = session.timings.get(stage, 0.0) + seconds

    def _join(self, session: Session, *, before: int | None = None) -> None:
        """Add the findings of the finished seeds to the draft: of all, or of those before one that failed."""
        self._joined = True
        for seed in self._seeds if before is None else self._seeds[: self._seeds.index(before)]:
            if seed in self._finished:
                session.draft.extend(self._finished[seed].findings)
