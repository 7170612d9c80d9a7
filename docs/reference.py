"""The reference pages, generated from the code: a page lists what the code knows, so it is never out of date."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from textwrap import dedent
from typing import Any

import click
import msgspec

import labreport
from labreport.experiments import registry as labs
from labreport.report import cli, configuration
from labreport.report.chapters import cutting, sandbox, tables, values
from labreport.report.commands.schema import FORMS
from labreport.report.figures import registry as figures
from labreport.report.findings import claims
from labreport.report.gate import rules
from labreport.report.nightly import schedule
from labreport.report.running import orders
from labreport.report.store import codec

API = {
    "labreport": "labreport",
    "What the author of a lab meets": "labreport.experiments.lab",
    "The records of a run": "labreport.experiments.result",
    "Choosing an epoch": "labreport.experiments.selection",
    "Checks of settings": "labreport.experiments.settings",
    "The training engine": "labreport.experiments.training",
    "Adding from outside": "labreport.experiments.plugins",
    "The report tree": "labreport.report.document",
    "Reading and writing results": "labreport.report.store.codec",
}
"""Title and module of each part of the API page."""


def pages() -> dict[str, str]:
    """Return every reference page as Markdown, by name."""
    makers: dict[str, Callable[[], str]] = {
        "command-line": command_line,
        "exit-codes": exit_codes,
        "configuration": settings,
        "notes": note_names,
        "result-format": result_format,
        "api": api,
    }
    return {name: maker() for name, maker in makers.items()}


def command_line() -> str:
    """Return the page of all commands with their options, as their `--help` has them."""
    parts = ["# Command line", "Each command has `--help`, with the same text. [Exit codes](exit-codes.md)."]
    for name in cli.COMMANDS:
        command: click.Command = cli.loaded(name)
        parts += _command(command, f"labreport {name}", name)
    return _page(parts)


def _command(command: click.Command, path: str, name: str) -> list[str]:
    context = click.Context(command, info_name=path)
    parts = [f"## `{path}`", _paragraphs(command.help or "")]
    parts.append(_code("text", f"{path} {' '.join(command.collect_usage_pieces(context))}"))
    records = [record for item in command.get_params(context) if (record := item.get_help_record(context))]
    if records:
        parts.append(_table(("option", "meaning"), ((f"`{option}`", text) for option, text in records)))
    if command.epilog:
        parts.append(_code("text", dedent(command.epilog.replace("\b\n", "")).strip()))
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            parts += [part.replace("## ", "### ", 1) for part in _command(found, f"{path} {inner}", inner)]
    return parts


def exit_codes() -> str:
    """Return the table of exit codes."""
    rows = re.findall(r"^ +(\d+) +(.+)$", cli.EXIT_CODES, re.MULTILINE)
    return _page(["# Exit codes", _table(("code", "meaning"), rows)])


def settings() -> str:
    """Return the page of every key of the configuration."""
    rows = [
        (*cells[:3], f"`{configuration.PREFIX}{name.upper()}`", cells[3])
        for name, cells in _keys(configuration.Configuration).items()
        if name != "documents"  # derived from `lang`
    ]
    columns = ("key", "type", "default", "meaning")
    return _page(
        [
            "# Configuration",
            "A flag beats the environment, which beats `labreport.toml` or the table `[tool.labreport]` in "
            "`pyproject.toml`. A key that is not listed here is an error that names the nearest one.",
            _table(("key", "type", "default", "variable", "meaning"), rows),
            "## Rules of one score: `[gate.LAB.SCORE]`",
            _table(columns, _keys(rules.MetricRule).values()),
            "## `[nightly]`",
            _table(columns, _keys(schedule.Habits).values()),
            "## `[record.NAME]`",
            _table(columns, _keys(orders.RecordTable).values()),
        ]
    )


def note_names() -> str:
    """Return the page of everything that a note may write: directives, names, filters, figures, tables, claims."""
    context = {name: function for name, function in inspect.getmembers(values.Context) if not name.startswith("__")}
    views = {
        "training(ROLE)": values.TrainingView,
        "model(ROLE)": values.ModelView,
    }
    parts = [
        "# What a note may write",
        "Made from the code. [How notes are written](../notes.md) explains the words.",
        "## Directives",
        "Those that place something by its name: " + _listed(cutting.PLACED) + ".",
        "Those that make up an exercise: " + _listed(cutting.EXERCISES) + ".",
        "Those that put text into a box: " + _listed(cutting.BOXES) + ".",
        "## Names",
        _table(("name",), ((f"`{name}`",) for name in sorted(_names(context["names"])))),
    ]
    for title, view in views.items():
        rows = [
            (f"`{name}`", _first_line(member))
            for name, member in vars(view).items()
            if not name.startswith("_") and _first_line(member)
        ]
        parts += [f"### Of `{title}`", _table(("name", "meaning"), rows)]
    parts += [
        "## Filters",
        _table(("filter",), ((f"`{name}`",) for name in sorted(sandbox.environment("en").filters))),
        "## Figures",
        _listed(figures.FIGURES.names()) + ".",
        "## Tables",
        _listed(tables.TABLES.names()) + ".",
        "## Claims",
        _listed(claims.names()) + ".",
        "## Labs that are there",
        _listed(labs.names()) + ".",
    ]
    return _page(parts)


def _names(function: Callable[..., Any]) -> set[str]:
    """Return the keys of the table that a function returns."""
    tree = ast.parse(dedent(inspect.getsource(function)))
    return {
        str(key.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Dict)
        for key in node.value.keys
        if isinstance(key, ast.Constant)
    }


def result_format() -> str:
    """Return the page of a stored result and of what `show` and `list` print, from their JSON Schemas."""
    parts = [
        "# The format of a result",
        "`labreport schema` prints this as JSON Schema. A result begins with [Result](#result); what a lab measured is "
        "in [Findings](#findings).",
        "`labreport show --json` prints a [ShownResult](#shownresult): the result, and in `conclusions` what is "
        "concluded from it. `labreport list --json` prints a list of [ListedRun](#listedrun).",
        "`labreport schema --of show` and `labreport schema --of list` print the schemas of both.",
    ]
    definitions: dict[str, Any] = {}
    for form, record in FORMS.items():
        definitions |= codec.schema(record, f"labreport {form}")["$defs"]
    for name, definition in definitions.items():
        parts += [f"## {name}", definition.get("description", "")]
        required = set(definition.get("required", ()))
        rows = [
            (f"`{key}`" + ("" if key in required else " (may be left out)"), _type(item), item.get("description", ""))
            for key, item in definition.get("properties", {}).items()
        ]
        parts.append(_table(("field", "type", "meaning"), rows) if rows else _type(definition))
    return _page(parts)


def _type(item: Mapping[str, Any]) -> str:
    if "$ref" in item:
        name = item["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in item:
        return " or ".join(_type(choice) for choice in item["anyOf"])
    if "enum" in item:
        return " or ".join(f"`{value!r}`" if value is not None else "null" for value in item["enum"])
    if item.get("type") == "array":
        inner = _type(item["items"]) if item.get("items") else " and ".join(map(_type, item.get("prefixItems", ())))
        return f"list of {inner or 'anything'}"
    if item.get("type") == "object" and isinstance(item.get("additionalProperties"), dict):
        return f"table of {_type(item['additionalProperties'])}"
    return str(item.get("type", "anything"))


def api() -> str:
    """Return the pages of the API, to be filled by Sphinx from the docstrings."""
    parts = ["# API", "What is named here is kept; everything else may change from one version to the next."]
    public = ", ".join(labreport.__all__)
    for title, module in API.items():
        # What is public is described once, under the name by which it is imported.
        others = "" if module == labreport.__name__ else f"   :exclude-members: {public}\n"
        options = f"   :members:\n   :undoc-members:\n{others}"
        parts += [f"## {title}", _code("{eval-rst}", f".. automodule:: {module}\n{options}")]
    return _page(parts)


def _keys(record: type) -> dict[str, tuple[str, str, str, str]]:
    """Return name, type, default and the text below it of each field of a record, whose fields all have defaults."""
    default = record()
    found: dict[str, tuple[str, str, str, str]] = {}
    # A key that is a word of Python has another name there.
    known = msgspec.structs.fields(record) if issubclass(record, msgspec.Struct) else ()
    written = {field.name: field.encode_name for field in known}
    [tree] = ast.parse(dedent(inspect.getsource(record))).body
    assert isinstance(tree, ast.ClassDef)
    for field, text in zip(tree.body, [*tree.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            name = field.target.id
            documented = isinstance(text, ast.Expr)
            meaning = " ".join(str(ast.literal_eval(text.value)).split()) if documented else ""
            found[name] = (
                f"`{written.get(name, name)}`",
                f"`{ast.unparse(field.annotation)}`",
                _shown(getattr(default, name)),
                meaning,
            )
    return found


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        value = ",".join(map(str, value))
    return "" if value is None or value in ("", {}) else f"`{value}`"


def _first_line(member: Any) -> str:
    return (inspect.getdoc(member) or "").partition("\n")[0] if callable(member) or isinstance(member, property) else ""


def _paragraphs(text: str) -> str:
    """Return a help text with its fixed blocks (marked by Click's backspace) as such."""
    parts = []
    for part in inspect.cleandoc(text).split("\n\n"):
        parts.append(_code("text", part.removeprefix("\b\n")) if part.startswith("\b") else part)
    return "\n\n".join(parts)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _code(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = tuple(columns)
    lines = [heads, ("---",) * len(heads)]
    lines += [tuple(cell.replace("|", "\\|").replace("\n", " ") for cell in row) for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _page(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"
