"""Texts and labels as arrays, and back."""

from __future__ import annotations

import numpy as np
import pytest

from labreport.experiments.data.encoding import decode, limit_words, multi_hot, one_hot
from labreport.experiments.data.sets import Texts


def texts_of(*lists: list[int]) -> Texts:
    offsets = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    return Texts(values=np.array([index for one in lists for index in one], dtype=np.uint32), offsets=offsets)


def test_a_multi_hot_vector_is_one_at_the_words_of_its_text_and_zero_elsewhere() -> None:
    assert multi_hot(texts_of([3, 5]), 8).tolist() == [[0, 0, 0, 1, 0, 1, 0, 0]]


def test_a_word_that_comes_twice_is_marked_once() -> None:
    assert multi_hot(texts_of([3, 3, 3]), 4).tolist() == [[0, 0, 0, 1]]


def test_multi_hot_agrees_with_a_plain_loop_over_random_texts() -> None:
    random = np.random.default_rng(0)
    lists = [random.integers(0, 50, size=random.integers(0, 30)).tolist() for _ in range(40)]
    expected = np.zeros((40, 50))
    for row, words in enumerate(lists):
        for word in words:
            expected[row, word] = 1
    assert np.array_equal(multi_hot(texts_of(*lists), 50), expected)


def test_multi_hot_takes_one_byte_per_entry() -> None:
    assert multi_hot(texts_of([1], [2]), 10_000).nbytes == 20_000


def test_multi_hot_refuses_words_beyond_its_vectors() -> None:
    with pytest.raises(ValueError, match="8"):
        multi_hot(texts_of([8]), 8)


def test_no_texts_give_an_empty_array() -> None:
    assert multi_hot(texts_of(), 8).shape == (0, 8)


def test_limiting_words_replaces_the_rare_ones_by_the_mark_of_a_word_left_out() -> None:
    limited = limit_words(texts_of([1, 9, 10, 11], [12]), 10)
    assert [text.tolist() for text in limited] == [[1, 9, 2, 2], [2]]
    assert limited.values.dtype == np.uint32


def test_limiting_words_leaves_the_original_alone() -> None:
    texts = texts_of([1, 90])
    limit_words(texts, 10)
    assert texts[0].tolist() == [1, 90]


def test_limiting_to_fewer_words_than_there_are_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 4"):
        limit_words(texts_of([1]), 3)


def test_one_hot_is_one_at_the_label() -> None:
    vectors = one_hot(np.array([2, 0], dtype=np.uint8), 3)
    assert vectors.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert vectors.dtype == np.float32


@pytest.mark.parametrize("label", [-1, 3])
def test_one_hot_refuses_a_label_without_class(label: int) -> None:
    with pytest.raises(ValueError, match="3 classes"):
        one_hot(np.array([label]), 3)


def test_decoding_gives_the_words_with_a_question_mark_for_those_left_out() -> None:
    vocabulary = ("", "", "?", "?", "the", "film")
    assert decode([1, 4, 2, 5, 0, 0], vocabulary) == "the ? film"


def test_decoding_shows_an_index_beyond_the_vocabulary_as_left_out() -> None:
    assert decode(np.array([4, 9], dtype=np.uint32), ("", "", "?", "?", "the")) == "the ?"
