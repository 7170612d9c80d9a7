"""A network as it was compiled, and the callbacks that rule its training, in plain values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

MOST_WEIGHTS = 20_000_000
"""Parameters up to which the weights are looked at: they tell a second fit of a network from a fresh start of it."""

_AT_EACH_END = 256
_MOST_LAYERS = 300


def described(model: Any) -> dict[str, Any]:
    """Return layers, parameters, compile settings, and a hash of the weights as they are now."""
    optimizer = getattr(model, "optimizer", None)
    layers = [_layer(layer) for layer in list(model.layers)[:_MOST_LAYERS]]
    return {
        "name": str(model.name),
        "layers": layers,
        "input_shape": _shape(getattr(model, "input_shape", None)),
        "parameters": sum(_size(weight) for weight in model.trainable_weights),
        "all_parameters": sum(_size(weight) for weight in model.weights),
        "optimizer": type(optimizer).__name__,
        "learning_rate": _rate(optimizer),
        "loss": _named(getattr(model, "loss", None)),
        "weights": _hash(model),
    }


def rules(callbacks: Any) -> dict[str, Any]:
    """Return the names of the callbacks, and what an `EarlyStopping` among them says."""
    if callbacks is None:
        return {"callbacks": [], "stopping": None}
    listed = getattr(callbacks, "callbacks", callbacks)
    listed = list(listed) if isinstance(listed, Iterable) else [listed]
    stopping = None
    for callback in listed:
        if any(kind.__name__ == "EarlyStopping" for kind in type(callback).__mro__):
            stopped = int(getattr(callback, "stopped_epoch", 0) or 0)
            stopping = {
                "monitor": str(callback.monitor),
                "mode": str(getattr(callback, "mode", "auto")),
                "patience": int(callback.patience),
                "restore": bool(callback.restore_best_weights),
                "stopped": stopped + 1 if stopped else None,
            }
    return {"callbacks": [type(callback).__name__ for callback in listed], "stopping": stopping}


def names_in_order(model: Any) -> list[str]:
    """Return the names of the values that `train_on_batch` returns as a list (Keras names them in a dict only)."""
    known = list(model.get_metrics_result())
    first: list[str] = []
    for metric in model.metrics:
        several = getattr(metric, "metrics", None)
        first += [part.name for part in several] if several else [metric.name]
    ordered = [name for name in dict.fromkeys(first) if name in known]
    return [*ordered, *sorted(name for name in known if name not in ordered)]


def _layer(layer: Any) -> dict[str, Any]:
    shape = None
    try:
        shape = _shape(layer.output.shape)
    except Exception:  # a layer that was never called, or has several outputs
        shape = None
    activation = getattr(layer, "activation", None)
    name = getattr(activation, "__name__", None)
    return {
        "name": str(layer.name),
        "kind": type(layer).__name__,
        "shape": shape,
        "parameters": sum(_size(weight) for weight in layer.weights),
        "activation": None if name == "linear" else name,
    }


def _shape(shape: Any) -> list[int | None]:
    if isinstance(shape, Mapping):
        shape = next(iter(shape.values()), None)
    if isinstance(shape, (list, tuple)) and shape and isinstance(shape[0], (list, tuple)):
        shape = shape[0]
    try:
        return [None if size is None else int(size) for size in shape]
    except TypeError:
        return []


def _size(weight: Any) -> int:
    size = 1
    for length in weight.shape:
        size *= int(length)
    return size


def _rate(optimizer: Any) -> float | None:
    try:
        return float(optimizer.learning_rate)
    except Exception:  # none, or a schedule that can't be asked outside a step
        return None


def _named(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_named(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_named(item) for item in value)
    return str(getattr(value, "name", None) or getattr(value, "__name__", None) or type(value).__name__)


def _hash(model: Any) -> str | None:
    import numpy

    weights = model.trainable_weights + model.non_trainable_weights
    if not weights or sum(_size(weight) for weight in weights) > MOST_WEIGHTS:
        return None
    found = hashlib.sha256()
    for weight in sorted(weights, key=lambda weight: str(getattr(weight, "path", ""))):
        flat = numpy.asarray(weight).ravel()
        found.update(numpy.concatenate([flat[:_AT_EACH_END], flat[-_AT_EACH_END:]]).tobytes())
    return found.hexdigest()
