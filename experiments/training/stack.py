"""The stack form: the models of all folds trained in lockstep, as one model with a leading axis.

The variables of K models of one build are stacked; `tf.vectorized_map` runs loss and gradient of each replica on its
own batch; a Keras optimizer of the same settings updates the stacked variables. That is right because such
optimizers treat every number by itself. XLA compiles the epoch, since starting thousands of tiny operations
one by one would take nearly all the time.

What this form can't do, `plan` knows; another form then does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from labreport.experiments.training.errors import DivergenceError
from labreport.experiments.training.fitting import Request
from labreport.experiments.training.graphs import batch, build, without_replicas
from labreport.experiments.training.history import History, frozen, shortest
from labreport.experiments.training.order import batch_order
from labreport.experiments.training.plan import STACK_MEASURES
from labreport.experiments.training.samples import Samples

_EPOCHS_AT_ONCE = 10
_STEPS_AT_ONCE = 10_000
"""Epochs trained in one call at most: calls take no time worth mentioning, and progress is reported often enough."""


def fit_in_stack(
    models: Sequence[Any], trains: Sequence[Samples], validations: Sequence[Samples], request: Request
) -> tuple[History, ...]:
    """Train K compiled models of the same build side by side and return their histories.

    Validation metrics are computed on all validation samples of a fold at once.

    Args:
        models: K compiled models; their weights are trained in place, their own optimizers stay as they were.
        trains: for each model its training samples, equally many of the same shape.
        validations: for each model its validation samples, equally many.
        request: epochs, batch size and seed; model k gets the batch order of fold k, counted from 1.

    Raises:
        DivergenceError: a model's loss is no longer finite; `history` is that of its fold.
    """
    build(models[0], trains[0])
    names = [name for name in models[0].get_metrics_result() if name != "loss"]
    keys = ["loss", *names, "val_loss", *(f"val_{name}" for name in names)]
    stack = Stack(models)
    samples = len(trains[0])
    at_once = min(request.epochs, _EPOCHS_AT_ONCE, max(1, _STEPS_AT_ONCE // ceil(samples / request.batch_size)))
    train_epochs = _train_epochs(stack, _stacked(trains), _stacked(validations), request.batch_size, at_once)
    histories: list[dict[str, list[float]]] = [{} for _ in models]
    for first in range(1, request.epochs + 1, at_once):
        epochs = range(first, min(first + at_once, request.epochs + 1))
        orders = [_orders(len(models), samples, request.seed, epoch) for epoch in epochs]
        measured, finished, broken = train_epochs(orders)
        for epoch, of_all in zip(epochs, measured[:finished], strict=False):
            for history, values in zip(histories, of_all, strict=True):
                for key, value in zip(keys, values, strict=True):
                    history.setdefault(key, []).append(shortest(value))
            request.report(epoch, dict(zip(keys, of_all.mean(axis=0).tolist(), strict=True)))
        if broken.any():
            fold = int(np.flatnonzero(broken)[0])
            raise DivergenceError(
                epoch=epochs[finished], step=int(broken[fold]), history=frozen(histories[fold]), fold=fold + 1
            )
    stack.give_back(models)
    return tuple(frozen(history) for history in histories)


class Stack:
    """K models of one build as one: variables with a leading axis, and an optimizer for them."""

    def __init__(self, models: Sequence[Any]) -> None:
        """Stack the weights of compiled models; the optimizer starts afresh with the settings of theirs."""
        self._model = models[0]
        all_weights = zip(*(model.get_weights() for model in models), strict=True)
        self._variables = [keras.Variable(np.stack(of_all_models)) for of_all_models in all_weights]
        self._optimizer = type(self._model.optimizer).from_config(self._model.optimizer.get_config())
        self._optimizer.build(self._variables)
        compiled = self._model.get_compile_config()
        # Functions, not the objects that `keras.metrics.get` gives: those would add up over all replicas.
        self._measures = [
            getattr(keras.losses, STACK_MEASURES[name]) for name in (compiled["loss"], *(compiled["metrics"] or ()))
        ]

    @property
    def size(self) -> tuple[int, int]:
        """Number of models, and of values measured for each: the loss, then the metrics."""
        return self._variables[0].shape[0], len(self._measures)

    def train(self, inputs: Any, targets: Any) -> Any:
        """Train each model on its own batch, shapes (K, batch, …); return the values before, shape (K, 1 + metrics)."""
        measured, gradients = _for_each(self._gradients, (self._current(), inputs, targets))
        without_replicas(lambda: self._optimizer.apply(gradients, self._variables))
        return measured

    def measure(self, inputs: Any, targets: Any) -> Any:
        """Return loss and metrics of each model on its own samples, shape (K, 1 + metrics)."""
        return _for_each(lambda arguments: self._values(*arguments), (self._current(), inputs, targets))

    def give_back(self, models: Sequence[Any]) -> None:
        """Put the trained weights into the models they came from."""
        for position, model in enumerate(models):
            model.set_weights([variable.numpy()[position] for variable in self._variables])

    def _current(self) -> list[Any]:
        # Tensors, since variables passed into a mapped function would be read wrongly.
        return [tf.convert_to_tensor(variable.value) for variable in self._variables]

    def _gradients(self, arguments: tuple[list[Any], Any, Any]) -> tuple[Any, list[Any]]:
        variables, inputs, targets = arguments
        # The tape must be inside the mapped function: outside, XLA's loop is a hundred times slower.
        with tf.GradientTape() as tape:
            tape.watch(variables)
            measured = self._values(variables, inputs, targets)
            loss = measured[0]
        return measured, tape.gradient(loss, variables)

    def _values(self, variables: list[Any], inputs: Any, targets: Any) -> Any:
        """Loss and metrics of one replica on one batch, shape (1 + metrics,)."""
        outputs, _ = self._model.stateless_call(variables, [], inputs, training=True)
        shaped = tf.reshape(targets, outputs.shape)  # targets (n,) for outputs (n, 1)
        return tf.stack([tf.reduce_mean(measure(shaped, outputs)) for measure in self._measures])


def _train_epochs(
    stack: Stack, samples: tuple[Any, Any], validation: tuple[Any, Any], batch_size: int, at_once: int
) -> Any:
    """Return a function that trains for some epochs, at most `at_once`, on orders of shape (K, samples) each.

    It gives what was measured, shape (at_once, K, 2 · (1 + metrics)), training before validation; how many epochs were
    finished; and for each model the step, counted from 1, at which its loss was no longer finite in the epoch after
    those, or 0.
    """
    train = _train_epoch(stack, samples, batch_size)
    folds, values = stack.size

    def run(orders: Any, count: Any) -> tuple[Any, Any, Any]:
        def body(done: Any, measured: Any, _: Any) -> tuple[Any, Any, Any]:
            trained, broken = train(orders[done])
            row = tf.concat([trained, stack.measure(*validation)], axis=1)
            whole = tf.reduce_all(tf.equal(broken, 0))
            return done + tf.cast(whole, tf.int32), tf.tensor_scatter_nd_update(measured, [[done]], [row]), broken

        start = tf.constant(0), tf.zeros((at_once, folds, 2 * values)), tf.zeros([folds], tf.int32)
        done, measured, broken = tf.while_loop(
            lambda done, _, broken: tf.logical_and(done < count, tf.reduce_all(tf.equal(broken, 0))), body, start
        )
        return measured, done, broken

    compiled = tf.function(run, autograph=False, jit_compile=True)

    def trained(orders: Sequence[NDArray[np.int32]]) -> tuple[NDArray[np.float32], int, NDArray[np.int32]]:
        # Filled up, because another length would be compiled again.
        filled = np.stack([*orders, *[orders[0]] * (at_once - len(orders))])
        measured, done, broken = compiled(tf.constant(filled), tf.constant(len(orders)))
        return measured.numpy(), int(done), broken.numpy()

    return trained


def _train_epoch(stack: Stack, samples: tuple[Any, Any], batch_size: int) -> Any:
    """Return a function that trains for an epoch on orders of shape (K, samples), inside a graph.

    It gives the mean values, shape (K, 1 + metrics), and for each model the first step, counted from 1, at which the
    loss was not finite, or 0.
    """
    inputs, targets = samples
    count = inputs.shape[1]
    full_batches = count // batch_size

    def run(orders: Any) -> tuple[Any, Any]:
        # Shuffled once as a whole, so that a batch is a cheap slice.
        shuffled = tf.gather(inputs, orders, batch_dims=1), tf.gather(targets, orders, batch_dims=1)

        def step(number: Any, first: Any, size: int, total: Any, broken: Any) -> tuple[Any, Any]:
            measured = stack.train(*(_slice(array, first, size) for array in shuffled))
            newly = tf.logical_and(tf.equal(broken, 0), ~tf.math.is_finite(measured[:, 0]))
            return total + measured * size, tf.where(newly, number, broken)

        def body(done: Any, total: Any, broken: Any) -> tuple[Any, Any, Any]:
            return done + 1, *step(done + 1, done * batch_size, batch_size, total, broken)

        total, broken = tf.zeros(stack.size), tf.zeros(stack.size[:1], tf.int32)
        if full_batches:
            _, total, broken = tf.while_loop(
                lambda done, *_: done < full_batches, body, (tf.constant(0), total, broken)
            )
        if rest := count % batch_size:
            total, broken = step(full_batches + 1, count - rest, rest, total, broken)
        return total / count, broken

    return run


def _orders(folds: int, samples: int, seed: int, epoch: int) -> NDArray[np.int32]:
    return np.stack([batch_order(samples, seed=seed, epoch=epoch, fold=fold) for fold in range(1, folds + 1)])


def _for_each(function: Any, arguments: Any) -> Any:
    return tf.vectorized_map(function, arguments, fallback_to_while_loop=False)


def _stacked(parts: Sequence[Samples]) -> tuple[Any, Any]:
    """Prepared inputs and targets of all folds, with the fold as first axis."""
    prepared = [batch(part, tf.range(part.positions.start, part.positions.stop)) for part in parts]
    return tf.stack([inputs for inputs, _ in prepared]), tf.stack([targets for _, targets in prepared])


def _slice(array: Any, first: Any, size: int) -> Any:
    """Samples first to first + size of every fold; the size stays known to the compiler."""
    rank = len(array.shape)
    return tf.slice(array, [0, first, *[0] * (rank - 2)], [array.shape[0], size, *array.shape[2:]])
