"""What the two labs with planted changes share: one dense network, trained for a few epochs and tested once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from labreport.experiments.training import fit, in_memory, predict, seed_everything


def predictions(
    train: NDArray[Any], targets: NDArray[Any], tests: NDArray[Any], settings: Any, seed: int, **last: Any
) -> NDArray[np.float32]:
    """Return what a network with one hidden layer predicts for the tests.

    Args:
        train: inputs, shape (samples, features).
        targets: shape (samples,).
        tests: inputs of the samples to predict.
        settings: of the lab: units, epochs, batch_size, learning_rate; `salt` and `pepper` enter the seed alone, so
            that changing one of them changes nothing but chance.
        seed: of the run.
        last: activation of the last layer, and loss.
    """
    import keras

    chance = 1_000_000 * settings.pepper + 1000 * settings.salt + seed
    seed_everything(chance)
    model = keras.Sequential(
        [
            keras.Input(shape=train.shape[1:]),
            keras.layers.Dense(settings.units, activation="relu"),
            keras.layers.Dense(1, activation=last["activation"]),
        ]
    )
    model.compile(optimizer=keras.optimizers.RMSprop(settings.learning_rate), loss=last["loss"])
    samples = in_memory(train, targets[:, None])
    fit(model, samples, epochs=settings.epochs, batch_size=settings.batch_size, seed=chance)
    return predict(model, in_memory(tests, np.zeros((len(tests), 1), np.float32)), batch_size=1024)[:, 0]
