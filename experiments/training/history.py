"""What a training remembers: one value per epoch for each of Keras' names."""

from __future__ import annotations

from typing import Any

import numpy as np

History = dict[str, tuple[float, ...]]
"""One value per epoch for each Keras key: loss, accuracy, val_loss, …"""


def shortest(value: Any) -> float:
    """Return a float32 as the shortest decimal that means it: 0.9 instead of 0.8999999761581421.

    As float32 it is the same number, and the file of a run needs half the space. What is not a float32 stays as it is.
    """
    exact = float(value)
    with np.errstate(over="ignore"):
        single = np.float32(exact)
    return float(str(single)) if float(single) == exact else exact


def frozen(history: dict[str, list[float]]) -> History:
    """Return the history with tuples."""
    return {name: tuple(values) for name, values in history.items()}
