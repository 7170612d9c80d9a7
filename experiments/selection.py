"""Rules that read a curve: which epoch to stop at, and how a noisy curve is smoothed.

Pure Python without any dependency, because both rooms use it: a lab chooses its number of epochs with the very
function with which the report later marks that epoch. Epochs count from 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, isfinite

from labreport.experiments.errors import LabError


class NoValidationError(LabError):
    """There is no finite value from which an epoch could be chosen."""


def best_epoch(values: Sequence[float]) -> int:
    """Return the epoch with the lowest value.

    Args:
        values: one value per epoch, such as the validation loss; values that are not finite are passed over.

    Returns:
        The epoch counted from 1; the earliest on a tie.

    Raises:
        NoValidationError: nothing finite to compare.

    Source: Prechelt, "Early Stopping - But When?", 1998.
    """
    finite = [(value, epoch) for epoch, value in enumerate(values, start=1) if isfinite(value)]
    if not finite:
        raise NoValidationError(f"No epoch can be chosen: none of the {len(values)} validation values is finite.")
    return min(finite)[1]


def smooth(values: Sequence[float], dropped: int, factor: float) -> tuple[float, ...]:
    """Return the exponential moving average of a curve without its first epochs.

    Args:
        values: one value per epoch.
        dropped: how many epochs to leave out at the start, where the curve is so high that it hides the rest.
        factor: weight of the past in each new value, 0 (no smoothing) to just under 1.

    Returns:
        One value per remaining epoch: position 0 belongs to epoch `dropped + 1`. Empty where nothing remains.

    Raises:
        ValueError: `dropped` is negative, or `factor` is outside [0, 1).

    Source: Chollet, "Deep Learning with Python", 1st ed., 2017, listing 3.31.
    """
    if dropped < 0:
        raise ValueError(f"The number of dropped epochs must be 0 or more, not {dropped}.")
    if not 0 <= factor < 1:
        raise ValueError(f"The smoothing factor must be at least 0 and less than 1, not {factor}.")
    smoothed: list[float] = []
    for value in values[dropped:]:
        smoothed.append(smoothed[-1] * factor + value * (1 - factor) if smoothed else value)
    return tuple(smoothed)


def mean_curve(curves: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Return the mean of several curves, epoch by epoch.

    Args:
        curves: one curve per fold (or seed), all over the same number of epochs.

    Raises:
        NoValidationError: there is no curve.
        ValueError: the curves have different lengths; a mean over fewer folds at some epochs would mislead.
    """
    if not curves:
        raise NoValidationError("There is no curve to average.")
    lengths = {len(curve) for curve in curves}
    if len(lengths) > 1:
        raise ValueError(f"Curves of different lengths cannot be averaged: {sorted(lengths)} epochs.")
    return tuple(fsum(values) / len(values) for values in zip(*curves, strict=True))


def best_smoothed_epoch(curves: Sequence[Sequence[float]], dropped: int, factor: float) -> int:
    """Return the epoch at the minimum of the smoothed mean of several curves.

    The epochs dropped before smoothing are counted again in the answer, which therefore is an epoch of the
    training and not a position in the smoothed curve.

    Args:
        curves: one curve per fold, all over the same number of epochs.
        dropped: epochs left out at the start.
        factor: weight of the past in the moving average.

    Raises:
        NoValidationError: no finite value remains.
    """
    return dropped + best_epoch(smooth(mean_curve(curves), dropped, factor))
