"""What every importer gives: the values of one training and what else its log says; and how a bad log is refused."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labreport.experiments.errors import LabError
from labreport.experiments.recording.series import KeyColumns
from labreport.experiments.result import Setting
from labreport.experiments.system import reading

_MOST_ENTRIES = 50_000
_SEED_NAMES = ("seed", "random_seed", "random_state", "global_seed", "rng_seed")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")
_LARGEST_TEXT = 200_000_000
"""Bytes of a JSON file, which is read whole."""
_LARGEST_YAML = 2_000_000
"""Bytes of a YAML file, which holds settings alone."""
_DEEPEST = 30
"""Levels of nested settings that are read."""
_LAST_PLACE = 2**53
"""The last epoch or step that a log may name: up to there every whole number is exact."""


class LogError(LabError):
    """A log can't be read; the message names the file, and the line where there is one."""


@dataclass(kw_only=True)
class Log:
    """One training as a log reports it."""

    columns: KeyColumns
    axis: str = "epoch"
    settings: dict[str, Setting] = field(default_factory=dict)
    seed: int | None = None
    phases: tuple[int, ...] = ()
    repeated: tuple[int, ...] = ()
    planned: int | None = None
    seconds: float = 0.0
    remarks: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    """The files that were read."""


@dataclass(frozen=True, kw_only=True)
class Importer:
    """A reader of one format; the entry of the registry."""

    name: str
    title: str
    """What the format is called, for messages."""
    recognises: Callable[[Path], bool]
    """Recognises by the content of a file or folder, quickly, and never raises."""
    read: Callable[[Path], Log]
    """Reads it.

    Raises:
        LogError: it is cut off, empty, or holds what should not be there.
    """


listeners: list[Callable[[str, int, int], None]] = []
"""Called while a large log is read: with its name, the MB that are read, and how many it has."""
_MB = 1024 * 1024
_LARGE = 4
"""MB from which on reading a log takes a while."""


def reading_on(path: Path, descriptor: int) -> None:
    """Let those who listen know how much of a file is read.

    Args:
        path: of the file.
        descriptor: of the file, which is open at the place that was reached.
    """
    total = os.fstat(descriptor).st_size // _MB
    if listeners and total >= _LARGE:
        for listener in listeners:
            listener(f"{path.name}, MB", min(os.lseek(descriptor, 0, os.SEEK_CUR) // _MB, total), total)


def fault(path: Path, message: str, line: int | None = None) -> LogError:
    """Return the error for a log, with its line where that is known."""
    return LogError(f"{path}{'' if line is None else f':{line}'}: {message}")


def head(path: Path, size: int = 65536) -> bytes:
    """Return the beginning of a file; empty where it can't be read."""
    try:
        with reading.opened(path) as file:
            return file.read(size)
    except OSError:
        return b""


def files_below(folder: Path, most: int = _MOST_ENTRIES) -> Iterator[Path]:
    """Return the files of a folder and those below, in the order of their names; no more than can be looked through."""
    for count, (place, folders, names) in enumerate(os.walk(folder)):
        folders.sort()
        for name in sorted(names):
            yield Path(place, name)
        most -= len(names)
        if most < 0 or count > _MOST_ENTRIES:
            return


def text_of(path: Path, largest: int = _LARGEST_TEXT) -> str:
    """Return a file as text.

    Raises:
        LogError: it is empty, too large, or not UTF-8.
    """
    try:
        content = reading.content(path, largest)
    except OSError as error:
        raise fault(path, error.strerror or str(error)) from error
    if not content.strip():
        raise fault(path, "the file is empty")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise fault(path, "is not text in UTF-8", content[: error.start].count(b"\n") + 1) from error


def json_of(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        LogError: it is not JSON, or cut off; the message names the line.
    """
    import json

    text = text_of(path)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip())
        raise fault(path, "the file is cut off" if cut else f"not valid JSON: {error.msg}", error.lineno) from error
    except ValueError as error:  # a whole number of thousands of digits
        raise fault(path, "holds a number that is too long") from error
    except RecursionError as error:
        raise fault(path, "nested too deeply") from error


def number(value: object, path: Path, what: str, line: int | None = None) -> float:
    """Return a value of a log as a number; numbers written as text are numbers.

    Raises:
        LogError: it is none.
    """
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
            pass
    comma = isinstance(value, str) and _DECIMAL_COMMA.fullmatch(value.strip())
    hint = "; it has a decimal comma: write numbers with a point" if comma else ""
    raise fault(path, f"{str(value)[:40]!r} in {what} is not a number{hint}", line)


def counted(value: object, path: Path, what: str, line: int | None = None) -> int:
    """Return a value of a log that counts epochs or steps, as a whole number.

    Raises:
        LogError: it is not a number, or not one that counts anything.
    """
    found = number(value, path, what, line)
    if not -_LAST_PLACE <= found <= _LAST_PLACE:
        raise fault(path, f"{str(value)[:40]!r} in {what} can't be an epoch or a step", line)
    return int(found)


def yaml_settings(path: Path) -> dict[str, Setting]:
    """Return the plain values of a small YAML file, those of nested ones by names with dots; {} where it is missing."""
    if not path.is_file():
        return {}
    import yaml

    try:
        text = text_of(path, _LARGEST_YAML)
        # A name for a part that is used again lets a few lines stand for billions; what writes logs needs none. And the
        # time that a deep nesting takes grows with the square of its depth, so it is noticed while it is read.
        depth = 0
        for event in yaml.parse(text):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent):
                raise fault(path, "has aliases, which are not read")
            if depth > _DEEPEST:
                raise fault(path, "nested too deeply")
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise fault(path, "not valid YAML", mark.line + 1 if mark else None) from error
    except (ValueError, OverflowError) as error:  # a date that can't be, a whole number of thousands of digits
        raise fault(path, f"holds a value that can't be read ({str(error)[:60]})") from error
    except RecursionError as error:
        raise fault(path, "nested too deeply") from error
    return flat(found) if isinstance(found, Mapping) else {}


def flat(values: Mapping[Any, Any], prefix: str = "") -> dict[str, Setting]:
    """Return nested settings as one level, without what is not a plain value."""
    found: dict[str, Setting] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            if prefix.count(".") < _DEEPEST:
                found |= flat(value, f"{prefix}{name}.")
        elif isinstance(value, (bool, int, float, str)) and value == value and abs_finite(value):
            found[f"{prefix}{name}"] = value
    return found


def abs_finite(value: Setting) -> bool:
    """Return whether a setting can be stored: infinity and numbers of more than 64 bits can't."""
    return isinstance(value, (bool, str)) or abs(value) < 2**63


def seed_in(settings: Mapping[str, Setting]) -> int | None:
    """Return the seed among the settings of a run, if there is one under a usual name."""
    for name, value in settings.items():
        if name.rsplit(".", 1)[-1].lower() in _SEED_NAMES:
            try:
                return int(value)
            except ValueError:
                continue
    return None


def checked(log: Log, path: Path) -> Log:
    """Return a log that holds values.

    Raises:
        LogError: it holds none, or an epoch that can't be.
    """
    log.columns = {name: column for name, column in log.columns.items() if len(column.values)}
    if not log.columns:
        raise fault(path, "holds no values of a training")
    for column in log.columns.values():
        for place in (min(column.at), max(column.at)):
            if not 0 <= place <= _LAST_PLACE:
                raise fault(path, f"{str(place)[:40]} can't be an epoch or a step")
    if log.planned is not None and not 0 <= log.planned <= _LAST_PLACE:
        log.planned = None
    if not 0 <= log.seconds < math.inf:
        log.seconds = 0.0
    return log
