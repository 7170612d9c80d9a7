"""What a lab finds, without a run around it: the functions of its module called one after the other."""

from __future__ import annotations

from typing import Any

from labreport.experiments.lab import Session, joined
from labreport.experiments.result import Findings


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
    return joined(one.draft.findings() for one in sessions)
