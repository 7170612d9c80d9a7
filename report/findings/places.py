"""At which epochs a curve was measured: recorded, or seen from how many values it has."""

from __future__ import annotations

from msgspec import UNSET

from labreport.experiments.result import Training


def places(fit: Training, key: str) -> tuple[int, ...] | None:
    """Return the epoch of each value of a key.

    A record of a script keeps them. Elsewhere fewer values than epochs are those that `validation_freq` leaves: at
    every k-th epoch, where only one k gives as many.

    Args:
        fit: a training that has the key.
        key: of its history.

    Returns:
        As many epochs as values; None where more than one k, or none, gives as many.
    """
    count = len(fit.history[key])
    recorded = () if fit.course is UNSET else fit.course.at.get(key, ())
    if recorded:
        return tuple(recorded)
    if count in (0, 1, fit.epochs - 1) or count >= fit.epochs:  # of one fewer, the last epoch was broken off
        return tuple(range(1, count + 1))
    steps = [step for step in range(2, fit.epochs + 1) if fit.epochs // step == count]
    return tuple(steps[0] * number for number in range(1, count + 1)) if len(steps) == 1 else None
