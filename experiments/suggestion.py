"""The message for a name that is not known: it lists the known ones and points at the nearest."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 60
"""Characters of a wrong name that are shown."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    """Return one line such as "Unknown lab 'minst'. Did you mean 'mnist'? Known: imdb, mnist."

    Args:
        kind: what the name should have named, e.g. "lab" or "setting of mnist".
        name: the name as it was given.
        known: every name that would have been accepted, in the order in which to show them.
    """
    names = list(known)
    nearest = get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    guess = f" Did you mean {nearest[0]!r}?" if nearest else ""
    name = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
    return f"Unknown {kind} {name!r}.{guess} Known: {', '.join(names) or 'none'}."
