"""The records of a run that no lab of ours made: how a training went, what ran, and what was seen of its data."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from labreport.experiments.result.base import Count, DataFile, Digest, Direction, Positive, Record


class EarlyStopping(Record, frozen=True, kw_only=True):
    """The rule that was to end a training before all its epochs were done."""

    monitor: Annotated[str, Meta(description="Key of the history that was watched, such as val_loss.")]
    direction: Annotated[Direction | None, Meta(description="Whether a higher or a lower value was better.")] = None
    patience: Annotated[Count | None, Meta(description="Epochs without a better value before the end.")] = None
    restore_best_weights: Annotated[bool, Meta(description="Whether the weights of the best epoch were kept.")] = False
    stopped_at: Annotated[Positive | None, Meta(description="Last epoch, from 1; null where it never acted.")] = None


CourseStatus = Literal["complete", "early-stopped", "diverged", "failed", "interrupted"]
CourseSource = Literal["watched", "printed", "log", "told"]
CourseAxis = Literal["epoch", "step"]


class Course(Record, frozen=True, kw_only=True):
    """How a training went that no lab of ours led: its end, its phases, and where each value stands."""

    status: Annotated[
        CourseStatus,
        Meta(description="How it ended; diverged: a value of the history is not a finite number."),
    ]
    source: Annotated[
        CourseSource,
        Meta(description="Where the numbers are from: the fit itself, printed lines, a log file, or the user's code."),
    ]
    axis: Annotated[CourseAxis, Meta(description="What the history counts.")] = "epoch"
    metrics: Annotated[
        dict[str, Direction | None],
        Meta(description="Each key of the history that measures, with what is better; null: not known."),
    ]
    at: Annotated[
        dict[str, tuple[int, ...]],
        Meta(description="The epoch (or step) of each value, for keys that have not one value an epoch from 1."),
    ] = msgspec.field(default_factory=dict)
    phases: Annotated[
        tuple[int, ...], Meta(description="Epochs of each consecutive fit of the one network; empty: a single fit.")
    ] = ()
    planned: Annotated[Count | None, Meta(description="Epochs asked for in all; null: not known.")] = None
    diverged_at: Annotated[Count | None, Meta(description="First epoch with a value that is not finite.")] = None
    repeated: Annotated[
        tuple[int, ...], Meta(description="Epochs that a resumed log holds twice; the later value counts.")
    ] = ()
    stopping: EarlyStopping | None = None
    group: Annotated[
        Literal["fold", "seed", "fits"] | None,
        Meta(description="What distinguishes the trainings of this role; fits: not known; null: there is only one."),
    ] = None
    failure: Annotated[str, Meta(description="Class and message of the error that ended it; empty: none.")] = ""


class Script(Record, frozen=True, kw_only=True):
    """The program of a user's own run."""

    name: Annotated[str, Meta(description="File name, or package.module where it was run as a module.")]
    arguments: Annotated[tuple[str, ...], Meta(description="Its own arguments; secrets and private folders taken out.")]
    sha256: Annotated[Digest | None, Meta(description="Of the file's bytes; null: a program that is not a script.")] = (
        None
    )
    modules: Annotated[
        dict[str, str], Meta(description="Modules beside the script that it imported: relative path to SHA-256.")
    ] = msgspec.field(default_factory=dict)
    exit_code: Annotated[int | None, Meta(description="Negative: the signal that ended it. null: not known.")] = None


class Fingerprint(Record, frozen=True, kw_only=True):
    """What was seen of an array that was given to a network."""

    role: Annotated[
        Literal["train", "validation", "test", "whole"],
        Meta(description="What it served for; whole: training and validation data before they were split."),
    ]
    part: Annotated[str, Meta(description="x, y, or x.NAME for one of several inputs or outputs.")]
    kind: Annotated[str, Meta(description="Class of the object, such as ndarray.")]
    shape: tuple[int, ...] = ()
    dtype: str = ""
    sha256: Annotated[Digest | None, Meta(description="Of the bytes; null: not seen, as in a stream of batches.")] = (
        None
    )
    sampled: Annotated[bool, Meta(description="Whether only evenly spaced rows were hashed, as it is large.")] = False


class SeedCall(Record, frozen=True, kw_only=True):
    """A generator of random numbers that the script seeded itself."""

    library: Annotated[str, Meta(description="python, numpy, tensorflow, keras (all three) or torch.")]
    value: int


class Picture(Record, frozen=True, kw_only=True):
    """A figure that the script drew."""

    name: Annotated[str, Meta(description="File name without folder, or figure and its number where it was shown.")]
    png: bytes


class OwnRun(Record, frozen=True, kw_only=True):
    """What is known of a user's own run besides its measurements; every part may be empty."""

    door: Annotated[
        Literal["record", "import", "api"], Meta(description="A script watched, a log imported, or calls in the code.")
    ]
    title: Annotated[str, Meta(description="The name that the user gave; empty: that of the lab.")] = ""
    form: Annotated[str, Meta(description="Format of the log, such as csvlogger; empty where a script ran.")] = ""
    script: Script | None = None
    seeding: Annotated[
        tuple[SeedCall, ...], Meta(description="What the script seeded; empty: the seed is not set.")
    ] = ()
    identical: Annotated[
        int, Meta(ge=0, description="Runs with other seeds that gave the very same histories, and are left out.")
    ] = 0
    data: tuple[Fingerprint, ...] = ()
    files: Annotated[
        tuple[DataFile, ...], Meta(description="Files that the user declared, or that were imported.")
    ] = ()
    printed: Annotated[str, Meta(description="What the script wrote to standard output; bounded.")] = ""
    printed_cut: Annotated[bool, Meta(description="Whether it wrote more than is stored.")] = False
    pictures: tuple[Picture, ...] = ()
    notes: Annotated[tuple[str, ...], Meta(description="Remarks of the user.")] = ()
    whole: Annotated[
        Digest | UnsetType,
        Meta(description="Only in a thinned record, as a report carries it: SHA-256 of the whole record."),
    ] = UNSET
