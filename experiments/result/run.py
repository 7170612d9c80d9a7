"""The records of a run and of its parts, from the data card to the Result."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from labreport.experiments.result.base import (
    FORMAT,
    Count,
    DataFile,
    Direction,
    Positive,
    Record,
    Setting,
    Split,
    Status,
)
from labreport.experiments.result.own import Course, OwnRun


class DataCard(Record, frozen=True, kw_only=True):
    """Where the data came from and what is in them."""

    name: Annotated[str, Meta(description="mnist, imdb, reuters, boston_housing or california_housing.")]
    source: Annotated[Literal["full", "sample"], Meta(description="The whole set, or the sample shipped with us.")]
    files: tuple[DataFile, ...]
    train_samples: Annotated[int, Meta(ge=0, description="Samples in the training part as loaded.")]
    test_samples: Annotated[int, Meta(ge=0, description="Samples in the test part as loaded.")]
    full_train_samples: Annotated[int, Meta(ge=0, description="Training samples of the whole set.")]
    full_test_samples: Annotated[int, Meta(ge=0, description="Test samples of the whole set.")]
    sample_shape: Annotated[tuple[int, ...], Meta(description="Shape of one sample; empty for texts of any length.")]
    class_names: Annotated[tuple[str, ...], Meta(description="Name of each class in label order; empty: regression.")]
    train_class_counts: Annotated[tuple[int, ...], Meta(description="Training samples per class, in label order.")]
    test_class_counts: Annotated[tuple[int, ...], Meta(description="Test samples per class, in label order.")]
    feature_names: Annotated[tuple[str, ...], Meta(description="Names of the columns, where they have names.")]
    feature_ranges: Annotated[
        tuple[tuple[float, float], ...], Meta(description="Least and greatest training value of each feature.")
    ]
    citation: Annotated[str, Meta(description="Who made the set and where it was published.")]
    licence: Annotated[str, Meta(description="Licence or terms of use, in the words of its makers where short.")]


class Training(Record, frozen=True, kw_only=True):
    """One fit of one model: how long, on what, and its whole history."""

    role: Annotated[
        str,
        Meta(description="What it was for: final, selection, fold, overtrained, linear, …; a lab may invent others."),
    ]
    seed: Annotated[int | None, Meta(description="null: none was set, or it is not known (format 2).")]
    fold: Annotated[int | None, Meta(description="Fold counted from 1; null outside cross-validation.")] = None
    epochs: Annotated[int, Meta(ge=0, description="Epochs really trained.")]
    batch_size: Annotated[Positive | None, Meta(description="null: not known (format 2).")]
    train_samples: Annotated[Count | None, Meta(description="null: not known (format 2).")]
    validation_samples: Annotated[
        Count | None, Meta(description="0 where nothing was held out; null: not known (format 2).")
    ]
    history: Annotated[
        dict[str, tuple[float, ...]], Meta(description="One value per epoch for each Keras key (loss, val_loss, …).")
    ]
    seconds: Annotated[float, Meta(ge=0, description="Wall time of the fit, in seconds.")]
    course: Annotated[Course | UnsetType, Meta(description="Only in a user's own run (format 2).")] = UNSET


class Score(Record, frozen=True, kw_only=True):
    """One number by which a model (or a baseline) is judged."""

    name: Annotated[str, Meta(description="test_accuracy, test_loss, test_mae, …; a lab may invent others.")]
    model: Annotated[
        str, Meta(description="Role of the training, or the baseline: final, overtrained, majority, linear, mean, …")
    ]
    metric: Annotated[str, Meta(description="accuracy, loss, mae, mse; a lab may invent others.")]
    split: Split
    seed: Annotated[int | None, Meta(description="null for what needs no seed, such as the majority class.")] = None
    fold: int | None = None
    value: float
    unit: Annotated[
        str,
        Meta(description="share, nats, thousand dollars, squared thousand dollars; any of a lab's own; empty: none."),
    ]
    direction: Annotated[Direction, Meta(description="Whether a higher or a lower value is better.")]


class Layer(Record, frozen=True, kw_only=True):
    """One layer of a model, as Keras' own summary shows it."""

    name: str
    kind: Annotated[str, Meta(description="Keras class, e.g. Dense.")]
    output_shape: Annotated[tuple[int | None, ...], Meta(description="null stands for the batch axis.")]
    parameters: Annotated[int, Meta(ge=0)]
    activation: Annotated[str | None, Meta(description="null where the layer has none or it is linear.")] = None


