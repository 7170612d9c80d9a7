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

from experiments.training.errors import History, TrainingDiverged
from experiments.training.loop import batch, build, frozen
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
        TrainingDiverged: a model's loss is no longer finite; `history` is that of its fold.
    """
    model = models[0]
    build(model, trains[0])
    names = [name for name in model.get_metrics_result() if name != "loss"]
    measures = _measures(model)
    weights = [keras.Variable(np.stack(values)) for values in zip(*(each.get_weights() for each in models), strict=True)]
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    optimizer.build(weights)

    def values(variables: list[Any], inputs: Any, targets: Any) -> Any:
        """Loss and metrics of one replica on one batch, shape (1 + metrics,)."""
        outputs, _ = model.stateless_call(variables, [], inputs, training=True)
        return tf.stack([tf.reduce_mean(_measured(measure, targets, outputs)) for measure in measures])

    def gradients(arguments: tuple[list[Any], Any, Any]) -> tuple[Any, list[Any]]:
        variables, inputs, targets = arguments
        # The tape must be inside the mapped function: outside, XLA's loop is a hundred times slower.
        with tf.GradientTape() as tape:
            tape.watch(variables)
            measured = values(variables, inputs, targets)
            loss = measured[0]
        return measured, tape.gradient(loss, variables)

    def current() -> list[Any]:
        return [tf.convert_to_tensor(variable.value) for variable in weights]

    def step(inputs: Any, targets: Any) -> Any:
        measured, slopes = _for_each(gradients, (current(), inputs, targets))
        optimizer.apply(slopes, weights)
        return measured

    (inputs, targets), (test_inputs, test_targets) = _stacked(trains), _stacked(validations)
    folds, count, size = len(models), len(trains[0]), request.batch_size
    full_batches = count // size

    def epoch(orders: Any) -> tuple[Any, Any, Any]:
        """Train for an epoch on orders of shape (folds, samples); return broken steps, training and test values."""
        shuffled_inputs, shuffled_targets = tf.gather(inputs, orders, batch_dims=1), tf.gather(targets, orders, batch_dims=1)
        total = tf.zeros((folds, len(measures)))
        broken = tf.zeros((folds,), tf.int32)

        def body(done: Any, total: Any, broken: Any) -> tuple[Any, Any, Any]:
            first = done * size
            measured = step(_slice(shuffled_inputs, first, size), _slice(shuffled_targets, first, size))
            return done + 1, total + measured * size, _first_broken(broken, measured, done + 1)

        if full_batches:
            _, total, broken = tf.while_loop(
                lambda done, *_: done < full_batches, body, (tf.constant(0), total, broken)
            )
        if count % size:
            first = full_batches * size
            measured = step(shuffled_inputs[:, first:], shuffled_targets[:, first:])
            total += measured * (count - first)
            broken = _first_broken(broken, measured, full_batches + 1)
        tested = _for_each(lambda arguments: values(*arguments), (current(), test_inputs, test_targets))
        return broken, total / count, tested

    compiled = tf.function(epoch, autograph=False, jit_compile=True)
    histories: list[dict[str, list[float]]] = [{} for _ in models]
    keys = ["loss", *names]
    for number in range(1, request.epochs + 1):
        orders = [batch_order(count, seed=request.seed, epoch=number, fold=fold) for fold in range(1, folds + 1)]
        broken, trained, tested = (result.numpy() for result in compiled(tf.constant(np.stack(orders))))
        for fold in np.flatnonzero(broken):
            raise TrainingDiverged(
                epoch=number, step=int(broken[fold]), history=frozen(histories[fold]), fold=int(fold) + 1
            )
        for history, of_training, of_test in zip(histories, trained, tested, strict=True):
            for key, train_value, test_value in zip(keys, of_training, of_test, strict=True):
                history.setdefault(key, []).append(float(train_value))
                history.setdefault(f"val_{key}", []).append(float(test_value))
        request.report(number, dict(zip(keys, trained.mean(axis=0).tolist(), strict=True)))
    for position, each in enumerate(models):
        each.set_weights([variable.numpy()[position] for variable in weights])
    return tuple(frozen(history) for history in histories)


def _measures(model: Any) -> list[Any]:
    """The functions of loss and metrics. `keras.metrics.get` would give objects that add up over all replicas."""
    compiled = model.get_compile_config()
    return [getattr(keras.losses, STACK_MEASURES[name]) for name in (compiled["loss"], *(compiled["metrics"] or ()))]


def _measured(measure: Any, targets: Any, outputs: Any) -> Any:
    """Return the value of a loss or metric for each sample; targets get the axis of the outputs they lack."""
    return measure(tf.reshape(targets, outputs.shape), outputs)


def _for_each(function: Any, arguments: Any) -> Any:
    return tf.vectorized_map(function, arguments, fallback_to_while_loop=False)


def _stacked(parts: Sequence[Samples]) -> tuple[Any, Any]:
    """Prepared inputs and targets of all folds, with the fold as first axis."""
    prepared = [batch(part, tf.range(part.positions.start, part.positions.stop)) for part in parts]
    return tf.stack([inputs for inputs, _ in prepared]), tf.stack([targets for _, targets in prepared])


def _slice(array: Any, first: Any, size: int) -> Any:
    """Samples first to first + size of every fold; the size stays known to the compiler."""
    rank = len(array.shape)
    start = [0, first, *[0] * (rank - 2)]
    return tf.slice(array, start, [array.shape[0], size, *array.shape[2:]])


def _first_broken(broken: Any, measured: Any, step: Any) -> Any:
    """The step at which each fold's loss was first not finite; 0 while all is well."""
    return tf.where(tf.logical_and(tf.equal(broken, 0), ~tf.math.is_finite(measured[:, 0])), step, broken)
