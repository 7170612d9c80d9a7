"""What the gate said, kept with the store: one small file for each verdict, for the feed of the trend.

    runs/verdicts/<when it was said>-<hash>.json
    runs/verdicts/checks/<the same name>.json        the whole verdict with its numbers, for who asks why

A verdict that is the same, on the same runs, as the one before it adds none: so a night on which nothing changed is
no news. One that comes back after another is news, although its runs may be old. Only the newest are kept.
"""

from __future__ import annotations

import contextlib
import re
from datetime import datetime, timedelta
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


class SaidVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a verdict says, whenever it is said."""

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


class KeptVerdict(SaidVerdict, frozen=True, kw_only=True):
    """A verdict, as the feed names it."""

    judged: str = ""
    """When it was said, UTC, ISO 8601; empty in those of an earlier version."""

    @property
    def when(self) -> str:
        """When it was said, as far as that is known."""
        return self.judged or self.moment

    @property
    def name(self) -> str:
        """What distinguishes it from every other verdict."""
        said = SaidVerdict(**{field: getattr(self, field) for field in SaidVerdict.__struct_fields__})
        return sha256(codec.encode(said)).hexdigest()[:12]

    @property
    def stem(self) -> str:
        """How its file is called, without its ending."""
        stamp = self.judged[:26] if self.judged else self.moment[:19]
        return f"{''.join(sign for sign in stamp if sign.isdigit() or sign == 'T')}-{self.name}"


def keep(root: Path, verdict: KeptVerdict, whole: bytes = b"") -> None:
    """Keep a verdict in the store of a folder, if it is not the newest already; delete those that are too many.

    Args:
        root: the folder.
        verdict: as the feed names it.
        whole: the verdict with its checks, encoded.

    Raises:
        OutputError: the folder can't be written.
    """
    folder = root / FOLDER
    newest = next(iter(read(root)), None)
    if newest is not None and newest.name == verdict.name:
        verdict = newest
    elif newest is not None and newest.judged and verdict.judged and verdict.judged <= newest.judged:
        # The clock was set back. What was said later stays the newer one.
        later = datetime.fromisoformat(newest.judged) + timedelta(microseconds=1)
        verdict = msgspec.structs.replace(verdict, judged=later.isoformat(timespec="microseconds"))
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
    found: list[KeptVerdict] = []
    for path in (root / FOLDER).glob("*.json"):
        with contextlib.suppress(OSError, UnreadableError):
            found.append(codec.parse(reading.content(path, reading.LARGEST_TEXT), KeptVerdict, str(path)))
    return tuple(sorted(found, key=lambda one: one.stem, reverse=True))
