"""Keras, watched: every fit, evaluation and step, as events.

`fit` and `evaluate` of `keras.Model` are wrapped once Keras has been imported, and get one more callback, the last one;
what is nested in a fit (its own validation) is not looked at. Epochs count from 1, also with `initial_epoch`.
"""

from __future__ import annotations

import inspect
import itertools
import threading
import weakref
from collections.abc import Mapping
from time import perf_counter
from typing import Any

import wrapt

from labreport.experiments.errors import kind_of, message_of
from labreport.experiments.recording.watching import fingerprints, modules, networks
from labreport.experiments.recording.watching.events import Events, numbers

STEPS = 100_000
"""Calls of `train_on_batch` that are noted at most."""


def watch(events: Events, seed: int | None) -> None:
    """Watch Keras from the moment when the script imports it."""
    for name in ("keras", "tf_keras"):
        wrapt.register_post_import_hook(lambda keras: events.guarded(_wrap)(keras, events), name)


def _wrap(keras: Any, events: Events) -> None:
    watcher = _Watcher(keras, events)
    wrapt.wrap_function_wrapper(keras.Model, "fit", watcher.fit)
    wrapt.wrap_function_wrapper(keras.Model, "evaluate", watcher.evaluate)
    wrapt.wrap_function_wrapper(keras.Model, "train_on_batch", watcher.train_on_batch)


