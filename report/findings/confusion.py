"""Which classes a network takes for which: the mistakes of a confusion matrix in order."""

from __future__ import annotations

from labreport.experiments.result import Predictions

LISTED_PAIRS = 10
"""Pairs of classes that are listed, and spoken of, at most."""


def confused_pairs(said: Predictions) -> list[tuple[int, int, int]]:
    """Return (true class, predicted class, samples) of every mistake, the most frequent first."""
    pairs = [
        (true, given, count)
        for true, row in enumerate(said.confusion)
        for given, count in enumerate(row)
        if count and given != true
    ]
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))
