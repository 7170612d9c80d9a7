"""Tensors: how data are represented, by examples that run while the report is built.

Question: which shape has a set of samples, and what do the operations of a network do to it?
Source: F. Chollet, "Deep Learning with Python", 1st edition, 2018, chapter 2; the descent is the stochastic
approximation of H. Robbins and S. Monro, "A Stochastic Approximation Method", 1951.

Nothing is trained. Each `example_…` below is shown with the output of its own code, and every measured number is taken
from the variables of the example that prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labreport.experiments.examples import run_example
from labreport.experiments.result import Image, Series
from labreport.experiments.settings import require_range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labreport.experiments.data.sets import Dataset
    from labreport.experiments.lab import Draft, Session

TITLE = "Tensors"
VERSION = "1"
DATASET = "mnist"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The clip whose size is worked out, and the descent of one parameter."""

    video_seconds: int = 60
    """Length of the clip."""
    video_frames_per_second: int = 4
    video_height: int = 144
    """Rows of a frame, in pixels."""
    video_width: int = 256
    """Columns of a frame, in pixels."""
    video_batch: int = 4
    """Clips in the batch."""
    descent_start: float = 0.0
    """The parameter before the first step."""
    descent_learning_rate: float = 0.1
    """Length of a step for a gradient of 1; above 0.25 the largest of the four samples drives the parameter away."""
    descent_steps: int = 20

    def __post_init__(self) -> None:
        require_range(
            self, "video_seconds", "video_frames_per_second", "video_height", "video_width", "video_batch", least=1
        )
        require_range(self, "descent_start", above=-100, below=100)
        require_range(self, "descent_learning_rate", above=0, below=1)
        require_range(self, "descent_steps", least=1, below=201)


def introduce(settings: Settings, dataset: Dataset, session: Session) -> None:
    """Run all examples and record what they print and measure; the first seed draws the order in the descent."""
    # The examples import Keras themselves; started here first, it is quiet and runs on TensorFlow.
    from labreport.experiments.training.backend import start

    start()
    draft = session.draft
    draft.data = dataset.card
    images, labels = dataset.train_array, dataset.train_targets
    draft.images.append(_image(images[0], int(labels[0])))
    session.measure("digit_label", int(labels[0]))
    examples = _examples(settings, images, labels, session.seeds[0])
    with session.stage("examples"):
        for done, (example, given) in enumerate(examples, start=1):
            captured = run_example(example, **given)
            draft.examples.append(captured.example)
            _measure(captured.example.name, captured.values, draft)
            session.progress("examples", done, len(examples), {})


def example_scalar() -> None:
    """A single number: a tensor of no axes."""
    import numpy as np

    x = np.array(12)
    print(x)
    print("axes:", x.ndim, " shape:", x.shape)


def example_vector() -> None:
    """A row of numbers: one axis, here of five entries."""
    x = np.array([12, 3, 6, 14, 7])
    print(x)
    print("axes:", x.ndim, " shape:", x.shape, " dtype:", x.dtype)


def example_matrix() -> None:
    """Rows and columns: two axes."""
    x = np.array([[5, 78, 2], [6, 79, 3]])
    print(x)
    print("axes:", x.ndim, " shape:", x.shape)


def example_tensor() -> None:
    """Matrices packed into an array: three axes."""
    x = np.array([[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 0], [1, 2]]])
    print("axes:", x.ndim, " shape:", x.shape)
    print("values:", x.size, " bytes each:", x.itemsize)


def example_five_dimensions() -> None:
    """The five entries of a vector against the five axes of a tensor."""
    vector = np.array([12, 3, 6, 14, 7])
    tensor = np.zeros((2, 3, 4, 5, 6))
    print("5D vector: shape", vector.shape, "- axes:", vector.ndim)
    print("5D tensor: shape", tensor.shape, "- axes:", tensor.ndim)


