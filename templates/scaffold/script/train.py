"""__TITLE__: a plain Keras script, without a word about labreport.

`labreport record` watches it: every `fit`, every `evaluate`, the network, the data, and what is printed.
"""

import argparse

import keras
import numpy as np

# What is given on the command line stands in the report, and `labreport compare` names what differs.
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--units", type=int, default=8)
parser.add_argument("--seed", type=int, default=0)
arguments = parser.parse_args()

# One seed for the initial weights and the order of the batches; the report says which.
keras.utils.set_random_seed(arguments.seed)

# Points of a square; those in two opposite corners are of one kind. Put your own data here.
points = np.random.default_rng(0).uniform(-1, 1, (600, 2)).astype("float32")
kinds = (points[:, 0] * points[:, 1] > 0).astype("float32")

model = keras.Sequential(
    [
        keras.Input(shape=(2,)),
        keras.layers.Dense(arguments.units, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(0.02), loss="binary_crossentropy", metrics=["accuracy"])

# The first points train, the next ones validate after each epoch.
model.fit(
    points[:300],
    kinds[:300],
    validation_data=(points[300:450], kinds[300:450]),
    epochs=arguments.epochs,
    verbose=0,
)

# The last points were neither trained on nor used for validation, so this is reported as the test.
loss, accuracy = model.evaluate(points[450:], kinds[450:], verbose=0)
print(f"accuracy {accuracy:.3f}")
