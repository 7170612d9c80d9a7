"""A finished seed: all that a lab has found for it, in one piece."""

from __future__ import annotations

from labreport.experiments.checkpoints import DamagedError, Kept
from labreport.experiments.lab import Session
from labreport.experiments.result import Findings, Record


class Finished(Record, frozen=True, kw_only=True):
    """What a lab found for one seed."""

    seed: int
    findings: Findings
    timings: dict[str, float]
    """Seconds per stage that this seed has taken."""


class Mark:
    """Where a seed began in a session: what its draft held then, and the time that its stages had taken.

    Args:
        session: in which the seed is trained next.
    """

    def __init__(self, session: Session) -> None:
        self._lengths = session.draft.lengths()
        self._timings = dict(session.timings)

    def cut(self, seed: int, session: Session) -> Finished:
        """Take what the seed has added out of the draft, and return it."""
        timings = {stage: seconds - self._timings.get(stage, 0.0) for stage, seconds in session.timings.items()}
        return Finished(
            seed=seed,
            findings=session.draft.cut(self._lengths),
            timings={stage: seconds for stage, seconds in timings.items() if seconds},
        )


def load(kept: Kept, seed: int) -> Finished | None:
    """Return a seed that was finished before; None where it was not.

    Raises:
        DamagedError: it is there, but can't be used.
    """
    finished = kept.load(_name(seed), Finished)
    if finished is not None and finished.seed != seed:
        raise DamagedError(f"it holds seed {finished.seed}")
    return finished


def save(kept: Kept, finished: Finished) -> None:
    """Keep a finished seed."""
    kept.save(_name(finished.seed), finished)


def _name(seed: int) -> str:
    return f"seed-{seed}"
