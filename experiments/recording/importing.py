"""From logs to Results: the format is recognised by content, several logs are runs of their own or seeds of one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from labreport.experiments.plugins import Registry
from labreport.experiments.recording.assembled import unit_of
from labreport.experiments.recording.directions import direction_of
from labreport.experiments.recording.importers.log import Importer, Log, LogError, checked, fault, head
from labreport.experiments.recording.owned import made
from labreport.experiments.recording.series import Facts, training
from labreport.experiments.result import (
    Course,
    DataFile,
    Direction,
    Findings,
    Machine,
    OwnRun,
    Result,
    Score,
    Setting,
    Training,
)
from labreport.experiments.running import provenance
from labreport.experiments.system import reading

IMPORTERS: Registry[Importer] = Registry("importer", "labreport.importers")

_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".joblib", ".dill")
_MOST_FILES = 100


@dataclass(frozen=True, kw_only=True)
class Import:
    """What is to be imported into one run."""

    name: str
    paths: tuple[Path, ...]
    title: str = ""
    """That the user gave it; empty: the name."""
    form: str | None = None
    """Name of the format; None: recognised."""
    seeds_from: str | None = None
    """Expression whose one group is the seed, looked for in each path."""
    directions: Mapping[str, Direction] = field(default_factory=dict)
    command: tuple[str, ...] = ()


def recognised(path: Path, form: str | None = None) -> Importer:
    """Return the importer of a log.

    Raises:
        LogError: the path is missing, is a pickle, or could be of no known format or of several.
        PluginError: the given format is not known.
    """
    if not path.exists():
        raise LogError(f"{path}: no such file or folder.")
    beginning = head(path, 2) if path.is_file() else b""
    if path.suffix in _PICKLES or (beginning[:1] == b"\x80" and beginning[1:2] <= b"\x05"):
        raise LogError(f"{path}: a pickle is not read, as reading it may run code; write the history as JSON or CSV.")
    if beginning in (b"\xff\xfe", b"\xfe\xff"):
        raise fault(path, "is text in UTF-16; save it as UTF-8")
    if form is not None:
        return IMPORTERS.get(form)
    if path.is_file() and not head(path, 1024).strip():
        raise fault(path, "the file is empty")
    known = [IMPORTERS.get(name) for name in IMPORTERS.names()]
    found = [importer for importer in known if importer.recognises(path)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{importer.name} ({importer.title})" for importer in found or known)
    if found:
        raise LogError(f"{path}: this could be {names}; say which with --format.")
    raise LogError(f"{path}: not recognised. Known formats: {names}; or say which with --format.")


def result(order: Import) -> tuple[Result, tuple[str, ...]]:
    """Return the Result of one or several logs, and what the user should know of them.

    Raises:
        LogError: a log can't be read, or holds no seed where one was to be found.
        PluginError: the given format is not known.
    """
    logs: list[tuple[Path, Log]] = []
    forms: list[str] = []
    for path in order.paths:
        importer = recognised(path, order.form)
        logs.append((path, checked(importer.read(path), path)))
        forms.append(importer.name)
    seeds = [_seed(path, log, order.seeds_from) for path, log in logs]
    if len(logs) > 1 and len(set(seeds)) < len(seeds):
        raise LogError(f"Two logs have the seed {next(s for s in seeds if seeds.count(s) > 1)}; see --seeds-from.")
    trainings: list[Training] = []
    scores: list[Score] = []
    for (_, log), seed in zip(logs, seeds, strict=True):
        scores += _scores(log, seed)
        one = _training(log, seed, dict(order.directions))
        if len(logs) > 1 and isinstance(one.course, Course):
            one = msgspec.structs.replace(one, course=msgspec.structs.replace(one.course, group="seed"))
        trainings.append(one)
    files = [file for _, log in logs for file in log.files]
    digests = tuple(_file(file) for file in files[:_MOST_FILES])
    settings = _common([log.settings for _, log in logs])
    own = OwnRun(door="import", form=", ".join(dict.fromkeys(forms)), files=digests)
    built = made(
        name=order.name,
        title=order.title,
        findings=Findings(trainings=tuple(trainings), scores=tuple(scores), own=own),
        inputs={
            "files": " ".join(f"{file.name}:{file.sha256}" for file in digests),
            "seeds": ",".join(map(str, seeds)),
            "directions": " ".join(f"{name}={value}" for name, value in order.directions.items()) or "none",
        },
        settings=settings,
        status="complete",
        failure=None,
        started=datetime.now(UTC),
        seconds=sum(one.seconds for one in trainings),
        peak=0,
        command=order.command,
        token=secrets.token_hex(3),
    )
    try:
        msgspec.convert(msgspec.to_builtins(built), Result)
    except msgspec.ValidationError as error:
        raise fault(order.paths[0], f"holds what no record can: {error}") from error
    return _elsewhere(built), tuple(remark for _, log in logs for remark in log.remarks)


def _elsewhere(built: Result) -> Result:
    """Take out what is true of this machine only: the training ran where the log does not say."""
    facts = msgspec.structs.replace(
        built.provenance,
        git_commit=None,
        git_dirty=None,
        python="unknown",
        packages={name: version for name, version in built.provenance.packages.items() if name == "labreport"},
        machine=Machine(system="unknown", processor="unknown", logical_processors=0, threads=0),
    )
    return msgspec.structs.replace(built, provenance=facts)


def _seed(path: Path, log: Log, expression: str | None) -> int | None:
    if expression is None:
        return log.seed
    try:
        pattern = re.compile(expression)
    except re.error as error:
        raise LogError(f"--seeds-from {expression!r} is not an expression: {error}.") from error
    if pattern.groups != 1:
        raise LogError(f"--seeds-from {expression!r} needs exactly one group, which is the seed.")
    found = pattern.search(str(path))
    if found is None or not (found.group(1) or "").isdigit():
        raise LogError(f"{path}: --seeds-from {expression!r} finds no seed in this path.")
    return int(found.group(1))


def _is_score(name: str, log: Log) -> bool:
    """Whether a single value is a score of the test set, and no curve."""
    longest = max(len(column.values) for column in log.columns.values())
    return longest > 1 and len(log.columns[name].values) == 1 and name.lower().startswith("test")


def _scores(log: Log, seed: int | None) -> list[Score]:
    found = []
    for name in [name for name in log.columns if _is_score(name, log)]:
        direction = direction_of(name)
        if direction is None:
            continue
        value = log.columns.pop(name).values[0]
        metric = re.sub(r"(?i)^test[-_/. ]*", "", name)
        found.append(
            Score(
                name=f"test_{metric}",
                model="fit",
                metric=metric,
                split="test",
                seed=seed,
                value=value,
                unit=unit_of(metric, value),
                direction=direction,
            )
        )
    return found


def _training(log: Log, seed: int | None, directions: dict[str, Direction]) -> Training:
    batch = str(log.settings.get("batch_size"))
    return training(
        log.columns,
        Facts(
            seed=seed,
            batch_size=int(batch) if batch.isdecimal() and len(batch) < 10 and int(batch) > 0 else None,
            seconds=log.seconds,
        ),
        source="log",
        axis=log.axis,
        phases=log.phases,
        planned=log.planned,
        repeated=log.repeated,
        given=directions,
    )


def _common(settings: Sequence[Mapping[str, Setting]]) -> dict[str, Setting]:
    """Return the settings that all logs share, without secrets; numbers written as text become numbers."""
    shared = {
        name: value
        for name, value in settings[0].items()
        if all(name in other and other[name] == value for other in settings[1:])
    }
    hidden = {name for name in shared if provenance.scrub_words([f"--{name}=x"]) != (f"--{name}=x",)}
    return {
        name: provenance.HIDDEN
        if name in hidden
        else provenance.scrub(value[:1000])
        if isinstance(value, str)
        else value
        for name, value in shared.items()
    }


def _file(path: Path) -> DataFile:
    return DataFile(name=path.name, sha256=reading.digest(path))
