"""The small pictures on the cover, one for each lab: the report at a glance.

Where a model is trained it is the validation curve. A lab that trains none may have an emblem of its own, a figure by
the name `emblem-LAB`; any other shows its score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from msgspec import UNSET

from labreport.experiments.definitions import figure
from labreport.experiments.result import Result
from labreport.report.figures import palette
from labreport.report.figures.axes import Curve, CurveSide, bundle, epoch_axis, write_above
from labreport.report.figures.drawing import Chart, Drawing, FigureError
from labreport.report.figures.sketch import Sketch
from labreport.report.figures.style import POINTS_PER_MM, charted, panel, sheet, text_width
from labreport.report.figures.wording import Formatter, plain
from labreport.report.findings import analysis
from labreport.report.findings.digits import Decimals
from labreport.report.findings.groups import Best, groups
from labreport.report.findings.scores import deciding, scores_of
from labreport.report.numbers import SHARE_DIGITS, number, percent
from labreport.report.words import Words

WIDTH, HEIGHT, MARGIN = 40.0, 24.0, 2.5
_SMALL = 7.0
"""Points of the name of a curve."""
_TICKS = 8.0
"""Millimetres that the numbers of the first and the last epoch take beside it."""


def picture(result: Result, words: Words) -> Chart | Drawing:
    """Return the validation curve of a lab with its best epoch, or its score where it has none.

    Raises:
        FigureError: the run has neither.
    """
    if result.findings.own is not UNSET:
        return _own(result, words)
    roles = {fit.role: set(fit.history) for fit in result.findings.trainings}
    if "val_mae" in roles.get("fold", ()):
        dropped, smoothed = analysis.smoothed_curve(result)
        return _of_lab(words, Curve(mean=smoothed), dropped + 1, analysis.smoothed_turn(result), "mae")
    role = analysis.shown_role(result) if roles else ""
    if "val_loss" in roles.get(role, ()):
        curve = bundle(analysis.curves(result, role, "val_loss"))
        return _of_lab(words, curve, 1, analysis.turn(result), "loss")
    return _score(result, words)


def _of_lab(words: Words, curve: Curve, first: int, turn: analysis.Turn, kind: str) -> Chart:
    best = Best(
        epoch=turn.best_epoch, value=turn.best, last_epoch=turn.epochs, last=turn.last, worse_after=turn.overfits
    )
    said = {"best": plain(3)(turn.best), "epoch": turn.best_epoch, "epochs": turn.epochs}
    at = range(first, first + len(curve.mean))
    shown, name = plain(2 if kind == "mae" else 3), words(f"figures.validation_{kind}")
    return _small_curve(words, at, curve, best, shown, name, f"alt_strip_{kind}", said)


def _own(result: Result, words: Words) -> Chart | Drawing:
    """Draw the watched curve of the first training that has a best epoch, each value where it was measured."""
    for group in groups(result):
        best = group.best()
        if best is None or group.watched is None:
            continue
        mean = group.mean(group.watched.key)[0].finite()
        said = {"metric": group.watched.key, "best": plain(3)(best.value), "epoch": best.epoch}
        said["epochs"] = str(best.last_epoch)
        return _small_curve(
            words, mean.at, Curve(mean=mean.values), best, plain(3), group.watched.key, "alt_strip_own", said
        )
    return _score(result, words)


def _score(result: Result, words: Words) -> Drawing:
    """Write the score that decides, or the first one, as its mean over the seeds."""
    score = deciding(result) or next(iter(scores_of(result.findings.scores).values()), None)
    if score is None:
        raise FigureError("the run has neither a validation curve nor a score")
    digits = Decimals(result).by_spread(score.unit, score.first.metric)
    if score.unit == "share":
        value = percent(score.mean, SHARE_DIGITS if digits is None else digits)
    else:
        value = number(score.mean, digits)
    name = words.get(f"trend.metric_{score.first.name}", score.first.name.replace("_", " "))
    sketch = Sketch(WIDTH, HEIGHT)
    sketch.text(WIDTH / 2, 11.5, value, anchor="middle", colour=palette.TEST, size=17, bold=True)
    sketch.text(WIDTH / 2, 18.5, name, anchor="middle", colour=palette.GREY)
    return sketch.finished(words("figures.alt_strip_score", name=name, value=value))


@charted
def _small_curve(
    words: Words,
    at: Sequence[int],
    curve: Curve,
    best: Best,
    shown: Formatter,
    name: str,
    alt: str,
    said: Mapping[str, object],
) -> Chart:
    figure = sheet(WIDTH, HEIGHT)
    axes = panel(figure, MARGIN, 4.6, WIDTH - 2 * MARGIN, 13.2, grid=False)
    if curve.low:
        axes.fill_between(at, curve.low, curve.high, color=palette.VALIDATION, alpha=palette.BAND, linewidth=0)
    axes.plot(at, curve.mean, color=palette.VALIDATION, linewidth=1.2)
    epoch_axis(axes, best.last_epoch)
    axes.set_yticks([])
    axes.margins(y=0.12)
    axes.set_xticks([1, best.last_epoch] if best.last_epoch > 1 else [1])
    if text_width(name, _SMALL) < WIDTH - 2 * MARGIN - _TICKS:
        place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
        axes.annotate(
            name, (0.5, 0), xytext=(0, -4.5), ha="center", va="top", color=palette.GREY, fontsize=_SMALL, **place
        )
    if best.worse_after:
        axes.axvspan(best.epoch, axes.get_xlim()[1], color=palette.VALIDATION, alpha=palette.TINT, linewidth=0)
    share = best.epoch / max(best.last_epoch, 1)
    axes.plot([best.epoch], [best.value], "o", color=palette.VALIDATION, markersize=3.6, markeredgewidth=0)
    label = f"{words('figures.epoch_mark', epoch=best.epoch)} · {shown(best.value)}"
    anchor: CurveSide = "left" if share < 0.33 else "right" if share > 0.67 else "center"
    shift = _into_sheet(axes, best.epoch, text_width(label), anchor) * POINTS_PER_MM
    write_above(axes, best.epoch, label, palette.VALIDATION, anchor=anchor, shift=shift)
    return Chart(figure=figure, alt=words(f"figures.{alt}", **said))


def _into_sheet(axes: Axes, epoch: int, width: float, anchor: CurveSide) -> float:
    """Return how far a label above an epoch has to be moved, in millimetres, so that it does not leave the sheet."""
    low, high = axes.get_xlim()
    place = MARGIN + (WIDTH - 2 * MARGIN) * (epoch - low) / (high - low)
    left = place - width * {"left": 0.0, "center": 0.5, "right": 1.0}[anchor]
    return min(max(left, 0.0), max(WIDTH - width, 0.0)) - left


@figure("emblem-workflow")
def graph_emblem(_result: Result, words: Words) -> Drawing:
    """Draw a small graph with two outputs that stands for the chapter on the workflow."""
    sketch = Sketch(WIDTH, HEIGHT)
    places = {"in": (4.0, 12.0), "shared": (14.5, 12.0), "up": (25.5, 6.0), "down": (25.5, 18.0), "end": (36.0, 12.0)}
    for start, end in (("in", "shared"), ("shared", "up"), ("shared", "down"), ("up", "end"), ("down", "end")):
        (x1, y1), (x2, y2) = places[start], places[end]
        length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
        dx, dy = (x2 - x1) / length * 3.1, (y2 - y1) / length * 3.1
        sketch.arrow(x1 + dx, y1 + dy, x2 - dx, y2 - dy)
    for name, (x, y) in places.items():
        colour = palette.VALIDATION if name == "end" else palette.TRAINING
        sketch.circle(x, y, 2.5, fill=colour, opacity=0.2, stroke=colour)
    return sketch.finished(words("figures.alt_emblem_workflow"))
