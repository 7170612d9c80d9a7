"""__TITLE__: how long is the way to a stop?

Question: can a small network learn the stopping distance of a car from its speed and the wetness of the road?
Source: made up in this file, from the formula of the braking distance with some noise. Put your own data in its place.
"""

from dataclasses import dataclass

import numpy as np

import labreport

# The title of the chapter where there is no note, and a number of your own choice for the state of the lab.
TITLE, VERSION = "__TITLE__", "1"
# What `--profile quick` changes, to see in seconds whether all works.
QUICK = {"epochs": 2}
# A lab that reads files declares them: DATA = labreport.files("stops.csv"), and opens DATA["stops.csv"].

UNIT = "m"  # of the target and of every error; it stands behind the numbers in tables


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What may be changed from the command line, as in `-P units=4`; the values here are the published ones."""

    units: int = 32
    epochs: int = 40
    batch_size: int = 32
    learning_rate: float = 0.03
    stops: int = 600  # half of them train, a quarter validates, a quarter is for the test


def build_model(settings):
    """Return the compiled network: speed and wetness in, distance out."""
    import keras  # here and not above, so that a report is rendered where Keras is not installed

    model = keras.Sequential(
        [
            keras.Input(shape=(2,)),
            keras.layers.Dense(settings.units, activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    # Trained on the squared error, and judged by the mean absolute error (mae), which has the unit of the target.
    model.compile(optimizer=keras.optimizers.Adam(settings.learning_rate), loss="mse", metrics=["mae"])
    return model


def stops(settings):
    """Return the inputs, shape (n, 2), and the distances in metres, shape (n, 1); the same for every seed."""
    random = np.random.default_rng(0)
    speed = random.uniform(5, 40, settings.stops)  # metres per second
    wetness = random.uniform(0, 1, settings.stops)  # 0 is dry
    friction = 0.8 - 0.4 * wetness
    distance = speed**2 / (2 * 9.81 * friction) * random.normal(1, 0.05, settings.stops)
    inputs = np.stack([speed / 40, wetness], axis=1)  # both between 0 and 1, which suits a network
    return inputs.astype("float32"), distance.astype("float32").reshape(-1, 1)


def parts(settings):
    """Return what trains, what validates and what tests, each as inputs and distances."""
    inputs, distances = stops(settings)
    half, rest = len(inputs) // 2, len(inputs) * 3 // 4
    return [(inputs[part], distances[part]) for part in (slice(half), slice(half, rest), slice(rest, None))]


def introduce(settings, dataset, session):
    """Record what is the same for every seed; called once, before the training. `dataset` is None here."""
    (_, known), _, (_, asked) = parts(settings)
    # The source of this function is printed by `:::listing build_model` in the notes.
    session.draft.listing("build_model", build_model)
    # The error of always answering the mean distance; the claim `beats_mean` compares with it.
    session.draft.baselines.append(labreport.mean_baseline(known, asked, unit=UNIT))


def train(settings, dataset, session, seed):
    """Train, test once, and record what came out; called once for each seed."""
    known, chosen, asked = parts(settings)
    # The initial weights depend on the seed alone, and so does the order of the batches.
    model = session.build(build_model, settings)
    # The arguments are those of `model.fit`; the history is recorded.
    session.fit(model, *known, validation=chosen, epochs=settings.epochs, batch_size=settings.batch_size)
    reached = labreport.evaluate(model, labreport.in_memory(*asked), batch_size=settings.batch_size)
    # A lower mae is better: that is known of the usual metrics; of others, say direction="higher" or "lower".
    session.score("test_mae", reached["mae"], unit=UNIT)
    # One seed is enough for what only illustrates: the table of layers, and the predictions beside the true values.
    if session.is_first:
        session.draft.models.append(labreport.describe("final", model))
        said = labreport.predict(model, labreport.in_memory(*asked), batch_size=settings.batch_size)
        session.draft.predictions.append(
            labreport.Predictions(
                model="final",
                seed=seed,
                true_values=tuple(float(value) for value in asked[1][:, 0]),
                predicted_values=tuple(float(value) for value in said[:, 0]),
            )
        )
