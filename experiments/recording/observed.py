"""From the events of a watched process to records: trainings, scores, networks, data, what went wrong.

Fits of one network object are the phases of one training, unless its weights were put back to where the first began.
Trainings whose networks are alike and measure the same have one role; what tells them apart (folds of one data set,
seeds, or nothing that is known) is their group.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labreport.experiments.recording.directions import direction_of
from labreport.experiments.recording.series import (
    Facts,
    KeyColumn,
    KeyColumns,
    columns_of,
    last_position,
    trainer_columns,
    training,
)
from labreport.experiments.recording.watching.events import EVENTS, PRINTED
from labreport.experiments.result import Direction, EarlyStopping, Training

Event = dict[str, Any]

_MOST_STEPS = 20_000
"""Values of one key by steps that are kept; of more every second, third, … one."""


@dataclass(kw_only=True)
class Fit:
    """One call of `fit`, or a loop of steps."""

    number: int
    model: int
    facts: Event = field(default_factory=dict)
    network: Event = field(default_factory=dict)
    columns: KeyColumns = field(default_factory=dict)
    seed: int | None = None
    """The last seed that the script had set when the fit began."""
    end: Event | None = None
    error: str = ""
    interrupted: bool = False
    axis: str = "epoch"
    entries: list[dict[str, float]] = field(default_factory=list)
    """What Hugging Face's trainer logged, in order."""


@dataclass(kw_only=True)
class Observed:
    """All that was seen in one process."""

    fits: list[Fit] = field(default_factory=list)
    evaluations: list[tuple[int, Event]] = field(default_factory=list)
    """Each with the number of fits before it."""
    seeding: list[tuple[str, int]] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    pictures: list[tuple[str, bytes]] = field(default_factory=list)
    error: Event | None = None
    peak: int = 0
    printed: str = ""
    faults: list[str] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    """Runs that the script stored itself, through calls in its code."""


def observed(folder: Path) -> Observed:
    """Read what a process left, also one that was killed in the middle of a line."""
    found = Observed()
    fits: dict[int, Fit] = {}
    for event in _events(folder / EVENTS):
        kind = event["kind"]
        if kind == "fit":
            seed = found.seeding[-1][1] if found.seeding else None
            fits[event["fit"]] = Fit(number=event["fit"], model=event["model"], facts=event, seed=seed)
            found.fits.append(fits[event["fit"]])
        elif kind in ("step", "network"):
            _step(found, fits, event)
        elif event.get("fit") in fits:
            _of_fit(fits[event["fit"]], event)
        else:
            _of_process(found, folder, event)
    printed = folder / PRINTED
    if printed.is_file():
        found.printed = printed.read_text("utf-8", errors="replace")
    return found


def _events(path: Path) -> Sequence[Event]:
    found = []
    if path.is_file():
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    found.append(json.loads(line))
                except ValueError:
                    continue  # cut off in the middle
    return [event for event in found if isinstance(event, dict) and "kind" in event]


def _of_process(found: Observed, folder: Path, event: Event) -> None:
    kind = event["kind"]
    if kind == "evaluate":
        found.evaluations.append((len(found.fits), event))
    elif kind == "seed":
        found.seeding.append((event["library"], event["value"]))
    elif kind == "modules":
        found.modules = event["files"]
    elif kind == "picture":
        path = folder / event["file"]
        if path.is_file():
            found.pictures.append((event["name"], path.read_bytes()))
    elif kind == "error":
        found.error = event
    elif kind == "exit":
        found.peak = event["peak"]
    elif kind == "stored":
        found.stored.append(event["path"])
    elif kind == "fault":
        found.faults.append(event["error"])


def _of_fit(fit: Fit, event: Event) -> None:
    kind = event["kind"]
    if kind == "begin":
        fit.network = event
    elif kind == "epoch":
        for name, value in event["logs"].items():
            fit.columns.setdefault(name, KeyColumn()).add(event["epoch"], value)
    elif kind == "log":
        _logged(fit, event)
    elif kind == "end":
        fit.end = event
    elif kind == "raised":
        fit.error = f"{event['type']}: {event['message']}"
        fit.interrupted = event["type"] == "KeyboardInterrupt"


def _logged(fit: Fit, event: Event) -> None:
    """Add one entry of a trainer's log; what it counts is known only from all of them."""
    fit.entries.append({**event["logs"], "epoch": float(event["epoch"] or 0), "step": float(event["step"])})
    fit.columns, fit.axis = trainer_columns(fit.entries)