class Model(Record, frozen=True, kw_only=True):
    """A model as it was compiled."""

    role: str
    input_shape: tuple[int | None, ...]
    layers: tuple[Layer, ...]
    parameters: Annotated[int, Meta(ge=0, description="Trainable parameters.")]
    optimizer: str
    learning_rate: float
    loss: str
    metrics: tuple[str, ...]


class Image(Record, frozen=True, kw_only=True):
    """A grey image of the test or training set with what the network said of it."""

    index: Annotated[int, Meta(ge=0, description="Position in its split, from 0 as in the array.")]
    split: Split
    height: Annotated[int, Meta(ge=1)]
    width: Annotated[int, Meta(ge=1)]
    pixels: Annotated[bytes, Meta(description="Row by row, 0 (background) to 255 (ink), one byte each.")]
    label: Annotated[int, Meta(description="The true class, from 0.")]
    predicted: Annotated[int | None, Meta(description="The class answered; null: nothing was predicted.")] = None
    probability: Annotated[float | None, Meta(description="Probability given to the predicted class.")] = None
    label_probability: Annotated[float | None, Meta(description="Probability given to the true class.")] = None


class Text(Record, frozen=True, kw_only=True):
    """A decoded text with what the network said of it."""

    index: Annotated[int, Meta(ge=0, description="Position in its split, from 0 as in the array.")]
    split: Split
    kind: Annotated[str, Meta(description="example, confident_right, confident_wrong or unsure.")]
    words: Annotated[str, Meta(description="The beginning of the decoded text; '?' for each word left out.")]
    length: Annotated[int, Meta(ge=0, description="Words in the whole text.")]
    first_indices: Annotated[tuple[int, ...], Meta(description="The first word indices as the network sees them.")]
    label: Annotated[int, Meta(description="The true class, from 0.")]
    predicted: Annotated[int | None, Meta(description="The class answered; null: nothing was predicted.")] = None
    probability: Annotated[
        float | None, Meta(description="Probability of the predicted class; for two classes: of class 1.")
    ] = None


class Predictions(Record, frozen=True, kw_only=True):
    """What one trained model said about the test set."""

    model: Annotated[str, Meta(description="Role of the training.")]
    seed: int | None
    confusion: Annotated[tuple[tuple[int, ...], ...], Meta(description="Rows: true class; columns: predicted.")] = ()
    histogram: Annotated[tuple[int, ...], Meta(description="Test samples per bin of predicted probability.")] = ()
    histogram_edges: Annotated[tuple[float, ...], Meta(description="Edges of the bins; one more than bins.")] = ()
    true_values: Annotated[tuple[float, ...], Meta(description="Targets of a regression, in their unit.")] = ()
    predicted_values: Annotated[tuple[float, ...], Meta(description="Answers to them, in the same order.")] = ()
    images: tuple[Image, ...] = ()
    texts: tuple[Text, ...] = ()


class PerSample(Record, frozen=True, kw_only=True):
    """How one model did on each test sample, so that two models can be compared sample by sample."""

    model: Annotated[str, Meta(description="Role of the training, or the baseline.")]
    seed: Annotated[int | None, Meta(description="null for what needs no seed.")] = None
    samples: Annotated[int, Meta(ge=0, description="Test samples, in the order of the data.")]
    correct: Annotated[
        bytes, Meta(description="Of a classifier: a bit for each sample, 1 where it was right, the highest bit first.")
    ] = b""
    errors: Annotated[
        tuple[float, ...], Meta(description="Of a regression: the absolute error of each sample, in the target's unit.")
    ] = ()


class Fold(Record, frozen=True, kw_only=True):
    """The samples of one fold, as half-open ranges of positions in the training part."""

    number: Annotated[int, Meta(ge=1, description="Counted from 1.")]
    validation: Annotated[tuple[int, int], Meta(description="First position and the one after the last.")]
    train_samples: Annotated[int, Meta(ge=0)]
    validation_samples: Annotated[int, Meta(ge=0)]


class Example(Record, frozen=True, kw_only=True):
    """A few lines of code that ran, and what they printed."""

    name: str
    code: str
    output: Annotated[str, Meta(description="Standard output, and the message of an error that was expected.")]


