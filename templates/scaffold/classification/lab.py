"""__TITLE__: to which of three kinds does a point belong?

Question: can a small network tell three kinds apart by two measurements of each thing?
Source: made up; the points lie in `points.csv` beside this file. Put your own in their place.
"""

from dataclasses import dataclass

import numpy as np

import labreport

# The title of the chapter where there is no note, and a number of your own choice for the state of the lab.
TITLE, VERSION = "__TITLE__", "1"
# The files that the lab reads. When one of them has changed, the lab is trained again.
DATA = labreport.files("points.csv")
# What `--profile quick` changes, to see in seconds whether all works.
QUICK = {"epochs": 2}

# The kinds, in the order of their labels: A is 0, B is 1, C is 2.
CLASSES = ("A", "B", "C")
TRAIN_POINTS = 120  # the first points train; all others are for the test, which happens once


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What may be changed from the command line, as in `-P units=4`; the values here are the published ones."""

    units: int = 16
    epochs: int = 30
    batch_size: int = 16
    learning_rate: float = 0.01
    validation_points: int = 30  # of the points that train, held out to choose the number of epochs


def build_model(settings):
    """Return the compiled network: a point in, the probabilities of the three kinds out."""
    import keras  # here and not above, so that a report is rendered where Keras is not installed

    model = keras.Sequential(
        [
            keras.Input(shape=(2,)),
            keras.layers.Dense(settings.units, activation="relu"),
            keras.layers.Dense(len(CLASSES), activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate),
        loss="sparse_categorical_crossentropy",  # the labels are whole numbers
        metrics=["accuracy"],
    )
    return model


def read_points():
    """Return the points, shape (n, 2), and the label of each, shape (n,)."""
    table = np.genfromtxt(DATA["points.csv"], delimiter=",", skip_header=1, dtype=str)
    return table[:, :2].astype("float32"), np.array([CLASSES.index(kind) for kind in table[:, 2]])


def introduce(settings, dataset, session):
    """Record what is the same for every seed; called once, before the training. `dataset` is None here."""
    points, labels = read_points()
    train, test = labels[:TRAIN_POINTS], labels[TRAIN_POINTS:]
    # The source of this function is printed by `:::listing build_model` in the notes.
    session.draft.listing("build_model", build_model)
    # What always giving the commonest answer would score; the claim `beats_majority` compares with it.
    session.draft.baselines.append(labreport.majority_baseline(train, test))
    # What the table `data-card` shows: where the data come from and what is in them.
    session.draft.data = labreport.DataCard(
        name="__NAME__",
        source="full",  # the whole set, not a sample of it
        files=DATA.recorded(),
        train_samples=len(train),
        test_samples=len(test),
        full_train_samples=len(train),
        full_test_samples=len(test),
        sample_shape=(2,),
        class_names=CLASSES,
        train_class_counts=tuple(int(count) for count in np.bincount(train)),
        test_class_counts=tuple(int(count) for count in np.bincount(test)),
        feature_names=("width", "height"),
        feature_ranges=tuple((float(column.min()), float(column.max())) for column in points[:TRAIN_POINTS].T),
        citation="Made up for this lab.",
        licence="Public domain.",
    )


def train(settings, dataset, session, seed):
    """Train, test once, and record what came out; called once for each seed."""
    points, labels = read_points()
    tested = labreport.in_memory(points[TRAIN_POINTS:], labels[TRAIN_POINTS:])
    # Two stages: validation data choose the number of epochs; a new network is trained for that many epochs on all
    # training points, and tested once. Histories and scores are recorded on the way.
    stages = labreport.two_stages(
        session,
        lambda: build_model(settings),
        labreport.in_memory(points[:TRAIN_POINTS], labels[:TRAIN_POINTS]),
        tested,
        hold_out=settings.validation_points,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
    )
    # One seed is enough for what only illustrates: the table of layers, and which kinds are mistaken for which.
    if session.is_first:
        session.draft.models.append(labreport.describe("final", stages.final))
        said = labreport.predict(stages.final, tested, batch_size=settings.batch_size).argmax(axis=1)
        confused = labreport.confusion(labels[TRAIN_POINTS:], said, len(CLASSES))
        session.draft.predictions.append(labreport.Predictions(model="final", seed=seed, confusion=confused))
