"""What a network is made of, drawn without data: a unit, two activation functions, and backpropagation with numbers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy
from numpy.typing import NDArray

from labreport.experiments.definitions import figure
from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.figures import palette
from labreport.report.figures.axes import number_axis
from labreport.report.figures.drawing import Chart, Drawing
from labreport.report.figures.sketch import Sketch
from labreport.report.figures.style import charted, name_axes, panel, sheet, text_width
from labreport.report.figures.wording import plain
from labreport.report.words import Words

_LISTED: Final = (-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0)
_CIRCLE = 3.8


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Two units in a row and a squared error: every value on the way there, every derivative on the way back."""

    x: float = 2.0
    y: float = 1.0
    w1: float = 1.5
    w2: float = 0.5

    @property
    def forward(self) -> tuple[float, float, float, float]:
        """The weighted sum, the output of the hidden unit, the prediction and the loss."""
        z = self.w1 * self.x
        hidden = max(0.0, z)
        predicted = self.w2 * hidden
        return z, hidden, predicted, (predicted - self.y) ** 2

    @property
    def backward(self) -> tuple[float, float, float, float, float]:
        """The derivatives of the loss by the prediction, w2, the hidden output, the sum and w1, in this order."""
        z, hidden, predicted, _ = self.forward
        by_prediction = 2 * (predicted - self.y)
        by_hidden = by_prediction * self.w2
        by_sum = by_hidden if z > 0 else 0.0
        return by_prediction, by_prediction * hidden, by_hidden, by_sum, by_sum * self.x


@figure()
def unit(_result: Result, words: Words) -> Drawing:
    """Draw one unit of a dense layer: inputs times weights, their sum with the bias, the activation function."""
    sketch = Sketch(126, 45)
    middle, left, sum_x = 24.0, 8.0, 56.0
    for number, y in ((1, 8.0), (2, middle), (3, 40.0)):
        sketch.circle(left, y, _CIRCLE, fill=palette.GREY, opacity=palette.BAND, stroke=palette.GREY)
        sketch.text(left, y, f"x{'₁₂₃'[number - 1]}", anchor="middle", middle=True)
        end = middle + (y - middle) * 0.22
        sketch.arrow(left + _CIRCLE + 0.8, y, sum_x - 6.2, end)
        beside = 4.6 if y > middle else -2.2
        sketch.text(
            30, y + (end - y) * 0.44 + beside, f"× w{'₁₂₃'[number - 1]}", anchor="middle", colour=palette.TRAINING
        )
    sketch.circle(sum_x, middle, 5.4, fill=palette.TRAINING, opacity=palette.BAND, stroke=palette.TRAINING)
    sketch.text(sum_x, middle, "+", anchor="middle", middle=True, size=11, bold=True)
    sketch.arrow(sum_x, 10.5, sum_x, middle - 6.2)
    sketch.text(sum_x, 8.5, f"b ({words('figures.bias')})", anchor="middle", colour=palette.TRAINING)
    sketch.arrow(sum_x + 6.2, middle, 79.2, middle)
    sketch.text(70.6, middle - 2, "z", anchor="middle")
    sketch.rectangle(
        80, middle - 5.4, 14, 10.8, fill=palette.VALIDATION, opacity=palette.BAND, stroke=palette.VALIDATION, radius=1.5
    )
    sketch.text(87, middle, "f", anchor="middle", middle=True, size=10, bold=True)
    sketch.arrow(94.8, middle, 107.2, middle)
    sketch.text(109, middle, "y = f(z)", middle=True)
    for x, key in ((left, "inputs"), (30, "weights"), (sum_x, "weighted_sum"), (87, "activation_function")):
        place = max(x, text_width(words(f"figures.{key}")) / 2 + 0.5)
        sketch.text(place, 44.2 if x != left else 2.6, words(f"figures.{key}"), anchor="middle", colour=palette.GREY)
    sketch.trim(111 + text_width("y = f(z)"))
    named = (("x₁, x₂, x₃", "inputs"), ("w₁, w₂, w₃", "weights"), ("b", "bias"), ("z", "weighted_sum"),
             ("f", "activation_function"), ("y", "output"))  # fmt: skip
    rows = tuple((symbol, words(f"figures.{key}")) for symbol, key in named)
    return sketch.finished(words("figures.alt_unit"), (words("figures.symbol"), words("figures.stands_for")), rows)


