"""The graphs of one model: an epoch of training, an epoch of testing, and its outputs.

Keras' own `train_step` and `test_step`, the very steps that `fit` calls, stand in one `tf.while_loop` per epoch.
Samples and their order are given to the graphs, so one graph serves all trainings of the model, on whatever samples.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
from keras import tree
from numpy.typing import NDArray

from labreport.experiments.training.history import shortest
from labreport.experiments.training.samples import Prepare, Samples


class Graphs:
    """The graphs of one model, each made when it is first needed.

    Args:
        model: a compiled Keras model whose variables exist, those of optimizer and metrics as well.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self._made: dict[Hashable, Any] = {}

    @contextmanager
    def working_for(self, model: Any) -> Iterator[None]:
        """Let the block train or test a model, which has the same build as the one of the graphs, or is that one.

        All that it has learnt, and the state of its optimizer and metrics, is put into the model of the graphs, and
        back again at the end, however the block ends.
        """
        if model is self.model:
            yield
            return
        _copy(model, self.model)
        try:
            yield
        finally:
            _copy(self.model, model)

    def train(self, samples: Samples, order: NDArray[np.int32], batch_size: int, *, xla: bool) -> int:
        """Train for an epoch.

        Args:
            samples: to train on.
            order: of the samples, counted from the first.
            batch_size: samples of a step; a last batch may hold fewer.
            xla: whether the graph is compiled, once for each number of samples and size of a batch.

        Returns:
            The number of the first step after which the mean loss was not finite, where it stops; 0 if all went well.
        """
        train = self._graph(_train_epoch, samples, xla=xla)
        self.model.reset_metrics()
        places = tf.constant(order + np.int32(samples.positions.start))
        return int(train(samples.inputs, samples.targets, places, _size(batch_size, xla=xla)))

    def test(self, samples: Samples, batch_size: int, *, xla: bool = False) -> dict[str, float]:
        """Return loss and metrics over all samples, also where they are not finite."""
        test = self._graph(_test_epoch, samples, xla=xla)
        self.model.reset_metrics()
        test(samples.inputs, samples.targets, tf.constant(_places(samples)), _size(batch_size, xla=xla))
        return self.measured()

    def measured(self) -> dict[str, float]:
        """Return loss and metrics of what was trained or tested last."""
        return {name: shortest(value) for name, value in self.model.get_metrics_result().items()}

    def outputs(self, samples: Samples, batch_size: int) -> NDArray[Any]:
        """Return the outputs for all samples in order, shape (n, …)."""
        ask, places = self._graph(_outputs, samples), _places(samples)
        parts = (places[start : start + batch_size] for start in range(0, len(places), batch_size))
        answers = [
            ask(samples.inputs, samples.targets, tf.constant(part), tf.constant(len(part))).numpy() for part in parts
        ]
        return np.concatenate(answers)

    def _graph(self, function: Callable[..., Any], samples: Samples, *, xla: bool = False) -> Any:
        """Return the graph of a function for samples of a kind: types and shapes, and how a batch is prepared."""
        arrays = tree.map_structure(_any_number, (samples.inputs, samples.targets))
        kind = (function, samples.prepare, xla, repr(arrays))
        if kind not in self._made:
            # XLA wants to know all sizes.
            signature = None if xla else (*arrays, tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.int32))
            own = partial(function, self.model, samples.prepare, xla)
            self._made[kind] = tf.function(own, signature, autograph=False, jit_compile=xla)
        return self._made[kind]


def _train_epoch(model: Any, prepare: Prepare, xla: bool, inputs: Any, targets: Any, order: Any, size: Any) -> Any:
    whole, rest = _batches(order, size, xla=xla)

    def step(positions: Any, number: Any) -> Any:
        loss = without_replicas(lambda: model.train_step(_batch(prepare, inputs, targets, positions))).get("loss", 0.0)
        return tf.where(tf.math.is_finite(loss), 0, number)

    _, broken = tf.while_loop(
        lambda done, broken: tf.logical_and(done < whole, tf.equal(broken, 0)),
        lambda done, _: (done + 1, step(_cut(order, done, size, fixed=xla), done + 1)),
        (tf.constant(0), tf.constant(0)),
    )
    if rest:
        broken = tf.cond(tf.equal(broken, 0), lambda: step(order[-rest:], whole + 1), lambda: broken)
    return broken


