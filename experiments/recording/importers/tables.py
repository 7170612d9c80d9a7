"""Tables of text, read row by row in little memory: Lightning's metrics.csv, W&B's CSV export.

Of a table too long to keep, every second, fourth, … row is kept, and of each column its least and greatest value.
"""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Iterator
from pathlib import Path

from labreport.experiments.recording.importers.log import (
    Importer,
    Log,
    checked,
    counted,
    fault,
    head,
    number,
    reading_on,
    seed_in,
    yaml_settings,
)
from labreport.experiments.recording.series import KeyColumn

MISSING = ("", "NA", "N/A", "None", "null")
"""What stands where a row has no value; Keras writes NA."""

_ON = 4096
"""Rows after which those who wait learn how much is read."""
MOST_VALUES = 2_000_000
LEAST_ROWS = 10_000


class Kept:
    """One column of a long table: its rows in arrays, thinned when there are too many."""

    def __init__(self, most: int) -> None:
        """Begin an empty column that keeps up to that number of values."""
        self.values = array("d")
        self.at = array("q")
        self._most = self._whole = most
        self.every = 1
        """One of this number of rows is kept."""
        self._seen = 0
        self._least = (math.inf, 0)
        self._greatest = (-math.inf, 0)
        self._last = (0, math.nan)

    def add(self, position: int, value: float) -> None:
        """Put a value after the others; at a position that is there already it replaces what stood from there on."""
        if self.at and position <= self._last[0]:
            self._back_to(position)
        self._last = (position, value)
        if value < self._least[0]:
            self._least = (value, position)
        if value > self._greatest[0]:
            self._greatest = (value, position)
        if self._seen % self.every == 0:
            self.values.append(value)
            self.at.append(position)
            if len(self.at) > self._most:
                self._thin()
        self._seen += 1

    def _thin(self) -> None:
        """Keep a part of what is too much: a record is copied several times until it is written."""
        self._most = min(self._most, self._whole // 8)
        while len(self.at) > self._most // 2:
            del self.values[1::2], self.at[1::2]
            self.every *= 2

    def _back_to(self, position: int) -> None:
        while self.at and self.at[-1] >= position:
            self.at.pop()
            self.values.pop()
        pairs = list(zip(self.values, self.at, strict=True))
        self._least = min((pair for pair in pairs if pair[0] == pair[0]), default=(math.inf, 0))
        self._greatest = max((pair for pair in pairs if pair[0] == pair[0]), default=(-math.inf, 0))

    def column(self) -> KeyColumn:
        """Return what was kept, with the least, the greatest and the last value."""
        if self.every == 1:
            return KeyColumn(values=self.values.tolist(), at=self.at.tolist())
        pairs = dict(zip(self.at, self.values, strict=True))
        for value, position in (self._least, self._greatest):
            if math.isfinite(value):
                pairs[position] = value
        pairs[self._last[0]] = self._last[1]
        ordered = sorted(pairs.items())
        return KeyColumn(values=[value for _, value in ordered], at=[position for position, _ in ordered])


def header_of(path: Path) -> tuple[list[str], str]:
    """Return the names of the columns and what separates them; no names where the file is not such a table.

    Blanks around a name fall away. A name may be empty, as that of the index which pandas writes.
    """
    lines = head(path).split(b"\n")
    try:
        line = lines[0].decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return [], ","
    separator = max(",;\t", key=line.count)
    if len(lines) < 2 and not line.count(separator):
        return [], separator
    try:
        return [name.strip() for name in next(csv.reader([line], delimiter=separator), [])], separator
    except csv.Error:
        return [], separator


def rows_of(path: Path, names: list[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Return the rows below the head, each with its line.

    Raises:
        LogError: a row has more or fewer cells than the head, or is not text.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=separator)
            next(reader)
            for row in reader:
                if reader.line_num % _ON == 0:
                    reading_on(path, file.fileno())
                if not row:
                    continue
                if len(row) != len(names):
                    fewer = "the row is cut off" if len(row) < len(names) else "the row has too many cells"
                    raise fault(path, f"{fewer}: {len(row)} of {len(names)} cells", reader.line_num)
                yield reader.line_num, row
            reading_on(path, file.fileno())
    except UnicodeDecodeError as error:
        raise fault(path, "is not text in UTF-8") from error
    except csv.Error as error:
        raise fault(path, str(error)) from error
    except OSError as error:
        raise fault(path, error.strerror or str(error)) from error


def _metrics_csv(path: Path) -> Path:
    return path / "metrics.csv" if path.is_dir() else path


def _is_lightning(path: Path) -> bool:
    names, _ = header_of(_metrics_csv(path)) if _metrics_csv(path).is_file() else ([], "")
    return {"epoch", "step"} <= set(names) and len(names) > 2


def read_lightning(path: Path) -> Log:
    """Read Lightning's metrics.csv: an epoch stands on several rows; values of single steps are left out."""
    table = _metrics_csv(path)
    names, separator = header_of(table)
    if "epoch" not in names:
        raise fault(table, "is not a metrics.csv: it has no column epoch", 1)
    place = names.index("epoch")
    columns: dict[str, KeyColumn] = {}
    for line, row in rows_of(table, names, separator):
        if row[place] in MISSING:
            continue
        epoch = counted(row[place], table, "column epoch", line) + 1
        for name, text in zip(names, row, strict=True):
            if name not in ("epoch", "step") and text not in MISSING and not name.endswith("_step"):
                columns.setdefault(name, KeyColumn()).add(epoch, number(text, table, f"column {name}", line))
    settings = yaml_settings(table.with_name("hparams.yaml"))
    return checked(Log(columns=columns, settings=settings, seed=seed_in(settings), files=[table]), table)


def exported(names: list[str]) -> bool:
    """Return whether columns are called as in an export of W&B."""
    return len(names) > 1 and any(" - " in name for name in names[1:])


def _is_wandb(path: Path) -> bool:
    names, _ = header_of(path) if path.is_file() else ([], "")
    return exported(names)


def read_wandb(path: Path) -> Log:
    """Read a CSV export of W&B: columns `RUN - metric`, counted by steps or by the first column."""
    names, separator = header_of(path)
    runs = dict.fromkeys(name.split(" - ", 1)[0] for name in names[1:] if " - " in name)
    if not runs:
        raise fault(path, "is not an export of W&B: no column is called RUN - METRIC", 1)
    if len(runs) > 1:
        raise fault(path, f"holds several runs: {', '.join(list(runs)[:8])}; export one at a time", 1)
    epochs = names[0].lower() == "epoch"
    columns: dict[str, KeyColumn] = {}
    first: int | None = None
    for line, row in rows_of(path, names, separator):
        position = counted(row[0], path, f"column {names[0]}", line)
        first = position if first is None else first
        for name, text in zip(names[1:], row[1:], strict=True):
            if " - " in name and not name.endswith(("__MIN", "__MAX")) and text not in MISSING:
                key = name.split(" - ", 1)[1]
                value = number(text, path, f"column {name}", line)
                columns.setdefault(key, KeyColumn()).add(position + (first == 0), value)
    return checked(Log(columns=columns, axis="epoch" if epochs else "step", files=[path]), path)


lightning = Importer(name="lightning", title="Lightning metrics.csv", recognises=_is_lightning, read=read_lightning)
wandb = Importer(name="wandb", title="W&B CSV export", recognises=_is_wandb, read=read_wandb)
