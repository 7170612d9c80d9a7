"""What the store knows of a run: its line in a listing, its file, and what has been noted of it since.

runs/<lab>/<run id>/result.json     the Result, whole; never written again
runs/<lab>/<run id>/noted.json      tags, what the gate said, where a report lies; only where there is any of it
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec import UNSET

from labreport.experiments.result import Failure, Result, Setting
from labreport.experiments.system import reading
from labreport.report.errors import UnreadableError
from labreport.report.findings import analysis
from labreport.report.findings.scores import deciding, scores_of
from labreport.report.store import codec
from labreport.report.store.lines import ScoreLine, TrainingLine, score_line, training_lines

RESULT = "result.json"
NOTED = "noted.json"
INDEX_OF_01 = "index.json"
"""File beside a result in which labreport 0.1 kept its line in a listing, with the notes; only these are read."""
PURPOSE, CONFIRMATION, EXPLANATION = "purpose", "confirmation", "explanation"
"""The part of a run's identity that marks a run which the gate asked for to confirm a suspicion, or `explain` to take a
difference apart. It stands among the
`key_parts`, whose names are free, so that every reader of format 1 reads it; runs of the user's have no such part."""
REJECTED = ("regressed", "failed")
"""Outcomes of the gate after which a run becomes no baseline unasked."""
MISSING = "missing:"
"""Before the source of data (full, sample or auto) in the identity of a run that failed before it could read them."""


class Noted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was noted of a run after it was stored."""

    tags: tuple[str, ...] = ()
    """Words of the user's, in order."""
    outcome: str | None = None
    """What the gate last said of it: an outcome of `gate.verdict`; None where it was never judged."""
    report: str | None = None
    """Where a report of this run lies: a web address, or a folder relative to the store."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What a listing says of a run."""

    run_id: str
    key: str
    lab: str
    status: str
    profile: str
    source: str | None
    """full, sample, or None for a lab without data."""
    seeds: tuple[int, ...]
    score: tuple[str, float] | None
    """Name and mean of the score that decides; None where nothing was tested, or it is not a finite number."""
    started: str
    ended: str
    failure: Failure | None = None
    scores: tuple[ScoreLine, ...] = ()
    trainings: tuple[TrainingLine, ...] = ()
    seconds: float | None = None
    """Wall time of the whole run."""
    lab_version: str = ""
    changed_settings: dict[str, Setting] = {}
    """Settings that differ from the lab's default."""
    data: str | None = None
    """Name of the data set."""
    commit: str | None = None
    dirty: bool = False
    """Whether tracked files differed from the commit."""
    machine: str = ""
    """Processor and how many of it, which is what rounding and speed depend on."""
    confirms: bool = False
    """Whether it was made only to confirm a suspicion of the gate, or to explain a difference; such a run is never the
    newest of its lab."""
    outcome: str | None = None
    """What the gate last said of it: an outcome of `gate.verdict`; None where it was never judged."""
    report: str | None = None
    """Where a report of this run lies: a web address, or a folder relative to the store."""
    tags: tuple[str, ...] = ()
    """Words that the user gave it."""
    title: str = ""
    """The name that the user gave, where the store has another one for it."""

    def answers(self, profile: str | None = None, data: str | None = "auto") -> bool:
        """Return whether the run was made with this profile (None: any) on these data ("auto": any).

        A run that knows no data, because its lab has none or it failed before it read them, answers for any.
        """
        return profile in (None, self.profile) and (data == "auto" or self.source in (None, data))


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A run in the store: its folder and its line in a listing."""

    folder: Path
    entry: Entry

    @property
    def path(self) -> Path:
        """The result's file."""
        return self.folder / RESULT


@dataclass(frozen=True, kw_only=True)
class StoredResult:
    """A result that was read, or written, once: what travels from the store to every page made of it."""

    path: Path
    """Where it lies; for a result out of a finished report, that report."""
    result: Result
    content: bytes = field(repr=False)
    """Its file, byte for byte: what a report carries, and what decides whether a report is up to date."""


def noted(folder: Path) -> Noted:
    """Return what was noted of a run; nothing where that can't be read."""
    for name in (NOTED, INDEX_OF_01):
        try:
            return codec.parse(reading.content(folder / name, reading.LARGEST_TEXT), Noted, name)
        except (OSError, UnreadableError):
            continue
    return Noted()


def with_notes(entry: Entry, notes: Noted) -> Entry:
    """Return the line of a run with what was noted of it."""
    return msgspec.structs.replace(entry, tags=notes.tags, outcome=notes.outcome, report=notes.report)


def read(path: Path) -> StoredResult:
    """Read a result file, once for all that is made of it.

    Raises:
        UnreadableError: missing, damaged, cut off, or of a newer format.
    """
    try:
        content = reading.content(path)
    except OSError as error:
        raise UnreadableError(f"Can't read {path}: {error.strerror or error}.") from error
    return StoredResult(path=path, result=codec.decode(content, str(path)), content=content)


def load(path: Path) -> Result:
    """Return the result in a file, where nothing else of it is needed. Errors as `read`."""
    return read(path).result


def entry_of(result: Result) -> Entry:
    """Return what a listing says of a run."""
    findings = result.findings
    scores = scores_of(findings.scores)
    judged = deciding(result)
    provenance = result.provenance
    title = findings.own.title if findings.own is not UNSET else ""
    return Entry(
        run_id=result.run_id,
        key=result.key,
        lab=result.lab,
        status=result.status,
        profile=result.profile,
        source=findings.data.source if findings.data else _wanted_source(result),
        seeds=result.seeds,
        score=(judged.first.name, judged.mean) if judged and math.isfinite(judged.mean) else None,
        started=provenance.started,
        ended=provenance.ended,
        failure=result.failure,
        scores=tuple(map(score_line, scores.values())),
        trainings=training_lines(result),
        seconds=analysis.seconds(result),
        lab_version=result.lab_version,
        changed_settings={name: result.settings[name] for name in result.changed_settings if name in result.settings},
        data=findings.data.name if findings.data else None,
        commit=provenance.git_commit,
        dirty=bool(provenance.git_dirty),
        machine=f"{provenance.machine.processor} × {provenance.machine.logical_processors}",
        confirms=result.key_parts.get(PURPOSE) in (CONFIRMATION, EXPLANATION),
        title=title if title != result.lab else "",
    )


def _wanted_source(result: Result) -> str | None:
    """Return the source of the data that a run failed to read, where the user named one."""
    wanted = result.key_parts.get("data", "").removeprefix(MISSING)
    return wanted if wanted in ("full", "sample") else None
