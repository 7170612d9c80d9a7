"""Stored results in less room: the same text comes back, and measured numbers take four bytes."""

from __future__ import annotations

import json
import lzma
import random
import re
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.report.store import compression

LARGEST = 10_000_000

numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(width=32, allow_nan=False, allow_infinity=False).map(lambda value: f"{value:.9g}"),
    st.floats(width=32, min_value=0, max_value=10).map(lambda value: f"{value:.7f}"),
    st.from_regex(r"-?\d{0,50}\.\d{3,12}(e-\d\d)?", fullmatch=True),
)


@given(st.lists(st.one_of(numbers, st.text(st.characters(exclude_characters="\x01", exclude_categories=["Cs"])))))
def test_every_text_comes_back_character_by_character(parts):
    text = " ".join(parts)
    assert compression.unpacked(compression.packed(text), LARGEST) == text


def test_numbers_of_single_precision_take_less_than_four_bytes():
    source = random.Random(7)
    single = [struct.unpack("<f", struct.pack("<f", source.uniform(1, 4)))[0] for _ in range(5000)]
    text = json.dumps([float(f"{value:.8g}") for value in single])
    assert len(compression.packed(text)) / 5000 < 3.5
    assert len(lzma.compress(text.encode())) / 5000 > 3.9


@given(st.binary(max_size=200))
def test_bytes_become_characters_that_mean_nothing_in_html(content):
    text = compression.spelled(content)
    assert not re.search(r"[<>&\"'\s]", text)
    assert compression.read(text) == content


@pytest.mark.parametrize("text", ["00 00", "00<00", "00000\n", "é0000"])
def test_other_characters_are_refused(text):
    with pytest.raises(ValueError):
        compression.read(text)


@pytest.mark.parametrize("cut", [12, 18, 24, 40, -1])
def test_a_part_that_is_missing_is_noticed(cut):
    whole = lzma.decompress(compression.packed("[1.2345678, 2.3456789, 3.4567891]"))
    with pytest.raises(ValueError):
        compression.unpacked(lzma.compress(whole[:cut]), LARGEST)


def test_a_number_without_its_mark_is_noticed():
    whole = lzma.decompress(compression.packed("[1.2345678, 2.3456789]"))
    assert whole.count(b"\x01") >= 2
    head, _, rest = whole.partition(b"[\x01")
    with pytest.raises(ValueError, match="missing"):
        compression.unpacked(lzma.compress(head + b"[1" + rest), LARGEST)


def test_more_than_allowed_is_not_unpacked():
    with pytest.raises(ValueError, match="larger"):
        compression.unpacked(compression.packed("a" * 20_000_000), LARGEST)
