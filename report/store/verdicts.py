"""What the gate said, kept with the store: one small file for each verdict, for the feed of the trend.

    runs/verdicts/<end of the newest judged run>-<hash>.json

The same verdict on the same runs has the same name, so that a night that is asked again, or on which nothing changed,
adds none. Only the newest are kept.
"""

from __future__ import annotations

import contextlib
from hashlib import sha256
from pathlib import Path

import msgspec

from labreport.experiments.system import reading
from labreport.report.errors import UnreadableError
from labreport.report.store import codec, files

FOLDER = "verdicts"
KEPT = 50
"""Verdicts that are kept: as many as the feed has entries."""


class KeptVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict, as the feed names it."""

    format: int = 1
    outcome: str
    """An outcome of `gate.verdict`."""
    baseline: str
    moment: str
    """End of the newest judged run, UTC, ISO 8601."""
    runs: tuple[tuple[str, str], ...]
    """Lab and id of each judged run."""
    failed: tuple[tuple[str, str], ...] = ()
    """Lab and check, for each that failed."""

    @property
    def name(self) -> str:
        """What distinguishes it from every other verdict."""
        return sha256(codec.encode(self)).hexdigest()[:12]


def keep(root: Path, verdict: KeptVerdict) -> None:
    """Keep a verdict in the store of a folder, and delete those that are too many.

    Raises:
        OutputError: the folder can't be written.
    """
    stamp = "".join(sign for sign in verdict.moment[:19] if sign.isdigit() or sign == "T")
    files.write(root / FOLDER / f"{stamp}-{verdict.name}.json", codec.encode(verdict))
    for path in sorted((root / FOLDER).glob("*.json"))[:-KEPT]:
        with contextlib.suppress(OSError):  # another process has done it
            path.unlink()


def read(root: Path) -> tuple[KeptVerdict, ...]:
    """Return the verdicts of a store, the newest first; one that can't be read is passed over, as the feed can do."""
    found = []
    for path in sorted((root / FOLDER).glob("*.json"), reverse=True):
        with contextlib.suppress(OSError, UnreadableError):
            found.append(codec.parse(reading.content(path, reading.LARGEST_TEXT), KeptVerdict, str(path)))
    return tuple(found)
