"""What an array is, without keeping it: shape, type and a hash of its bytes, of evenly spaced rows where it is large.

Which evaluation saw which data, and whether two runs are comparable, is found by these hashes. What can't be looked at
without using it up (generators, `tf.data`) is named, and not seen.
"""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Iterator
from typing import Any

SAMPLED_ABOVE = 64_000_000
"""Bytes of an array above which only a part of it is hashed."""


def arrays(value: Any, part: str) -> Iterator[tuple[str, Any]]:
    """Return each array in what a network is given, with the name of its part: x, or x.NAME, x.0, … for several."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from arrays(item, f"{part}.{name}")
    elif isinstance(value, (list, tuple)) and value and all(hasattr(item, "shape") for item in value):
        for position, item in enumerate(value):
            yield f"{part}.{position}", item
    elif value is not None:
        yield part, value


def plain_array(value: Any) -> Any:
    """Return a NumPy array, or None for what is not an array (a generator, a data set, a stream)."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if isinstance(value, numpy.ndarray):
        return value
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # a tensor of PyTorch
        return value.detach().cpu().numpy()
    if hasattr(value, "shape") and (hasattr(value, "numpy") or hasattr(value, "__array__")):
        return numpy.asarray(value)
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], (int, float, list, tuple)):
        return numpy.asarray(value)
    return None


def described(value: Any, part: str, role: str) -> list[dict[str, Any]]:
    """Return the facts of every array in `value`, as they are written into an event."""
    found = []
    for name, item in arrays(value, part):
        array = plain_array(item)
        facts: dict[str, Any] = {"role": role, "part": name, "kind": type(item).__name__}
        if array is not None:
            digest, sampled = hashed(array)
            facts |= {"shape": list(array.shape), "dtype": str(array.dtype), "sha256": digest, "sampled": sampled}
        found.append(facts)
    return found


def hashed(array: Any) -> tuple[str, bool]:
    """Return the hash of an array's bytes, shape and type, and whether only a part of it was hashed."""
    numpy = sys.modules["numpy"]
    sampled = array.nbytes > SAMPLED_ABOVE and array.ndim > 0 and len(array) > 1
    head = f"{array.shape} {array.dtype}".encode()
    if sampled:
        rows = max(1, min(len(array), math.floor(len(array) * SAMPLED_ABOVE / array.nbytes)))
        array = array[numpy.linspace(0, len(array) - 1, rows).astype(int)]
    if array.dtype.hasobject:
        return hashlib.sha256(head + repr(array.tolist()).encode("utf-8", "replace")).hexdigest(), sampled
    return hashlib.sha256(head + numpy.ascontiguousarray(array).tobytes()).hexdigest(), sampled


def split(value: Any, fraction: float) -> tuple[Any, Any] | None:
    """Return the parts that Keras makes of arrays by `validation_split`; None where they are not arrays."""
    if isinstance(value, dict):
        parts = {name: split(item, fraction) for name, item in value.items()}
        if any(part is None for part in parts.values()):
            return None
        return {name: part[0] for name, part in parts.items() if part}, {n: p[1] for n, p in parts.items() if p}
    if isinstance(value, (list, tuple)) and value and all(hasattr(item, "shape") for item in value):
        pieces = [split(item, fraction) for item in value]
        return [piece[0] for piece in pieces if piece], [piece[1] for piece in pieces if piece]
    array = plain_array(value)
    if array is None or array.ndim == 0:
        return None
    at = math.floor(len(array) * (1.0 - fraction))
    return array[:at], array[at:]


def samples(value: Any) -> int | None:
    """Return how many samples there are in what a network is given; None where that is not known."""
    for _, item in arrays(value, ""):
        shape = getattr(item, "shape", None)
        if shape is not None and len(shape):
            return int(shape[0])
        if isinstance(item, (list, tuple)):
            return len(item)
        return None
    return None
