"""Scores: which of their values are the better ones, and in which unit they are."""

from __future__ import annotations

from labreport.experiments.errors import LabError
from labreport.experiments.result import Direction, Score, Split

_DIRECTIONS: dict[str, Direction] = {
    **dict.fromkeys(("accuracy", "auc", "precision", "recall", "f1", "r2"), "higher"),
    **dict.fromkeys(("loss", "error", "mae", "mse", "rmse", "perplexity"), "lower"),
}
"""Which values of the usual metrics are the better ones."""

_UNITS = {"accuracy": "share", "loss": "nats"}


def score(
    name: str,
    value: float,
    *,
    split: Split = "test",
    model: str = "final",
    seed: int | None = None,
    fold: int | None = None,
    unit: str | None = None,
    direction: Direction | None = None,
) -> Score:
    """Return a score; `Session.score` says what the arguments mean.

    Raises:
        LabError: the direction is not known.
    """
    metric = next((word for word in name.split("_") if word in _DIRECTIONS), name)
    better = direction or _DIRECTIONS.get(metric)
    if better is None:
        raise LabError(f"Say whether a higher or a lower {name} is better: direction='higher' or direction='lower'.")
    return Score(
        name=name,
        model=model,
        metric=metric,
        split=split,
        seed=seed,
        fold=fold,
        value=float(value),
        unit=_UNITS.get(metric, "") if unit is None else unit,
        direction=better,
    )
