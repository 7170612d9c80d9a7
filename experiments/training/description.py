"""A compiled Keras model as a plain record."""

from __future__ import annotations

from typing import Any

import numpy as np

from labreport.experiments.result import Layer, Model
from labreport.experiments.training.history import shortest


def describe(role: str, model: Any) -> Model:
    """Return what Keras knows of a compiled model: its layers as in `model.summary()`, and how it was compiled."""
    compiled = model.get_compile_config()
    return Model(
        role=role,
        input_shape=_shape(model.input_shape),
        layers=tuple(_layer(layer) for layer in model.layers),
        parameters=sum(int(np.prod(variable.shape)) for variable in model.trainable_variables),
        optimizer=type(model.optimizer).__name__,
        learning_rate=shortest(model.optimizer.learning_rate),
        loss=", ".join(_names(compiled["loss"])),
        metrics=_names(compiled["metrics"] or ()),
    )


def _layer(layer: Any) -> Layer:
    activation = getattr(getattr(layer, "activation", None), "__name__", None)
    return Layer(
        name=layer.name,
        kind=type(layer).__name__,
        output_shape=_shape(layer.output.shape),
        parameters=layer.count_params(),
        activation=None if activation == "linear" else activation,
    )


def _shape(shape: Any) -> tuple[int | None, ...]:
    return tuple(None if length is None else int(length) for length in shape)


def _names(parts: Any) -> tuple[str, ...]:
    """Names of losses or metrics, given as one, a list, or a dictionary by output."""
    if isinstance(parts, str):
        return (parts,)
    if isinstance(parts, dict):
        if "class_name" in parts:  # an object, as Keras writes it down
            return (str(parts.get("config", {}).get("name") or parts["class_name"]),)
        return tuple(f"{output}: {name}" for output, part in parts.items() for name in _names(part))
    return tuple(name for part in parts for name in _names(part))