class _Watcher:
    def __init__(self, keras: Any, events: Events) -> None:
        self._keras = keras
        self._events = events
        self._fits = itertools.count(1)
        self._models: dict[int, tuple[Any, int]] = {}
        self._numbers = itertools.count(1)
        self._steps = 0
        self._fitted: set[int] = set()
        self._names: dict[int, list[str]] = {}
        self._nested = threading.local()

    def fit(self, wrapped: Any, model: Any, arguments: Any, named: Any) -> Any:
        """Stand for `Model.fit`."""
        if getattr(self._nested, "deep", False):
            return wrapped(*arguments, **named)
        number = next(self._fits)
        prepared = self._events.guarded(self._prepared)(wrapped, model, number, arguments, named)
        if prepared is not None:
            arguments, named = prepared
        begun = perf_counter()
        self._nested.deep = True
        try:
            answer = wrapped(*arguments, **named)
        except BaseException as error:
            self._events.write("raised", fit=number, type=kind_of(error), message=message_of(error))
            raise
        finally:
            self._nested.deep = False
        self._events.guarded(self._ended)(model, number, perf_counter() - begun, named)
        return answer

    def _prepared(self, wrapped: Any, model: Any, number: int, arguments: Any, named: Any) -> Any:
        """Note what the fit is given, and return its arguments with our callback after the others."""
        bound = inspect.signature(wrapped).bind(*arguments, **named)
        given = bound.arguments
        # What is imported now may be all that is ever known, where the process is killed.
        modules.note(self._events)
        x, y, fraction = given.get("x"), given.get("y"), given.get("validation_split") or 0.0
        held = given.get("validation_data")
        data, total, kept = [], fingerprints.samples(x), 0
        parts = [fingerprints.split(x, fraction), fingerprints.split(y, fraction)] if fraction else [None, None]
        if fraction and parts[0] is not None:
            for value, pieces, part in ((x, parts[0], "x"), (y, parts[1], "y")):
                data += fingerprints.described(value, part, "whole")
                if pieces is not None:
                    data += fingerprints.described(pieces[0], part, "train")
                    data += fingerprints.described(pieces[1], part, "validation")
            kept = fingerprints.samples(parts[0][1]) or 0
        else:
            data += fingerprints.described(x, "x", "train") + fingerprints.described(y, "y", "train")
        if held is not None:
            several = isinstance(held, (tuple, list))
            data += fingerprints.described(held[0] if several else held, "x", "validation")
            data += fingerprints.described(held[1], "y", "validation") if several and len(held) > 1 else []
        self._events.write(
            "fit",
            fit=number,
            model=self._number(model),
            epochs=given.get("epochs", 1),
            initial=given.get("initial_epoch", 0),
            batch=given.get("batch_size") or (32 if total is not None else None),
            samples=None if total is None else total - kept,
            validation_samples=self._held(held, kept, fraction),
            data=data,
            weighted=any(given.get(name) is not None for name in ("class_weight", "sample_weight")),
            **networks.rules(given.get("callbacks")),
        )
        callback = self._callback(model, number)
        callbacks = given.get("callbacks")
        if isinstance(callbacks, self._keras.callbacks.CallbackList):
            callbacks.append(callback)
        else:
            listed = list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks] if callbacks else []
            given["callbacks"] = [*listed, callback]
        self._fitted.add(self._number(model))
        return bound.args, bound.kwargs

    @staticmethod
    def _held(held: Any, kept: int, fraction: float) -> int | None:
        if held is None:
            return kept if kept or not fraction else None
        return fingerprints.samples(held[0] if isinstance(held, (tuple, list)) else held)

    def _callback(self, model: Any, number: int) -> Any:
        events = self._events

        unbuilt: list[bool] = []

        def begin(logs: Any = None) -> None:
            events.guarded(lambda: events.write("begin", fit=number, **networks.described(model)))()
            unbuilt[:] = [True] * (not model.weights)

        def end(epoch: int, logs: Mapping[str, Any] | None = None) -> None:
            if unbuilt:  # a subclass of the user has its weights from its first batch on
                unbuilt.clear()
                events.guarded(
                    lambda: events.write("begin", fit=number, **networks.described(model) | {"weights": None})
                )()
            events.guarded(lambda: events.write("epoch", fit=number, epoch=epoch + 1, logs=numbers(logs)))()

        return self._keras.callbacks.LambdaCallback(on_train_begin=begin, on_epoch_end=end)

    def _ended(self, model: Any, number: int, seconds: float, named: Any) -> None:
        stopping = networks.rules(named.get("callbacks")).get("stopping")
        self._events.write(
            "end", fit=number, seconds=seconds, stopped=bool(getattr(model, "stop_training", False)), stopping=stopping
        )

    def evaluate(self, wrapped: Any, model: Any, arguments: Any, named: Any) -> Any:
        """Stand for `Model.evaluate`."""
        if getattr(self._nested, "deep", False):
            return wrapped(*arguments, **named)
        logs: dict[str, float] = {}
        prepared = self._events.guarded(self._evaluating)(wrapped, arguments, named, logs)
        if prepared is None:
            return wrapped(*arguments, **named)
        arguments, named, data = prepared
        self._nested.deep = True
        try:
            answer = wrapped(*arguments, **named)
        finally:
            self._nested.deep = False
        self._events.guarded(self._evaluated)(model, data, logs)
        return answer

    def _evaluated(self, model: Any, data: Any, logs: dict[str, float]) -> None:
        number = self._number(model)
        # A network that was loaded from a file is known by its layers.
        network = {} if number in self._fitted else networks.described(model)
        self._events.write("evaluate", model=number, data=data, logs=logs, network=network)

    def _evaluating(self, wrapped: Any, arguments: Any, named: Any, logs: dict[str, float]) -> Any:
        bound = inspect.signature(wrapped).bind(*arguments, **named)
        given = bound.arguments
        # Keras 3 names the metrics of an evaluation in the logs of its callbacks alone.
        keep = self._keras.callbacks.LambdaCallback()

        def tested(found: Any = None) -> None:
            logs.update(numbers(found))

        keep.on_test_end = self._events.guarded(tested)
        callbacks = given.get("callbacks")
        if isinstance(callbacks, self._keras.callbacks.CallbackList):
            callbacks.append(keep)
        else:
            listed = list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks] if callbacks else []
            given["callbacks"] = [*listed, keep]
        data = fingerprints.described(given.get("x"), "x", "test") + fingerprints.described(given.get("y"), "y", "test")
        return bound.args, bound.kwargs, data

    def train_on_batch(self, wrapped: Any, model: Any, arguments: Any, named: Any) -> Any:
        """Stand for `Model.train_on_batch`."""
        answer = wrapped(*arguments, **named)
        if not getattr(self._nested, "deep", False) and self._steps < STEPS:
            self._events.guarded(self._step)(model, answer)
        return answer

    def _step(self, model: Any, answer: Any) -> None:
        self._steps += 1
        number = self._number(model)
        if not isinstance(answer, Mapping):
            values = list(answer) if isinstance(answer, (list, tuple)) else [answer]
            self._fitted.add(number)
            if number not in self._names:
                self._names[number] = networks.names_in_order(model)
                self._events.write("network", model=number, **networks.described(model))
            answer = dict(zip(self._names[number], values, strict=False))
        self._events.write("step", model=number, logs=numbers(answer))

    def _number(self, model: Any) -> int:
        """Return the number of a model: the same object has the same; another at its place in memory has its own."""
        known = self._models.get(id(model))
        if known is not None and known[0]() is model:
            return known[1]
        number = next(self._numbers)
        self._models[id(model)] = (weakref.ref(model), number)
        return number
