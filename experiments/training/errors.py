"""Errors of training."""

from __future__ import annotations

from labreport.experiments.errors import LabError
from labreport.experiments.training.history import History


class DivergenceError(LabError):
    """The loss became NaN or infinite."""

    def __init__(self, *, epoch: int, step: int, history: History, fold: int | None = None) -> None:
        """Say where training broke down.

        Args:
            epoch: counted from 1.
            step: batch within the epoch, counted from 1.
            history: the epochs finished before.
            fold: counted from 1; None outside cross-validation.
        """
        place = f"epoch {epoch}, step {step}" + (f", fold {fold}" if fold else "")
        super().__init__(
            f"The loss is no longer a finite number at {place}. A smaller learning rate, or scaled inputs, may help."
        )
        self.epoch = epoch
        self.step = step
        self.fold = fold
        self.history = history
