"""Diagrams and pictures: the boxes, numbers and words in their SVG."""

from __future__ import annotations

import base64
import io
import re
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
from helpers.hand_results import hand_result
from PIL import Image as Picture

from labreport.experiments.result import Fold, Layer
from labreport.report.figures import palette, registry
from labreport.report.figures.drawing import Drawing
from labreport.report.rendering import fonts
from labreport.report.words import JoinedWords, Words

EN, ZH = Words("en"), Words("zh")
SVG = "{http://www.w3.org/2000/svg}"


def draw(*asked: Any) -> Drawing:
    """Return a figure, which an earlier test may have drawn: here it is only looked at."""
    return registry.draw(*asked)


def texts(drawing: Drawing) -> list[str]:
    """Return every line of text of a drawing, in its order."""
    return [element.text or "" for element in ElementTree.fromstring(drawing.svg).iter(f"{SVG}text")]


def pictures(drawing: Drawing) -> list[Picture.Image]:
    """Return the embedded pictures."""
    data = re.findall(r'href="data:image/png;base64,([^"]+)"', drawing.svg)
    return [Picture.open(io.BytesIO(base64.b64decode(one))) for one in data]


def inside(drawing: Drawing) -> bool:
    """Return whether all text begins (or ends, or is centred) within the sheet."""
    from labreport.report.figures.style import text_width

    for element in ElementTree.fromstring(drawing.svg).iter(f"{SVG}text"):
        size = float(element.get("font-size", "8"))
        bold, mono = element.get("font-weight") == "700", "Mono" in element.get("font-family", "")
        width = text_width(element.text or "", size, bold=bold, mono=mono)
        moved = re.fullmatch(r"translate\(([\d.]+) ([\d.]+)\)( rotate\(-90\))?", element.get("transform", ""))
        place = moved.groups()[:2] if moved else (element.get("x", "0"), element.get("y", "0"))
        x, y = (float(value) / 72 * 25.4 for value in place)
        before = width * {"start": 0.0, "middle": 0.5, "end": 1.0}[element.get("text-anchor", "start")]
        if moved and moved[3]:  # it is read from below
            least, most = y + before - width, y + before
            along, across, room = drawing.height_mm, x, drawing.width_mm
        else:
            least, most = x - before, x - before + width
            along, across, room = drawing.width_mm, y, drawing.height_mm
        if least < -0.05 or most > along + 0.05 or not 1.5 < across <= room:
            return False
    return True


@pytest.mark.parametrize("words", [EN, ZH, JoinedWords("zh", "en")], ids=["en", "zh", "both"])
@pytest.mark.parametrize(
    ("lab", "name"),
    [
        ("tensors", "digits"),
        ("tensors", "descent"),
        ("tensors", "backpropagation"),
        ("mnist", "unit"),
        ("mnist", "activations"),
        ("tensors", "time-series-tensor"),
        ("tensors", "image-tensor"),
        ("tensors", "broadcasting"),
        ("workflow", "directed-graph"),
        ("workflow", "network-sequential"),
        ("mnist", "digits"),
        ("mnist", "mistakes"),
        ("mnist", "confusion"),
        ("mnist", "class-sizes"),
        ("imdb", "curves"),
        ("imdb", "network-selection"),
        ("imdb", "probabilities"),
        ("reuters", "bottleneck"),
        ("reuters", "class-sizes"),
        ("reuters", "confusion"),
        ("reuters", "encodings"),
        ("reuters", "network-bottleneck"),
        ("boston", "folds"),
        ("boston", "mae"),
        ("boston", "mae-raw"),
        ("boston", "predicted-true"),
        ("boston", "network-fold"),
    ],
)
def test_no_text_runs_over_the_edge(lab: str, name: str, words: Words) -> None:
    drawing = draw(name, hand_result(lab), words)
    assert inside(drawing)
    assert drawing.width_mm <= 160


def test_a_network_has_a_box_for_its_input_and_one_for_each_layer() -> None:
    drawing = draw("network-selection", hand_result("imdb"), EN)
    assert drawing.svg.count("<rect") == 4
    said = texts(drawing)
    assert said[:2] == ["input", "(n, 10000)"]
    assert said[2:6] == ["Dense, 16 units", "relu", "output (n, 16)", "160\u202f016 parameters"]
    assert "Dense, 1 unit" in said
    assert "160\u202f305 parameters" in drawing.alt
    assert "Dense，16 个单元" in texts(draw("network-selection", hand_result("imdb"), ZH))


def test_the_placeholder_of_an_input_is_no_layer() -> None:
    sequential, functional = (draw(f"network-{r}", hand_result("workflow"), EN) for r in ("sequential", "functional"))
    assert texts(sequential) == texts(functional)


def test_a_layer_without_activation_says_so() -> None:
    assert "no activation" in texts(draw("network-fold", hand_result("boston"), EN))
    assert "无激活函数" in texts(draw("network-fold", hand_result("boston"), ZH))


def test_a_deep_network_goes_on_in_another_row() -> None:
    model = hand_result("imdb").findings.models[0]
    layer = Layer(name="long", kind="Bidirectional", output_shape=(None, 100, 64), parameters=12_345, activation="tanh")
    deep = msgspec.structs.replace(model, layers=(layer,) * 9)
    drawing = draw("network-selection", hand_result("imdb", models=(deep,)), EN)
    assert drawing.width_mm <= 160.5
    assert drawing.height_mm > 60
    assert inside(drawing)