def example_digit(train_images: NDArray[Any], train_labels: NDArray[Any]) -> None:
    """The training images of MNIST, and the first of them."""
    print("axes:", train_images.ndim, " shape:", train_images.shape)
    digit = train_images[0]
    print("one image:", digit.shape, digit.dtype)
    print("darkest ink:", digit.max(), " background:", digit.min())
    print("label:", train_labels[0])


def example_vector_data() -> None:
    """A table of people: samples and features."""
    # age in years, income, household size
    people = np.array([[31, 2900, 2], [54, 4100, 4], [23, 1800, 1]])
    print("(samples, features) =", people.shape)
    print("the first sample:", people[0])


def example_time_series() -> None:
    """Hourly weather: samples, timesteps, features."""
    days, hours, quantities = 7, 24, 3
    weather = np.zeros((days, hours, quantities))
    print("(samples, timesteps, features) =", weather.shape)
    print("one day:", weather[0].shape)
    print("noon of every day:", weather[:, 12].shape)


def example_images() -> None:
    """Colour and grey images: samples, height, width, channels."""
    colour = np.zeros((128, 256, 256, 3), dtype="uint8")
    grey = np.zeros((128, 28, 28), dtype="uint8")
    print("(samples, height, width, channels) =", colour.shape)
    print("grey, stored without channel axis:", grey.shape)
    print("grey, with one channel:", grey[..., np.newaxis].shape)


def example_channels() -> None:
    """The two conventions for the place of the channels, and the one Keras follows now."""
    import keras

    last = np.zeros((8, 32, 48, 3))
    first = np.moveaxis(last, -1, 1)
    print("channels last: ", last.shape)
    print("channels first:", first.shape)
    print("Keras uses:", keras.config.image_data_format())


def example_video(
    video_seconds: int, video_frames_per_second: int, video_height: int, video_width: int, video_batch: int
) -> None:
    """Size of a batch of clips."""
    frames = video_seconds * video_frames_per_second
    shape = (video_batch, frames, video_height, video_width, 3)
    print("frames of a clip:", frames)
    print("(samples, frames, height, width, channels) =", shape)
    # one stored value is enough to ask for the size
    batch = np.broadcast_to(np.uint8(0), shape)
    print(f"values: {batch.size:,}")
    print(f"bytes as uint8: {batch.nbytes:,}")
    floats = np.broadcast_to(np.float32(0), shape)
    print(f"bytes as float32: {floats.nbytes:,}")


def example_broadcasting() -> None:
    """A vector added to a matrix, and a matrix added to a tensor of four axes."""
    total = np.array([[2, 2], [1, 1]]) + np.array([3, 3])
    print(total)
    x = np.random.default_rng(0).random((64, 3, 32, 10))
    y = np.random.default_rng(1).random((32, 10))
    z = x + y
    print(x.shape, "+", y.shape, "=", z.shape)
    print("same y everywhere:", np.array_equal(z[7, 2], x[7, 2] + y))


def example_products() -> None:
    """The elementwise product and the dot product in NumPy, Keras and TensorFlow."""
    import keras
    import tensorflow as tf

    row = np.array([[1.0, 2.0]])
    column = np.array([[5.0], [6.0]])
    dot = np.dot([1, 2], [[5], [6]])
    print("elementwise, NumPy:     ", row * row)
    k = keras.ops.convert_to_tensor(row)
    print("elementwise, Keras:     ", np.array(k * k))
    t = tf.constant(row)
    print("elementwise, TensorFlow:", (t * t).numpy())
    print("dot product, NumPy:     ", dot)
    print("dot product, Keras:     ", np.array(keras.ops.dot(row, column)))
    print("dot product, TensorFlow:", tf.matmul(row, column).numpy())


def example_reshape_transpose() -> None:
    """The same six numbers in another shape, and with their axes swapped."""
    x = np.array([[0, 1], [2, 3], [4, 5]])
    reshaped = x.reshape((2, 3))
    transposed = x.transpose()
    print("reshaped:", reshaped.shape)
    print(reshaped)
    print("transposed:", transposed.shape)
    print(transposed)