def _step(found: Observed, fits: dict[int, Fit], event: Event) -> None:
    """Put a call of `train_on_batch` into the loop of its network, which is one training that counts steps."""
    number = -event["model"]
    if number not in fits:
        seed = found.seeding[-1][1] if found.seeding else None
        fits[number] = Fit(number=number, model=event["model"], seed=seed, axis="step", end={})
        found.fits.append(fits[number])
    fit = fits[number]
    if event["kind"] == "network":
        fit.network = event
        return
    step = last_position(fit.columns) + 1
    for name, value in event["logs"].items():
        fit.columns.setdefault(name, KeyColumn()).add(step, value)


def joined(fits: Sequence[Fit]) -> list[list[Fit]]:
    """Return the fits that belong together, as the phases of one training each, in the order of their beginning."""
    groups: list[list[Fit]] = []
    latest: dict[tuple[int, str], list[Fit]] = {}
    for fit in fits:
        group = latest.get((fit.model, fit.axis))
        if group is None or _fresh(group[0], fit):
            group = []
            groups.append(group)
            latest[fit.model, fit.axis] = group
        group.append(fit)
    return groups


def _fresh(first: Fit, again: Fit) -> bool:
    """Whether a network begins where it had begun: its weights were put back, as in a loop over folds."""
    weights = again.network.get("weights")
    return weights is not None and weights == first.network.get("weights") and bool(first.columns)


def trained(phases: Sequence[Fit], facts: Facts, *, ended: str, source: str = "watched") -> Training:
    """Return the record of one training from its phases.

    Args:
        phases: consecutive fits of one network.
        facts: role, seed, fold.
        ended: how a fit ended that was cut off with its process: "failed" or "interrupted".
        source: where the numbers are from.
    """
    columns: KeyColumns = {}
    lengths: list[int] = []
    planned = 0
    for fit in phases:
        before = last_position(columns)
        initial = int(fit.facts.get("initial") or 0)
        offset = before - initial if before > initial else 0
        for name, column in fit.columns.items():
            target = columns.setdefault(name, KeyColumn())
            target.at += [position + offset for position in column.at]
            target.values += column.values
        lengths.append(last_position(columns) - max(before, initial) if fit.columns else 0)
        # What is asked for is a number of epochs, also where the log counts steps.
        planned = 0 if fit.axis == "step" else int(fit.facts.get("epochs") or 0) + offset
    last = phases[-1]
    if last.axis == "step":
        columns = {name: _thinned(column) for name, column in columns.items()}
    done = last_position(columns)
    return training(
        columns,
        facts,
        status=_status(last, done, planned, ended),
        source=source,
        axis=last.axis,
        phases=tuple(lengths),
        planned=planned or None,
        stopping=_stopping(phases),
        failure=last.error,
    )


def _status(last: Fit, done: int, planned: int, ended: str) -> str:
    if last.error:
        return "interrupted" if last.interrupted else "failed"
    if last.end is None:
        return ended
    return "early-stopped" if last.end.get("stopped") and done < planned else "complete"


def _stopping(phases: Sequence[Fit]) -> EarlyStopping | None:
    stopping = (phases[-1].end or {}).get("stopping") or phases[-1].facts.get("stopping")
    if not stopping:
        return None
    modes: dict[str, Direction] = {"min": "lower", "max": "higher"}
    mode = modes.get(stopping["mode"]) or direction_of(stopping["monitor"])
    return EarlyStopping(
        monitor=stopping["monitor"],
        direction=mode,
        patience=stopping["patience"],
        restore_best_weights=stopping["restore"],
        stopped_at=stopping["stopped"],
    )


def _thinned(column: KeyColumn) -> KeyColumn:
    every = -(-len(column.values) // _MOST_STEPS)
    return KeyColumn(values=column.values[::every], at=column.at[::every]) if every > 1 else column


def printed_trainings(runs: Sequence[Sequence[tuple[int, dict[str, float]]]], planned: int | None) -> list[Training]:
    """Return the trainings that were read from printed lines."""
    return [
        training(
            columns_of(rows),
            Facts(fold=number if len(runs) > 1 else None),
            source="printed",
            planned=planned,
        )
        for number, rows in enumerate(runs, start=1)
    ]
