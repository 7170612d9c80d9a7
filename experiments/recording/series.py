"""The values of one training before they are a record: columns of numbers, each with the epochs where they stand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from labreport.experiments.recording.directions import directions_of, is_metric
from labreport.experiments.result import Course, Direction, EarlyStopping, Training
from labreport.experiments.result.own import CourseAxis, CourseSource, CourseStatus


@dataclass(kw_only=True)
class KeyColumn:
    """The values of one key, in order."""

    values: list[float] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    """Epoch or step of each value, counted from 1."""

    def add(self, position: int, value: float) -> None:
        """Put a value at an epoch after the others; at an epoch that is there already it replaces the earlier one."""
        if self.at and position <= self.at[-1]:
            while self.at and self.at[-1] > position:
                self.at.pop()
                self.values.pop()
            if self.at and self.at[-1] == position:
                self.values[-1] = value
                return
        self.at.append(position)
        self.values.append(value)


KeyColumns = dict[str, KeyColumn]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a training besides its values."""

    role: str = "fit"
    seed: int | None = None
    fold: int | None = None
    batch_size: int | None = None
    train_samples: int | None = None
    validation_samples: int | None = None
    seconds: float = 0.0


def columns_of(rows: Iterable[tuple[int, Mapping[str, float]]]) -> KeyColumns:
    """Return the columns of rows, each the values of one epoch; rows may lack keys, and epochs may come again."""
    found: KeyColumns = {}
    for position, values in rows:
        for name, value in values.items():
            found.setdefault(name, KeyColumn()).add(position, value)
    return found


_PLACES = ("epoch", "step")
_SUMMARY = "train_runtime"
_NOT_KEPT = ("_runtime", "_per_second")


def trainer_columns(entries: Sequence[Mapping[str, float]]) -> tuple[KeyColumns, Literal["epoch", "step"]]:
    """Return the columns of the log of Hugging Face's trainer, and what they count.

    They count epochs where every entry stands at a whole one, else steps. The last entry, with the time of the whole
    training, is a summary and no epoch.

    Args:
        entries: of `log_history`, each with its `epoch` and `step`.
    """
    kept = [entry for entry in entries if _SUMMARY not in entry]
    whole = bool(kept) and all((entry.get("epoch") or 0.5) % 1 == 0 for entry in kept)
    axis: Literal["epoch", "step"] = "epoch" if whole else "step"
    rows = (
        (
            int(entry[axis]),
            {
                key: value
                for key, value in entry.items()
                if key not in ("epoch", "step") and not key.endswith(_NOT_KEPT)
            },
        )
        for entry in kept
    )
    return columns_of(rows), axis


def last_position(columns: KeyColumns) -> int:
    """Return the last epoch or step at which anything was measured; 0 where nothing was."""
    return max((column.at[-1] for column in columns.values() if column.at), default=0)


def training(
    columns: KeyColumns,
    facts: Facts,
    *,
    status: str = "complete",
    source: str,
    axis: str = "epoch",
    phases: tuple[int, ...] = (),
    planned: int | None = None,
    repeated: tuple[int, ...] = (),
    stopping: EarlyStopping | None = None,
    failure: str = "",
    given: dict[str, Direction] | None = None,
) -> Training:
    """Return the record of one training.

    Args:
        columns: its values.
        facts: what else is known.
        status: how it ended; "complete" becomes "diverged" where a value is not finite.
        source: where the numbers are from.
        axis: what the columns count.
        phases: epochs of each fit, where there were several.
        planned: epochs asked for.
        repeated: epochs that came twice.
        stopping: the rule of early stopping.
        failure: the error that ended it.
        given: directions that the user says.
    """
    kept = {name: column for name, column in columns.items() if column.values}
    diverged = _diverged_at(kept)
    positions = sorted({position for column in kept.values() for position in (column.at[0], column.at[-1])})
    count = len(max(kept.values(), key=lambda column: len(column.at)).at) if kept else 0
    usual = list(range(1, count + 1))
    ended = "diverged" if diverged and status in ("complete", "early-stopped") else status
    course = Course(
        # Events and logs are text until here; a word that the record has not is our own mistake, and raised.
        status=msgspec.convert(ended, CourseStatus),
        source=msgspec.convert(source, CourseSource),
        axis=msgspec.convert(axis, CourseAxis),
        metrics=directions_of(list(kept), given),
        at={name: tuple(column.at) for name, column in kept.items() if column.at != usual},
        phases=phases if len(phases) > 1 else (),
        planned=planned,
        diverged_at=diverged,
        repeated=repeated,
        stopping=stopping,
        failure=failure,
    )
    return Training(
        role=facts.role,
        seed=facts.seed,
        fold=facts.fold,
        epochs=sum(phases) or (positions[-1] if positions else 0),
        batch_size=facts.batch_size,
        train_samples=facts.train_samples,
        validation_samples=facts.validation_samples,
        history={name: tuple(column.values) for name, column in kept.items()},
        seconds=facts.seconds,
        course=course,
    )


def _diverged_at(columns: KeyColumns) -> int | None:
    """Return the first epoch at which a metric is not a finite number."""
    found = []
    for name, column in columns.items():
        if is_metric(name) and not all(map(math.isfinite, column.values)):
            found += [at for at, value in zip(column.at, column.values, strict=True) if not math.isfinite(value)][:1]
    return min(found, default=None)
