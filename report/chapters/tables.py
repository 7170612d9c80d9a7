"""Tables that notes ask for by name: from a Result to columns and rows of inline Markdown.

Words that come from data (decoded reviews, class names) are escaped. Columns of numbers have the same number of
decimals in every row, so that they stand under one another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from labreport.experiments.result import DataCard, Predictions, Result, Score, Text
from labreport.report import numbers
from labreport.report.document import Column, escape
from labreport.report.errors import RenderingError
from labreport.report.findings import analysis
from labreport.report.findings.scores import Quantity
from labreport.report.words import Words

LONGEST_EXCERPT = 200
"""Characters of a decoded text that are shown at most."""
LISTED_PAIRS = 10
SIDE_BY_SIDE = 20
"""More classes than this are listed in two halves beside each other."""
UNKNOWN = "–"
DECIMALS = {"accuracy": 1, "loss": 3, "mae": 2, "mse": 2}
"""Decimals of each metric; accuracies in percent."""


class TableError(RenderingError):
    """A table can't be made: no such table, or the run lacks what it lists."""


@dataclass(frozen=True, kw_only=True)
class TableData:
    """The content of a table; caption and number are added where it is placed."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


def table(name: str, result: Result, words: Words) -> TableData:
    """Return a table of a run.

    Args:
        name: one of `table_names()`; `texts-` is followed by a kind of texts, `layers-` by the role of a model.
        result: the run.
        words: texts of the report's language.

    Raises:
        TableError: no table has that name, or the run does not hold what it lists.
    """
    maker = _maker(name)
    try:
        return maker(result, words)
    except (TableError, analysis.MissingValueError) as error:
        raise TableError(f"The table '{name}' of {result.lab} can't be made: {error}") from error


def table_names() -> tuple[str, ...]:
    """Return the names of all tables."""
    return (*sorted(TABLES), "layers-ROLE", "texts-KIND")


def data_card(result: Result, words: Words) -> TableData:
    """List where the data come from and what is in them."""
    card = _card(result)
    train, test = (numbers.integer(count) for count in (card.train_samples, card.test_samples))
    if card.source == "sample":
        train = words("tables.of_all", part=train, all=numbers.integer(card.full_train_samples))
        test = words("tables.of_all", part=test, all=numbers.integer(card.full_test_samples))
    rows = [
        ("data_set", words.get(f"tables.data_{card.name}", escape(card.name))),
        ("source", words(f"tables.source_{card.source}")),
        ("training_samples", train),
        ("test_samples", test),
        ("one_sample", _one_sample(card, words)),
    ]
    if card.class_names:
        rows.append(("classes", _classes(card, words)))
    rows += [("citation", escape(card.citation)), ("licence", escape(card.licence))]
    return TableData(
        columns=(Column(title=words("tables.item")), Column(title=words("tables.content"))),
        rows=tuple((words(f"tables.{key}"), text) for key, text in rows),
    )


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
    return TableData(
        columns=(
            Column(title=words("tables.setting"), kind="code"),
            Column(title=words("tables.value"), align="right", kind="number"),
            Column(title=words("tables.meaning")),
        ),
        rows=tuple(rows),
    )


def features(result: Result, words: Words) -> TableData:
    """List the columns of a table of data with their ranges in the training part."""
    card = _card(result)
    if not card.feature_names:
        raise TableError("the data have no named features")
    rows = []
    for position, name in enumerate(card.feature_names):
        limits = card.feature_ranges[position] if position < len(card.feature_ranges) else None
        low, high = (numbers.exact(float(f"{limit:.4g}")) for limit in limits) if limits else (UNKNOWN, UNKNOWN)
        rows.append((name, words.get(f"tables.feature_{name}", ""), low, high))
    return TableData(
        columns=(
            Column(title=words("tables.feature"), kind="code"),
            Column(title=words("tables.meaning")),
            _numeric(words("tables.least")),
            _numeric(words("tables.greatest")),
        ),
        rows=tuple(rows),
    )


def folds(result: Result, words: Words) -> TableData:
    """List the parts of each fold and its error, and the parts that the faulty published listing gives."""
    if not result.findings.folds:
        raise TableError("the run records no folds")
    known = {series.name for series in result.findings.series}
    published = {"published_train_samples", "published_validation_samples"} <= known
    heads = ["training_samples", "validation_samples", "fold_mae"]
    sizes: list[tuple[float, ...]] = []
    if published:
        heads += ["published_training", "published_validation"]
        sizes = [analysis.series(result, f"published_{part}_samples") for part in ("train", "validation")]
    rows = []
    for position, fold in enumerate(result.findings.folds):
        errors = [score.value for score in result.findings.scores if (score.fold, score.metric) == (fold.number, "mae")]
        error = numbers.number(math.fsum(errors) / len(errors), 2) if errors else UNKNOWN
        row = [numbers.integer(fold.number), numbers.integer(fold.train_samples)]
        row += [numbers.integer(fold.validation_samples), error]
        row += [numbers.integer(values[position]) if position < len(values) else UNKNOWN for values in sizes]
        rows.append(tuple(row))
    columns = (Column(title=words("tables.fold")), *(_numeric(words(f"tables.{head}")) for head in heads))
    return TableData(columns=columns, rows=tuple(rows))


def scores(result: Result, words: Words) -> TableData:
    """List the scores of the trained networks and, below them, those of the baselines.

    Values are means over the seeds; the first measure of the test set also has its standard deviation.
    """
    listed = [s for s in (*result.findings.scores, *result.findings.baselines) if s.fold is None]
    listed = [s for s in listed if s.split != "validation"]
    if not listed:
        raise TableError("the run records no scores")
    measures = sorted({(s.split, s.metric) for s in listed}, key=_measure_order)
    main = next((measure for measure in measures if measure[0] == "test"), measures[0])
    models = list(dict.fromkeys(s.model for s in listed))
    cells: dict[tuple[str, str, str], list[Score]] = {}
    for s in listed:
        cells.setdefault((s.model, s.split, s.metric), []).append(s)
    spread = any(len(found) > 1 for key, found in cells.items() if key[1:] == main)
    columns = [Column(title=words("tables.model"))]
    contents: list[list[str]] = []
    for measure in measures:
        found = [cells.get((model, *measure), []) for model in models]
        digits = DECIMALS.get(measure[1], 2)
        title = words.get(f"tables.{measure[0]}_{measure[1]}", f"{measure[0]} {measure[1]}")
        columns.append(_numeric(title))
        contents.append([_mean(group, digits) for group in found])
        if spread and measure == main:
            columns.append(_numeric(words("tables.deviation", seeds=len(result.seeds))))
            contents.append([_deviation(group, digits) for group in found])
    two_stages = any(measure.name == "chosen_epochs" for measure in result.findings.measures)
    names = [
        words.get(f"tables.model_{model}" + ("_chosen" if model == "final" and two_stages else ""), escape(model))
        for model in models
    ]
    rows = zip(names, *contents, strict=True)
    return TableData(columns=tuple(columns), rows=tuple(rows))


def confused_pairs(result: Result, words: Words) -> TableData:
    """List the most frequent mistakes between two classes."""
    from labreport.report.figures.classes import confused_pairs as pairs_of

    said = _confusing(result)
    names = _names(result, words, len(said.confusion))
    rows = tuple(
        (names[true], names[given], numbers.integer(count), numbers.percent(count / sum(said.confusion[true]), 1))
        for true, given, count in pairs_of(said)[:LISTED_PAIRS]
    )
    if not rows:
        raise TableError("the network made no mistake")
    heads = ("true_class", "predicted_class"), ("times", "share_of_class")
    return TableData(
        columns=(
            *(Column(title=words(f"tables.{head}")) for head in heads[0]),
            *(_numeric(words(f"tables.{head}")) for head in heads[1]),
        ),
        rows=rows,
    )


def class_accuracy(result: Result, words: Words) -> TableData:
    """List the share of right answers for each class; many classes in two halves side by side."""
    said = _confusing(result)
    names = _names(result, words, len(said.confusion))
    rows: list[tuple[str, ...]] = []
    for label, row in enumerate(said.confusion):
        samples = sum(row)
        share = numbers.percent(row[label] / samples, 1) if samples else UNKNOWN
        rows.append((numbers.integer(label), names[label], numbers.integer(samples), share))
    columns: tuple[Column, ...] = (
        _numeric(words("tables.label")),
        Column(title=words("tables.class")),
        _numeric(words("tables.test_samples")),
        _numeric(words("tables.class_accuracy")),
    )
    if all(number == name for number, name, *_ in rows):
        columns, rows = columns[1:], [row[1:] for row in rows]
    if len(rows) <= SIDE_BY_SIDE:
        return TableData(columns=columns, rows=tuple(rows))
    half = -(-len(rows) // 2)
    right = [*rows[half:], *[("",) * len(columns)] * (2 * half - len(rows))]
    halves = tuple((*one, *other) for one, other in zip(rows[:half], right, strict=True))
    return TableData(columns=columns * 2, rows=halves)


def layers(result: Result, words: Words, role: str) -> TableData:
    """List the layers of a model with what they give and how many parameters they have."""
    from labreport.report.figures.network import shape

    model = analysis.model(result, role)
    rows = [
        (
            f"{escape(layer.kind)} `{layer.name}`",
            shape(layer.output_shape, words),
            layer.activation or UNKNOWN,
            numbers.integer(layer.parameters),
        )
        for layer in model.layers
    ]
    rows.append((f"**{words('tables.all_layers')}**", "", "", f"**{numbers.integer(model.parameters)}**"))
    return TableData(
        columns=(
            Column(title=words("tables.layer")),
            Column(title=words("tables.output_shape")),
            Column(title=words("tables.activation")),
            _numeric(words("tables.parameters")),
        ),
        rows=tuple(rows),
    )


def texts(result: Result, words: Words, kind: str) -> TableData:
    """List decoded texts of one kind with what the network said of them."""
    every = [*result.findings.texts, *(text for said in result.findings.predictions for text in said.texts)]
    found = [text for text in every if text.kind == kind]
    if not found:
        known = ", ".join(sorted({text.kind for text in every})) or "none"
        raise TableError(f"the run records no texts of the kind '{kind}'; it has {known}")
    names = _card(result).class_names
    if kind == "example":
        columns = (
            Column(title=words("tables.first_indices"), kind="code"),
            Column(title=words("tables.decoded")),
            Column(title=words("tables.class")),
            _numeric(words("tables.length")),
        )
        rows = tuple(
            (f"{', '.join(map(str, text.first_indices[:8]))} …", excerpt(text), _name(words, names, text.label),
             numbers.integer(text.length))
            for text in found
        )  # fmt: skip
        return TableData(columns=columns, rows=rows)
    two = len(names) == 2
    probability = words("tables.probability_of", name=_name(words, names, 1)) if two else words("tables.probability")
    return TableData(
        columns=(
            Column(title=words("tables.decoded")),
            Column(title=words("tables.true_class")),
            Column(title=words("tables.predicted_class")),
            _numeric(probability),
        ),
        rows=tuple(
            (
                excerpt(text),
                _name(words, names, text.label),
                UNKNOWN if text.predicted is None else _name(words, names, text.predicted),
                UNKNOWN if text.probability is None else numbers.percent(text.probability, 1),
            )
            for text in found
        ),
    )


def excerpt(text: Text) -> str:
    """Return the beginning of a decoded text, cut between words, as Markdown that shows it unchanged."""
    shown = text.words
    if len(shown) > LONGEST_EXCERPT:
        shown = shown[: LONGEST_EXCERPT + 1].rpartition(" ")[0]
    whole = len(shown.split()) >= text.length
    return escape(shown) + ("" if whole else " …")


TABLES: dict[str, Callable[[Result, Words], TableData]] = {
    "class-accuracy": class_accuracy,
    "confused-pairs": confused_pairs,
    "data-card": data_card,
    "features": features,
    "folds": folds,
    "scores": scores,
    "settings": settings,
}


def _maker(name: str) -> Callable[[Result, Words], TableData]:
    if name in TABLES:
        return TABLES[name]
    if name.startswith("layers-"):
        return lambda result, words: layers(result, words, name.removeprefix("layers-"))
    if name.startswith("texts-"):
        return lambda result, words: texts(result, words, name.removeprefix("texts-"))
    near = get_close_matches(name, TABLES, 1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise TableError(f"There is no table '{name}'.{hint} Known tables: {', '.join(table_names())}.")


def _numeric(title: str) -> Column:
    return Column(title=title, align="right", kind="number")


def _card(result: Result) -> DataCard:
    if result.findings.data is None:
        raise TableError("the run records no data card")
    return result.findings.data


def _one_sample(card: DataCard, words: Words) -> str:
    if not card.sample_shape:
        return words("tables.sample_text")
    sizes = " × ".join(numbers.integer(size) for size in card.sample_shape)
    return words("tables.sample_features" if len(card.sample_shape) == 1 else "tables.sample_image", sizes=sizes)


def _classes(card: DataCard, words: Words) -> str:
    if len(card.class_names) > SIDE_BY_SIDE:
        return numbers.integer(len(card.class_names))
    names = words("tables.comma").join(_name(words, card.class_names, i) for i in range(len(card.class_names)))
    return words("tables.count_and_names", count=len(card.class_names), names=names)


def _confusing(result: Result) -> Predictions:
    found = next((said for said in result.findings.predictions if said.confusion), None)
    if found is None:
        raise TableError("the run records no confusion matrix")
    return found


def _names(result: Result, words: Words, classes: int) -> list[str]:
    names = result.findings.data.class_names if result.findings.data else ()
    return [_name(words, names, label) for label in range(classes)]


def _name(words: Words, names: Sequence[str], label: int) -> str:
    """Return the name of a class as Markdown, translated where it is an ordinary word."""
    if label >= len(names):
        return numbers.integer(label)
    return words.get(f"figures.class_{names[label]}", escape(names[label]))


def _measure_order(measure: tuple[str, str]) -> tuple[int, int]:
    split, metric = measure
    order = ("accuracy", "mae", "loss", "mse")
    return ("train", "test").index(split), order.index(metric) if metric in order else len(order)


def _mean(group: Sequence[Score], digits: int) -> str:
    if not group:
        return UNKNOWN
    mean = math.fsum(score.value for score in group) / len(group)
    if group[0].unit == "share":
        return numbers.percent(mean, digits).removesuffix("%")
    return numbers.number(mean, digits)


def _deviation(group: Sequence[Score], digits: int) -> str:
    quantity = Quantity(values=tuple(score.value for score in group), unit="")
    if len(group) < 2 or quantity.deviation is None:
        return UNKNOWN
    scale = 100 if group[0].unit == "share" else 1
    return numbers.number(scale * quantity.deviation, digits)
