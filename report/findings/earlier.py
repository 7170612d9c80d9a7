"""What runs of earlier versions did, where their records do not say so: settings that the labs have got since then."""

from __future__ import annotations

from collections.abc import Mapping

from labreport.experiments.result import Result, Setting

_NETWORK: Mapping[str, Setting] = {"activation": "relu", "dropout": 0.0, "l2": 0.0, "optimizer": "rmsprop"}
_OF_LAB: Mapping[str, Mapping[str, Setting]] = {
    "mnist": {**_NETWORK, "layers": 1, "loss": "categorical_crossentropy"},
    "imdb": {**_NETWORK, "layers": 2, "loss": "binary_crossentropy"},
    "reuters": {**_NETWORK, "layers": 2, "loss": "categorical_crossentropy"},
    "boston": {**_NETWORK, "layers": 2, "loss": "mse"},
}


def settings_of(result: Result) -> Mapping[str, Setting]:
    """Return the settings of a run, also those that its lab has got since then: with the one value they had then."""
    return {**_OF_LAB.get(result.lab, {}), **result.settings}