def _test_epoch(model: Any, prepare: Prepare, xla: bool, inputs: Any, targets: Any, order: Any, size: Any) -> None:
    whole, rest = _batches(order, size, xla=xla)

    def body(done: Any) -> tuple[Any]:
        model.test_step(_batch(prepare, inputs, targets, _cut(order, done, size, fixed=xla)))
        return (done + 1,)

    tf.while_loop(lambda done: done < whole, body, (tf.constant(0),))
    if rest:
        model.test_step(_batch(prepare, inputs, targets, order[-rest:]))


def _outputs(model: Any, prepare: Prepare, xla: bool, inputs: Any, targets: Any, positions: Any, size: Any) -> Any:
    return model(_batch(prepare, inputs, targets, positions)[0])


def _batches(order: Any, size: Any, *, xla: bool) -> tuple[Any, int]:
    """Return how many batches the loop runs through, and the samples of one that stands after it."""
    if xla:
        count: int = order.shape[0]
        return count // size, count % size
    return (tf.size(order) + size - 1) // size, 0


def _cut(order: Any, done: Any, size: Any, *, fixed: bool) -> Any:
    """The positions of the batch after the first `done`.

    A fixed size is known to the graph, as XLA wants it; otherwise the last batch may be smaller, as in `fit`, and needs
    no graph of its own.
    """
    first = done * size
    if fixed:
        return tf.ensure_shape(tf.slice(order, [first], [size]), [size])
    return order[first : first + size]


def _size(batch_size: int, *, xla: bool) -> Any:
    return batch_size if xla else tf.constant(batch_size)


def build(model: Any, samples: Samples) -> None:
    """Create the variables of metrics and optimizer, which must not be created inside a graph.

    `model.test_step` on one sample makes those of loss and metrics; unlike `model._symbolic_build` it is public.
    """
    model.test_step(batch(samples, tf.constant([samples.positions.start])))
    model.reset_metrics()
    model.optimizer.build(model.trainable_variables)


def state(model: Any) -> list[Any]:
    """Return all variables of a compiled model: what it has learnt, random states, optimizer and metrics."""
    return [*model.variables, *model.optimizer.variables, *model.metrics_variables]


def batch(samples: Samples, positions: Any) -> tuple[Any, Any]:
    """Return the prepared inputs and the targets at these positions of the first axis."""
    return _batch(samples.prepare, samples.inputs, samples.targets, positions)


def without_replicas(step: Callable[[], Any]) -> Any:
    """Call a function in which an optimizer is applied, outside TensorFlow's replica context.

    Inside it, Keras' optimizers sum the gradients over the replicas, of which there is one. TensorFlow registers a
    gradient of that sum under a new name each time and never forgets it, and with it the whole graph.
    """
    return tf.distribute.get_replica_context().merge_call(lambda _: step())


def _copy(model: Any, other: Any) -> None:
    for variable, same in zip(state(model), state(other), strict=True):
        same.assign(variable.value)


def _batch(prepare: Prepare, inputs: Any, targets: Any, positions: Any) -> tuple[Any, Any]:
    taken, wanted = tree.map_structure(lambda array: tf.gather(array, positions), (inputs, targets))
    return prepare(taken), wanted


def _places(samples: Samples) -> NDArray[np.int32]:
    return np.arange(samples.positions.start, samples.positions.stop, dtype=np.int32)


def _any_number(array: Any) -> Any:
    return tf.TensorSpec([None, *array.shape[1:]], array.dtype)
