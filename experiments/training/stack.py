"""The stack form: the models of all folds trained in lockstep, as one model with a leading axis.

The variables of K models of one build are stacked; `tf.vectorized_map` runs loss and gradient of each replica on its
own batch; a Keras optimizer of the same settings updates the stacked variables. That is right because such
optimizers treat every number by itself. XLA compiles the epoch, since starting thousands of tiny operations
one by one would take nearly all the time.

What this form can't do, `plan` knows; another form then does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from experiments.training.errors import DivergenceError, History
from experiments.training.loop import batch, build, frozen, without_replicas
from experiments.training.order import batch_order
from experiments.training.plan import STACK_MEASURES
from experiments.training.request import Request
from experiments.training.samples import Samples


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
    train_epoch = _train_epoch(stack, _stacked(trains), request.batch_size)
    validate = _validate(stack, _stacked(validations))
    histories: list[dict[str, list[float]]] = [{} for _ in models]
    for epoch in range(1, request.epochs + 1):
        orders = _orders(len(models), len(trains[0]), request.seed, epoch)
        trained, broken = train_epoch(orders)
        if broken.any():
            fold = int(np.flatnonzero(broken)[0])
            raise DivergenceError(epoch=epoch, step=int(broken[fold]), history=frozen(histories[fold]), fold=fold + 1)
        measured = np.hstack([trained, validate()])
        for history, values in zip(histories, measured, strict=True):
            for key, value in zip(keys, values, strict=True):
                history.setdefault(key, []).append(float(value))
        request.report(epoch, dict(zip(keys, measured.mean(axis=0).tolist(), strict=True)))
    stack.give_back(models)
    return tuple(frozen(history) for history in histories)


class Stack:
    """K models of one build as one: variables with a leading axis, and an optimizer for them."""

    def __init__(self, models: Sequence[Any]) -> None:
        """Stack the weights of compiled models; the optimizer begins anew with the settings of theirs."""
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


def _train_epoch(stack: Stack, samples: tuple[Any, Any], batch_size: int) -> Any:
    """Return a function that trains for an epoch on orders of shape (K, samples).

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

    compiled = tf.function(run, autograph=False, jit_compile=True)
    return lambda orders: tuple(result.numpy() for result in compiled(tf.constant(orders)))


def _validate(stack: Stack, samples: tuple[Any, Any]) -> Any:
    """Return a function that measures all models on their validation samples, shape (K, 1 + metrics)."""
    compiled = tf.function(lambda: stack.measure(*samples), autograph=False, jit_compile=True)
    return lambda: compiled().numpy()


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
