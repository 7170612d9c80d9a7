"""Single images, texts and values that two networks see differently, and the difference of their confusion matrices.

A run keeps the predictions of its first seed only, and of these the most telling ones; so what is compared here is one
network with one other. Pieces are recognised by split and position in the array.
"""

from __future__ import annotations

from math import isfinite
from statistics import fmean

from labreport.experiments.result import Image, Result, Text
from labreport.experiments.result import Predictions as Stored
from labreport.report.comparison.record import ChangedPrediction, ConfusionCell, MovedValue, PredictionChanges, Values

LISTED_VALUES = 10
"""Predictions of a regression that are listed at most."""


def predictions(a: Result, b: Result) -> PredictionChanges | None:
    """Return what changed between the first networks with predictions in both runs; None where there are none."""
    of_a = {said.model: said for said in reversed(a.findings.predictions)}
    of_b = {said.model: said for said in reversed(b.findings.predictions)}
    for said in a.findings.predictions:
        if said.model in of_b:
            return _between(of_a[said.model], of_b[said.model], a, b)
    return None


def _between(before: Stored, after: Stored, a: Result, b: Result) -> PredictionChanges | None:
    if before.seed is None or after.seed is None:
        return None
    kept_a, kept_b = _pieces(before), _pieces(after)
    both = [place for place in kept_a if place in kept_b]
    names = a.findings.data.class_names if a.findings.data else ()
    same_classes = b.findings.data is not None and b.findings.data.class_names == names
    changed = [
        _changed(place, kept_a[place], kept_b[place], names)
        for place in both
        if _class_of(kept_a[place]) != _class_of(kept_b[place])
    ]
    confusion = _cells(before, after, names) if same_classes else ()
    values = _values(before, after, a)
    if not (kept_a or kept_b or before.confusion or after.confusion or values):
        return None
    comparable = bool(before.confusion) and bool(after.confusion) and same_classes
    return PredictionChanges(
        model=before.model,
        seed_a=before.seed,
        seed_b=after.seed,
        stored_on_both=len(both),
        only_a=len(kept_a) - len(both),
        only_b=len(kept_b) - len(both),
        changed=tuple(changed),
        confusion=confusion,
        right_a=_right(before) if comparable else None,
        right_b=_right(after) if comparable else None,
        samples=sum(map(sum, before.confusion)) if comparable else None,
        values=values,
    )


SamplePlace = tuple[str, str, int]


def _pieces(said: Stored) -> dict[SamplePlace, Image | Text]:
    """Return every stored image and text with a prediction; a text stored under two kinds counts once."""
    found: dict[SamplePlace, Image | Text] = {}
    for image in said.images:
        if image.predicted is not None:
            found.setdefault(("image", image.split, image.index), image)
    for text in said.texts:
        if text.predicted is not None:
            found.setdefault(("text", text.split, text.index), text)
    return found


def _class_of(piece: Image | Text) -> int | None:
    return piece.predicted


def _changed(
    place: SamplePlace, before: Image | Text, after: Image | Text, names: tuple[str, ...]
) -> ChangedPrediction:
    two_classes = len(names) == 2
    return ChangedPrediction(
        kind="image" if place[0] == "image" else "text",
        split=place[1],
        index=place[2],
        label=_name(before.label, names),
        a=_name(before.predicted, names),
        b=_name(after.predicted, names),
        probability_a=_probability(before, two_classes=two_classes),
        probability_b=_probability(after, two_classes=two_classes),
        words=before.words if isinstance(before, Text) else "",
    )


def _probability(piece: Image | Text, *, two_classes: bool) -> float | None:
    """Probability of the predicted class; of two classes a text records that of class 1."""
    if piece.probability is None:
        return None
    if two_classes and isinstance(piece, Text) and piece.predicted == 0:
        return 1 - piece.probability
    return piece.probability


def _name(label: int | None, names: tuple[str, ...]) -> str:
    return names[label] if label is not None and 0 <= label < len(names) else str(label)


def _cells(before: Stored, after: Stored, names: tuple[str, ...]) -> tuple[ConfusionCell, ...]:
    if len(before.confusion) != len(after.confusion):
        return ()
    cells = [
        ConfusionCell(true=_name(true, names), predicted=_name(predicted, names), a=was, b=now)
        for true, (row_a, row_b) in enumerate(zip(before.confusion, after.confusion, strict=True))
        for predicted, (was, now) in enumerate(zip(row_a, row_b, strict=True))
        if was != now
    ]
    return tuple(sorted(cells, key=lambda cell: -abs(cell.b - cell.a)))


def _values(before: Stored, after: Stored, result: Result) -> Values | None:
    """Return what a regression predicts on both sides; None where the test samples are not the same."""
    rows = list(zip(before.true_values, before.predicted_values, after.predicted_values, strict=False))
    whole = len(rows) == len(before.true_values) == len(after.predicted_values)
    if not rows or not whole or before.true_values != after.true_values:
        return None
    if not all(map(isfinite, (*before.predicted_values, *after.predicted_values))):
        return None
    moved = [MovedValue(index=index, true=true, a=was, b=now) for index, (true, was, now) in enumerate(rows)]
    moved.sort(key=lambda one: (-abs(one.b - one.a), one.index))
    return Values(
        unit=next((score.unit for score in result.findings.scores if score.metric == "mae"), "none"),
        samples=len(rows),
        mean_move=fmean(abs(one.b - one.a) for one in moved),
        nearer_a=sum(abs(one.a - one.true) < abs(one.b - one.true) for one in moved),
        nearer_b=sum(abs(one.b - one.true) < abs(one.a - one.true) for one in moved),
        moved=tuple(one for one in moved[:LISTED_VALUES] if one.a != one.b),
    )


def _right(said: Stored) -> int:
    return sum(row[place] for place, row in enumerate(said.confusion))