@figure()
@charted
def activations(_result: Result, words: Words) -> Chart:
    """Draw relu and the sigmoid side by side."""
    drawn = sheet(140, 52)
    grid = numpy.linspace(-5, 5, 201)
    for left, name, values, step, top in (
        (9, "relu", numpy.maximum(0, grid), 1.0, 5.0),
        (82, "sigmoid", _sigmoid(grid), 0.5, 1.0),
    ):
        axes = panel(drawn, left, 8, 55, 34)
        axes.axvline(0, color=palette.RULE, linewidth=0.7, zorder=1)
        axes.plot(grid, values, color=palette.TRAINING, linewidth=1.7)
        axes.set_xlim(-5, 5)
        axes.set_ylim(-0.04 * top, top * 1.04)
        number_axis(axes, "x", 1.0)
        number_axis(axes, "y", step)
        name_axes(axes, "z", f"{name}(z)")
    form = plain(3)
    rows = tuple(
        (numbers.number(z, 0), form(max(0.0, z)), form(float(_sigmoid(numpy.array(z))))) for z in _LISTED
    )  # fmt: skip
    return Chart(figure=drawn, alt=words("figures.alt_activations"), columns=("z", "relu(z)", "sigmoid(z)"), rows=rows)


@figure()
def backpropagation(_result: Result, words: Words) -> Drawing:
    """Draw a chain of two units: the values from left to right, the derivatives of the loss from right to left."""
    chain = Chain()
    z, hidden, predicted, loss = chain.forward
    by_prediction, by_w2, by_hidden, by_sum, by_w1 = chain.backward
    form = "{:g}".format
    places = (6.0, 44.0, 78.0, 112.0, 148.0)
    texts = ("x", "z", "h", "ŷ", "L")
    values = (chain.x, z, hidden, predicted, loss)
    steps = (f"× w₁ = {form(chain.w1)}", "relu", f"× w₂ = {form(chain.w2)}", f"(ŷ − y)², y = {form(chain.y)}")
    back = (f"× x → dL/dw₁ = {form(by_w1)}", "", f"× h → dL/dw₂ = {form(by_w2)}", "")
    slopes = (None, by_sum, by_hidden, by_prediction, 1.0)
    sketch = Sketch(160, 46)
    top = 14.0
    for x, name, value, slope in zip(places, texts, values, slopes, strict=True):
        sketch.circle(x, top, _CIRCLE, fill=palette.TRAINING, opacity=palette.BAND, stroke=palette.TRAINING)
        sketch.text(x, top, name, anchor="middle", middle=True, bold=True)
        sketch.text(x, top - 6, form(value), anchor="middle", colour=palette.TRAINING)
        if slope is not None:
            label = f"dL/d{name} = {form(slope)}"
            place = min(x, sketch.width - text_width(label) / 2 - 0.3)
            sketch.text(place, top + 18, label, anchor="middle", colour=palette.VALIDATION)
    for (first, second), step, weight in zip(pairwise(places), steps, back, strict=True):
        sketch.arrow(first + _CIRCLE + 0.8, top, second - _CIRCLE - 0.8, top, colour=palette.TRAINING)
        sketch.text((first + second) / 2, top - 2.2, step, anchor="middle")
        sketch.arrow(second - 4, top + 11.5, first + 4, top + 11.5, colour=palette.VALIDATION)
        if weight:
            sketch.text((first + second) / 2, top + 25, weight, anchor="middle", colour=palette.VALIDATION, bold=True)
    sketch.text(0.3, 3, words("figures.values_forward"), colour=palette.TRAINING)
    sketch.text(0.3, 45, words("figures.derivatives_backward"), colour=palette.VALIDATION)
    alt = words(
        "figures.alt_backpropagation",
        **dict(zip(("x", "z", "h", "p", "loss"), map(form, values), strict=True)),
        **dict(zip(("dp", "dw2", "dh", "dz", "dw1"), map(form, chain.backward), strict=True)),
    )
    heads = tuple(words(f"figures.{key}") for key in ("quantity", "value", "derivative_of_loss"))
    listed = (
        ("x", form(chain.x), ""), ("w₁", form(chain.w1), form(by_w1)), ("z", form(z), form(by_sum)),
        ("h", form(hidden), form(by_hidden)), ("w₂", form(chain.w2), form(by_w2)),
        ("ŷ", form(predicted), form(by_prediction)), ("L", form(loss), form(1.0)),
    )  # fmt: skip
    return sketch.finished(alt, heads, listed)


def _sigmoid(z: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    values: NDArray[numpy.float64] = 1 / (1 + numpy.exp(-z))
    return values
