"""What the labs on texts share: texts as network input, their lengths, and excerpts to be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labreport.experiments.data.encoding import decode, limit_words, multi_hot
from labreport.experiments.data.sets import Texts
from labreport.experiments.lab import Session
from labreport.experiments.result import Series, Split, Text
from labreport.experiments.training import FromBits, Samples, aligned_empty, in_memory

_PIECE = 1_000
"""Texts encoded at a time."""

_WORDS_SHOWN = 60
_INDICES_SHOWN = 12
_MARKS = 1
"""Every text begins with the mark 1, which is not a word."""


def encoded_samples(texts: Texts, words: int, targets: NDArray[Any], *, as_bits: bool = False) -> Samples:
    """Return texts as multi-hot samples of one byte per word of the vocabulary, shape (n, words).

    Encoded piece by piece into memory that TensorFlow uses as it is: the vectors exist once.

    Args:
        texts: n texts; indices of `words` and above count as a word left out.
        words: size of the vocabulary.
        targets: shape (n,) or (n, classes).
        as_bits: take an eighth of the memory, for samples that are used a few times only, such as those of the test.
    """
    limited = limit_words(texts, words)
    vectors = aligned_empty((len(limited), (words + 7) // 8 if as_bits else words), np.uint8)
    for start in range(0, len(limited), _PIECE):
        piece = np.arange(start, min(start + _PIECE, len(limited)))
        encoded = multi_hot(limited.take(piece), words)
        vectors[piece[0] : piece[-1] + 1] = np.packbits(encoded, axis=1) if as_bits else encoded
    return in_memory(vectors, targets, prepare=FromBits(words)) if as_bits else in_memory(vectors, targets)


def record_lengths(session: Session, texts: Texts, kind: str) -> None:
    """Add the words of the shortest, the median and the longest text as `shortest_KIND` and so on."""
    lengths = texts.lengths - _MARKS
    for name, value in (("shortest", lengths.min()), ("median", np.median(lengths)), ("longest", lengths.max())):
        session.measure(f"{name}_{kind}", int(value), unit="words")


def record_multi_hot_example(session: Session) -> None:
    """Add the vector of the text [3, 5] in a vocabulary of 8 words."""
    text = Texts(values=np.array([3, 5], dtype=np.uint32), offsets=np.array([0, 2], dtype=np.int64))
    vector = multi_hot(text, 8)[0]
    session.draft.series.append(Series(name="multi_hot_example", values=tuple(float(value) for value in vector)))


def excerpt(
    texts: Texts, words: int, vocabulary: Sequence[str], index: int, *, split: Split, kind: str, **said: Any
) -> Text:
    """Return the beginning of a text as the network knows it: '?' stands for each word left out.

    Args:
        texts: the texts of the split.
        words: size of the vocabulary the network is given.
        vocabulary: the word of each index.
        index: which text, from 0.
        split: train or test.
        kind: what the text is an example of.
        said: label, predicted, probability.
    """
    limited = limit_words(texts.take(np.array([index])), words)[0]
    return Text(
        index=index,
        split=split,
        kind=kind,
        words=decode(limited[: _WORDS_SHOWN + _MARKS], vocabulary),
        length=len(limited) - _MARKS,
        first_indices=tuple(int(number) for number in limited[:_INDICES_SHOWN]),
        **said,
    )
