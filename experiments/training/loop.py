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

from labreport.experiments.training.errors import DivergenceError
from labreport.experiments.training.fitting import Request
from labreport.experiments.training.history import History, frozen, shortest
from labreport.experiments.training.order import batch_order
from labreport.experiments.training.samples import Samples


class Loop:
    """The graphs in which a model is trained. They are made once, however often the training goes on.

    Args:
        model: a compiled Keras model; it is trained in place.
        train: training samples; a last batch that is not full is trained on as well, as `fit` does.
        request: batch sizes.
        validation: samples on which the metrics are computed after each epoch.
        xla: whether to compile the epoch.
    """

    def __init__(self, model: Any, train: Samples, request: Request, *, validation: Samples | None, xla: bool) -> None:
        build(model, train)
        self._model = model
        self._samples = len(train)
        self._train = _train_epoch(model, train, request.batch_size, xla=xla)
        self._test = None if validation is None else _test_epoch(model, validation, request.test_size, xla=xla)

    def fit(self, request: Request) -> History:
        """Train the model and return its history.

        Args:
            request: epochs and seed; the batch sizes are those from the beginning.

        Raises:
            DivergenceError: the loss is no longer finite; nothing is trained after that step.
        """
        model, history = self._model, request.history()
        for epoch in range(request.epochs_before + 1, request.epochs + 1):
            order = batch_order(self._samples, seed=request.seed, epoch=epoch, fold=request.fold)
            model.reset_metrics()
            if broken_step := self._train(order):
                raise DivergenceError(epoch=epoch, step=broken_step, history=frozen(history), fold=request.fold or None)
            values = _metrics(model)
            if self._test is not None:
                values |= {f"val_{name}": value for name, value in self._test().items()}
            for name, value in values.items():
                history.setdefault(name, []).append(value)
            request.report(epoch, values)
        model.optimizer.finalize_variable_values(model.trainable_variables)  # as fit does: averaged weights, if any
        return frozen(history)


def evaluate_in_loop(model: Any, samples: Samples, batch_size: int) -> dict[str, float]:
    """Return loss and metrics over all samples, as `model.evaluate` does."""
    build(model, samples)
    return _test_epoch(model, samples, batch_size, xla=False)()


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


def _train_epoch(model: Any, samples: Samples, batch_size: int, *, xla: bool) -> Callable[[NDArray[np.int32]], int]:
    """Return a function that takes the order of an epoch and trains on each of its batches.

    It gives the number of the first step after which the mean loss was not finite, where it stops; 0 if all went well.
    """
    full_batches, rest = divmod(len(samples), batch_size)
    steps = full_batches + bool(rest)

    def step(positions: Any, number: Any) -> Any:
        loss = without_replicas(lambda: model.train_step(batch(samples, positions))).get("loss", 0.0)
        return tf.where(tf.math.is_finite(loss), 0, number)

    def run(order: Any) -> Any:
        whole = full_batches if xla else steps
        _, broken = tf.while_loop(
            lambda done, broken: tf.logical_and(done < whole, tf.equal(broken, 0)),
            lambda done, _: (done + 1, step(_cut(order, done, batch_size, fixed=xla), done + 1)),
            (tf.constant(0), tf.constant(0)),
        )
        if whole < steps:
            broken = tf.cond(tf.equal(broken, 0), lambda: step(order[-rest:], steps), lambda: broken)
        return broken

    compiled = tf.function(run, autograph=False, jit_compile=xla)
    return lambda order: int(compiled(tf.constant(order + np.int32(samples.positions.start))))


def _test_epoch(model: Any, samples: Samples, batch_size: int, *, xla: bool) -> Callable[[], dict[str, float]]:
    """Return a function that gives loss and metrics over all samples, also where they are not finite."""
    full_batches, rest = divmod(len(samples), batch_size)
    steps = full_batches + bool(rest)

    def run() -> None:
        order = tf.range(samples.positions.start, samples.positions.stop)

        def body(done: Any) -> tuple[Any]:
            model.test_step(batch(samples, _cut(order, done, batch_size, fixed=xla)))
            return (done + 1,)

        whole = full_batches if xla else steps
        tf.while_loop(lambda done: done < whole, body, (tf.constant(0),))
        if whole < steps:
            model.test_step(batch(samples, order[-rest:]))

    compiled = tf.function(run, autograph=False, jit_compile=xla)

    def measured() -> dict[str, float]:
        model.reset_metrics()
        compiled()
        return _metrics(model)

    return measured


def without_replicas(step: Callable[[], Any]) -> Any:
    """Call a function in which an optimizer is applied, outside TensorFlow's replica context.

    Inside it, Keras' optimizers sum the gradients over the replicas, of which there is one. TensorFlow registers a
    gradient of that sum under a new name each time and never forgets it, and with it the whole graph.
    """
    return tf.distribute.get_replica_context().merge_call(lambda _: step())


def _cut(order: Any, done: Any, batch_size: int, *, fixed: bool) -> Any:
    """The positions of the batch after the first `done`.

    A fixed size is known to the graph, as XLA wants it; otherwise the last batch may be smaller, as in `fit`, and needs
    no graph of its own.
    """
    first = done * batch_size
    if fixed:
        return tf.ensure_shape(tf.slice(order, [first], [batch_size]), [batch_size])
    return order[first : first + batch_size]


def batch(samples: Samples, positions: Any) -> tuple[Any, Any]:
    """Return the prepared inputs and the targets at these positions of the first axis."""
    inputs, targets = tree.map_structure(lambda array: tf.gather(array, positions), (samples.inputs, samples.targets))
    return samples.prepare(inputs), targets


def _metrics(model: Any) -> dict[str, float]:
    return {name: shortest(value) for name, value in model.get_metrics_result().items()}
