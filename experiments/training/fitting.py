"""What is asked of a form of the engine, in one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from labreport.experiments.errors import LabError
from labreport.experiments.training.history import History
from labreport.experiments.training.samples import Samples

OnEpoch = Callable[[int, int, dict[str, float]], None]
"""Called after an epoch with its number from 1, the number of epochs, and its metrics."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """How to train, apart from model and samples."""

    epochs: int
    """The last epoch, counted from the very first one of the model."""
    batch_size: int
    seed: int
    before: History = field(default_factory=dict)
    """What the model was trained before, in the same order; empty where this training is its first."""
    fold: int = 0
    """Counted from 1; 0 outside cross-validation. Each fold has a batch order of its own."""
    validation_batch_size: int | None = None
    """None: as for training. It changes nothing but the rounding of the means."""
    on_epoch: OnEpoch | None = None
    class_weight: dict[int, float] | None = None
    callbacks: tuple[Any, ...] = ()
    """Keras callbacks."""

    @property
    def epochs_before(self) -> int:
        """Epochs that the model was trained for before."""
        return len(self.before.get("loss", ()))

    def history(self) -> dict[str, list[float]]:
        """Return a history that continues what was trained before."""
        return {name: list(values) for name, values in self.before.items()}

    @property
    def test_size(self) -> int:
        """Samples per batch where nothing is trained."""
        return self.validation_batch_size or self.batch_size

    def report(self, epoch: int, values: dict[str, float]) -> None:
        """Report a finished epoch to the caller that asked for it."""
        if self.on_epoch is not None:
            self.on_epoch(epoch, self.epochs, values)

    def check(self, train: Samples, validation: Samples | None) -> None:
        """Refuse what can't be trained.

        Raises:
            LabError: no epochs, no samples, or a batch larger than the data; the message gives the numbers.
        """
        if self.epochs < 1:
            raise LabError(f"Training needs at least 1 epoch, not {self.epochs}.")
        if self.epochs < self.epochs_before:
            raise LabError(f"The model has {self.epochs_before} epochs behind it: it can't end after {self.epochs}.")
        if not len(train):
            raise LabError("There are no samples left to train on.")
        if not 1 <= self.batch_size <= len(train):
            raise LabError(f"A batch must hold 1 to {len(train)} samples (all there are), not {self.batch_size}.")
        if validation is not None and not len(validation):
            raise LabError("There are no samples to validate on.")
