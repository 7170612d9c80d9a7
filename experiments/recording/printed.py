"""Epochs read from what a program prints, in any language: by the user's template, or where the lines leave no doubt.

A template is a line with fields, such as `epoch {epoch:d} loss {loss:f} val_loss {val_loss:f}` (package `parse`); how
many blanks stand between the words does not matter. Without one, lines are taken for epochs only if each names its
epoch by that word, they count up by one, and every line has the same names with one number each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from labreport.experiments.errors import LabError
from labreport.experiments.recording.directions import is_metric

_EPOCH = re.compile(
    r"(?i)\b(?:epochs?|epoche|época|époque)\b\W{0,3}?\s*(\d+)(?:\s*(?:/|of)\s*(\d+))?|第\s*(\d+)\s*(?:轮|輪|个?epoch)"
)
_VALUE = re.compile(
    r"([^\W\d][\w./%-]*(?:[ ][^\W\d][\w./-]*){0,2}?)\s*[=:]?\s*"
    r"(?<![\w.])([-+]?(?:\d+\.\d+|\d+\.|\.\d+|\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf)(?!\w))"
)
_FIELD = re.compile(r"\{(\w+)(?::([^}]*))?\}")
_MOST_ROWS = 1_000_000


class TemplateError(LabError):
    """The template of `--as` can't be used."""


@dataclass(frozen=True, kw_only=True)
class PrintedEpochs:
    """Epochs found in printed lines."""

    runs: tuple[tuple[tuple[int, dict[str, float]], ...], ...]
    """Each training: its rows of epoch (from 1) and values. A new one begins where the count starts again."""
    template: str
    """The template that reads these lines."""
    planned: int | None = None


def by_template(text: str, template: str) -> PrintedEpochs | None:
    """Return the epochs that a template finds; None where it fits no line.

    Raises:
        TemplateError: it has no field `epoch` and no other, or can't be understood.
    """
    import parse

    names = [name for name, _ in _FIELD.findall(template)]
    if "epoch" not in names or len(set(names)) < 2:
        raise TemplateError(
            "--as needs the field {epoch:d} and at least one value, such as "
            "'epoch {epoch:d} loss {loss:f} val_loss {val_loss:f}'."
        )
    general = _FIELD.sub(lambda field: _general(field.group(1), field.group(2)), _squeezed(template))
    try:
        pattern = parse.compile(general)
    except Exception as error:
        raise TemplateError(f"--as can't be understood: {error}.") from error
    rows: list[tuple[int, dict[str, float]]] = []
    for line in text.splitlines():
        found = pattern.search(_squeezed(line))
        if found is None:
            continue
        try:
            values = {name: float(value) for name, value in found.named.items() if name != "epoch"}
            rows.append((int(found.named["epoch"]), values))
        except (TypeError, ValueError):
            continue
        if len(rows) >= _MOST_ROWS:
            break
    return PrintedEpochs(runs=_runs(rows), template=template) if rows else None


def recognised(text: str) -> PrintedEpochs | None:
    """Return the epochs in printed lines where there is no doubt about them; None otherwise."""
    rows: list[tuple[int, dict[str, float]]] = []
    template, planned, names = "", None, None
    for line in text.splitlines():
        counted = _EPOCH.search(line)
        if counted is None:
            continue
        values, written = _values(line, counted)
        if not values:
            continue
        if names is None:
            names, template = list(values), written
            planned = int(counted.group(2)) if counted.group(2) else None
        elif list(values) != names:
            return None
        rows.append((int(counted.group(1) or counted.group(3)), values))
    runs = _runs(rows)
    steady = all(
        [number for number, _ in run] == list(range(run[0][0], run[0][0] + len(run))) and run[0][0] == 1 for run in runs
    )
    if len(rows) < 2 or not steady or not any(is_metric(name) for name in names or ()):
        return None
    return PrintedEpochs(runs=runs, template=template, planned=planned)


def _values(line: str, counted: re.Match[str]) -> tuple[dict[str, float], str]:
    """Return the values of a line by name, and the template that reads it."""
    found: dict[str, float] = {}
    start, end = counted.span(1) if counted.group(1) else counted.span(3)
    pieces = [line[:start], "{epoch:d}"]
    place = end
    for value in _VALUE.finditer(line, counted.end()):
        name = re.sub(r"\W+", "_", value.group(1).strip().strip("-")).strip("_")
        if not name or name in found:
            continue
        found[name] = float(value.group(2))
        pieces += [line[place : value.start(2)], f"{{{name}:f}}"]
        place = value.end(2)
    return found, _squeezed("".join([*pieces, line[place:]]))


def _runs(rows: list[tuple[int, dict[str, float]]]) -> tuple[tuple[tuple[int, dict[str, float]], ...], ...]:
    runs: list[list[tuple[int, dict[str, float]]]] = []
    for number, values in rows:
        if not runs or number <= runs[-1][-1][0]:
            runs.append([])
        runs[-1].append((number, values))
    # A program that counts from 0 has its first epoch there.
    return tuple(tuple((number + (run[0][0] == 0), values) for number, values in run) for run in runs)


def _general(name: str, form: str | None) -> str:
    """Read floats in any notation, also nan: `f` alone knows neither 1e-05 nor nan."""
    return f"{{{name}:{'d' if name == 'epoch' else 'g' if form in (None, '', 'f', 'e', 'g', 'd') else form}}}"


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text.strip())
