"""What the gate said, kept with the store: one small file for each verdict, for the feed of the trend.

    runs/verdicts/<end of the newest judged run>-<hash>.json
    runs/verdicts/checks/<the same name>.json                     the whole verdict with its numbers, for who asks why

The same verdict on the same runs has the same name, so that a night that is asked again, or on which nothing changed,
adds none. Only the newest are kept.
"""

from __future__ import annotations

import contextlib
import re
from hashlib import sha256
from pathlib import Path

import msgspec

from labreport.experiments.system import reading
from labreport.report.errors import UnreadableError
from labreport.report.store import codec, files

FOLDER = "verdicts"
CHECKS = "checks"
_NAME = re.compile(r"[0-9T]*-[0-9a-f]{12}\.json")
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

    @property
    def stem(self) -> str:
        """How its file is called, without its ending."""
        stamp = "".join(sign for sign in self.moment[:19] if sign.isdigit() or sign == "T")
        return f"{stamp}-{self.name}"


def keep(root: Path, verdict: KeptVerdict, whole: bytes = b"") -> None:
    """Keep a verdict in the store of a folder, and delete those that are too many.

    Args:
        root: the folder.
        verdict: as the feed names it.
        whole: the verdict with its checks, encoded.

    Raises:
        OutputError: the folder can't be written.
    """
    folder = root / FOLDER
    if whole:
        files.write(folder / CHECKS / f"{verdict.stem}.json", whole)
    files.write(folder / f"{verdict.stem}.json", codec.encode(verdict))
    # By their names: the folder may be a link to one in which others keep their files.
    ours = [path for path in folder.glob("*.json") if _NAME.fullmatch(path.name)]
    for path in sorted(ours)[:-KEPT]:
        for one in (path, folder / CHECKS / path.name):
            with contextlib.suppress(OSError):  # another process has done it
                one.unlink()


def whole(root: Path, verdict: KeptVerdict) -> bytes | None:
    """Return a verdict with its checks as it was encoded; None for one of an earlier version, or a lost file."""
    try:
        return reading.content(root / FOLDER / CHECKS / f"{verdict.stem}.json", reading.LARGEST_TEXT)
    except (OSError, UnreadableError):
        return None


def read(root: Path) -> tuple[KeptVerdict, ...]:
    """Return the verdicts of a store, the newest first; one that can't be read is passed over, as the feed can do."""
    found = []
    for path in sorted((root / FOLDER).glob("*.json"), reverse=True):
        with contextlib.suppress(OSError, UnreadableError):
            found.append(codec.parse(reading.content(path, reading.LARGEST_TEXT), KeptVerdict, str(path)))
    return tuple(found)
