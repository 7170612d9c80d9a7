"""Charts: what their axes show, what their words say, and that their SVG is fit for a strict page."""

from __future__ import annotations

import re
import subprocess
import sys
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import numpy
import pytest
from helpers.hand_results import hand_result
from helpers.places import TESTS
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from labreport.experiments.result import Predictions, Result
from labreport.report.figures import classes, crossvalidation, curves, palette, predictions, registry
from labreport.report.figures.axes import spread
from labreport.report.figures.drawing import Chart, FigureError
from labreport.report.figures.registry import FIGURES as KNOWN
from labreport.report.figures.registry import draw
from labreport.report.figures.svg import shortened
from labreport.report.rendering import fonts
from labreport.report.words import LANGUAGES, Words

EN, ZH = Words("en"), Words("zh")

FIGURES = {
    "tensors": ("digits", "descent", "time-series-tensor", "image-tensor", "broadcasting", "backpropagation"),
    "workflow": ("network-sequential", "network-functional", "network-two_outputs", "directed-graph"),
    "mnist": (
        "digits",
        "mistakes",
        "curves",
        "loss",
        "accuracy",
        "confusion",
        "class-sizes",
        "network-selection",
        "unit",
        "activations",
    ),
    "imdb": ("curves", "loss", "accuracy", "probabilities", "class-sizes", "network-selection"),
    "reuters": ("curves", "class-sizes", "confusion", "encodings", "bottleneck", "network-bottleneck"),
    "boston": ("folds", "mae", "mae-raw", "mae-both", "predicted-true", "network-fold"),
    "remedies": ("remedies", "gains", "curves"),
    "convolution": ("filters", "feature-maps", "beside-dense", "digits", "mistakes"),
    "metrics": ("thresholds", "ranking", "calibration"),
    "uneven": ("recall-size",),
    "sequences": ("padding", "sequence-accuracy", "network-lstm"),
}
EVERY = [(lab, name, language) for lab, names in FIGURES.items() for name in names for language in LANGUAGES]


def line_data(chart: Chart, axes: int, line: int) -> list[float]:
    """Return the heights of one line of a chart."""
    return [float(value) for value in numpy.asarray(chart.figure.axes[axes].lines[line].get_ydata())]


def positions(line: Line2D) -> list[float]:
    """Return where the points of a line lie on the horizontal axis."""
    return [float(value) for value in numpy.asarray(line.get_xdata())]


def labels(chart: Chart) -> str:
    """Return all text of a chart that is not a number at a tick."""
    texts = [text.get_text() for axes in chart.figure.axes for text in axes.texts]
    return " | ".join([*texts, *(axes.get_xlabel() for axes in chart.figure.axes)])


def with_history(result: Result, role: str, **history: tuple[float, ...]) -> tuple[object, ...]:
    """Return the trainings with the first of a role given another history, and no other of that role."""
    first = next(fit for fit in result.findings.trainings if fit.role == role)
    epochs = len(next(iter(history.values())))
    return (msgspec.structs.replace(first, history=history, epochs=epochs),)


@pytest.mark.parametrize(("lab", "name", "language"), EVERY)
def test_every_figure_is_clean_svg_with_words(lab: str, name: str, language: str) -> None:
    drawing = registry.draw(name, hand_result(lab), Words(language))
    root = ElementTree.fromstring(drawing.svg)
    elements = list(root.iter())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not any("style" in element.attrib for element in elements)
    assert not any(element.tag.rpartition("}")[2] in {"style", "metadata", "script", "title"} for element in elements)
    assert all(value.startswith(("data:image/png;base64,", "#")) for e in elements if (value := e.get("href")))
    assert {e.get("font-family") for e in elements} <= {None, "Labreport Sans", "Labreport Mono"}
    assert root.get("width") == f"{drawing.width_mm:.2f}".rstrip("0").rstrip(".") + "mm"
    assert drawing.width_mm <= 160
    assert len(drawing.svg) < 24_000
    assert len(drawing.alt) > 20
    assert "{" not in drawing.alt
    assert bool(re.search(r"[\u4e00-\u9fff]", drawing.alt)) is (language == "zh")
    assert drawing.rows
    assert all(len(row) == len(drawing.columns) for row in drawing.rows)
    fonts.check(fonts.svg_text(drawing.svg) + drawing.alt, name)


def test_the_tests_draw_every_figure_there_is() -> None:
    drawn = {"network-ROLE" if name.startswith("network-") else name for names in FIGURES.values() for name in names}
    # The curves and pictures of any run are drawn where chapters without a note are tested, emblems with the cover.
    elsewhere = ("emblem-", "histories-", "picture-")
    assert drawn == {name for name in KNOWN.names() if not name.startswith(elsewhere)}


