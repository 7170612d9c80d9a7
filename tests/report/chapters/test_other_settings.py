"""A chapter says of a run with other settings what is true of it, and of a run of an earlier version what it said."""

from __future__ import annotations

import re

import pytest
from helpers.hand_results import NETWORK, SETTINGS, hand_result

from labreport.report.chapters import notes
from labreport.report.chapters.values import Context
from labreport.report.words import LANGUAGES

LABS = ("mnist", "imdb", "reuters", "boston")
NEW = ("layers", *NETWORK, "loss", "optimizer")
OTHER = {"layers": 3, "activation": "tanh", "dropout": 0.5, "l2": 0.001, "loss": "mse", "optimizer": "adam"}


def _text(lab, language, settings):
    result = hand_result(lab, seeds=(0,), settings=settings)
    note = notes.read(Context(result, language), *notes.source(language, lab))
    return "\n".join(passage.text for section in note.sections for passage in section.passages)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lab", LABS)
def test_a_run_of_an_earlier_version_reads_as_it_did(lab, language):
    before = {name: value for name, value in SETTINGS[lab].items() if name not in NEW}
    assert _text(lab, language, before) == _text(lab, language, SETTINGS[lab])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lab", LABS)
def test_the_sentences_about_the_network_follow_its_settings(lab, language):
    usual, other = (_text(lab, language, {**SETTINGS[lab], **changes}) for changes in ({}, OTHER))
    said = {
        "en": ("with tanh", "and tanh", "dropout", "L2 penalty", "another activation function", "adam"),
        "zh": ("用 tanh", "激活函数为 tanh", "随机失活", "带 L2 惩罚", "另一种激活函数", "adam"),
    }[language]
    new = other.replace(usual, "")
    assert any(word in new for word in said[:2])
    assert all(word in new for word in said[2:])
    wrong = {
        "en": r"two hidden (dense )?layers of|units with relu|and relu, and a last|RMSprop with a learning",
        "zh": r"两个隐藏的?全连接层，各有|个单元，用 relu；|激活函数为 relu|优化器[是为] RMSprop|训练采用 RMSprop",
    }[language]
    assert re.search(wrong, usual)
    assert not re.search(wrong, other)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_parameters_of_the_exercises_are_those_of_a_deeper_network(language):
    words, units, layers = 10_000, 16, 3
    total = (words + 1) * units + (layers - 1) * (units + 1) * units + units + 1
    grouped = f"{total:,}".replace(",", "\u202f")
    assert grouped in _text("imdb", language, {**SETTINGS["imdb"], "layers": layers})
    total = 785 * 512 + 2 * 513 * 512 + 513 * 10
    grouped = f"{total:,}".replace(",", "\u202f")
    assert grouped in _text("mnist", language, {**SETTINGS["mnist"], "layers": layers})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lab", ["mnist", "imdb"])
def test_a_loss_that_is_no_cross_entropy_is_not_read_as_a_probability_without_a_word(lab, language):
    said = {"en": "This run used another loss", "zh": "本次运行的损失不是交叉熵"}[language]
    assert said not in _text(lab, language, SETTINGS[lab])
    assert said in _text(lab, language, {**SETTINGS[lab], "loss": "mse"})
    assert said in _text(lab, language, {**SETTINGS[lab], "l2": 0.01})
