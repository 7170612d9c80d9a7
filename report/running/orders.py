"""What is to be recorded: the words of a `labreport record`, or a table of the configuration, as one order.

    [tool.labreport.record.wine]
    command = "train.py --epochs 5"     # as after `labreport record`
    seeds = "0-4"                       # as --seeds
    timeout = "30m"                     # as --timeout

A name of such a table is chosen, run, reported and judged like that of a lab.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from labreport.experiments import registry
from labreport.experiments.errors import LabError
from labreport.experiments.result import DataFile, Result
from labreport.experiments.system import reading
from labreport.report.configuration import Configuration, Filled, converted, override, parse_seeds, parse_time
from labreport.report.errors import UnreadableError, UsageError
from labreport.report.store.codec import NAME
from labreport.report.store.entries import StoredResult, read
from labreport.report.store.runs import StoredRuns

if TYPE_CHECKING:
    from labreport.experiments.recording.assembled import Grouping
    from labreport.experiments.recording.record import Order

_GROUPS: dict[str, Grouping] = {"fold": "fold", "seed": "seed", "none": "fits"}
"""What a user calls several fits of one network, and what the record does."""
_LOOKED_AT = 20
"""Newest runs among which the same one is looked for."""
NOT_SEEN = "runs again: not all of its data were seen, and none were declared with --data"


class RecordTable(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration says of a script of the user's that runs like a lab."""

    command: Filled = ""
    """Script and arguments, or `-m module`, or `-- program`, as after `labreport record`."""
    seeds: str | Annotated[int, Meta(ge=0)] | None = None
    """Seeds such as "0-4", one process each; without them one process that seeds itself as it likes."""
    jobs: Annotated[int, Meta(ge=1, description="a whole number from 1")] | None = None
    """Processes at a time; without it as for labs."""
    data: Annotated[list[Filled], Meta(description="a list of files")] | None = None
    """Files that the script reads, relative to `cwd`, none: []. With them an unchanged script is not run again, and
    with `on` it runs on the cluster."""
    timeout: Filled | None = None
    """The most that each process may take, such as "30m"."""
    groups: Literal["fold", "seed", "none"] | None = None
    """What several fits of one network are."""
    template: Filled | None = msgspec.field(default=None, name="as")
    """The form of printed lines from which epochs are read, such as "epoch {epoch:d} loss {loss:f}"."""
    cwd: Filled | None = None
    """The folder in which it runs, relative to the configuration; without it that of the configuration."""


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """A recording that can be begun: to a script what `Prepared` is to a lab."""

    name: str
    order: Order
    folder: Path
    """In which it runs."""
    parts: Mapping[str, str]
    """The inputs by name, with the modules that its newest run imported."""
    profile: Literal["full"] = "full"
    problem: None = None
    """Data of scripts are not looked for before they run."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of its processes; empty where it seeds itself."""
        return self.order.seeds

    @property
    def key(self) -> str:
        """The identity that it has if it imports what its newest run imported."""
        from labreport.experiments.running import identity

        return identity.key(self.parts)


def tables(configuration: Configuration) -> dict[str, RecordTable]:
    """Return what the configuration says of each script, by name.

    Raises:
        UsageError: an unknown key, a wrong value, no command, or a name that is taken or can't name a lab.
    """
    found = {}
    for name, table in configuration.record.items():
        origin = f"record.{name}"
        if not NAME.fullmatch(name):
            raise UsageError(f"record: {name[:40]!r} can't name a lab; use letters, digits, - and _.")
        if name in registry.names():
            raise UsageError(f"{origin}: {name!r} is the name of a lab that is installed; give yours another one.")
        if name in configuration.paths:
            raise UsageError(f"{origin}: {name!r} is a lab of [paths] as well; give one of them another name.")
        found[name] = converted(table, RecordTable, origin)
        if not found[name].command.strip():
            raise UsageError(f'{origin} needs a command, such as command = "train.py --epochs 5".')
    return found


def prepared(name: str, configuration: Configuration, listing: StoredRuns) -> Ordered:
    """Return a script of the configuration, ready to run.

    Args:
        name: of its table.
        configuration: holds the table.
        listing: of the store; the newest run knows which modules the script imports.

    Raises:
        UsageError: the table says something that can't be, or the script or a declared file is missing.
    """
    table = tables(configuration)[name]
    folder = Path.cwd() / (table.cwd or "")
    if not folder.is_dir():
        raise UsageError(f"record.{name}.cwd: there is no folder {table.cwd}.")
    try:
        words = shlex.split(table.command)
    except ValueError as error:
        raise UsageError(f"record.{name}.command: {error} in {table.command!r}.") from error
    options: list[str] = []
    for option, value in (("seeds", table.seeds), ("timeout", table.timeout), ("as", table.template)):
        options += [] if value is None else [f"--{option}", str(value)]
    options += [word for path in table.data or () for word in ("--data", path)]
    # What a script opens besides is not on a worker, and another program can't be sent.
    sent = table.data is not None and words[:1] not in (["--"], ["-m"])
    options += ["--groups", table.groups] if table.groups else []
    with contextlib.chdir(folder):
        try:
            order = ordered(
                words,
                # By which the run can be had alone, and repeated.
                command=("labreport", "record", "--name", name, *options, *words),
                name=name,
                seeds=None if table.seeds is None else str(table.seeds),
                jobs=table.jobs or configuration.jobs,
                data=[Path(path) for path in table.data or ()],
                timeout=table.timeout,
                template=table.template,
                groups=table.groups,
                on=configuration.on if sent else None,
                mixed=configuration.mixed,
            )
        except (UsageError, LabError) as error:
            raise UsageError(f"record.{name}: {error}") from error
        return Ordered(name=name, order=order, folder=folder, parts=_parts(order, _newest(name, listing)))