def test_training_and_validation_errors_are_smoothed_alike_and_marked_at_one_epoch() -> None:
    result = hand_result("boston", seeds=(0,))
    drawing, alone = draw("mae-both", result, EN), draw("mae", result, EN)
    epoch = re.search(r"lowest at epoch (\d+)", alone.alt)
    assert epoch is not None
    row = next(row for row in drawing.rows if row[0] == epoch[1])
    assert f"At epoch {epoch[1]}, where the validation error is lowest, they are {row[1]} and {row[2]}" in drawing.alt


def test_ids_are_unique_over_all_figures_and_all_are_used() -> None:
    seen: set[str] = set()
    for lab, names in FIGURES.items():
        for name in names:
            svg = registry.draw(name, hand_result(lab), EN).svg
            ids = [element.get("id") for element in ElementTree.fromstring(svg).iter() if element.get("id")]
            assert len(set(ids)) == len(ids)
            assert not seen & {str(one) for one in ids}
            assert all(f"#{one}" in svg for one in ids)
            seen |= {str(one) for one in ids}


def test_the_same_run_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    here = [draw(name, hand_result("reuters"), ZH).svg for name in FIGURES["reuters"]]
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from hashlib import sha256\nfrom helpers.hand_results import hand_result\n"
        "from labreport.report.figures.registry import draw\n"
        "from labreport.report.words import Words\n"
        f"drawn = ''.join(draw(name, hand_result('reuters'), Words('zh')).svg for name in {FIGURES['reuters']!r})\n"
        "print(sha256(drawn.encode()).hexdigest())\n"
    )
    command = [sys.executable, "-W", "error", "-c", code, str(TESTS)]
    there = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True).stdout.strip()
    assert there == sha256("".join(here).encode()).hexdigest()


def test_a_users_matplotlib_settings_change_nothing() -> None:
    import matplotlib

    plain = draw("loss", hand_result("imdb"), EN).svg
    with matplotlib.rc_context({"font.size": 20, "axes.grid": False, "lines.linewidth": 9, "axes.facecolor": "black"}):
        assert draw("loss", hand_result("imdb"), EN).svg == plain


def test_curves_show_the_means_over_seeds_and_mark_the_best_epoch() -> None:
    result = hand_result("imdb")
    chart = curves.curves(result, EN)
    losses = [fit.history["val_loss"] for fit in result.findings.trainings if fit.role == "selection"]
    mean = [sum(values) / len(values) for values in zip(*losses, strict=True)]
    assert line_data(chart, 0, 1) == pytest.approx(mean)
    assert chart.figure.axes[0].get_xlim() == chart.figure.axes[1].get_xlim()
    assert chart.figure.axes[0].get_ylim()[0] == 0
    mark = chart.figure.axes[0].lines[2]
    assert positions(mark) == [4, 4]
    assert "epoch 4" in labels(chart)
    assert "第 4 轮" in labels(curves.curves(result, ZH))
    assert f"at epoch 4, then ends higher at {mean[-1]:.3f}" in chart.alt
    assert f"降到第 4 轮的 {mean[3]:.3f}" in curves.curves(result, ZH).alt


def test_curves_show_the_training_with_validation_whatever_its_role() -> None:
    result = hand_result("imdb")
    renamed = tuple(
        msgspec.structs.replace(fit, role="fit") for fit in result.findings.trainings if fit.role == "selection"
    )
    findings = msgspec.structs.replace(result.findings, trainings=renamed)
    assert curves.curves(msgspec.structs.replace(result, findings=findings), EN).alt == curves.curves(result, EN).alt


def test_accuracy_is_drawn_in_percent_and_never_above_a_hundred() -> None:
    chart = curves.accuracy(hand_result("mnist"), EN)
    axes = chart.figure.axes[0]
    assert max(line_data(chart, 0, 0)) > 90
    assert all(tick <= 100 for tick in axes.yaxis.get_major_locator().tick_values(*axes.get_ylim()))
    assert "accuracy (%)" in labels(chart)


def test_ticks_of_epochs_are_whole_and_begin_with_the_first() -> None:
    axes = curves.loss(hand_result("imdb"), EN).figure.axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1", "5", "10", "15", "20"]


def test_training_and_validation_differ_in_colour_width_and_marker() -> None:
    training, validation = curves.loss(hand_result("imdb"), EN).figure.axes[0].lines[:2]
    assert (training.get_color(), validation.get_color()) == (palette.TRAINING, palette.VALIDATION)
    assert (training.get_marker(), validation.get_marker()) == ("o", "")
    assert validation.get_linewidth() > 2 * training.get_linewidth()


def test_several_seeds_give_a_band_and_a_single_one_gives_none() -> None:
    several, single = (curves.loss(hand_result("imdb", seeds=seeds), EN) for seeds in ((0, 1, 2), (0,)))
    assert [band.get_alpha() for band in several.figure.axes[0].collections] == [palette.BAND] * 2
    assert not single.figure.axes[0].collections
    assert "3 runs" in several.alt
    assert "runs" not in single.alt


