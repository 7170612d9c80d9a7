"""The last pages: what was run, on what, with which versions, and the commands that run it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import UNSET

from labreport.experiments.result import Machine, OwnRun, Result
from labreport.report.document import Block, Chapter, Column, ColumnKind, Listing, Prose, Section, Table, escape
from labreport.report.findings import analysis
from labreport.report.findings.training_words import parts
from labreport.report.numbers import UNKNOWN, duration, memory, minute
from labreport.report.store import thinned
from labreport.report.words import Words


def provenance(results: Sequence[Result], titles: Mapping[str, str], words: Words, zone: str = "UTC") -> Chapter:
    """Return the chapter of provenance for all runs of a report.

    Args:
        results: the runs.
        titles: of the labs' chapters.
        words: texts of the language.
        zone: time zone in which times are written.
    """
    labs = [result for result in results if result.findings.own is UNSET]
    sections: tuple[tuple[str, tuple[Block, ...]], ...] = (
        ("settings", (_settings(labs, titles, words),) if labs else ()),
        ("data_files", _files(results, words)),
        ("software", (_software(results, words),)),
        ("engine", _engine(results, words)),
        ("commands", _commands(results, words)),
    )
    return Chapter(
        id="provenance",
        number="",
        title=words("labs.provenance"),
        opening=(Prose(markdown=words("labs.provenance_opening")),),
        sections=(
            _section("runs", (_runs(results, titles, words, zone), *_long(results, words)), words),
            *(_section(name, blocks, words) for name, blocks in sections if blocks),
        ),
    )


def _section(name: str, blocks: tuple[Block, ...], words: Words) -> Section:
    return Section(id=f"provenance-{name.replace('_', '-')}", title=words(f"labs.{name}"), blocks=blocks)


def _runs(results: Sequence[Result], titles: Mapping[str, str], words: Words, zone: str) -> Table:
    labs = [result for result in results if result.findings.own is UNSET]
    cells = [
        {
            "lab": titles[result.lab],
            "run": result.run_id,
            "seeds": _seeds(result),
            "started": minute(result.provenance.started, zone),
            "duration": duration(analysis.seconds(result)),
            "memory": memory(result.peak_memory_bytes),
        }
        for result in results
    ]
    heads = [head for head in cells[0] if head != "seeds" or not _same_seeds(results)]
    rows = tuple(tuple(row[head] for head in heads) for row in cells)
    kinds: dict[str, ColumnKind] = {"run": "code", "duration": "number", "memory": "number"}
    columns = tuple(
        Column(
            title=words("own.name" if head == "lab" and not labs else f"labs.column_{head}", zone=zone),
            align="right" if kinds.get(head) == "number" else "left",
            kind=kinds.get(head, "text"),
        )
        for head in heads
    )
    return Table(
        id="provenance-runs-table",
        number="",
        caption=words("labs.runs_caption" if labs else "own.runs_caption", zone=zone),
        columns=columns,
        rows=rows,
    )


def _seeds(result: Result) -> str:
    return ", ".join(str(seed) for seed in result.seeds) or UNKNOWN


def _same_seeds(results: Sequence[Result]) -> bool:
    """Whether several runs have the same seeds, which are then named once for all."""
    return len(results) > 1 and len({result.seeds for result in results}) == 1


def _long(results: Sequence[Result], words: Words) -> tuple[Block, ...]:
    """Return what is said of runs whose curves the file of the report carries thinned."""
    names = [f"`{result.run_id}`" for result in results if thinned.is_long(result)]
    return (Prose(markdown=words("own.thinned", runs=words("labs.between").join(names))),) if names else ()


def _settings(results: Sequence[Result], titles: Mapping[str, str], words: Words) -> Block:
    rows = tuple(
        (titles[result.lab], name, str(result.settings[name])) for result in results for name in result.changed_settings
    )
    if not rows:
        return Prose(markdown=words("labs.settings_none"))
    columns = (
        Column(title=words("labs.column_lab")),
        Column(title=words("labs.column_setting"), kind="code"),
        Column(title=words("labs.column_value"), kind="code"),
    )
    return Table(
        id="provenance-settings-table", number="", caption=words("labs.settings_caption"), columns=columns, rows=rows
    )


def _files(results: Sequence[Result], words: Words) -> tuple[Block, ...]:
    found = {
        file.name: (file.name, words(f"labs.source_{card.source}"), file.sha256)
        for result in results
        if (card := result.findings.data)
        for file in card.files
    }
    found |= {
        file.name: (file.name, words(f"own.source_{own.door}"), file.sha256)
        for result in results
        if (own := result.findings.own) is not UNSET
        for file in own.files
    }
    if not found:
        return ()
    columns = (
        Column(title=words("labs.column_file"), kind="code"),
        Column(title=words("labs.column_source")),
        Column(title=words("labs.column_hash"), kind="code"),
    )
    table = Table(
        id="provenance-data-table",
        number="",
        caption=words("labs.data_caption" if any(result.findings.data for result in results) else "own.files_caption"),
        columns=columns,
        rows=tuple(found.values()),
    )
    return (table,)


def _software(results: Sequence[Result], words: Words) -> Table:
    """Return what the runs have in common, each fact once; where they differ, with the labs of each value."""
    rows: dict[str, dict[str, list[str]]] = {}
    if _same_seeds(results):
        rows[words("labs.column_seeds")] = {_seeds(results[0]): []}
    for result in results:
        source = result.provenance
        entries = {
            **_machine(source.machine, words),
            words("labs.deterministic"): words("labs.yes" if source.deterministic else "labs.no"),
            words("labs.git"): _commit(result, words),
            "Python": source.python,
            **dict(sorted(source.packages.items())),
        }
        own = result.findings.own
        if own is not UNSET:  # only a lab of ours chooses its operations
            del entries[words("labs.deterministic")]
        if own is not UNSET and own.door == "import":  # a log does not say where its training ran
            entries = dict(sorted(source.packages.items()))
        workers = () if source.workers is UNSET else source.workers
        elsewhere = [
            item
            for worker in workers
            for item in (
                *_machine(worker.machine, words).items(),
                *(("Python" if name == "python" else name, version) for name, version in worker.packages.items()),
            )
        ]
        for name, value in (*entries.items(), *elsewhere):
            labs = rows.setdefault(name, {}).setdefault(value, [])
            if result.lab not in labs:
                labs.append(result.lab)
    columns = (Column(title=words("labs.column_item")), Column(title=words("labs.column_value")))
    return Table(
        id="provenance-software-table",
        number="",
        caption=words("labs.software_caption"),
        columns=columns,
        rows=tuple((escape(name), _values(values, words)) for name, values in rows.items()),
    )


def _values(values: Mapping[str, Sequence[str]], words: Words) -> str:
    """Return the values of one fact; where several labs differ in it, each value with its labs."""
    differ = len(values) > 1 and len({tuple(labs) for labs in values.values()}) > 1
    return words("labs.between").join(
        escape(value) + (_in_labs(labs, words) if differ else "") for value, labs in values.items()
    )


def _in_labs(labs: Sequence[str], words: Words) -> str:
    """Return the names of labs in brackets, to be put behind what holds for them."""
    named = words("compare.list_separator").join(f"`{name.replace('`', '')}`" for name in labs)
    return words.record.brackets.format(named)


def _machine(machine: Machine, words: Words) -> dict[str, str]:
    threads = machine.threads or words("labs.threads_automatic")
    return {
        words("labs.system"): machine.system,
        words("labs.processor"): machine.processor,
        words("labs.threads"): words("labs.threads_value", processors=machine.logical_processors, threads=threads),
    }


def _commit(result: Result, words: Words) -> str:
    commit = result.provenance.git_commit
    if commit is None:
        return words("labs.git_refused" if result.provenance.git_refused is True else "labs.git_none")
    return words("labs.git_dirty", commit=commit[:12]) if result.provenance.git_dirty else commit[:12]


def _engine(results: Sequence[Result], words: Words) -> tuple[Block, ...]:
    """Return how the networks were trained: each form once, with the reasons for it and the labs in which they held."""
    forms: dict[str, dict[str, list[str]]] = {}
    trained = [result for result in results if result.findings.engine]
    for result in trained:
        for form, how in dict.fromkeys(parts(code, words) for code in result.findings.engine):
            forms.setdefault(form, {}).setdefault(how, []).append(result.lab)
    if not forms:
        return ()
    lines = []
    for form, ways in forms.items():
        labs = {how: _in_labs(names, words) if len(trained) > 1 else "" for how, names in ways.items()}
        used = words("labs.between").join(how + named for how, named in labs.items() if how)
        lines.append(words("labs.engine_form", form=form, used=used) if used else f"- {form}{''.join(labs.values())}")
    texts = (words("labs.engine_text"), "\n".join(lines), words("engine.seeds"))
    return tuple(Prose(markdown=text) for text in texts)


def _commands(results: Iterable[Result], words: Words) -> tuple[Block, ...]:
    lines = [shlex.join(command) for result in results if (command := command_of(result))]
    if not lines:
        return ()
    code = "\n".join(lines)
    listing = Listing(id="provenance-commands-listing", number="", caption="", code=code, sha256="", origin="command")
    return Prose(markdown=words("labs.commands_text")), listing


def command_of(result: Result) -> list[str]:
    """Return the command that repeats a run on the same kind of data."""
    if result.findings.own is not UNSET:
        return _own_command(result, result.findings.own)
    command = ["labreport", "run", result.lab]
    seeds = list(result.seeds)
    if seeds != [0]:
        contiguous = len(seeds) > 1 and seeds == list(range(seeds[0], seeds[-1] + 1))
        command += ["--seeds", f"{seeds[0]}-{seeds[-1]}" if contiguous else ",".join(map(str, seeds))]
    if result.profile != "full":
        command += ["--profile", result.profile]
    if result.findings.data is not None:
        command += ["--data", result.findings.data.source]
    for name in result.changed_settings:
        command += ["-P", f"{name}={result.settings[name]}"]
    return command


def _without_places(command: Sequence[str]) -> list[str]:
    """Return a command without what only says where it stores and how much it prints; a path may not be whole."""
    words = iter(command)
    kept = []
    for word in words:
        if word == "--runs-dir":
            next(words, None)
        elif word not in ("-q", "--quiet", "--force") and not word.startswith("--runs-dir="):
            kept.append(word)
        if word in ("-m", "--") or word.endswith(".py"):
            break  # what follows belongs to the program
    return [*kept, *words]


def _own_command(result: Result, own: OwnRun) -> list[str]:
    """Return the command that records or imports a user's own run once more; nothing where code of the user's did."""
    if own.door == "import":
        return ["labreport", "import", *(file.name for file in own.files), "--name", result.lab]
    if own.script is None:
        return []
    if result.provenance.command[1:2] == ("record",):  # with its seeds, its declared data, its form of printed lines
        return _without_places(result.provenance.command)
    named = [] if Path(own.script.name).stem == result.lab else ["--name", result.lab]
    return ["labreport", "record", *named, own.script.name, *own.script.arguments]
