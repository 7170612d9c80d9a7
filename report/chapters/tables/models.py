"""Tables of what was trained: the settings of the run and the layers of a model."""

from __future__ import annotations

import re

from labreport.experiments.definitions import table
from labreport.experiments.result import Model, Result
from labreport.report import numbers
from labreport.report.chapters.tables.content import TableData, numeric
from labreport.report.document import Column, escape
from labreport.report.findings import analysis
from labreport.report.words import Words

HELD_OUT = "held_out"
"""What the printed listing calls the number of samples that validate."""


@table()
def settings(result: Result, words: Words) -> TableData:
    """List the settings of the run, and which of them differ from the lab's own."""
    rows = []
    for name, value in result.settings.items():
        if isinstance(value, float):
            text = numbers.exact(value)
        else:
            text = escape(str(value)) if isinstance(value, bool | str) else numbers.integer(value)
        changed = words("tables.changed") if name in result.changed_settings else ""
        rows.append((name, text, words.get(f"tables.setting_{name}", "") + changed))
        if name == "validation_samples" and (count := _held_out(result)):
            rows.append((HELD_OUT, numbers.integer(count), words("tables.held_out")))
    return TableData(
        columns=(
            Column(title=words("tables.setting"), kind="code"),
            Column(title=words("tables.value"), align="right", kind="number"),
            Column(title=words("tables.meaning")),
        ),
        rows=tuple(rows),
    )


def _held_out(result: Result) -> int:
    """Return how many training samples really validated: of a sample of the data fewer than the setting says."""
    return next((fit.validation_samples for fit in result.findings.trainings if fit.validation_samples), 0)


def _layer_names(model: Model) -> list[str]:
    """Return each layer as it is called in a table: its place among those that compute, its kind, a name it was given.

    Keras numbers layers without a name through the whole program (`dense_3`); such a name is left out.
    """
    names: list[str] = []
    place = 0
    for layer in model.layers:
        place += layer.kind != "InputLayer"
        number = f"{place}\u00a0" if layer.kind != "InputLayer" else ""
        automatic = re.sub(r"_\d+$", "", layer.name).replace("_", "") == layer.kind.lower()
        given = "" if automatic else f" `{layer.name}`"
        names.append(f"{number}{escape(layer.kind)}{given}")
    return names


@table("layers-ROLE")
def layers(result: Result, words: Words, role: str) -> TableData:
    """List the layers of a model with what they give and how many parameters they have."""
    from labreport.report.figures.network import shape

    model = analysis.model(result, role)
    rows = [
        (
            name,
            shape(layer.output_shape, words),
            layer.activation or numbers.UNKNOWN,
            numbers.integer(layer.parameters),
        )
        for name, layer in zip(_layer_names(model), model.layers, strict=True)
    ]
    rows.append((f"**{words('tables.all_layers')}**", "", "", f"**{numbers.integer(model.parameters)}**"))
    return TableData(
        columns=(
            Column(title=words("tables.layer")),
            Column(title=words("tables.output_shape")),
            Column(title=words("tables.activation")),
            numeric(words("tables.parameters")),
        ),
        rows=tuple(rows),
    )
