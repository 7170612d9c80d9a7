"""The loop form: Keras' own training step, run for a whole epoch inside one TensorFlow graph.

`model.fit` goes back to Python after every batch, which for small models takes far longer than the batch itself.
Here `model.train_step` and `model.test_step`, the very steps that `fit` calls, stand in one `tf.while_loop` per
epoch, on data in memory and in an order given as positions. So every model, optimizer and metric works that works in
`fit`, including state such as dropout's and batch normalisation's, and the numbers are the same to the bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from keras import tree
from numpy.typing import NDArray

from experiments.training.errors import DivergenceError, History
from experiments.training.order import batch_order
from experiments.training.request import Request
from experiments.training.samples import Samples

Step = Callable[[tuple[Any, Any]], dict[str, Any]]


def fit_in_loop(model: Any, train: Samples, request: Request, *, validation: Samples | None, xla: bool) -> History:
    """Train a compiled model and return its history.

    Args:
        model: a compiled Keras model; it is trained in place.
        train: training samples; a last batch that is not full is trained on as well, as `fit` does.
        request: epochs, batch sizes and seed.
        validation: samples on which the metrics are computed after each epoch.
        xla: whether to compile the epoch.

    Raises:
        DivergenceError: the loss is no longer finite; nothing is trained after that step.
    """
    build(model, train)
    train_epoch = _epoch(model.train_step, train, request.batch_size, xla=xla)
    test_epoch = None if validation is None else _epoch(model.test_step, validation, request.test_size, xla=xla)
    history: dict[str, list[float]] = {}
    for epoch in range(1, request.epochs + 1):
        order = batch_order(len(train), seed=request.seed, epoch=epoch, fold=request.fold)
        model.reset_metrics()
        broken_step = int(train_epoch(order))
        if broken_step:
            raise DivergenceError(epoch=epoch, step=broken_step, history=frozen(history), fold=request.fold or None)
        values = _metrics(model)
        if test_epoch is not None and validation is not None:
            model.reset_metrics()
            test_epoch(np.arange(len(validation), dtype=np.int32))
            values |= {f"val_{name}": value for name, value in _metrics(model).items()}
        for name, value in values.items():
            history.setdefault(name, []).append(value)
        request.report(epoch, values)
    model.optimizer.finalize_variable_values(model.trainable_variables)  # as fit does: averaged weights, if any
    return frozen(history)


def evaluate_in_loop(model: Any, samples: Samples, batch_size: int) -> dict[str, float]:
    """Return loss and metrics over all samples, as `model.evaluate` does."""
    build(model, samples)
    model.reset_metrics()
    _epoch(model.test_step, samples, batch_size, xla=False)(np.arange(len(samples), dtype=np.int32))
    return _metrics(model)


def predict_in_batches(model: Any, samples: Samples, batch_size: int) -> NDArray[Any]:
    """Return the outputs for all samples in order, shape (n, …), as `model.predict` does."""

    def outputs(positions: Any) -> Any:
        return model(batch(samples, positions)[0])

    compiled = tf.function(outputs, autograph=False)
    places = np.arange(samples.positions.start, samples.positions.stop, dtype=np.int32)
    parts = [compiled(tf.constant(places[start : start + batch_size])) for start in range(0, len(places), batch_size)]
    return np.concatenate([part.numpy() for part in parts])


def build(model: Any, samples: Samples) -> None:
    """Create the variables of metrics and optimizer, which must not be created inside a graph.

    `model.test_step` on one sample makes those of loss and metrics; unlike `model._symbolic_build` it is public.
    """
    model.test_step(batch(samples, tf.constant([samples.positions.start])))
    model.reset_metrics()
    model.optimizer.build(model.trainable_variables)


def frozen(history: dict[str, list[float]]) -> History:
    """Return the history with tuples."""
    return {name: tuple(values) for name, values in history.items()}


def _epoch(step: Step, samples: Samples, batch_size: int, *, xla: bool) -> Callable[[NDArray[np.int32]], Any]:
    """Return a function that takes the order of an epoch and runs `step` on each of its batches.

    It returns the number of the first step after which the mean loss was no longer finite, and 0 if all went well.
    """
    count = len(samples)
    full_batches = count // batch_size

    def run(order: Any) -> Any:
        def step_on(positions: Any, number: Any, broken: Any) -> Any:
            loss = step(batch(samples, positions)).get("loss", 0.0)
            return tf.where(tf.math.is_finite(loss), broken, number)

        def body(done: Any, broken: Any) -> Any:
            positions = tf.ensure_shape(tf.slice(order, [done * batch_size], [batch_size]), [batch_size])
            return done + 1, step_on(positions, done + 1, broken)

        def unbroken(done: Any, broken: Any) -> Any:
            return tf.logical_and(done < full_batches, tf.equal(broken, 0))

        broken = tf.constant(0)
        if full_batches:
            _, broken = tf.while_loop(unbroken, body, (tf.constant(0), broken))
        if count % batch_size:
            rest = order[full_batches * batch_size :]
            broken = tf.cond(
                tf.equal(broken, 0), lambda: step_on(rest, tf.constant(full_batches + 1), broken), lambda: broken
            )
        return broken

    compiled = tf.function(run, autograph=False, jit_compile=xla)
    return lambda order: compiled(tf.constant(order + np.int32(samples.positions.start)))


def batch(samples: Samples, positions: Any) -> tuple[Any, Any]:
    """Return the prepared inputs and the targets at these positions of the first axis."""
    inputs, targets = tree.map_structure(lambda array: tf.gather(array, positions), (samples.inputs, samples.targets))
    return samples.prepare(inputs), targets


def _metrics(model: Any) -> dict[str, float]:
    return {name: float(value) for name, value in model.get_metrics_result().items()}