def example_descent(descent_start: float, descent_learning_rate: float, descent_steps: int, seed: int) -> None:
    """Stochastic gradient descent for the one parameter w of y = w * x."""
    x = np.array([0.5, 1.0, 1.5, 2.0])
    y = 3 * x
    minimum = (x @ y) / (x @ x)  # least squares, for comparison
    random = np.random.default_rng(seed)
    w = descent_start
    path = [w]
    losses = [np.mean((w * x - y) ** 2)]
    for step in range(descent_steps):
        if step % len(x) == 0:
            order = random.permutation(len(x))  # a new epoch
        i = order[step % len(x)]
        gradient = 2 * (w * x[i] - y[i]) * x[i]  # of one sample
        w = w - descent_learning_rate * gradient
        path.append(w)
        losses.append(np.mean((w * x - y) ** 2))
        if step < 5 or step == descent_steps - 1:
            print(f"step {step + 1}: w = {w:.6f}, loss = {losses[-1]:.4g}")
    print(f"least squares: w = {minimum:.6f}")


def _examples(
    settings: Settings, images: NDArray[Any], labels: NDArray[Any], seed: int
) -> list[tuple[Callable[..., None], dict[str, Any]]]:
    """Return the examples in the order of the chapter, each with the values it is given."""
    video = {
        name: getattr(settings, name)
        for name in ("video_seconds", "video_frames_per_second", "video_height", "video_width", "video_batch")
    }
    descent = {name: getattr(settings, name) for name in ("descent_start", "descent_learning_rate", "descent_steps")}
    return [
        (example_scalar, {}),
        (example_vector, {}),
        (example_matrix, {}),
        (example_tensor, {}),
        (example_five_dimensions, {}),
        (example_digit, {"train_images": images, "train_labels": labels}),
        (example_vector_data, {}),
        (example_time_series, {}),
        (example_images, {}),
        (example_channels, {}),
        (example_video, video),
        (example_broadcasting, {}),
        (example_products, {}),
        (example_reshape_transpose, {}),
        (example_descent, {**descent, "seed": seed}),
    ]


def _measure(name: str, values: Mapping[str, Any], draft: Draft) -> None:
    """Add the numbers that an example has worked out."""
    if name == "video":
        draft.measure("video_frames", int(values["frames"]))
        draft.measure("video_values", int(values["batch"].size))
        draft.measure("video_bytes_uint8", int(values["batch"].nbytes), unit="bytes")
        draft.measure("video_bytes_float32", int(values["floats"].nbytes), unit="bytes")
    elif name == "broadcasting":
        as_repeated = np.array_equal(values["z"], values["x"] + np.tile(values["y"], (64, 3, 1, 1)))
        as_worked_out = values["total"].tolist() == [[5, 5], [4, 4]]
        draft.measure("broadcast_as_expected", bool(as_repeated and as_worked_out))
    elif name == "products":
        draft.measure("dot_product", int(values["dot"][0]))
    elif name == "reshape_transpose":
        draft.measure("elements_before_reshape", int(values["x"].size))
        draft.measure("elements_after_reshape", int(values["reshaped"].size))
        draft.measure("reshape_equals_transpose", bool(np.array_equal(values["reshaped"], values["transposed"])))
    elif name == "descent":
        path, losses = values["path"], values["losses"]
        draft.measure("descent_minimum", float(values["minimum"]))
        draft.measure("descent_end", float(path[-1]))
        draft.measure("descent_first_loss", float(losses[0]))
        draft.measure("descent_last_loss", float(losses[-1]))
        draft.series.append(Series(name="descent_position", values=tuple(float(position) for position in path)))
        draft.series.append(Series(name="descent_loss", values=tuple(float(loss) for loss in losses)))


def _image(pixels: NDArray[Any], label: int) -> Image:
    height, width = pixels.shape
    return Image(
        index=0,
        split="train",
        height=height,
        width=width,
        pixels=np.ascontiguousarray(pixels, dtype=np.uint8).tobytes(),
        label=label,
    )
