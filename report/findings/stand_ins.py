"""The scores by which a run is judged: those of the test set, or what stands in for them where nothing was tested.

A script that fits and validates but never tests has curves alone. Its best validation value, by the key that was
watched, is one number for each seed, found in the same way in every run; so versions can be compared by it, and a test
that asks whether two samples could be one keeps its level. As an estimate for new data it is too good, because the
best epoch was chosen by it: so it always bears the split "validation".
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from labreport.experiments.recording.assembled import unit_of
from labreport.experiments.recording.directions import measured as read_key
from labreport.experiments.result import Result, Score
from labreport.report.findings.groups import MeasuredGroup, best_of, groups
from labreport.report.findings.scores import Measured, deciding, measured, of_judged_model, scores_of


def judged_scores(result: Result) -> dict[str, Measured]:
    """Return every score and baseline of a run by name; of a user's own run without a test, the stand-ins as well."""
    found = measured(result)
    tested = any(one.kind == "score" and one.first.split == "test" for one in found.values())
    if tested or not result.findings.own:
        return found
    records = [score for group in groups(result) for score in _of(group)]
    named = scores_of([one for one in records if of_judged_model(one)], "stand-in")
    return {**named, **found}


def judged_by(result: Result) -> Measured | None:
    """Return the score by which a run is judged before any other, or what stands in for it; None: neither is there."""
    stand_ins = (one for one in judged_scores(result).values() if one.kind == "stand-in")
    return deciding(result) or next(stand_ins, None)


def _of(group: MeasuredGroup) -> Sequence[Score]:
    """Return the best value of each training; not-a-number where one diverged or measured nothing that counts."""
    watched = group.watched
    if watched is None:
        return ()
    name = f"best_{watched.key}" + ("" if group.role in ("final", "fit", "fit-1") else f"_{group.role}")
    found = []
    for member in group.members:
        curve = member.curve(watched.key)
        best = None if curve is None or member.ending == "diverged" else best_of(curve, watched.direction)
        value = math.nan if best is None else best.value
        found.append(
            Score(
                name=name,
                model=group.role,
                metric=read_key(watched.key).name,
                split="validation",
                seed=member.training.seed,
                fold=member.training.fold,
                value=value,
                unit=unit_of(read_key(watched.key).name, value),
                direction=watched.direction,
            )
        )
    return found
