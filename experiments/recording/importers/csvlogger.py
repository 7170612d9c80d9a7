"""Tables with a row for each epoch: Keras' CSVLogger, a DataFrame of pandas, and what a script writes by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from labreport.experiments.recording.directions import direction_of, is_metric
from labreport.experiments.recording.importers.log import Importer, Log, checked, counted, fault, number
from labreport.experiments.recording.importers.tables import (
    LEAST_ROWS,
    MISSING,
    MOST_VALUES,
    Kept,
    exported,
    header_of,
    rows_of,
)


@dataclass(frozen=True, kw_only=True)
class _Head:
    """What the columns of a table are."""

    names: list[str]
    separator: str
    counter: int | None
    """Place of the column that counts epochs; None: each row is one."""
    words: list[str]
    """Columns that hold words beside the measures, such as the time of day."""

    @property
    def keys(self) -> list[tuple[int, str]]:
        """The columns of numbers, each with its place."""
        return [
            (place, name)
            for place, name in enumerate(self.names)
            if name and place != self.counter and name not in self.words
        ]


_MOST_BACK, _EACH = 1_000_000, 1_000
"""Epochs that may be trained once more, all together, and what each return counts: the rows are looked through."""


@dataclass(kw_only=True)
class EpochCount:
    """The epochs of the rows so far, counted from 1 over all phases."""

    path: Path
    first: int | None = None
    last: int = 0
    starts: list[int] = field(default_factory=list)
    """Epochs after which the count began again."""
    repeated: set[int] = field(default_factory=set)
    _offset: int = 0
    _back: int = 0
    """How far the count has gone back, all together, and a little for each time."""

    def next(self, epoch: int) -> int:
        """Return the epoch of a row that is counted so by its table, which may begin with 0 or 1.

        Raises:
            LogError: the count goes back so often, or so far, that it is none.
        """
        self.first = epoch if self.first is None else self.first
        # A table whose first row is 1 counts from 1, any other from 0.
        position = epoch + (self.first != 1)
        if self.last and position + self._offset <= self.last:
            if epoch == self.first:
                self.starts.append(self.last)
                self._offset = self.last - position + 1
            else:
                self._back += self.last + 1 - position - self._offset + _EACH
                if self._back > _MOST_BACK:
                    raise fault(self.path, f"the count of epochs goes back too often or too far, to {epoch} at last")
                self.repeated |= set(range(position + self._offset, self.last + 1))
        self.last = position + self._offset
        return self.last


def _is_csvlogger(path: Path) -> bool:
    names, _ = header_of(path) if path.is_file() else ([], "")
    if "step" in names or len(names) < 2 or exported(names) or names[0][:1] in ("{", "["):
        return False
    return _counter(names) is not None or all(direction_of(name) or (name and not is_metric(name)) for name in names)


def _counter(names: list[str]) -> int | None:
    """Return the place of the column that counts epochs: called so, or the index of a table that pandas wrote."""
    place = next((place for place, name in enumerate(names) if name.lower() in ("epoch", "epochs")), None)
    if place is None and names[:1] == [""] and any(direction_of(name) for name in names[1:]):
        return 0
    return place


def read_csvlogger(path: Path) -> Log:
    """Read a table with a row for each epoch, also one that was resumed.

    Where the count starts again from its first number, the training goes on in a further phase; where it goes back by
    some epochs it was resumed from a checkpoint, and the later rows count.
    """
    head = _head(path)
    kept = [Kept(max(LEAST_ROWS, MOST_VALUES // len(head.keys))) for _ in head.keys]
    count = EpochCount(path=path)
    for rows, (line, row) in enumerate(rows_of(path, head.names, head.separator), start=1):
        epoch = rows if head.counter is None else _epoch(row[head.counter], path, line)
        if count.first is not None and epoch < count.first:
            raise fault(path, f"the rows are not in the order of epochs: {epoch} comes after {count.first}", line)
        position = count.next(epoch)
        for (cell, name), column in zip(head.keys, kept, strict=True):
            text = row[cell]
            try:
                value = float(text)
            except ValueError:
                if text.strip() in MISSING:
                    continue
                value = number(text, path, f"column {name}", line)
            column.add(position, value)
    log = Log(columns={name: column.column() for (_, name), column in zip(head.keys, kept, strict=True)}, files=[path])
    if count.starts:
        log.phases = tuple(after - before for before, after in pairwise([0, *count.starts, count.last]))
    log.repeated = tuple(sorted(count.repeated))
    log.remarks = _remarks(head, kept, count)
    return checked(log, path)


def _head(path: Path) -> _Head:
    """Return what the columns of a table are.

    Raises:
        LogError: it has no such columns, or two of one name.
    """
    names, separator = header_of(path)
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        raise fault(path, f"two columns are called {twice}", 1)
    first = next((row for _, row in rows_of(path, names, separator)), []) if names else []
    words = [
        name
        for name, text in zip(names, first, strict=False)
        if name and not direction_of(name) and text.strip() not in MISSING and not _is_number(text)
    ]
    counter = _counter(names)
    head = _Head(names=names, separator=separator, counter=counter, words=words)
    if not head.keys or (counter is not None and names[counter] in words):
        raise fault(path, "is not a table of epochs with numbers in its columns", 1)
    return head


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _epoch(text: str, path: Path, line: int) -> int:
    found = counted(text, path, "column epoch", line)
    if found != number(text, path, "column epoch", line) or found < 0:
        raise fault(path, f"{text!r} in column epoch is not an epoch", line)
    return found


def _remarks(head: _Head, kept: list[Kept], count: EpochCount) -> list[str]:
    remarks = []
    every = max(column.every for column in kept)
    if every > 1:
        remarks.append(f"too long to keep whole: one row of {every}, and the least and greatest value, are kept")
    if head.counter is None:
        remarks.append("no column counts the epochs, so each row is taken for one")
    if head.words:
        remarks.append(f"without numbers, and left out: {', '.join(head.words)}")
    if count.starts:
        remarks.append(f"the count of epochs starts again after epoch {', '.join(map(str, count.starts))}")
    if count.repeated:
        remarks.append(f"epochs {', '.join(map(str, sorted(count.repeated)))} stand twice; the later rows count")
    return remarks


csvlogger = Importer(name="csvlogger", title="Keras CSVLogger", recognises=_is_csvlogger, read=read_csvlogger)
