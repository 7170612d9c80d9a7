"""Figures that the tests draw once in a process, although chapters of the same runs are made again and again.

Drawing is two thirds of making a chapter. What is drawn depends on the figure, the run and the words alone, which the
tests of the figures show; they draw by themselves, each time. Where a test has replaced a part of the program, all is
drawn again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from types import ModuleType
from typing import Any

import msgspec
import pytest

from labreport.experiments.definitions import FigureDefinition
from labreport.experiments.result import Result
from labreport.report import languages
from labreport.report.figures import registry
from labreport.report.figures.drawing import Drawing
from labreport.report.words import JoinedWords, Words

MOST = 1000
_drawn: dict[object, Drawing] = {}


class Watched(pytest.MonkeyPatch):
    """What `monkeypatch` is in the tests, and knows whether a part of the program was replaced."""

    here: Watched | None = None
    """That of the test which runs."""

    def __init__(self) -> None:
        super().__init__()
        self.replaced = False

    def setattr(self, target: Any, *arguments: Any, **options: Any) -> None:
        """Replace an attribute."""
        self.replaced |= not isinstance(target, ModuleType) or target.__name__.startswith("labreport")
        super().setattr(target, *arguments, **options)


def draw_once(patch: pytest.MonkeyPatch) -> None:
    """Let what makes chapters draw each figure once."""
    draw, strip = registry.draw, registry.strip

    def draws(name: str, result: Result, words: Words, own: Mapping[str, FigureDefinition] | None = None) -> Drawing:
        if own:
            return draw(name, result, words, own)
        return _once(name, result, words, lambda: draw(name, result, words))

    patch.setattr(registry, "draw", draws)
    patch.setattr(registry, "strip", lambda result, words: _once("", result, words, lambda: strip(result, words)))


def _once(name: str, result: Result, words: Words, make: Callable[[], Drawing]) -> Drawing:
    if Watched.here is not None and Watched.here.replaced:
        return make()
    names = words.names if isinstance(words, JoinedWords) else (words.language,)
    said = tuple((one, languages.fingerprint(one, ("words",))) for one in names)
    key = (name, _content(_Same(result)), type(words), said)
    if key not in _drawn:
        if len(_drawn) >= MOST:
            _drawn.clear()
        _drawn[key] = make()
    return _drawn[key]


class _Same:
    """A result by its identity, so that what was looked up for it is found without looking at all of it."""

    def __init__(self, result: Result) -> None:
        self.result = result

    def __hash__(self) -> int:
        return id(self.result)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.result is self.result


@lru_cache(maxsize=16)
def _content(same: _Same) -> bytes:
    return sha256(msgspec.msgpack.encode(same.result)).digest()