def with_seeds(configuration: Configuration, name: str, seeds: Sequence[int]) -> Configuration:
    """Return the configuration in which a script runs with other seeds; unchanged where the name is not a script's."""
    if name not in configuration.record:
        return configuration
    table = {**configuration.record[name], "seeds": ",".join(map(str, seeds))}
    return override(configuration, record={**configuration.record, name: table})


def ordered(
    words: Sequence[str],
    *,
    command: Sequence[str],
    name: str | None,
    seeds: str | None,
    jobs: int,
    data: Sequence[Path],
    timeout: str | None,
    template: str | None,
    groups: str | None,
    on: str | None = None,
    mixed: bool = False,
    must_exist: bool = True,
) -> Order:
    """Return what is to be recorded.

    Args:
        words: script and arguments, `-m` and a module, or `--` and a program.
        command: the whole command line, for the record.
        name: of the run; None: that of the script.
        seeds: one process each; None: one process.
        jobs: processes at a time.
        data: files that are inputs.
        timeout: such as "30m".
        template: of printed lines.
        groups: fold, seed or none.
        on: address of a Dask scheduler, or its file; None: this machine.
        mixed: whether workers there may have other versions.
        must_exist: whether a script that is missing is an error.

    Raises:
        UsageError, LabError: something of it can't be.
    """
    from labreport.experiments.recording import owned, printed
    from labreport.experiments.recording.record import Order

    if template is not None:
        printed.by_template("", template)  # refuses one that can't be used
    kind, program, arguments = _program(words, template, must_exist=must_exist)
    stem = program if kind == "module" else Path(program).resolve().stem
    stored_as, title = owned.names(name) if name else owned.names_from(stem)
    return Order(
        name=stored_as,
        title=title,
        kind=kind,
        program=program,
        arguments=arguments,
        seeds=() if seeds is None else parse_seeds(seeds),
        jobs=jobs,
        on=on or "",
        mixed=mixed,
        files=tuple(_declared(path) for path in data),
        data=tuple(data),
        timeout=None if timeout is None else parse_time(timeout, "--timeout"),
        template=template,
        groups=_GROUPS[groups] if groups else None,
        command=tuple(command),
    )


def unchanged(order: Order, listing: StoredRuns) -> tuple[StoredResult | None, str]:
    """Return the stored run that a recording would repeat, or why it runs although an earlier one looks the same.

    Args:
        order: the recording; the working folder is that in which it runs.
        listing: of the store.
    """
    for stored in listing.of(order.name).complete[:_LOOKED_AT]:
        with contextlib.suppress(UnreadableError):
            earlier = read(stored.path)
            own = earlier.result.findings.own
            if not own or own.door != "record" or _parts(order, earlier.result) != earlier.result.key_parts:
                continue
            if order.files or (own.data and all(item.sha256 for item in own.data)):
                return earlier, ""
            return None, NOT_SEEN
    return None, ""


def _parts(order: Order, earlier: Result | None) -> dict[str, str]:
    """Return the inputs of a recording, if it imports what an earlier one imported."""
    from labreport.experiments.recording import sources

    script = sources.ScriptSource.of(order.kind, order.program)
    own = earlier.findings.own if earlier is not None else None
    names = own.script.modules if own and own.script else ()
    beside = sources.modules_now(script, names, Path.cwd())
    return sources.inputs(script, order.arguments, order.files, order.seeds, beside)


def _newest(name: str, listing: StoredRuns) -> Result | None:
    for stored in listing.of(name):
        with contextlib.suppress(UnreadableError):
            return read(stored.path).result
    return None


def _program(
    words: Sequence[str], template: str | None, *, must_exist: bool = True
) -> tuple[Any, str, tuple[str, ...]]:
    """Return what is to run: its kind, its name, its arguments.

    Raises:
        UsageError: nothing is named, the script is missing, or a program is given without a template.
    """
    if not words or list(words) in (["-m"], ["--"]):
        raise UsageError("Which script? labreport record [OPTIONS] SCRIPT [ARGS]…, or -m MODULE [ARGS]…")
    if words[0] == "-m":
        return "module", words[1], tuple(words[2:])
    if words[0] == "--" and not words[1].endswith(".py"):
        if template is None:
            raise UsageError("Another program is not watched; say with --as how it prints its epochs.")
        return "program", words[1], tuple(words[2:])
    program, *arguments = words[1:] if words[0] == "--" else words
    path = Path(program)
    if not must_exist and not path.exists():
        return "script", program, tuple(arguments)
    if not path.exists():
        raise UsageError(f"There is no script {program}.")
    if path.is_dir() and not (path / "__main__.py").is_file():
        raise UsageError(f"{program} is a folder without a __main__.py; give the script in it.")
    if path.is_file() and b"\0" in reading.content(path)[:4096]:
        raise UsageError(f"{program} is not a Python script: it holds binary data.")
    return "script", program, tuple(arguments)


def _declared(path: Path) -> DataFile:
    try:
        return DataFile(name=path.name, sha256=reading.digest(path))
    except OSError as error:
        raise UsageError(f"--data {path}: {error.strerror or error}.") from error
