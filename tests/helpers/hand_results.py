"""Hand-written Results of the labs, with plausible numbers and every name the notes, claims and figures use.

`hand_result("imdb")` is a complete run of three seeds; `hand_result("imdb", seeds=(0,))` one of a single seed, and
every further keyword replaces a field of the Result or of its Findings: `hand_result("boston", folds=())`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from helpers import hand_basics, hand_classification, hand_further, hand_measures
from helpers.hand_parts import provenance
from labreport.experiments.result import Findings, Result, Setting

LABS = ("tensors", "workflow", "mnist", "imdb", "reuters", "boston")
FURTHER = ("remedies", "convolution", "metrics", "uneven", "sequences")
"""Labs that run where they are named."""

NETWORK: dict[str, Setting] = {"activation": "relu", "dropout": 0.0, "l2": 0.0}

SETTINGS: dict[str, dict[str, Setting]] = {
    "tensors": {
        "video_seconds": 60,
        "video_frames_per_second": 4,
        "video_height": 144,
        "video_width": 256,
        "video_batch": 4,
        "descent_start": 0.0,
        "descent_learning_rate": 0.1,
        "descent_steps": 20,
    },
    "workflow": {"loss_weight_first": 1.0, "loss_weight_second": 0.5, "units": 32},
    "mnist": {
        "layers": 1,
        "units": 512,
        **NETWORK,
        "epochs": 5,
        "batch_size": 128,
        "validation_samples": 10000,
        "loss": "categorical_crossentropy",
        "optimizer": "rmsprop",
        "learning_rate": 0.001,
    },
    "imdb": {
        "words": 10000,
        "layers": 2,
        "units": 16,
        **NETWORK,
        "epochs": 20,
        "batch_size": 512,
        "validation_samples": 10000,
        "loss": "binary_crossentropy",
        "optimizer": "rmsprop",
        "learning_rate": 0.001,
    },
    "reuters": {
        "words": 10000,
        "layers": 2,
        "units": 64,
        **NETWORK,
        "epochs": 20,
        "batch_size": 512,
        "validation_samples": 1000,
        "bottleneck_units": 4,
        "comparison_epochs": 5,
        "loss": "categorical_crossentropy",
        "optimizer": "rmsprop",
        "learning_rate": 0.001,
    },
    "boston": {
        "dataset": "boston_housing",
        "folds": 4,
        "layers": 2,
        "units": 64,
        **NETWORK,
        "epochs": 500,
        "batch_size": 1,
        "final_batch_size": 16,
        "dropped_epochs": 10,
        "smoothing_factor": 0.9,
        "loss": "mse",
        "optimizer": "rmsprop",
        "learning_rate": 0.001,
    },
    "remedies": {
        "words": 10000,
        "layers": 2,
        "units": 16,
        "smaller_units": 8,
        "larger_units": 128,
        "activation": "relu",
        "l2": 0.001,
        "dropout": 0.5,
        "patience": 3,
        "train_share": 0.5,
        "epochs": 20,
        "batch_size": 128,
        "validation_samples": 10000,
        "optimizer": "rmsprop",
        "learning_rate": 0.001,
    },
    "metrics": {
        "words": 10000,
        "units": 16,
        "epochs": 20,
        "batch_size": 512,
        "validation_samples": 10000,
        "learning_rate": 0.001,
        "target_recall": 0.95,
        "bins": 10,
    },
    "uneven": {
        "words": 10000,
        "units": 64,
        "epochs": 20,
        "batch_size": 512,
        "validation_samples": 1000,
        "learning_rate": 0.001,
        "weight_power": 0.5,
        "large_topics": 10,
    },
    "sequences": {
        "words": 10000,
        "length": 120,
        "dimensions": 32,
        "units": 32,
        "filters": 32,
        "kernel_size": 5,
        "epochs": 6,
        "conv_epochs": 12,
        "batch_size": 64,
        "learning_rate": 0.002,
        "validation_samples": 10000,
        "dense_units": 16,
        "dense_epochs": 20,
        "dense_batch_size": 512,
    },
    "convolution": {
        "filters": 32,
        "units": 64,
        "dense_units": 512,
        "activation": "relu",
        "dropout": 0.0,
        "epochs": 5,
        "batch_size": 128,
        "validation_samples": 10000,
        "shift": 2,
        "loss": "categorical_crossentropy",
        "optimizer": "rmsprop",
        "learning_rate": 0.001,
    },
}


@cache
def _complete(lab: str, seeds: tuple[int, ...]) -> Result:
    module = next(one for one in (hand_basics, hand_classification, hand_further, hand_measures) if hasattr(one, lab))
    findings: Findings = getattr(module, lab)(seeds)
    return Result(
        run_id=f"20260105T120000Z-{lab}",
        key=(lab.encode().hex() + "0" * 64)[:64],
        key_parts={"lab": "1", "settings": "2", "data": "3", "seeds": ",".join(map(str, seeds))},
        lab=lab,
        lab_version="1",
        status="complete",
        profile="full",
        settings=SETTINGS[lab],
        changed_settings=(),
        seeds=seeds,
        findings=findings,
        timings={"data": 0.8, "training": 12.5, "evaluation": 1.2},
        peak_memory_bytes=1_250_000_000,
        provenance=provenance(),
    )


def hand_result(lab: str, **changes: Any) -> Result:
    """Return the Result of a lab.

    Args:
        lab: one of `LABS` or `FURTHER`.
        changes: `seeds` (default 0, 1, 2) makes the run with just these seeds; `source="sample"` marks its data as
            the sample; any other name is a field of Result or of Findings and replaces that field.
    """
    result = _complete(lab, tuple(changes.pop("seeds", (0, 1, 2))))
    findings = result.findings
    if "source" in changes and findings.data is not None:
        card = msgspec.structs.replace(findings.data, source=changes.pop("source"))
        findings = msgspec.structs.replace(findings, data=card)
    inner = {name: changes.pop(name) for name in list(changes) if name in Findings.__struct_fields__}
    changes.setdefault("findings", msgspec.structs.replace(findings, **inner))
    return msgspec.structs.replace(result, **changes)


def all_hand_results() -> tuple[Result, ...]:
    """Return the complete Results of the six labs of the book, in its order."""
    return tuple(hand_result(lab) for lab in LABS)
