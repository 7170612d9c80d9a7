"""The training engine: compiled Keras models trained as `model.fit` trains them, many times faster.

Three forms do the same arithmetic: `loop` (Keras' own training step in one graph per epoch), `stack` (the models of
all folds side by side) and `plain` (`model.fit` itself). `plan` chooses, and says why. Importing this is cheap.
"""

from labreport.experiments.training.backend import seed_everything, start
from labreport.experiments.training.description import describe
from labreport.experiments.training.engine import Fitted, evaluate, fit, fit_folds, predict
from labreport.experiments.training.errors import DivergenceError
from labreport.experiments.training.order import batch_order
from labreport.experiments.training.samples import (
    FromBits,
    Samples,
    aligned_empty,
    as_floats,
    as_shares_of_255,
    in_memory,
)

__all__ = [
    "DivergenceError",
    "Fitted",
    "FromBits",
    "Samples",
    "aligned_empty",
    "as_floats",
    "as_shares_of_255",
    "batch_order",
    "describe",
    "evaluate",
    "fit",
    "fit_folds",
    "in_memory",
    "predict",
    "seed_everything",
    "start",
]
