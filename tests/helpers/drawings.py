"""Drawings of the runs of tests, made once in a process: most of the time of a chapter goes into its figures.

A test of the words around a figure, or of the page on which it stands, loses nothing if another one has drawn it. Tests
of figures, and those that replace something of what draws, draw for themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from labreport.experiments.result import Result
from labreport.report.figures import registry
from labreport.report.words import JoinedWords, Words

_drawn: dict[tuple[object, ...], Any] = {}
_hashes: dict[int, tuple[Result, str]] = {}


def _hash(result: Result) -> str:
    """Return the hash of a run, which is the same object for all figures of its chapter."""
    known = _hashes.get(id(result))
    if known is None or known[0] is not result:
        known = _hashes[id(result)] = result, sha256(msgspec.msgpack.encode(result)).hexdigest()
    return known[1]


def _remembering(draw: Callable[..., Any], kind: str) -> Callable[..., Any]:
    """Return a function that draws once what no lab defines for itself."""

    def drawn(*given: Any) -> Any:
        names, result, words, own = given[:-2], given[-2], given[-1], None
        if not isinstance(words, Words):
            names, result, words, own = given[:-3], *given[-3:]
        if own or type(words) not in (Words, JoinedWords):
            return draw(*given)
        spoken = words.names if isinstance(words, JoinedWords) else (words.language,)
        key = (kind, *names, _hash(result), spoken)
        if key not in _drawn:
            _drawn[key] = draw(*given)
        return _drawn[key]

    return drawn


draw = _remembering(registry.draw, "draw")
"""`registry.draw` for those who only look at what is drawn."""
strip = _remembering(registry.strip, "strip")


@contextmanager
def drawn_once() -> Iterator[None]:
    """Draw each figure of a run once in this process; one that can't be drawn is tried again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "draw", draw)
        patch.setattr(registry, "strip", strip)
        yield
