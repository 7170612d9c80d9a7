"""The records of a run: what a lab measured, and everything needed to judge and repeat it.

A `Result` is written once, as one JSON file, and never changed. It holds measurements; conclusions (the
best epoch, intervals, verdicts) are derived from it later by pure functions, so that a better rule
improves old reports without training again.

Nothing here knows Keras, NumPy or the clock: every value is plain and is passed in. Epochs count from 1.
Shares (accuracy, probability) run from 0 to 1. Loss values are in the loss's own unit (nats for cross-entropy).
"""

from __future__ import annotations

from labreport.experiments.result.base import (
    FORMAT,
    GREATEST_SECONDS,
    Count,
    DataFile,
    Digest,
    Direction,
    Positive,
    Record,
    Setting,
    Split,
    Status,
)
from labreport.experiments.result.own import Course, EarlyStopping, Fingerprint, OwnRun, Picture, Script, SeedCall
from labreport.experiments.result.run import (
    DataCard,
    Example,
    Failure,
    Findings,
    Fold,
    Image,
    Layer,
    Listing,
    Machine,
    Measure,
    Model,
    PerSample,
    Predictions,
    Provenance,
    Result,
    Score,
    Series,
    Text,
    Training,
    Worker,
)

__all__ = [
    "FORMAT",
    "GREATEST_SECONDS",
    "Count",
    "Course",
    "DataCard",
    "DataFile",
    "Digest",
    "Direction",
    "EarlyStopping",
    "Example",
    "Failure",
    "Findings",
    "Fingerprint",
    "Fold",
    "Image",
    "Layer",
    "Listing",
    "Machine",
    "Measure",
    "Model",
    "OwnRun",
    "PerSample",
    "Picture",
    "Positive",
    "Predictions",
    "Provenance",
    "Record",
    "Result",
    "Score",
    "Script",
    "SeedCall",
    "Series",
    "Setting",
    "Split",
    "Status",
    "Text",
    "Training",
    "Worker",
]
