"""What all records of a run share: the base, the format's number, and the kinds of plain values."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

FORMAT = 2
"""Number of the file format in which a run is written; format 1 is still read.

Format 2 adds a user's own run, the course of each training and what of it is not known, how each model did on each test
sample, and which listings did not run.
"""

GREATEST_SECONDS = 1e9
"""What a stage may have taken; anything greater, or negative, is not a time."""

Setting = bool | int | float | str
Direction = Literal["higher", "lower"]
Split = Literal["train", "validation", "test"]
Status = Literal["complete", "failed", "interrupted"]
Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256 in hexadecimal.")]


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every record: immutable, named fields only, unknown fields refused when read."""


class DataFile(Record, frozen=True, kw_only=True):
    """One file that a data set was read from."""

    name: Annotated[str, Meta(description="File name without folder, e.g. imdb.npz.")]
    sha256: Annotated[str, Meta(description="SHA-256 of the file's bytes, in hexadecimal.", pattern="^[0-9a-f]{64}$")]