def test_a_minimum_at_the_last_epoch_is_not_marked() -> None:
    falling = (0.9, 0.7, 0.6, 0.5)
    history = {
        "loss": falling,
        "val_loss": falling,
        "accuracy": (0.1, 0.2, 0.3, 0.4),
        "val_accuracy": (0.1, 0.2, 0.3, 0.4),
    }
    result = hand_result("imdb", trainings=with_history(hand_result("imdb"), "selection", **history))
    chart = curves.curves(result, EN)
    assert "no epoch is marked" in chart.alt
    assert "epoch 4" not in labels(chart)


def test_values_that_are_not_finite_leave_a_gap_and_still_a_figure() -> None:
    losses = (0.9, float("nan"), float("inf"), 0.5, 0.6)
    result = hand_result("imdb")
    fits = with_history(result, "selection", loss=(0.9, 0.8, 0.7, 0.6, 0.5), val_loss=losses)
    drawing = draw("loss", hand_result("imdb", trainings=fits), EN)
    assert "nan" not in drawing.svg.lower()
    assert "at epoch 4" in drawing.alt
    assert drawing.rows[1] == ("2", "0.800", "NaN")


def test_a_single_epoch_is_a_visible_point() -> None:
    fits = with_history(hand_result("imdb"), "selection", loss=(0.5,), val_loss=(0.4,))
    chart = curves.loss(hand_result("imdb", trainings=fits), EN)
    assert [line.get_marker() for line in chart.figure.axes[0].lines] == ["o", "o"]
    assert "after the only epoch" in chart.alt


def test_the_table_behind_a_long_curve_is_thinned_but_keeps_the_best_epoch() -> None:
    drawing = draw("mae", hand_result("boston"), EN)
    epochs = [int(row[0]) for row in drawing.rows]
    assert len(epochs) < 30
    assert epochs[0] == 1
    assert epochs[-1] == 500
    assert f"at epoch {next(e for e in epochs if e % 20 and e > 1)} with" in drawing.alt
    assert [column.kind for column in drawing.columns] == ["number"] * 5


def test_the_smoothed_error_begins_after_the_dropped_epochs_and_has_the_span_of_the_folds() -> None:
    chart = crossvalidation.mae(hand_result("boston"), EN)
    raw, smoothed = chart.figure.axes[0].lines[:2]
    assert positions(raw)[0] == positions(smoothed)[0] == 11
    assert raw.get_linewidth() < smoothed.get_linewidth()
    assert len(chart.figure.axes[0].collections) == 1
    assert {"highest fold", "lowest fold", "mean, smoothed", "mean, raw"} <= set(labels(chart).split(" | "))
    assert "最高的一折" in labels(crossvalidation.mae(hand_result("boston"), ZH))


def test_a_cross_validation_shorter_than_the_dropped_epochs_can_be_drawn() -> None:
    import msgspec

    short = tuple(
        msgspec.structs.replace(fit, epochs=4, history={key: values[:4] for key, values in fit.history.items()})
        for fit in hand_result("boston").findings.trainings
    )
    assert "first 2 epochs" in draw("mae", hand_result("boston", trainings=short), EN).alt
    assert draw("mae-raw", hand_result("boston", trainings=short), EN).rows[-1][0] == "4"


def test_the_raw_error_starts_at_zero_and_shows_all_epochs() -> None:
    axes = crossvalidation.mae_raw(hand_result("boston"), EN).figure.axes[0]
    assert axes.get_ylim()[0] == 0
    assert len(positions(axes.lines[0])) == 500


def test_both_encodings_of_labels_are_drawn_over_the_compared_epochs() -> None:
    chart = curves.encodings(hand_result("reuters"), EN)
    assert len(line_data(chart, 0, 0)) == len(line_data(chart, 0, 1)) == 5
    assert "differ by 1.0 × 10⁻⁷ at most" in chart.alt


def test_the_bottleneck_names_both_widths() -> None:
    chart = curves.bottleneck(hand_result("reuters"), ZH)
    assert {"中间层 64 个单元", "中间层 4 个单元"} <= set(labels(chart).split(" | "))
    assert "4 个单元时的准确率从" in chart.alt


def test_the_confusion_matrix_is_drawn_by_roles_and_says_how_many_are_right() -> None:
    result = hand_result("reuters")
    drawing = draw("confusion", result, EN)
    assert "<image" not in drawing.svg
    right = sum(row[label] for label, row in enumerate(result.findings.predictions[0].confusion))
    assert f"{right:,} of 2,246".replace(",", "\u202f") in drawing.alt
    assert "takes “earn” for “acq” (20 samples)" in drawing.alt


