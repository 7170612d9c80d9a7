"""Samples in memory, as small as they come, and how a batch of them becomes the network's input.

Inputs stay in the type they were stored in (bytes for pixels and multi-hot vectors); `prepare` turns one batch at a
time into floats. So there is never a float copy of a whole data set: 25 000 reviews of 10 000 words are 250 MB as
bytes, 1 GB as float32 and 2 GB as float64. Hold-out parts are positions in the same memory, not copies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labreport.experiments.errors import LabError

Prepare = Callable[[Any], Any]
"""Turns a batch of stored inputs (a tensor) into the tensor that goes into the network."""

_ALIGNMENT = 64
"""Bytes; TensorFlow reads an array where it lies only if it begins at a multiple of this."""


def as_floats(batch: Any) -> Any:
    """Cast a batch to float32; exact for bytes, and what `fit` itself does with float64."""
    import tensorflow as tf

    return tf.cast(batch, tf.float32)


def as_shares_of_255(batch: Any) -> Any:
    """Turn bytes 0 to 255 into float32 from 0 to 1, bit for bit as NumPy's `x.astype("float32") / 255` does.

    TensorFlow divides by multiplying with the reciprocal, which in float32 differs in the last bit for about half of
    all values, and training would carry that further. In float64 it does not, once rounded, for any of the 256; and
    that takes a third of the time of looking them up in a table.
    """
    import tensorflow as tf

    return tf.cast(tf.cast(batch, tf.float64) * (1 / 255), tf.float32)


@dataclass(frozen=True)
class FromBits:
    """Turns bits, eight to a byte as `numpy.packbits` makes them, into float32 zeros and ones; exact.

    A batch takes one millisecond longer than from bytes: for samples that are seldom used, and take an eighth of the
    memory.

    Args:
        width: bits of a sample; those that fill up its last byte are left out.
    """

    width: int

    def __call__(self, batch: Any) -> Any:
        """Return the numbers, shape (n, width)."""
        import tensorflow as tf

        codes = np.arange(256, dtype=np.uint8)
        table = np.unpackbits(codes[:, np.newaxis], axis=1).astype(np.float32)
        bits = tf.reshape(tf.gather(table, tf.cast(batch, tf.int32)), [-1, 8 * batch.shape[1]])
        return bits[:, : self.width]


def aligned_empty(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Return an uninitialised array that TensorFlow can use without copying it."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    buffer = np.empty(size + _ALIGNMENT, dtype=np.uint8)
    start = -buffer.ctypes.data % _ALIGNMENT
    values: NDArray[Any] = buffer[start : start + size].view(dtype).reshape(shape)
    return values


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """Inputs and targets of the same samples, first axis = sample; made by `in_memory`."""

    inputs: Any
    """Tensor of shape (n, …), or a tuple, list or dictionary of such tensors for a model with several inputs."""
    targets: Any
    """Tensor of shape (n, …), or a structure of such tensors for a model with several outputs."""
    positions: range
    """The samples that belong to this part, as positions on the first axis."""
    prepare: Prepare = as_floats

    def __len__(self) -> int:
        return len(self.positions)

    def first(self, count: int) -> Samples:
        """Return the first `count` samples, sharing the memory."""
        return self._part(0, count)

    def after(self, count: int) -> Samples:
        """Return the samples after the first `count`, sharing the memory."""
        return self._part(count, len(self))

    def with_targets(self, targets: Any) -> Samples:
        """Return the same samples with other targets for all of them, sharing the inputs' memory."""
        from keras import tree

        _check(self.inputs, targets)
        return replace(self, targets=tree.map_structure(_tensor, targets))

    def _part(self, start: int, stop: int) -> Samples:
        if not 0 <= start <= stop <= len(self):
            raise LabError(f"Samples {start} to {stop} were asked for, but there are only {len(self)}.")
        return replace(self, positions=self.positions[start:stop])


def in_memory(inputs: Any, targets: Any, *, prepare: Prepare = as_floats) -> Samples:
    """Put samples where TensorFlow can use them.

    Args:
        inputs: array of shape (n, …), or a structure of arrays for a model with several inputs.
        targets: array of shape (n, …), or a structure of arrays for a model with several outputs.
        prepare: turns a batch of stored inputs into network input; casts to float32 where not given.

    Raises:
        LabError: there are no samples, inputs and targets differ in number, or a value is not finite.
    """
    from labreport.experiments.training.backend import start

    tree = start().tree
    count = _check(inputs, targets)
    for array in tree.flatten(inputs):
        _check_finite("inputs", np.asarray(array))
    return Samples(
        inputs=tree.map_structure(_tensor, inputs),
        targets=tree.map_structure(_tensor, targets),
        positions=range(count),
        prepare=prepare,
    )


def _check(inputs: Any, targets: Any) -> int:
    """Return the number of samples; targets must be finite and as many as the inputs."""
    from keras import tree

    counts = {len(array) for array in (*tree.flatten(inputs), *tree.flatten(targets))}
    if len(counts) != 1:
        raise LabError(f"Inputs and targets must hold equally many samples, not {sorted(counts)}.")
    (count,) = counts
    if count == 0:
        raise LabError("There are no samples to train or test on.")
    for array in tree.flatten(targets):
        _check_finite("targets", np.asarray(array))
    return int(count)


def _check_finite(name: str, array: NDArray[Any]) -> None:
    if array.dtype.kind != "f":
        return
    finite = np.isfinite(array).reshape(len(array), -1).all(axis=1)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        raise LabError(f"The {name} of {bad.size} samples hold NaN or infinity, first sample {bad[0]} (from 0).")


def _tensor(array: Any) -> Any:
    """Return the array as a tensor, in the same memory wherever it may lie there."""
    import tensorflow as tf

    values = np.ascontiguousarray(array)
    if values.dtype == np.float64:  # what Keras does with the arrays given to fit
        values = values.astype(np.float32)
    if values.nbytes < 1_000_000 or values.dtype.kind not in "iuf":
        return tf.convert_to_tensor(values)
    if values.ctypes.data % _ALIGNMENT:
        aligned = aligned_empty(values.shape, values.dtype)
        aligned[...] = values
        values = aligned
    # convert_to_tensor would copy twice. The capsule keeps the array alive as long as the tensor.
    return tf.experimental.dlpack.from_dlpack(values.__dlpack__())
