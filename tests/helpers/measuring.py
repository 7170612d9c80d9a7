"""What a lab finds, without a run around it: the functions of its module called one after the other."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from labreport.experiments.lab import Session, joined
from labreport.experiments.result import Findings
from labreport.experiments.running.checkpoints import Checkpoints, DamagedError, encode

T = TypeVar("T")


class SavedParts:
    """Saves finished folds in a folder, as a run does."""

    def __init__(self, folder: Path) -> None:
        self._parts = Checkpoints(folder)

    def found(self, name: str, kind: type[T]) -> T | None:
        with suppress(DamagedError):
            return self._parts.load(name, kind)
        return None

    def save(self, name: str, record: Any) -> None:
        self._parts.put(name, encode(record))


def measured(lab: Any, settings: Any, dataset: Any = None, **options: Any) -> Findings:
    """Introduce a lab and train its seeds in order.

    Args:
        lab: its module.
        settings: the lab's dataclass.
        dataset: what the lab reads.
        options: of the session: seeds, progress, saved.
    """
    session = Session(**options)
    sessions = [session]
    lab.introduce(settings, dataset, session)
    if hasattr(lab, "train"):
        for seed in session.seeds:
            sessions.append(session.for_seed(seed))
            lab.train(settings, dataset, sessions[-1], seed)
            if hasattr(lab, "train_baselines"):
                sessions.append(session.for_seed(seed))
                lab.train_baselines(settings, dataset, sessions[-1], seed)
    return joined(one.draft.findings() for one in sessions)
