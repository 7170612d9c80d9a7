"""Random numbers: generators are seeded on import where that is asked for; what the script seeds is noted."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import wrapt

from labreport.experiments.recording.watching.events import Events

VARIABLE = "LABREPORT_SEED"
"""Holds the seed for a script that wants to read it."""

_SEEDERS = (
    ("random", "random", "seed", "python"),
    ("numpy.random", "numpy.random", "seed", "numpy"),
    ("tensorflow", "tensorflow.random", "set_seed", "tensorflow"),
    ("torch", "torch", "manual_seed", "torch"),
    ("keras", "keras.utils", "set_random_seed", "keras"),
    ("keras._tf_keras.keras.utils", "keras._tf_keras.keras.utils", "set_random_seed", "keras"),
)
"""Module after whose import a function that seeds can be had, where it lies, its name, and whose generator it is."""

_inside = threading.local()


def watch(events: Events, seed: int | None) -> None:
    """Note every seed that the script sets; first set one of ours where one is given."""
    for imported, place, name, library in _SEEDERS:
        wrapt.register_post_import_hook(_hook(events, seed, place, name, library), imported)
    if seed is not None:
        os.environ[VARIABLE] = str(seed)


def _hook(events: Events, seed: int | None, place: str, name: str, library: str) -> Callable[[Any], None]:
    def imported(module: Any) -> None:
        home = module
        for part in place.split(".")[1:] if place != module.__name__ else ():
            home = getattr(home, part)
        if seed is not None and place != "keras._tf_keras.keras.utils":
            _silently(getattr(home, name), seed)
        wrapt.wrap_function_wrapper(home, name, seeded)

    def seeded(wrapped: Any, instance: Any, arguments: Any, named: Any) -> Any:
        if not getattr(_inside, "seeding", False):
            events.guarded(note)(*arguments[:1], *list(named.values())[:1])
        return _silently(wrapped, *arguments, **named)

    def note(value: Any = None, *more: Any) -> None:
        # NumPy also takes lists, Python any object; only a whole number is a seed that can be recorded.
        if hasattr(value, "__index__") and not isinstance(value, bool):
            events.write("seed", library=library, value=int(value))

    return lambda module: events.guarded(imported)(module)


def _silently(function: Any, *arguments: Any, **named: Any) -> Any:
    """Call a function that seeds; those that it calls in turn are not the script's own."""
    before = getattr(_inside, "seeding", False)
    _inside.seeding = True
    try:
        return function(*arguments, **named)
    finally:
        _inside.seeding = before
