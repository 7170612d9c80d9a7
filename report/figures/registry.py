"""The names under which notes ask for figures."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from labreport.experiments.result import Result
from labreport.experiments.selection import NoValidationError
from labreport.report.figures import blocks, classes, crossvalidation, curves, descent, images, network, predictions
from labreport.report.figures import strip as cover_strip
from labreport.report.figures.drawing import Chart, Drawing, FigureError, finished
from labreport.report.findings.analysis import MissingValueError
from labreport.report.words import Words

Artist = Callable[[Result, Words], Chart | Drawing]

FIGURES: dict[str, Artist] = {
    "accuracy": curves.accuracy,
    "bottleneck": curves.bottleneck,
    "broadcasting": blocks.broadcasting,
    "class-sizes": classes.class_sizes,
    "confusion": classes.confusion,
    "curves": curves.curves,
    "descent": descent.descent,
    "digits": images.digits,
    "directed-graph": network.two_output_graph,
    "emblem-tensors": blocks.emblem,
    "emblem-workflow": cover_strip.graph_emblem,
    "encodings": curves.encodings,
    "folds": crossvalidation.folds,
    "image-tensor": blocks.image_batch,
    "loss": curves.loss,
    "mae": crossvalidation.mae,
    "mae-raw": crossvalidation.mae_raw,
    "mistakes": images.mistakes,
    "predicted-true": predictions.predicted_true,
    "probabilities": predictions.probabilities,
    "time-series-tensor": blocks.time_series,
}
EMBLEM = "emblem-"
"""Beginning of the names of the pictures that stand for a lab on the cover; the lab's name follows."""
NETWORK = "network-"
"""Beginning of the names of model diagrams; the role of the model follows."""


def figure_names() -> tuple[str, ...]:
    """Return the names of all figures, `network-ROLE` standing for any role."""
    return (*sorted(FIGURES), f"{NETWORK}ROLE")


def draw(name: str, result: Result, words: Words) -> Drawing:
    """Return a figure of a run.

    Args:
        name: one of `figure_names()`; `network-` is followed by the role of a model.
        result: the run.
        words: texts of the report's language.

    Raises:
        FigureError: no figure has that name, or the run does not hold what it shows.
    """
    if name in FIGURES:
        return _drawn(name, lambda: FIGURES[name](result, words), result, words)
    if name.startswith(NETWORK):
        return _drawn(name, lambda: network.network(result, words, name.removeprefix(NETWORK)), result, words)
    near = get_close_matches(name, FIGURES, 1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise FigureError(f"There is no figure '{name}'.{hint} Known figures: {', '.join(figure_names())}.")


def strip(result: Result, words: Words) -> Drawing:
    """Return the small picture of a lab for the cover, 40 mm × 24 mm.

    Raises:
        FigureError: the lab has no emblem, and its run neither a validation curve nor a score.
    """
    emblem = f"{EMBLEM}{result.lab}"
    if emblem in FIGURES:
        return draw(emblem, result, words)
    return _drawn("strip", lambda: cover_strip.picture(result, words), result, words)


def _drawn(name: str, artist: Callable[[], Chart | Drawing], result: Result, words: Words) -> Drawing:
    try:
        drawing = artist()
    except (FigureError, MissingValueError, NoValidationError) as error:
        raise FigureError(f"The figure '{name}' of {result.lab} can't be drawn: {error}") from error
    if isinstance(drawing, Chart):
        return finished(drawing, f"{result.lab}-{name}-{words.language}")
    return drawing
