"""The training engine: compiled Keras models trained as `model.fit` trains them, many times faster.

Three forms do the same arithmetic: `loop` (Keras' own training step in one graph per epoch), `stack` (the models of
all folds side by side) and `plain` (`model.fit` itself). `plan` chooses, and says why. Importing this is cheap.
"""

from experiments.training.backend import seed_everything, start
from experiments.training.engine import Fitted, evaluate, fit, fit_folds, predict
from experiments.training.errors import DivergenceError
from experiments.training.order import batch_order
from experiments.training.samples import Samples, aligned_empty, as_floats, as_shares_of_255, in_memory

__all__ = [
    "DivergenceError",
    "Fitted",
    "Samples",
    "aligned_empty",
    "as_floats",
    "as_shares_of_255",
    "batch_order",
    "evaluate",
    "fit",
    "fit_folds",
    "in_memory",
    "predict",
    "seed_everything",
    "start",
]
