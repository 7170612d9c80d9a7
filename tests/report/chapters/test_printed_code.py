"""The code that a chapter prints between its paragraphs does what the lab does."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from labreport.experiments import boston, mnist, selection
from labreport.experiments.data import encoding
from labreport.report.chapters import notes
from labreport.report.figures import units
from labreport.report.words import LANGUAGES

NUMBERS = np.random.default_rng(0)


def _printed(language: str, name: str) -> list[str]:
    """Return the listings that stand in the text of a note, outside its boxes and exercises."""
    text = re.sub(r"^:::\w.*?^:::$", "", notes.source(language, name)[0], flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def _run(name: str, **names: object) -> SimpleNamespace:
    scope = {"np": np, **names}
    exec("\n".join(part for part in _printed("en", name) if "def " in part), scope)
    return SimpleNamespace(**scope)


@pytest.mark.parametrize("name", ["tensors", "mnist", "imdb", "reuters", "boston", "remedies", "convolution"])
def test_both_languages_print_the_same_code_with_comments_of_their_own(name):
    listings = [[re.sub(r"#.*", "#", part) for part in _printed(language, name)] for language in LANGUAGES]
    assert listings[0]
    assert all(each == listings[0] for each in listings)
    comments = re.findall(r"#(.*)", "\n".join(_printed("zh", name)))
    assert not [comment for comment in comments if comment.isascii()]


def test_the_two_passes_in_code_give_the_numbers_of_the_figure_and_the_slopes_of_the_loss():
    scope: dict[str, float] = {}
    exec(_printed("en", "tensors")[0], scope)
    chain = units.Chain()
    assert (scope["z"], scope["h"], scope["predicted"], scope["loss"]) == chain.forward
    backward = ("d_predicted", "d_w2", "d_h", "d_z", "d_w1")
    assert tuple(scope[name] for name in backward) == chain.backward
    for name, slope in (("w1", scope["d_w1"]), ("w2", scope["d_w2"])):
        more, less = (replace(chain, **{name: getattr(chain, name) + step}).forward[-1] for step in (1e-6, -1e-6))
        assert (more - less) / 2e-6 == pytest.approx(slope, rel=1e-6)
    after = replace(chain, w1=chain.w1 - 0.1 * scope["d_w1"], w2=chain.w2 - 0.1 * scope["d_w2"])
    assert (after.w1, after.w2, round(after.forward[-1], 2)) == pytest.approx((1.4, 0.2, 0.19))


def test_images_become_the_vectors_of_the_lab():
    images = NUMBERS.integers(0, 256, (3, 28, 28), dtype="uint8")
    keras = SimpleNamespace(utils=SimpleNamespace(to_categorical=lambda labels: labels))
    printed = _run("mnist", keras=keras, train_images=images, test_images=images, train_labels=[], test_labels=[])
    assert np.array_equal(printed.train_inputs, mnist.preprocess(images))


def test_reviews_are_decoded_and_encoded_as_in_the_lab():
    index = SimpleNamespace(get_word_index=lambda: {"the": 1, "film": 2})
    printed = _run("imdb", keras=SimpleNamespace(datasets=SimpleNamespace(imdb=index)))
    vocabulary = ("", "", "?", "?", "the", "film")
    review = [1, 4, 5, 2, 9]
    assert printed.decode(review, printed.vocabulary) == encoding.decode(review, vocabulary) == "the film ? ?"
    assert printed.multi_hot([[3, 5], [0]], 8).tolist() == [[0, 0, 0, 1, 0, 1, 0, 0], [1, *[0] * 7]]


def test_the_loop_over_the_folds_standardises_and_smooths_as_the_lab_does():
    seen = []

    class Model:
        def fit(self, learnt, prices, *, validation_data, **_):
            seen.append((learnt, *validation_data))
            return SimpleNamespace(history={"val_mae": [len(learnt), len(validation_data[0])]})

    curve = [9.0, 4.0, 3.0, 5.0, 3.0]
    build = {"build_model": lambda settings, features: Model(), "settings": None}
    printed = _run("boston", curve=curve, dropped=1, factor=0.9, **build)
    assert printed.smooth(curve, 1, 0.9) == pytest.approx(selection.smooth(curve, 1, 0.9))
    assert printed.best == selection.best_smoothed_epoch([curve], 1, 0.9)
    features, prices = NUMBERS.normal(5, 2, (11, 3)), np.arange(11.0)
    assert printed.cross_validate(features, prices, 2, 1, 1).tolist() == [6, 5]
    learnt, held_out, its_prices = seen[1]
    expected = boston.standardise(features[[0, 1, 2, 3, 4, 10]], features[5:10])
    assert np.allclose(learnt, expected[0])
    assert np.allclose(held_out, expected[1])
    assert its_prices.tolist() == [5, 6, 7, 8, 9]
