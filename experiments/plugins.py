"""What can be added from outside, each kind of it one registry: labs, figures, tables, claims, formats, themes, ….

An entry is found by an entry point of its group, and what is shipped here goes through the same door: the entry points
of this very distribution, in `pyproject.toml`. Nothing is imported before it is asked for by name. A name that is
shipped here can't be taken by another distribution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import Generic, TypeVar

from labreport.experiments.errors import message_of, unknown_name

DISTRIBUTION = "labreport"

Registered = TypeVar("Registered")


class PluginError(Exception):
    """An entry is unknown or can't be imported; the message names it, what is known, and who offers it."""


class Registry(Generic[Registered]):
    """All entries of one kind by name, imported when they are asked for.

    Args:
        kind: what an entry is, as an error should call it, such as "figure".
        group: the group of entry points, such as "labreport.figures".
        order: names that come first, in this order; the others follow by name, those shipped here before others.
    """

    def __init__(self, kind: str, group: str, *, order: Sequence[str] = ()) -> None:
        self.kind = kind
        self.group = group
        self._order = tuple(order)
        self._found: Mapping[str, EntryPoint] = {}
        self._loaded: dict[str, Registered] = {}
        """What was imported of what is offered in `_found`."""

    def names(self) -> tuple[str, ...]:
        """Return the names of all entries in their order."""
        found = _offered(self.group)
        first = [name for name in self._order if name in found]
        return (*first, *(name for name in found if name not in first))

    def __contains__(self, name: str) -> bool:
        return name in _offered(self.group)

    def point(self, name: str) -> EntryPoint:
        """Return where an entry is to be found, without importing it.

        Raises:
            PluginError: no entry has this name; the message lists the known ones and the nearest.
        """
        found = _offered(self.group)
        if name not in found:
            raise PluginError(self.unknown(name))
        return found[name]

    def unknown(self, name: str, known: Sequence[str] = ()) -> str:
        """Return the sentence that refuses a name: what is known, `known` included, and the nearest."""
        return unknown_name(self.kind, name, (*self.names(), *known))

    def get(self, name: str) -> Registered:
        """Return an entry.

        Raises:
            PluginError: no entry has this name, or importing it fails; the message names the distribution.
        """
        if (found := _offered(self.group)) is not self._found:  # what is installed was looked up again
            self._found, self._loaded = found, {}
        if name not in self._loaded:
            point = self.point(name)
            try:
                self._loaded[name] = point.load()
            except Exception as error:
                owner = point.dist.name if point.dist else "an unknown distribution"
                raise PluginError(
                    f"The {self.kind} {name!r} of {owner} can't be imported from {point.value}: "
                    f"{type(error).__name__}: {message_of(error)}"
                ) from error
        return self._loaded[name]

    def find(self, name: str, own: Mapping[str, Registered] | None = None) -> tuple[Registered, *tuple[str, ...]]:
        """Return the entry that a name asks for, and of a family what follows the beginning of its names.

        Args:
            name: that of an entry, or of a member of a family: `network-selection` asks `network-ROLE` for `selection`.
            own: further entries by name, of one lab.

        Raises:
            PluginError: nothing has this name, or importing it fails.
        """
        further = own or {}
        found = self._asked(name, further)
        if found is None:
            raise PluginError(self.unknown(name, tuple(further)))
        entry = further[found] if found in further else self.get(found)
        return (entry,) if found == name else (entry, name.removeprefix(family(found)))

    def knows(self, name: str, own: Mapping[str, Registered] | None = None) -> bool:
        """Return whether `find` would find something, without importing it. Arguments as there."""
        return self._asked(name, own or {}) is not None

    def _asked(self, name: str, further: Mapping[str, Registered]) -> str | None:
        known = (*self.names(), *further)
        families = (other for other in known if (head := family(other)) and name.startswith(head) and name != head)
        return name if name in known else next(families, None)


def family(name: str) -> str:
    """Return how the names of a family begin: `network-` for `network-ROLE`; empty for the name of a single entry."""
    head, dash, last = name.rpartition("-")
    return head + dash if last.isupper() else ""


@cache
def foreign() -> tuple[str, ...]:
    """Return everything that other distributions add, each as its group, name, distribution and version."""
    return tuple(
        f"{group}:{point.name} {_owner(point)} {point.dist.version if point.dist else ''}"
        for group in sorted(name for name in entry_points().groups if name.startswith(f"{DISTRIBUTION}."))
        for point in _offered(group).values()
        if not _is_shipped(point)
    )


def forget() -> None:
    """Search for entry points again next time: distributions were added or removed meanwhile."""
    _offered.cache_clear()
    foreign.cache_clear()


@cache
def _offered(group: str) -> dict[str, EntryPoint]:
    """Entry points by name, those shipped here before others.

    Of two with one name, the one shipped here counts, else the first by distribution.
    """
    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=group), key=lambda point: (not _is_shipped(point), _owner(point))):
        found.setdefault(point.name, point)
    return dict(sorted(found.items(), key=lambda item: (not _is_shipped(item[1]), item[0])))


def _is_shipped(point: EntryPoint) -> bool:
    return _owner(point) == DISTRIBUTION


def _owner(point: EntryPoint) -> str:
    return _name(point.dist) if point.dist else ""


@cache
def _name(distribution: Distribution) -> str:
    """Its name; to ask for it parses all its metadata, and one distribution offers dozens of entries."""
    return distribution.name
