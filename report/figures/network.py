"""Networks drawn as diagrams: a stack of layers with what each computes, and a graph with two outputs."""

from __future__ import annotations

from collections.abc import Sequence

from labreport.experiments.definitions import figure
from labreport.experiments.result import Layer, Model, Result
from labreport.report import numbers
from labreport.report.figures import palette
from labreport.report.figures.drawing import Drawing, FigureError
from labreport.report.figures.sketch import Sketch
from labreport.report.figures.style import text_width
from labreport.report.findings import analysis
from labreport.report.words import Words

BOX_HEIGHT = 20.5
LONGEST_ROW = 160.0
ARROW = 9.0


@figure("network-ROLE")
def network(result: Result, words: Words, role: str) -> Drawing:
    """Draw a model: its input, then a box for each layer with units, activation, output shape and parameters.

    Raises:
        MissingValueError: the run records no model of this role.
    """
    model = analysis.model(result, role)
    layers = computing_layers(model)
    lines = [_lines(layer, words) for layer in layers]
    start = [words("figures.input"), shape(model.input_shape, words)]
    widths = [
        max(text_width(start[0], bold=True), text_width(start[1])) + 5,
        *(max(text_width(line, bold=rank == 0) for rank, line in enumerate(text)) + 5 for text in lines),
    ]
    rows = _rows(widths)
    pitch = BOX_HEIGHT + 7
    sketch = Sketch(max(_row_width([widths[i] for i in row]) for row in rows) + 0.5, pitch * len(rows) - 6.5)
    for number, row in enumerate(rows):
        top, left = number * pitch + 0.25, 0.25
        for index in row:
            middle = top + BOX_HEIGHT / 2
            if index:
                gap = ARROW if index != row[0] else 0.0
                if gap:
                    sketch.arrow(left - ARROW + 1, middle, left - 1, middle)
                else:
                    sketch.arrow(left + 6, top - 6, left + 6, top - 0.8)
                _layer_box(sketch, left, top, widths[index], lines[index - 1])
            else:
                _input_box(sketch, left, top, widths[0], start)
            left += widths[index] + ARROW
    described = [words("figures.alt_layer", text=words("figures.comma").join(text)) for text in lines]
    alt = words(
        "figures.alt_network",
        input=start[1],
        layers=words("figures.clause_separator").join(described),
        parameters=numbers.integer(model.parameters),
    )
    heads = tuple(words(f"tables.{key}") for key in ("layer", "activation", "output_shape", "parameters"))
    listed = tuple(
        (text[0], text[1], shape(layer.output_shape, words), numbers.integer(layer.parameters))
        for layer, text in zip(layers, lines, strict=True)
    )
    return sketch.finished(alt, heads, listed)


def computing_layers(model: Model) -> list[Layer]:
    """Return the layers without the placeholders that Keras lists for inputs."""
    return [layer for layer in model.layers if layer.kind != "InputLayer"]


def shape(sizes: Sequence[int | None], words: Words) -> str:
    """Return a shape as text, `n` for the batch axis."""
    texts = [words("figures.batch_axis") if size is None else str(size) for size in sizes]
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"


@figure("directed-graph")
def two_output_graph(result: Result, words: Words) -> Drawing:
    """Draw the model with two outputs as a graph: both losses join in a weighted sum, the one that is minimised.

    Raises:
        FigureError: the model two_outputs has no two outputs after a shared layer.
        MissingValueError: the run records no such model.
    """
    model = analysis.model(result, "two_outputs")
    layers = computing_layers(model)
    if len(layers) < 3:
        raise FigureError("the model two_outputs has no two outputs after a shared layer")
    shared, outputs = layers[:-2], layers[-2:]
    weights = [float(analysis.setting(result, f"loss_weight_{rank}")) for rank in ("first", "second")]
    losses = [analysis.measure(result, f"loss_{rank}").mean for rank in ("first", "second")]
    total = analysis.measure(result, "loss_total").mean
    sketch = Sketch(160, 44)
    middle, rows = 22.0, (10.5, 33.5)
    left = _box(sketch, 0.3, middle, [words("figures.input"), shape(model.input_shape, words)], palette.GREY)
    for layer in shared:
        sketch.arrow(left + 0.8, middle, left + 6.4, middle)
        left = _box(sketch, left + 7.2, middle, _named(layer, words), palette.TRAINING)
    branch = left
    width = max(_box_width(_named(layer, words)) for layer in outputs)
    texts = [[*words.stacked("figures.loss_of", name=layer.name).split("\n"), numbers.number(loss, 3)]
             for layer, loss in zip(outputs, losses, strict=True)]  # fmt: skip
    loss_width = max(_box_width(text) for text in texts)
    join = branch + 9 + width + 8 + loss_width + 15
    for layer, y, text, weight in zip(outputs, rows, texts, weights, strict=True):
        sketch.arrow(branch + 0.6, middle + (y - middle) * 0.12, branch + 8.4, y)
        edge = _box(sketch, branch + 9, y, _named(layer, words), palette.TRAINING, width)
        sketch.arrow(edge + 0.8, y, edge + 7.2, y)
        edge = _box(sketch, edge + 8, y, text, palette.VALIDATION, loss_width)
        side = -1 if y < middle else 1
        sketch.arrow(edge + 0.8, y, join - 3.2, middle + side * 3.4)
        sketch.text(
            (edge + join) / 2 + 1, (y + middle) / 2 + side * 5.6, f"× {numbers.number(weight, _digits(weight))}",
            anchor="middle", middle=True, colour=palette.VALIDATION, bold=True,
        )  # fmt: skip
    sketch.circle(join, middle, 3.6, fill=palette.VALIDATION, opacity=0.12, stroke=palette.VALIDATION)
    sketch.text(join, middle, "+", anchor="middle", middle=True, size=11, bold=True)
    sketch.arrow(join + 4.2, middle, join + 9.2, middle)
    lines = [*words.stacked("figures.total_loss").split("\n"), numbers.number(total, 3)]
    end = _box(sketch, join + 10, middle, lines, palette.VALIDATION)
    sketch.trim(end + 0.4)
    heads = words("tables.layer"), *(words(f"figures.{key}") for key in ("loss", "loss_weight", "weighted_loss"))
    said = [
        (layer.name, numbers.number(loss, 3), numbers.number(weight, _digits(weight)), numbers.number(weight * loss, 3))
        for layer, loss, weight in zip(outputs, losses, weights, strict=True)
    ]
    alt = words(
        "figures.alt_graph",
        shared=words("figures.comma").join(layer.name for layer in shared),
        first=outputs[0].name,
        second=outputs[1].name,
        first_loss=said[0][1],
        second_loss=said[1][1],
        first_weight=said[0][2],
        second_weight=said[1][2],
        total=numbers.number(total, 3),
    )
    sum_row = (words("figures.total_loss"), "", "", numbers.number(total, 3))
    return sketch.finished(alt, heads, (*said, sum_row))