class Listing(Record, frozen=True, kw_only=True):
    """Source text of the lab, taken from the running code itself."""

    name: str
    source: str
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="Of the source in UTF-8.")]
    ran: Annotated[
        bool | UnsetType, Meta(description="false: shown beside what ran, and compared with it by a test (format 2).")
    ] = UNSET


class Measure(Record, frozen=True, kw_only=True):
    """One further measured number, by name."""

    name: str
    value: float | int | bool
    seed: int | None = None
    unit: Annotated[
        str, Meta(description="bytes, epochs, images, nats, words, or any of a lab's own; empty: none.")
    ] = ""


class Series(Record, frozen=True, kw_only=True):
    """A named list of numbers, such as the path of a parameter under gradient descent."""

    name: str
    values: tuple[float, ...]


class Findings(Record, frozen=True, kw_only=True):
    """All that a lab measured; every part may be empty."""

    data: DataCard | None = None
    trainings: tuple[Training, ...] = ()
    scores: tuple[Score, ...] = ()
    baselines: tuple[Score, ...] = ()
    models: tuple[Model, ...] = ()
    predictions: tuple[Predictions, ...] = ()
    images: Annotated[tuple[Image, ...], Meta(description="Images shown before any network is trained.")] = ()
    texts: Annotated[tuple[Text, ...], Meta(description="Texts shown before any network is trained.")] = ()
    folds: tuple[Fold, ...] = ()
    examples: tuple[Example, ...] = ()
    listings: tuple[Listing, ...] = ()
    measures: tuple[Measure, ...] = ()
    series: tuple[Series, ...] = ()
    engine: Annotated[
        tuple[str, ...],
        Meta(description="Forms of the training engine used, each with the reason: loop:wide. Empty: nothing trained."),
    ] = ()
    per_sample: Annotated[
        tuple[PerSample, ...] | UnsetType, Meta(description="Answers to each test sample (format 2).")
    ] = UNSET
    own: Annotated[OwnRun | UnsetType, Meta(description="Only in a user's own run (format 2).")] = UNSET


class Failure(Record, frozen=True, kw_only=True):
    """Why a run did not finish."""

    kind: Annotated[str, Meta(description="Class of the error.")]
    message: str
    stage: str = ""


class Machine(Record, frozen=True, kw_only=True):
    """The machine of a run, without anything private."""

    system: str
    processor: str
    logical_processors: int
    threads: Annotated[int, Meta(description="Threads TensorFlow may use inside one operation; 0: its own choice.")]


class Worker(Record, frozen=True, kw_only=True):
    """Where tasks of a run were done."""

    machine: Machine
    packages: Annotated[dict[str, str], Meta(description="Versions there, if others than those of the run's record.")]


class Provenance(Record, frozen=True, kw_only=True):
    """Everything one needs to repeat a run, or to explain why a repetition differs."""

    tool_version: str
    command: Annotated[tuple[str, ...], Meta(description="Arguments, home and other private folders taken out.")]
    git_commit: str | None
    git_dirty: bool | None
    git_refused: Annotated[
        bool | UnsetType, Meta(description="True where git refused the folder of another user (format 2).")
    ] = UNSET
    python: str
    packages: dict[str, str]
    machine: Machine
    workers: Annotated[
        tuple[Worker, ...] | UnsetType,
        Meta(description="All machines that took part, where they are several or have other versions (format 2)."),
    ] = UNSET
    deterministic: Annotated[bool, Meta(description="Whether TensorFlow was set to use deterministic operations.")]
    started: Annotated[str, Meta(description="UTC, ISO 8601.")]
    ended: str


class Result(Record, frozen=True, kw_only=True):
    """One run of one lab, with all its seeds."""

    format: int = FORMAT
    run_id: str
    key: Annotated[str, Meta(description="Identity of the inputs: same key, same run.")]
    key_parts: Annotated[dict[str, str], Meta(description="Hash or value of each input of the key, by name.")]
    lab: str
    lab_version: str
    status: Status
    failure: Failure | None = None
    profile: Literal["full", "quick"]
    settings: dict[str, Setting]
    changed_settings: Annotated[tuple[str, ...], Meta(description="Settings that differ from the lab's default.")]
    seeds: Annotated[tuple[int, ...], Meta(description="Empty: no seed was set, or none is known (format 2).")]
    findings: Findings
    timings: Annotated[dict[str, float], Meta(description="Seconds of wall time per stage.")]
    peak_memory_bytes: Annotated[int, Meta(ge=0, description="Greatest resident memory of the process so far.")]
    provenance: Provenance
