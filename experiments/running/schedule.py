"""The tasks of a run: which is next, what they gave, and how that becomes one.

The lab introduces itself first; then its seeds are given out in order. Whatever the order in which they were finished,
where, and whether in this run or before an interruption, what was found stands in the order of the seeds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from labreport.experiments.registry import Lab
from labreport.experiments.running.checkpoints import Checkpoints, DamagedError
from labreport.experiments.running.task import LabFunction, Part


class Step(NamedTuple):
    """What a task of a run does."""

    function: LabFunction
    seed: int | None

    @property
    def name(self) -> str:
        """Under which it is saved."""
        return f"seed-{self.seed}" + ("" if self.function == "train" else f"-{self.function}")

    def __str__(self) -> str:
        return "the introduction" if self.seed is None else f"seed {self.seed}"


_INTRODUCTION = Step("introduce", None)


class Schedule:
    """The tasks of one run.

    Args:
        lab: the lab.
        seeds: of the run, in order.
        saved: where finished seeds are saved.
        announce: called with the seeds that need not be trained again.
    """

    def __init__(self, lab: Lab, seeds: tuple[int, ...], saved: Checkpoints, announce: Callable[[str], None]) -> None:
        self._steps = (_INTRODUCTION, *(Step(function, seed) for seed in seeds for function in _functions(lab)))
        self._saved = saved
        self._place = {step: place for place, step in enumerate(self._steps)}
        self._failed = len(self._steps)
        """Place of the first step that ends the run; after all of them where there is none."""
        self._parts: dict[Step, Part] = {}
        self._waiting = deque(self._steps)
        self._at_work: set[Step] = set()
        self._load(announce)

    def take(self) -> Step | None:
        """Return what is to be begun next; None while there is nothing.

        After a failure only what comes before it, and was put back, still counts.
        """
        step = next((step for step in self._waiting if self._place[step] < self._failed), None)
        if step is None or (step != _INTRODUCTION and _INTRODUCTION not in self._parts):
            return None
        self._waiting.remove(step)
        self._at_work.add(step)
        return step

    def put_back(self, step: Step) -> None:
        """Let a step be done once more, by another process."""
        self._at_work.discard(step)
        self._waiting.appendleft(step)

    def give(self, step: Step, part: Part, content: bytes = b"") -> None:
        """Take what a step gave.

        Args:
            step: one that was at work.
            part: what was found.
            content: the part as it is saved.
        """
        self._at_work.discard(step)
        self._parts[step] = part
        # A seed that was given up ends nothing; the others complete.
        if not part.is_complete and (step == _INTRODUCTION or not part.is_lost):
            self._failed = min(self._failed, self._place[step])
        if part.is_complete and step != _INTRODUCTION and content:
            self._saved.put(step.name, content)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is at work, or to be begun, that still counts: after a failure only what is before it."""
        if self._failed == len(self._steps):
            return not self._at_work and not self._waiting
        return all(self._place[step] > self._failed for step in (*self._at_work, *self._waiting))

    @property
    def parts(self) -> tuple[Part, ...]:
        """What was found, in order, up to the first failure: the one at which a single process would have stopped."""
        return tuple(self._until_failure())

    @property
    def is_complete(self) -> bool:
        """Whether the lab came to its end with every seed."""
        return len(self._parts) == len(self._steps) and all(part.is_complete for part in self._parts.values())

    def _until_failure(self) -> Iterator[Part]:
        for step in self._steps[: self._failed + 1]:
            if step in self._parts:
                yield self._parts[step]

    def _load(self, announce: Callable[[str], None]) -> None:
        for step in self._steps[1:]:
            try:
                part = self._saved.load(step.name, Part)
                if part is not None and part.seed != step.seed:
                    raise DamagedError(f"it holds seed {part.seed}")
            except DamagedError as error:
                announce(
                    f"Seed {step.seed} was finished before, but its file can't be used ({error}): it is trained again."
                )
                continue
            if part is not None:
                self._parts[step] = part
        self._waiting = deque(step for step in self._steps if step not in self._parts)
        left = {step.seed for step in self._waiting}
        if done := list(dict.fromkeys(str(step.seed) for step in self._parts if step.seed not in left)):
            announce(f"Finished in a run that was interrupted, so not trained again: seed {', '.join(done)}.")


def at_a_time(lab: Lab, seeds: tuple[int, ...]) -> int:
    """Return how many tasks of a run can be at work at a time, at most."""
    return max(1, len(_functions(lab)) * len(seeds))


def _functions(lab: Lab) -> list[LabFunction]:
    """Return the functions of a lab that are called for each seed."""
    functions: tuple[LabFunction, ...] = ("train", "train_baselines")
    return [function for function in functions if getattr(lab, function) is not None]