def _digits(weight: float) -> int:
    return next((digits for digits in range(1, 5) if abs(weight - round(weight, digits)) < 1e-9), 4)


def _lines(layer: Layer, words: Words) -> list[str]:
    units = layer.output_shape[-1] if layer.output_shape else None
    key = "layer_unit" if units == 1 else "layer_units"
    title = layer.kind if units is None else words(f"figures.{key}", kind=layer.kind, units=numbers.integer(units))
    return [
        title,
        layer.activation or words("figures.no_activation"),
        words("figures.output_shape", shape=shape(layer.output_shape, words)),
        words("figures.parameters", parameters=numbers.integer(layer.parameters)),
    ]


def _named(layer: Layer, words: Words) -> list[str]:
    return [layer.name, f"{layer.kind} {shape(layer.output_shape, words)}"]


def _rows(widths: Sequence[float]) -> list[list[int]]:
    rows: list[list[int]] = [[]]
    for index in range(len(widths)):
        if rows[-1] and _row_width([widths[i] for i in (*rows[-1], index)]) > LONGEST_ROW:
            rows.append([])
        rows[-1].append(index)
    return rows


def _row_width(widths: Sequence[float]) -> float:
    return sum(widths) + ARROW * (len(widths) - 1)


def _layer_box(sketch: Sketch, left: float, top: float, width: float, lines: Sequence[str]) -> None:
    blue, tint = palette.TRAINING, palette.TINT
    sketch.rectangle(left, top, width, BOX_HEIGHT, fill=blue, opacity=tint, stroke=blue, radius=1.2)
    for rank, line in enumerate(lines):
        sketch.text(
            left + width / 2,
            top + 3.9 + rank * 4.25,
            line,
            anchor="middle",
            middle=True,
            bold=rank == 0,
            colour=palette.INK if rank < 2 else palette.GREY,
        )


def _input_box(sketch: Sketch, left: float, top: float, width: float, lines: Sequence[str]) -> None:
    sketch.rectangle(left, top + 5, width, BOX_HEIGHT - 10, stroke=palette.GREY, radius=1.2, dashed=True)
    for rank, line in enumerate(lines):
        y = top + BOX_HEIGHT / 2 - 2.1 + rank * 4.25
        sketch.text(left + width / 2, y, line, anchor="middle", middle=True, bold=rank == 0)


def _box_width(lines: Sequence[str]) -> float:
    return max(text_width(line, bold=line != lines[-1]) for line in lines) + 4


def _box(
    sketch: Sketch, left: float, middle: float, lines: Sequence[str], colour: str, width: float | None = None
) -> float:
    """Draw a small box of a few lines, all but the last one bold; return its right edge."""
    width = width or _box_width(lines)
    height = 4.2 * len(lines) + 2
    quiet = colour == palette.GREY
    sketch.rectangle(
        left, middle - height / 2, width, height, fill="none" if quiet else colour, opacity=palette.TINT,
        stroke=colour, radius=1.2, dashed=quiet,
    )  # fmt: skip
    for rank, line in enumerate(lines):
        y = middle + (rank - (len(lines) - 1) / 2) * 4.2
        bold = rank < len(lines) - 1
        tone = palette.INK if bold else palette.GREY
        sketch.text(left + width / 2, y, line, anchor="middle", middle=True, bold=bold, colour=tone)
    return left + width
