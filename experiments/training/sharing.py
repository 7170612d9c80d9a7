"""One set of graphs for all models of one build.

Making the graphs of a training takes as long as dozens of its steps, and a lab trains the same network several times:
to choose the number of epochs, on all samples, and for each seed. So the graphs belong to a twin of the model, made
from what Keras writes down of it. All that a model has learnt is put into the twin, which is trained, and taken back:
the same arithmetic, to the bit.

That is done for models of which Keras writes down everything. Any other one has graphs of its own.
"""

from __future__ import annotations

import json
import random
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras

from labreport.experiments.training.graphs import Graphs, build, state
from labreport.experiments.training.plan import OPTIMIZER_OPTIONS
from labreport.experiments.training.samples import FromBits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labreport.experiments.training.samples import Samples

_LAYERS = (
    *("InputLayer", "Dense", "Activation", "ReLU", "Flatten", "Reshape", "Rescaling", "Dropout", "BatchNormalization"),
    *("Embedding", "LSTM", "GRU", "Conv1D", "Conv2D", "MaxPooling2D", "GlobalMaxPooling1D", "GlobalAveragePooling1D"),
)
"""Layers whose settings and variables are all there is of them."""
_OPTIMIZERS = ("SGD", "RMSprop", "Adam", "Nadam", "Adamax", "Adagrad")
_REPLACED = ("call", "train_step", "test_step", "compute_loss", "compute_metrics")
"""Methods that a program could replace in a single model or layer."""
_PARAMETERS = 5_000_000
"""Parameters of a model at most: a twin takes memory."""
_MOST = 8
"""Twins at a time; the one that was used longest ago goes first."""

_kept: OrderedDict[str, Graphs] = OrderedDict()


def graphs_for(model: Any, samples: Samples, others: Samples | None = None) -> Graphs:
    """Return graphs that can work for a model.

    Args:
        model: a compiled Keras model.
        samples: some of those that it will be given.
        others: those that it will be tested on, where they are others.
    """
    prepares = {part.prepare for part in (samples, others) if part is not None}
    written = _written(model) if all(map(_is_plain, prepares)) else None
    if written is None:
        return Graphs(model)
    graphs = _kept.pop(written, None) or Graphs(_twin(model, samples))
    _kept[written] = graphs
    while len(_kept) > _MOST:
        _kept.popitem(last=False)
    return graphs if _traits(graphs.model) == _traits(model) else Graphs(model)


def _is_plain(prepare: Any) -> bool:
    """Return whether a function is one of a module: others may hold data, or are made again and again."""
    return isinstance(prepare, FromBits) or "<" not in getattr(prepare, "__qualname__", "<")


def _written(model: Any) -> str | None:
    """Return all that decides what a model computes, but for its variables; None where that can't be written down."""
    if type(model) is not keras.Sequential or not (model.built and model.compiled and model.optimizer.built):
        return None
    if model.count_params() > _PARAMETERS or any(name in vars(model) for name in _REPLACED):
        return None
    for layer in model.layers:
        kind = type(layer).__name__
        if kind not in _LAYERS or type(layer) is not getattr(keras.layers, kind):
            return None
        if any(name in vars(layer) for name in _REPLACED):
            return None
    config, compiled = model.get_config(), model.get_compile_config()
    if not (_is_known(config) and _compiled_as_known(model.optimizer, compiled)):
        return None
    for part in (config, *(part["config"] for part in (*config["layers"], compiled["optimizer"]))):
        part.pop("name", None)  # Keras counts them on
    try:
        # Losses read Keras' smallest number while their graph is made.
        return json.dumps([config, compiled, keras.config.epsilon()], sort_keys=True)
    except TypeError:
        return None


def _compiled_as_known(optimizer: Any, compiled: dict[str, Any]) -> bool:
    kind = type(optimizer).__name__
    if kind not in _OPTIMIZERS or type(optimizer) is not getattr(keras.optimizers, kind):
        return False
    settings = optimizer.get_config()
    if any(settings.get(option) for option in OPTIMIZER_OPTIONS) or not isinstance(settings["learning_rate"], float):
        return False
    metrics = compiled["metrics"] or []
    weighted = compiled["loss_weights"] is not None or compiled["weighted_metrics"] is not None
    names = (compiled["loss"], *metrics)
    return not weighted and isinstance(metrics, list) and all(isinstance(name, str) for name in names)


def _is_known(config: Any) -> bool:
    """Return whether all objects in a configuration are Keras' own."""
    if isinstance(config, dict):
        own = str(config.get("module", "keras")).split(".")[0] == "keras" and config.get("registered_name") is None
        return own and all(map(_is_known, config.values()))
    return all(map(_is_known, config)) if isinstance(config, list | tuple) else True


def _traits(model: Any) -> list[Any]:
    """Return what a program may have changed in single variables, beside what their model writes down."""
    return [
        (
            tuple(variable.shape),
            str(variable.dtype),
            variable.trainable,
            *(_settings(getattr(variable, part, None)) for part in ("regularizer", "constraint")),
        )
        for variable in state(model)
    ]


def _settings(part: Any) -> Any:
    return None if part is None else (type(part), part.get_config())


def _twin(model: Any, samples: Samples) -> Any:
    with _as_before():
        twin = keras.Sequential.from_config(model.get_config())
        twin.compile_from_config(model.get_compile_config())
        build(twin, samples)
    return twin


@contextmanager
def _as_before() -> Iterator[None]:
    """Leave Python's random numbers as they are: Keras takes the seeds of new layers from them."""
    before = random.getstate()
    try:
        yield
    finally:
        random.setstate(before)
