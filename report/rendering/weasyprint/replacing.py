"""How it is known that a function of WeasyPrint is replaced already, and by what it was replaced."""

from __future__ import annotations

from typing import Any, TypeVar

Replacement = TypeVar("Replacement")
_MARK = "replaces"


def marked(replacement: Replacement, usual: Any) -> Replacement:
    """Return a function, marked as the one that takes the place of another, which may itself be such a one."""
    vars(replacement)[_MARK] = original(usual)
    return replacement


def is_replaced(function: Any) -> bool:
    """Return whether a function takes the place of WeasyPrint's own."""
    return hasattr(function, _MARK)


def original(function: Any) -> Any:
    """Return WeasyPrint's own function."""
    return getattr(function, _MARK, function)
