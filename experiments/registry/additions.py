"""What a lab brings along for its own report: its claims, figures and tables, for its own notes alone.

They are looked for in the lab's file and in `claims.py`, `figures.py` and `tables.py` beside it. A file is executed
only where it imports labreport and decorates a function, which its syntax shows: a lab that loads Keras as it is
imported keeps its figures in a file of their own, and its report is rendered without Keras.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from labreport.experiments import registry
from labreport.experiments.definitions import (
    CLAIMS,
    FIGURES,
    TABLES,
    ClaimDefinition,
    Definition,
    FigureDefinition,
    TableDefinition,
)
from labreport.experiments.errors import LabError
from labreport.experiments.plugins import Registry
from labreport.experiments.system import reading

BESIDE = ("claims.py", "figures.py", "tables.py")
"""Files beside that of a lab in which it may define things."""
DECORATORS = ("claim", "figure", "table")


@dataclass(frozen=True, kw_only=True)
class Additions:
    """What one lab defines, by name."""

    claims: Mapping[str, ClaimDefinition] = field(default_factory=dict)
    figures: Mapping[str, FigureDefinition] = field(default_factory=dict)
    tables: Mapping[str, TableDefinition] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    """Where they are defined."""
    problem: str = ""
    """Why they can't be had, such as a lab whose source is gone; then all tables above are empty."""


NOTHING = Additions()
"""Of a lab that defines nothing."""


def files(name: str, path: Path | None = None) -> tuple[Path, ...]:
    """Return the files in which a lab defines claims, figures or tables, importing nothing.

    Args:
        name: of the lab.
        path: its file, for a lab that the configuration names.

    Raises:
        LabError: the lab's source is not there.
    """
    source = registry.source_file(name, path)
    return tuple(file for file in (source, *(source.with_name(other) for other in BESIDE)) if _defines(file))


def of(name: str, path: Path | None = None) -> Additions:
    """Return what a lab defines; `problem` says so where its source is gone or can't be used. Arguments as `files`."""
    try:
        found = files(name, path)
        return _collected(name, path, found) if found else NOTHING
    except LabError as error:
        return Additions(problem=str(error))


def title(name: str, path: Path | None = None) -> str:
    """Return the title that a lab's source gives it, importing nothing; arguments as `files`.

    On one line; its name, where the source is gone or does not spell the title out.
    """
    try:
        return _title(reading.content(registry.source_file(name, path))) or name
    except (LabError, OSError, SyntaxError, ValueError):
        return name


@lru_cache(maxsize=128)
def _title(source: bytes) -> str:
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            targets = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else node.targets[:1]
            for target, value in zip(targets, values, strict=False):
                if isinstance(target, ast.Name) and target.id == "TITLE" and isinstance(value, ast.Constant):
                    return " ".join(value.value.split()) if isinstance(value.value, str) else ""
    return ""


def _collected(name: str, path: Path | None, found: tuple[Path, ...]) -> Additions:
    kinds: dict[type, tuple[Registry[Any], dict[str, Any]]] = {
        ClaimDefinition: (CLAIMS, {}),
        FigureDefinition: (FIGURES, {}),
        TableDefinition: (TABLES, {}),
    }
    owners: dict[tuple[str, str], str] = {}
    for file in found:
        module = registry.load_module(name, path, file)
        for definition in vars(module).values():
            # What a file only imports is another's.
            if not isinstance(definition, Definition) or definition.function.__module__ != module.__name__:
                continue
            shipped, own = kinds[type(definition)]
            taken = owners.get((shipped.kind, definition.name))
            if definition.name in shipped:
                owner = shipped.point(definition.name).dist
                taken = owner.name if owner else "another distribution"
            if taken:
                raise LabError(
                    f"The {shipped.kind} {definition.name!r} of {name} ({file.name}) has the name of one of {taken}; "
                    "choose another."
                )
            owners[shipped.kind, definition.name] = file.name
            own[definition.name] = definition
    claims, figures, tables = (own for _, own in kinds.values())
    return Additions(claims=claims, figures=figures, tables=tables, files=found)


def _defines(file: Path) -> bool:
    """Return whether a file imports labreport and decorates a function with one of its decorators."""
    try:
        return _decorates(reading.content(file))
    except (OSError, SyntaxError, ValueError):
        return False


@lru_cache(maxsize=128)
def _decorates(source: bytes) -> bool:
    """Return what `_defines` returns of the source of a file; a report asks for that of each lab again and again."""
    nodes = list(ast.walk(ast.parse(source)))
    return any(map(_imports_us, nodes)) and any(
        _name(decorator) in DECORATORS
        for node in nodes
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
    )


def _imports_us(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name.partition(".")[0] == "labreport" for alias in node.names)
    return isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "labreport"


def _name(decorator: ast.expr) -> str:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""
