"""The section on single cases: what one network of each side says of the same images, texts and samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.comparison import wording
from labreport.report.comparison.record import ChangedPrediction, LabComparison, PredictionChanges, Values
from labreport.report.comparison.untrusted import foreign
from labreport.report.document import Block, Column, Figure, Prose, Table
from labreport.report.errors import RenderingError
from labreport.report.figures.wording import display_name
from labreport.report.words import Words

Next = Callable[[str, str], tuple[str, str]]
"""Gives id and number of the next table or figure."""
LISTED_CELLS = 10
"""Cells of the confusion matrix that are listed at most."""
LONGEST_WORDS = 60
"""Characters of a decoded text that are shown at most."""


def predictions(lab: LabComparison, results: tuple[Result, Result], next_: Next, words: Words) -> tuple[Block, ...]:
    """Return what single images and texts show, and the difference of the confusion matrices."""
    found = lab.predictions
    if found is None:
        return ()
    values = found.values if found.values is not None and found.values.moved else None
    if not (found.changed or found.confusion or found.only_a or found.only_b or values):
        return ()
    blocks: list[Block] = [Prose(markdown=words("compare.predictions_text", seed_a=found.seed_a, seed_b=found.seed_b))]
    if found.confusion:
        blocks += _confusion(found, results, next_, words)
    if found.stored_on_both or found.only_a or found.only_b:
        blocks.append(
            Prose(
                markdown=words(
                    "compare.predictions_stored",
                    both=found.stored_on_both,
                    changed=len(found.changed),
                    only_a=found.only_a,
                    only_b=found.only_b,
                )
            )
        )
    if found.changed:
        id_, number = next_("table", "table-changed")
        heads = ("piece", "label", "said_a", "said_b")
        blocks.append(
            Table(
                id=id_,
                number=number,
                caption=words("compare.changed_caption"),
                columns=tuple(Column(title=words(f"compare.head_{head}")) for head in heads),
                rows=tuple(_changed_row(piece, words) for piece in found.changed),
            )
        )
    if values is not None:
        blocks += _values(values, next_, words)
    return tuple(blocks)


def moved(values: Values, words: Words) -> str:
    """Return how far the predictions of a regression lie apart."""
    return words(
        "compare.values_moved",
        samples=numbers.integer(values.samples),
        move=numbers.number(values.mean_move, 2),
        unit=foreign(wording.unit(values.unit, words)),
        nearer_a=numbers.integer(values.nearer_a),
        nearer_b=numbers.integer(values.nearer_b),
    )


def _values(values: Values, next_: Next, words: Words) -> tuple[Block, ...]:
    """Return what a regression predicts otherwise: how much on average, and where most."""
    id_, number = next_("table", "table-values")
    heads = ("head_true_value", "head_said_a", "head_said_b", "head_difference")
    split = words("compare.split_test")
    return (
        Prose(markdown=moved(values, words)),
        Table(
            id=id_,
            number=number,
            caption=words("compare.values_caption", unit=foreign(wording.unit(values.unit, words))),
            columns=(
                Column(title=words("compare.head_piece")),
                *(Column(title=words(f"compare.{head}"), align="right", kind="number") for head in heads),
            ),
            rows=tuple(
                (
                    words("compare.piece_sample", index=numbers.integer(one.index), split=split),
                    *(numbers.number(value, 1) for value in (one.true, one.a, one.b)),
                    numbers.signed(one.b - one.a, 1),
                )
                for one in values.moved
            ),
        ),
    )


def _confusion(found: PredictionChanges, results: tuple[Result, Result], next_: Next, words: Words) -> Sequence[Block]:
    from labreport.report.figures import comparison

    blocks: list[Block] = []
    if found.samples is not None and found.right_a is not None and found.right_b is not None:
        counts = {"a": found.right_a, "b": found.right_b, "samples": found.samples}
        said = {name: numbers.integer(count) for name, count in counts.items()}
        blocks.append(Prose(markdown=words("compare.predictions_right", **said)))
    try:
        drawing = comparison.confusion_difference(*results, words)
    except RenderingError:
        return blocks
    id_, number = next_("figure", "figure-confusion")
    blocks.append(
        Figure(
            id=id_,
            number=number,
            caption=words("compare.confusion_caption", count=len(found.confusion)),
            svg=drawing.svg,
            alt=drawing.alt,
            width_mm=drawing.width_mm,
            height_mm=drawing.height_mm,
        )
    )
    id_, number = next_("table", "table-cells")
    blocks.append(
        Table(
            id=id_,
            number=number,
            caption=words("compare.cells_caption"),
            columns=tuple(
                Column(
                    title=words(f"compare.head_{head}"),
                    align="right" if head.startswith("count") else "left",
                    kind="number" if head.startswith("count") else "text",
                )
                for head in ("true", "predicted", "count_a", "count_b")
            ),
            rows=tuple(
                (
                    _class_name(cell.true, words),
                    _class_name(cell.predicted, words),
                    numbers.integer(cell.a),
                    numbers.integer(cell.b),
                )
                for cell in found.confusion[:LISTED_CELLS]
            ),
        )
    )
    return blocks


def _changed_row(piece: ChangedPrediction, words: Words) -> tuple[str, ...]:
    text = piece.words if len(piece.words) <= LONGEST_WORDS else f"{piece.words[:LONGEST_WORDS].rstrip()} …"
    where = words(
        f"compare.piece_{piece.kind}",
        index=numbers.integer(piece.index),
        split=words(f"compare.split_{piece.split}"),
        words=foreign(text),
    )
    said = [
        _class_name(name, words)
        if probability is None
        else words("compare.said", name=_class_name(name, words), probability=numbers.percent(probability, 1))
        for name, probability in ((piece.a, piece.probability_a), (piece.b, piece.probability_b))
    ]
    return (where, _class_name(piece.label, words), *said)


def _class_name(name: str, words: Words) -> str:
    return foreign(display_name(words, name))
