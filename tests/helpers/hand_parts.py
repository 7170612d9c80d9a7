"""Hand-made parts of Results: curves, digits, texts and class lists with the shape that real runs give.

Everything is computed from small formulas, so that a test can say beforehand what a figure must show: validation
loss is lowest at a chosen epoch, every seed is a little different, nothing depends on the clock or on chance.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import msgspec

from labreport.experiments.result import (
    DataCard,
    DataFile,
    Example,
    Image,
    Layer,
    Listing,
    Machine,
    Measure,
    Model,
    Provenance,
    Score,
    Text,
    Training,
)

_TOPIC_NAMES = """
cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass
crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi
iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead
"""
TOPICS = tuple(_TOPIC_NAMES.split())

TOPIC_COUNTS = (
    *(55, 432, 74, 3159, 1949, 17, 48, 16, 139, 101, 124, 390, 49, 172, 26, 20, 444, 39, 66, 549, 269, 100, 15),
    *(41, 62, 92, 24, 15, 48, 19, 45, 39, 32, 11, 50, 10, 49, 19, 19, 24, 36, 30, 13, 21, 12, 18),
)

TOPIC_TEST_COUNTS = (
    *(12, 105, 20, 813, 474, 5, 14, 3, 38, 25, 30, 83, 13, 37, 2, 9, 99, 12, 20, 133, 70, 27, 7),
    *(12, 19, 31, 8, 4, 10, 4, 12, 13, 10, 5, 7, 6, 11, 2, 3, 5, 10, 8, 3, 6, 5, 1),
)

BOSTON_RANGES = {
    "CRIM": (0.00632, 88.9762),
    "ZN": (0.0, 100.0),
    "INDUS": (0.46, 27.74),
    "CHAS": (0.0, 1.0),
    "NOX": (0.385, 0.871),
    "RM": (3.561, 8.725),
    "AGE": (2.9, 100.0),
    "DIS": (1.1296, 10.7103),
    "RAD": (1.0, 24.0),
    "TAX": (188.0, 711.0),
    "PTRATIO": (12.6, 22.0),
    "B": (0.32, 396.9),
    "LSTAT": (1.73, 37.97),
}

REVIEW = (
    "? this film was just brilliant casting location scenery story direction everyone's really suited the part they "
    "played and you could just imagine being there robert ? is an amazing actor"
)

NEWSWIRE = (
    "? ? ? said as a result of its december acquisition of space co it expects earnings per share in 1987 of 1 15 to "
    "1 30 dlrs per share up from 70 cts in 1986"
)

FIT = "model.fit(inputs, targets, epochs=settings.epochs, batch_size=settings.batch_size)\n"
BUILD = "def build_model(settings):\n    return keras.Sequential([keras.Input(shape=(784,)), keras.layers.Dense(10)])\n"

_GLYPHS = (
    "01110 10001 10011 10101 11001 10001 01110",
    "00100 01100 00100 00100 00100 00100 01110",
    "01110 10001 00001 00110 01000 10000 11111",
    "01110 10001 00001 00110 00001 10001 01110",
    "00010 00110 01010 10010 11111 00010 00010",
    "11111 10000 11110 00001 00001 10001 01110",
    "00110 01000 10000 11110 10001 10001 01110",
    "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110",
    "01110 10001 10001 01111 00001 00010 01100",
)


def digit_pixels(digit: int, lean: float = 0.0) -> bytes:
    """Return 28 × 28 grey values of a digit with soft edges; `lean` shifts its top to the right, in pixels."""
    rows = _GLYPHS[digit].split()
    inked = [(r, c) for r in range(7) for c in range(5) if rows[r][c] == "1"]
    dots = [(4.5 + 4.5 * c + lean * (3 - r) / 3, 4.5 + 3.2 * r) for r, c in inked]
    values = []
    for y in range(28):
        for x in range(28):
            nearest = min((x - dot_x) ** 2 / 6.2 + (y - dot_y) ** 2 / 4.4 for dot_x, dot_y in dots)
            values.append(max(0, min(255, round(255 * (1.75 - nearest)))))
    return bytes(values)


def digit_image(digit: int, index: int, split: str, **said: float) -> Image:
    """Return an Image of one digit; `said` holds predicted, probability and label_probability of a network."""
    return Image(
        index=index,
        split="train" if split == "train" else "test",
        height=28,
        width=28,
        pixels=digit_pixels(digit, lean=index % 5 - 2.0),
        label=digit,
        predicted=int(said["predicted"]) if "predicted" in said else None,
        probability=said.get("probability"),
        label_probability=said.get("label_probability"),
    )


def waver(seed: int, position: int) -> float:
    """Return a number from -1 to 1 that looks like noise and is the same on every machine."""
    digest = hashlib.sha256(f"{seed}/{position}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**31 - 1.0


def falling(start: float, end: float, epochs: int, rate: float) -> tuple[float, ...]:
    """Return a curve that falls (or rises) from `start` towards `end`, faster at first."""
    return tuple(round(end + (start - end) * math.exp(-rate * epoch), 6) for epoch in range(epochs))


def valley(start: float, lowest: float, best_epoch: int, epochs: int, rise: float) -> tuple[float, ...]:
    """Return a curve that falls to `lowest` at `best_epoch` and then rises by `rise` an epoch."""
    values = []
    for epoch in range(1, epochs + 1):
        if epoch <= best_epoch:
            way = (best_epoch - epoch) / max(1, best_epoch - 1)
            values.append(lowest + (start - lowest) * way**2.2)
        else:
            values.append(lowest + rise * (epoch - best_epoch) ** 1.15)
    return tuple(round(value, 6) for value in values)


def shifted(values: Sequence[float], seed: int, size: float) -> tuple[float, ...]:
    """Return the curve as another seed would give it: a little higher or lower, and a little rough."""
    offset = waver(seed, 0) * size
    return tuple(round(value + offset * 0.6 + waver(seed, i + 1) * size * 0.15, 6) for i, value in enumerate(values))


def training(
    role: str,
    seed: int,
    history: dict[str, tuple[float, ...]],
    samples: tuple[int, int],
    batch_size: int,
    fold: int | None = None,
) -> Training:
    """Return a Training; `samples` are those trained on and those held out."""
    return Training(
        role=role,
        seed=seed,
        fold=fold,
        epochs=len(next(iter(history.values()))),
        batch_size=batch_size,
        train_samples=samples[0],
        validation_samples=samples[1],
        history=history,
        seconds=round(2.0 + 0.1 * seed, 3),
    )


UNITS = {"accuracy": "share", "loss": "nats", "mae": "thousand dollars", "mse": "squared thousand dollars"}


def score(name: str, model: str, value: float, seed: int | None = None, fold: int | None = None) -> Score:
    """Return a Score; metric, split, unit and direction follow from its name."""
    metric = next(metric for metric in UNITS if metric in name)
    split = "validation" if name.startswith(("validation", "fold")) else "train" if name.startswith("train") else "test"
    return Score(
        name=name,
        model=model,
        metric=metric,
        split="validation" if split == "validation" else "train" if split == "train" else "test",
        seed=seed,
        fold=fold,
        value=round(value, 6),
        unit=UNITS[metric],
        direction="higher" if metric == "accuracy" else "lower",
    )


def dense_model(
    role: str, inputs: int, units: Sequence[int], last: str | None, loss: str, metric: str, rate: float = 0.001
) -> Model:
    """Return a stack of dense layers with relu in all but the last."""
    layers, width = [], inputs
    for number, size in enumerate(units):
        name = "dense" if number == 0 else f"dense_{number}"
        activation = last if number == len(units) - 1 else "relu"
        parameters = (width + 1) * size
        layers.append(
            Layer(name=name, kind="Dense", output_shape=(None, size), parameters=parameters, activation=activation)
        )
        width = size
    return Model(
        role=role,
        input_shape=(None, inputs),
        layers=tuple(layers),
        parameters=sum(layer.parameters for layer in layers),
        optimizer="rmsprop",
        learning_rate=rate,
        loss=loss,
        metrics=(metric,),
    )


def text(kind: str, index: int, words: str, label: int, predicted: int | None, probability: float | None) -> Text:
    """Return a Text; examples from the training part, all others from the test part."""
    return Text(
        index=index,
        split="train" if kind == "example" else "test",
        kind=kind,
        words=words,
        length=len(words.split()) * 8,
        first_indices=(1, 14, 22, 16, 43, 530, 973, 1622, 1385, 65),
        label=label,
        predicted=predicted,
        probability=probability,
    )


def listing(name: str, source: str) -> Listing:
    """Return a Listing with the true hash of its source."""
    return Listing(name=name, source=source, sha256=hashlib.sha256(source.encode("utf-8")).hexdigest())


def examples(*triples: tuple[str, str, str]) -> tuple[Example, ...]:
    """Return Examples from (name, code, output)."""
    return tuple(Example(name=name, code=code, output=output) for name, code, output in triples)


def measures(seed: int | None = None, **values: float) -> tuple[Measure, ...]:
    """Return one Measure for each keyword."""
    return tuple(Measure(name=name, value=value, seed=seed) for name, value in values.items())


def provenance() -> Provenance:
    """Return the provenance of an imaginary machine."""
    return Provenance(
        tool_version="0.1.0",
        command=("labreport", "build", "--seeds", "0-2"),
        git_commit="0123456789abcdef0123456789abcdef01234567",
        git_dirty=False,
        python="3.11.7",
        packages={"keras": "3.15.1", "numpy": "2.4.6", "tensorflow": "2.21.0"},
        machine=Machine(system="Linux 6.1 x86_64", processor="Imaginary CPU", logical_processors=2, threads=0),
        deterministic=True,
        started="2026-01-05T12:00:00Z",
        ended="2026-01-05T12:01:30Z",
    )


def card(name: str, samples: tuple[int, int], **changes: object) -> DataCard:
    """Return a data card of a full set."""
    fields: dict[str, object] = {
        "sample_shape": (),
        "class_names": (),
        "train_class_counts": (),
        "test_class_counts": (),
        "feature_names": (),
        "feature_ranges": (),
        "citation": "A. Author, “A set of data”, Journal of Examples 1, 1998.",
        "licence": "No licence stated.",
    }
    fields |= changes
    return DataCard(
        name=name,
        source="full",
        files=(DataFile(name=f"{name}.npz", sha256="ab" * 32),),
        train_samples=samples[0],
        test_samples=samples[1],
        full_train_samples=samples[0],
        full_test_samples=samples[1],
        **fields,  # type: ignore[arg-type]
    )


LISTINGS = (listing("build_model", BUILD), msgspec.structs.replace(listing("fit", FIT), ran=False))
"""The listings that every lab has."""
