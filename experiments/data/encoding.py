"""Turning texts and labels into arrays, and back: what the labs do before training.

A text is a list of word indices as `keras.datasets` gives them: 0 is padding, 1 the start of a text, 2 a word left
out; words begin at 4, since a word's place in the word index is raised by 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labreport.experiments.data.sets import Texts

START = 1
UNKNOWN = 2
INDEX_FROM = 3
"""What `load_data` adds to every word's place in the word index."""


def limit_words(texts: Texts, words: int) -> Texts:
    """Return the texts with every index of `words` and above replaced by 2, as `load_data(num_words=words)` does.

    Args:
        texts: n texts.
        words: size of the vocabulary kept, at least 4; indices 0 to words - 1 remain.
    """
    if words <= INDEX_FROM:
        raise ValueError(f"words must be at least {INDEX_FROM + 1}, got {words}")
    values = np.where(texts.values < words, texts.values, np.uint32(UNKNOWN))
    return Texts(values=values, offsets=texts.offsets)


def multi_hot(texts: Texts, words: int) -> NDArray[np.uint8]:
    """Return an array of shape (n, words), 1 where text i contains word index j and 0 elsewhere.

    One byte per entry: batches are turned into floats when they are used, since a float64 array of 25 000 reviews
    and 10 000 words would take 2 GB.

    Args:
        texts: n texts whose indices are all below `words`.
        words: length of the vectors.

    Raises:
        ValueError: an index is too great; limit the texts with `limit_words` first.
    """
    if texts.values.size and int(texts.values.max()) >= words:
        raise ValueError(f"word index {int(texts.values.max())} in texts limited to {words} words")
    vectors = np.zeros((len(texts), words), dtype=np.uint8)
    rows = np.repeat(np.arange(len(texts)), texts.lengths)
    vectors[rows, texts.values] = 1
    return vectors


def one_hot(labels: NDArray[Any], classes: int) -> NDArray[np.float32]:
    """Return an array of shape (n, classes) that is 1 at each label and 0 elsewhere.

    Args:
        labels: integer labels, shape (n,), each from 0 to classes - 1.
        classes: number of classes.

    Raises:
        ValueError: a label is outside the range.
    """
    numbers = np.asarray(labels, dtype=np.int64)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= classes):
        raise ValueError(f"labels from {numbers.min()} to {numbers.max()} do not fit {classes} classes")
    vectors = np.zeros((len(numbers), classes), dtype=np.float32)
    vectors[np.arange(len(numbers)), numbers] = 1.0
    return vectors


def decode(text: Sequence[int] | NDArray[Any], vocabulary: Sequence[str]) -> str:
    """Return a text's words, separated by spaces; '?' stands for each word left out.

    Padding and the mark at the start are not words and are dropped.

    Args:
        text: word indices.
        vocabulary: the word of each index, as in `Dataset.vocabulary`.
    """
    indices = (int(index) for index in text)
    return " ".join(vocabulary[index] if index < len(vocabulary) else "?" for index in indices if index > START)
