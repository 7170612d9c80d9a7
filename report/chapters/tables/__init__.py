"""Tables that notes ask for by name: from a Result to columns and rows of inline Markdown.

What is shipped here, what other distributions offer (entry points of the group `labreport.tables`) and what a lab
defines for its own notes are made alike.
"""

from __future__ import annotations

from collections.abc import Mapping

from labreport.experiments.definitions import TABLES, TableDefinition
from labreport.experiments.errors import LabError
from labreport.experiments.plugins import PluginError
from labreport.experiments.result import Result
from labreport.report.chapters.tables.content import TableData, TableError
from labreport.report.findings import analysis
from labreport.report.words import Words

__all__ = ["TableData", "TableError", "table"]

_EXPECTED = (TableError, analysis.MissingValueError)


def table(name: str, result: Result, words: Words, own: Mapping[str, TableDefinition] | None = None) -> TableData:
    """Return a table of a run.

    Args:
        name: that of a table, or the beginning of a family's and what the family is asked for (`layers-selection`).
        result: the run.
        words: texts of the report's language.
        own: tables that the lab defines itself.

    Raises:
        TableError: no table has that name, or the run does not hold what it lists.
    """
    try:
        definition, *member = TABLES.find(name, own)
    except PluginError as error:
        raise TableError(str(error)) from error
    try:
        made = definition.of(_EXPECTED, result, words, *member)
    except (*_EXPECTED, LabError) as error:
        raise TableError(f"The table '{name}' of {result.lab} can't be made: {error}") from error
    if not isinstance(made, TableData):
        raise TableError(f"The table '{name}' of {result.lab} is not a TableData, but {made!r:.60}.")
    return made
