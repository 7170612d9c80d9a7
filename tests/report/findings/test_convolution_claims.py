"""What is said of a convolutional network beside a dense one."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from helpers.hand_further import answers
from helpers.hand_results import hand_result

from labreport.report.findings import claims
from labreport.report.findings.analysis import MissingValueError, score
from labreport.report.findings.paired import shared


def _with_answers(rights: dict[str, list[int]]):
    rows = tuple(
        msgspec.structs.replace(
            answers(role, 0, 1, 0, len(flags)), correct=np.packbits(np.array(flags, dtype=bool)).tobytes()
        )
        for role, flags in rights.items()
    )
    return hand_result("convolution", seeds=(0,), per_sample=rows)


def test_the_test_samples_are_divided_by_who_gets_them_right():
    result = _with_answers({"final": [1, 1, 1, 0, 0, 1, 1, 1, 0], "dense": [1, 0, 0, 1, 0, 1, 1, 1, 0]})
    pair = score(result, "test_accuracy"), score(result, "test_accuracy_dense")
    assert shared(result, *pair) == (4, 2, 1, 2)
    found = claims.state("mistakes_shared", result)
    assert [found.numbers[name] for name in ("dense_mistakes", "gained", "neither", "lost")] == [4, 2, 2, 1]
    assert found.verdict == "false"
    bare = hand_result("convolution", per_sample=msgspec.UNSET)
    with pytest.raises(MissingValueError, match="which samples each network gets right"):
        shared(bare, *pair)


def test_the_sentences_follow_the_runs():
    for seeds in ((0,), (0, 1, 2)):
        result = hand_result("convolution", seeds=seeds)
        assert claims.state("beats_dense", result).verdict == "true"
        moved = claims.state("beats_dense_moved", result)
        assert moved.verdict == "true"
        assert 0 < moved.numbers["lost"] < moved.numbers["dense_lost"]
        fewer = claims.state("fewer_parameters", result)
        assert (fewer.numbers["parameters"], fewer.numbers["dense_parameters"]) == (93_322, 407_050)
        assert claims.state("mistakes_shared", result).verdict == "true"


def test_a_dense_network_that_is_ahead_is_said_to_be():
    usual = hand_result("convolution")
    turned = {"final": "dense", "dense": "final", "moved": "dense-moved", "dense-moved": "moved"}
    names = {"": "_dense", "_dense": "", "_moved": "_dense-moved", "_dense-moved": "_moved"}

    def exchanged(one):
        head, tail = one.name[:13], one.name[13:]
        name = head + names[tail] if head == "test_accuracy" else one.name
        return msgspec.structs.replace(one, name=name, model=turned[one.model])

    result = hand_result(
        "convolution",
        scores=tuple(exchanged(one) for one in usual.findings.scores if one.metric == "accuracy"),
        per_sample=tuple(msgspec.structs.replace(row, model=turned[row.model]) for row in usual.findings.per_sample),
        models=tuple(msgspec.structs.replace(one, role=turned[one.role]) for one in usual.findings.models),
    )
    for name in ("beats_dense", "beats_dense_moved", "fewer_parameters"):
        assert claims.state(name, result).verdict == "false", name
