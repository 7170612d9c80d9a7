"""The order of the labs, the same on every page and in every list: that of the book, then user-supplied ones."""

from __future__ import annotations

from collections.abc import Iterable

from labreport.experiments import registry


def in_order(labs: Iterable[str], own: Iterable[str] = ()) -> tuple[str, ...]:
    """Return some labs, each once, in the order in which they are shown.

    Args:
        labs: their names, in any order.
        own: names of user-supplied labs, in the order of the configuration.
    """
    known = (*registry.names(), *own)
    return tuple(sorted(set(labs), key=lambda lab: (known.index(lab) if lab in known else len(known), lab)))