def test_a_small_confusion_matrix_shows_its_counts() -> None:
    chart = classes.confusion(hand_result("mnist"), EN)
    assert "960" in labels(chart)
    assert "1\u202f115" in labels(chart)


def test_the_histogram_counts_every_sample_and_names_both_classes() -> None:
    chart = predictions.probabilities(hand_result("imdb"), EN)
    bars = [bar for bar in chart.figure.axes[0].patches if isinstance(bar, Rectangle)]
    assert sum(bar.get_height() for bar in bars) == 25_000
    assert "← negative" in labels(chart)
    assert "负面" in labels(predictions.probabilities(hand_result("imdb"), ZH))


def test_predicted_and_true_values_share_one_scale() -> None:
    chart = predictions.predicted_true(hand_result("boston"), EN)
    axes = chart.figure.axes[0]
    assert axes.get_xlim() == axes.get_ylim()
    assert len(positions(axes.lines[1])) == 102
    assert "102 test samples" in chart.alt


def test_of_thousands_of_points_some_are_drawn_and_the_text_says_so() -> None:
    values = tuple(float(i % 50) for i in range(4000))
    said = (Predictions(model="final", seed=0, true_values=values, predicted_values=values),)
    drawing = draw("predicted-true", hand_result("boston", predictions=said), EN)
    assert "4\u202f000 test samples" in drawing.alt
    assert "500 of them are drawn" in drawing.alt


@pytest.mark.parametrize(
    ("lab", "name", "absent"),
    [
        ("imdb", "curves", {"trainings": ()}),
        ("imdb", "probabilities", {"predictions": ()}),
        ("mnist", "digits", {"images": ()}),
        ("mnist", "mistakes", {"predictions": ()}),
        ("reuters", "confusion", {"predictions": ()}),
        ("reuters", "class-sizes", {"data": None}),
        ("reuters", "bottleneck", {"settings": {}}),
        ("boston", "folds", {"folds": ()}),
        ("boston", "predicted-true", {"predictions": ()}),
        ("boston", "class-sizes", {}),
        ("tensors", "descent", {"series": ()}),
        ("workflow", "directed-graph", {"models": ()}),
        ("workflow", "network-nothing", {}),
    ],
)
def test_missing_data_are_an_error_that_names_figure_and_lab(lab: str, name: str, absent: dict[str, object]) -> None:
    with pytest.raises(FigureError, match=f"'{name}' of {lab} can't be drawn: .+"):
        draw(name, hand_result(lab, **absent), EN)


def test_validation_without_any_finite_value_is_an_error() -> None:
    nothing = (float("nan"), float("nan"))
    fits = with_history(hand_result("imdb"), "selection", loss=(1.0, 0.5), val_loss=nothing)
    with pytest.raises(FigureError, match="none of the 2 validation values is finite"):
        draw("loss", hand_result("imdb", trainings=fits), EN)


def test_an_unknown_figure_lists_the_known_ones() -> None:
    with pytest.raises(FigureError, match=r"Unknown figure 'curvs'. Did you mean 'curves'\? Known: .*network-ROLE"):
        draw("curvs", hand_result("imdb"), EN)


def test_labels_at_the_ends_of_curves_keep_their_distance() -> None:
    assert spread([10.0, 11.0, 40.0], 9.0) == [6.0, 15.0, 40.0]
    assert spread([30.0, 5.0], 9.0) == [30.0, 5.0]
    places = sorted(spread([1.0, 2.0, 3.0, 12.0], 9.0))
    assert all(b - a >= 9.0 - 1e-9 for a, b in pairwise(places))


def test_paths_are_written_with_relative_steps() -> None:
    assert shortened("M 10 20 \nL 11.5 19.25 \nL 11.5 30 \nz") == "M10 20l1.5-.8v10.8z"
    assert shortened("M 0 0 C 1 2 3 4 5 6") == "M0 0C1 2 3 4 5 6"


def test_rounding_a_long_path_does_not_drift() -> None:
    path = "M 0 0 " + " ".join(f"L {i * 1.0345:.5f} {(i % 2) * 1.0345:.5f}" for i in range(1, 100))
    steps = shortened(path)
    assert steps.startswith("M0 0l1 1 1.1-1")
    numbers = [float(text) for text in steps.removeprefix("M0 0l").replace("-", " -").split()]
    assert sum(numbers[::2]) == pytest.approx(99 * 1.0345, abs=0.06)


def test_every_colour_of_a_figure_is_a_role_of_the_palette() -> None:
    for lab, names in FIGURES.items():
        for name in names:
            painted = re.findall(r'(?:fill|stroke)="([^"]*)"', registry.draw(name, hand_result(lab), EN).svg)
            assert set(painted) <= {"none", *palette.ROLES}, (lab, name)
