"""Counts the rooms of the house and the arrows between them, from the import statements alone.

    python tests/rooms.py

A room is what stands directly in `report/` or `experiments/`: a folder, or a module of its own. An arrow is a module
that imports something of another room. `tests/test_architecture.py` asks whether a room can be reached from itself.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOUSES = ("report", "experiments")
NAME = "labreport"


@dataclass(frozen=True)
class House:
    """What was counted in one of the two folders."""

    rooms: frozenset[str]
    arrows: frozenset[tuple[str, str]]
    """Pairs of rooms, the importing one first."""
    imports: int
    """Imports of a module from another room."""
    lines: int

    def circles(self) -> set[str]:
        """Return the rooms that can be reached from themselves."""
        return {room for room in self.rooms if room in self._reached(room)}

    def floors(self) -> int:
        """Return how many floors the rooms need, so that every arrow leads down; only where there is no circle."""
        depth: dict[str, int] = {}

        def of(room: str) -> int:
            if room not in depth:
                depth[room] = 1 + max((of(below) for above, below in self.arrows if above == room), default=0)
            return depth[room]

        return max(of(room) for room in self.rooms)

    def _reached(self, start: str) -> set[str]:
        found: set[str] = set()
        waiting = [start]
        while waiting:
            room = waiting.pop()
            for above, below in self.arrows:
                if above == room and below not in found:
                    found.add(below)
                    waiting.append(below)
        return found


@cache
def house(folder: str, root: Path = ROOT) -> House:
    """Count one of the houses.

    Args:
        folder: `report` or `experiments`.
        root: the checkout.
    """
    used: dict[tuple[str, str], int] = defaultdict(int)
    rooms: set[str] = set()
    lines = 0
    for path in sorted((root / folder).rglob("*.py")):
        text = path.read_text("utf-8")
        lines += len(text.splitlines())
        room = _room(path.relative_to(root / folder).with_suffix("").parts)
        if room is None:
            continue
        rooms.add(room)
        for parts in _imported(ast.parse(text), root):
            other = _room(parts[2:]) if parts[:2] == (NAME, folder) else None
            if other is not None and other != room:
                used[room, other] += 1
    return House(rooms=frozenset(rooms), arrows=frozenset(used), imports=sum(used.values()), lines=lines)


def _room(parts: tuple[str, ...]) -> str | None:
    return parts[0] if parts and parts[0] != "__init__" else None


def _imported(tree: ast.Module, root: Path) -> Iterator[tuple[str, ...]]:
    """Return the modules that a module imports, in their parts; also those inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(name.name.split(".")) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            parts = tuple(node.module.split("."))
            if parts == (NAME, *HOUSES[:1]) or parts == (NAME, *HOUSES[1:]):
                yield from ((*parts, name.name) for name in node.names)
            else:
                yield parts


def main() -> None:
    """Print the counts of both houses."""
    for folder in HOUSES:
        found = house(folder)
        print(
            f"{folder}: {len(found.rooms)} rooms, {len(found.arrows)} arrows between rooms, {found.imports} imports "
            f"across rooms, {found.floors() if not found.circles() else '-'} floors, "
            f"circles: {', '.join(sorted(found.circles())) or 'none'}, {found.lines} lines"
        )


if __name__ == "__main__":
    main()