def test_the_losses_of_both_outputs_join_in_their_weighted_sum() -> None:
    drawing = draw("directed-graph", hand_result("workflow"), EN)
    said = texts(drawing)
    assert {"price", "sold", "loss of price", "loss of sold", "total loss"} <= set(said)
    assert {"× 1.0", "× 0.5", "+", "2.346", "0.745", "2.718"} <= set(said)
    assert "2.346 and 0.745, times 1.0 and 0.5" in drawing.alt


def test_each_fold_is_a_row_with_its_validation_part_marked() -> None:
    drawing = draw("folds", hand_result("boston"), EN)
    assert drawing.svg.count(f'stroke="{palette.VALIDATION}"') == 4
    assert texts(drawing).count("101 for validation") == 4
    assert {"0", "101", "202", "303", "404"} <= set(texts(drawing))
    assert drawing.rows[1] == ("2", "101–201", "303", "101")
    assert texts(draw("folds", hand_result("boston"), ZH)).count("验证 101 个") == 4


def test_many_narrow_folds_leave_out_what_does_not_fit() -> None:
    folds = tuple(
        Fold(number=k + 1, validation=(20 * k, 20 * k + 20), train_samples=384, validation_samples=20)
        for k in range(20)
    )
    drawing = draw("folds", hand_result("boston", folds=folds), EN)
    assert texts(drawing).count("20") >= 20
    assert inside(drawing)


def test_broadcasting_shows_the_worked_example() -> None:
    drawing = draw("broadcasting", hand_result("tensors"), EN)
    numbers = [text for text in texts(drawing) if text.isdigit()]
    assert numbers == ["3", "3", "3", "3", "3", "3", "2", "2", "1", "1", "5", "5", "4", "4"]
    assert "the sum is [[5, 5], [4, 4]]" in drawing.alt


def test_tensors_name_their_axes_in_both_languages() -> None:
    assert {"samples (axis 0)", "timesteps (axis 1)"} <= set(
        texts(draw("time-series-tensor", hand_result("tensors"), EN))
    )
    assert {"样本（轴 0）", "时间步（轴 1）"} <= set(texts(draw("time-series-tensor", hand_result("tensors"), ZH)))
    assert {"width (axis 2)", "channels (axis 3)"} <= set(texts(draw("image-tensor", hand_result("tensors"), EN)))


def test_the_descent_follows_the_series_and_marks_the_minimum() -> None:
    drawing = draw("descent", hand_result("tensors"), EN)
    assert "minimum at 3.00" in texts(drawing)
    assert "20 steps" in drawing.alt
    assert len(drawing.rows) == 21
    assert drawing.rows[0] == ("0", "0.0000", "16.88")


def test_digits_stand_in_columns_by_label_as_one_picture_a_row() -> None:
    drawing = draw("digits", hand_result("mnist"), EN)
    assert texts(drawing) == [str(digit) for digit in range(10)]
    first, second = pictures(drawing)
    assert first.size == second.size == ((28 + 2) * 10 * 2 - 4, 56)
    assert 'image-rendering="pixelated"' in drawing.svg


def test_the_picture_holds_the_very_pixels_dark_on_light() -> None:
    (picture,) = pictures(draw("digits", hand_result("tensors"), EN))
    grey = picture.resize((28, 28), Picture.Resampling.NEAREST).convert("L").tobytes()
    assert bytes(255 - value for value in grey) == hand_result("tensors").findings.images[0].pixels
    assert "label: 5" in texts(draw("digits", hand_result("tensors"), EN))


def test_images_of_uneven_labels_get_a_label_each() -> None:
    images = hand_result("mnist").findings.images[:13]
    assert len(texts(draw("digits", hand_result("mnist", images=images), EN))) == 13


def test_mistakes_say_what_is_true_what_was_read_and_how_surely() -> None:
    drawing = draw("mistakes", hand_result("mnist"), EN)
    assert texts(drawing)[:2] == ["true 4, read as 9", "99.9%"]
    assert len(pictures(drawing)) == 12
    assert "真实 4，判为 9" in texts(draw("mistakes", hand_result("mnist"), ZH))
    assert "a digit 4 read as 9 with probability 99.9%" in drawing.alt


def test_classes_are_ordered_by_size_where_there_are_many() -> None:
    drawing = draw("class-sizes", hand_result("reuters"), EN)
    names = texts(drawing)[1::2]
    assert names[:3] == ["earn", "acq", "money-fx"]
    assert len(names) == 46
    assert "most in “earn” (3\u202f159, 35.17%)" in drawing.alt


def test_even_classes_are_told_as_such() -> None:
    assert "12\u202f500 in each" in draw("class-sizes", hand_result("imdb"), EN).alt
    assert "负面" in texts(draw("class-sizes", hand_result("imdb"), ZH))


def test_hostile_class_names_stay_text() -> None:
    card = hand_result("imdb").findings.data
    assert card is not None
    hostile = msgspec.structs.replace(card, class_names=("<script>x</script>", 'a & "b" $\\frac$'))
    result = hand_result("imdb", data=hostile)
    for name in ("class-sizes", "probabilities"):
        drawing = draw(name, result, EN)
        assert "<script" not in drawing.svg
        assert any("<script>x</script>" in text for text in texts(drawing))
    assert draw("class-sizes", result, EN).rows[0][1] == r"\<script\>x\</script\>"


def test_the_glyph_check_sees_the_text_of_figures() -> None:
    assert "训练" in fonts.svg_text(draw("curves", hand_result("imdb"), ZH).svg)
