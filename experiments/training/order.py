"""The order in which samples are seen, made by NumPy from the seed.

`model.fit` draws its order from TensorFlow's generator, where it depends on everything drawn before. Here the order
of an epoch is a function of seed, fold and epoch alone, so every form of the engine, and `fit` given the same
order by hand, see the same batches; and a later epoch can be reached without drawing the earlier ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def batch_order(samples: int, *, seed: int, epoch: int, fold: int = 0) -> NDArray[np.int32]:
    """Return the positions 0 to samples - 1 in the order of one epoch.

    Args:
        samples: number of training samples.
        seed: seed of the run, 0 or more.
        epoch: counted from 1.
        fold: counted from 1; 0 outside cross-validation.
    """
    return np.random.default_rng((seed, fold, epoch)).permutation(samples).astype(np.int32)
