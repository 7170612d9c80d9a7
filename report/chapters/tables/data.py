"""Tables of the data: the data card, the features, decoded texts."""

from __future__ import annotations

from labreport.experiments.data.catalogue import SETS
from labreport.experiments.definitions import table
from labreport.experiments.result import DataCard, Result, Text
from labreport.report import numbers
from labreport.report.chapters.tables.content import (
    SIDE_BY_SIDE,
    TableData,
    TableError,
    card_of,
    class_name,
    numeric,
)
from labreport.report.document import Column, escape
from labreport.report.words import Words

LONGEST_EXCERPT = 200
"""Characters of a decoded text that are shown at most."""
_NEARLY = 1 - 2**-24
"""The greatest probability below one in the numbers of Keras, whose rounding makes one of what never is."""


@table()
def data_card(result: Result, words: Words) -> TableData:
    """List where the data come from and what is in them."""
    card = card_of(result)
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
    rows += [(field, escape(_about(card, field, words))) for field in ("citation", "licence")]
    return TableData(
        columns=(Column(title=words("tables.item")), Column(title=words("tables.content"))),
        rows=tuple((words(f"tables.{key}"), text) for key, text in rows),
    )


def _about(card: DataCard, field: str, words: Words) -> str:
    """Return origin or terms in the words of a language, where the record says what the catalogue says."""
    recorded: str = getattr(card, field)
    known = SETS.get(card.name)
    if known is None or recorded != getattr(known, field):
        return recorded
    return words.get(f"tables.{field}_{card.name}", recorded)


@table()
def features(result: Result, words: Words) -> TableData:
    """List the columns of a table of data with their ranges in the training part."""
    card = card_of(result)
    if not card.feature_names:
        raise TableError("the data have no named features")
    rows = []
    for position, name in enumerate(card.feature_names):
        limits = card.feature_ranges[position] if position < len(card.feature_ranges) else None
        low, high = [numbers.exact(float(f"{limit:.4g}")) for limit in limits] if limits else [numbers.UNKNOWN] * 2
        rows.append((name, words.get(f"tables.feature_{name}", ""), low, high))
    return TableData(
        columns=(
            Column(title=words("tables.feature"), kind="code"),
            Column(title=words("tables.meaning")),
            numeric(words("tables.least")),
            numeric(words("tables.greatest")),
        ),
        rows=tuple(rows),
    )


@table("texts-KIND")
def texts(result: Result, words: Words, kind: str) -> TableData:
    """List decoded texts of one kind with what the network said of them."""
    every = [*result.findings.texts, *(text for said in result.findings.predictions for text in said.texts)]
    found = [text for text in every if text.kind == kind]
    if not found:
        known = ", ".join(sorted({text.kind for text in every})) or "none"
        raise TableError(f"the run records no texts of the kind '{kind}'; it has {known}")
    names = card_of(result).class_names
    if kind == "example":
        columns = (
            Column(title=words("tables.first_indices"), kind="code"),
            Column(title=words("tables.decoded")),
            Column(title=words("tables.class")),
            numeric(words("tables.length")),
        )
        rows = tuple(
            (f"{', '.join(map(str, text.first_indices[:8]))} …", excerpt(text), class_name(words, names, text.label),
             numbers.integer(text.length))
            for text in found
        )  # fmt: skip
        return TableData(columns=columns, rows=rows)
    two = len(names) == 2
    probability = (
        words("tables.probability_of", name=class_name(words, names, 1)) if two else words("tables.probability")
    )
    return TableData(
        columns=(
            Column(title=words("tables.decoded")),
            Column(title=words("tables.true_class")),
            Column(title=words("tables.predicted_class")),
            numeric(probability),
        ),
        rows=tuple(
            (
                excerpt(text),
                class_name(words, names, text.label),
                numbers.UNKNOWN if text.predicted is None else class_name(words, names, text.predicted),
                numbers.UNKNOWN if text.probability is None else numbers.percent(min(text.probability, _NEARLY), 1),
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


def _one_sample(card: DataCard, words: Words) -> str:
    if not card.sample_shape:
        return words("tables.sample_text")
    sizes = " × ".join(numbers.integer(size) for size in card.sample_shape)
    return words("tables.sample_features" if len(card.sample_shape) == 1 else "tables.sample_image", sizes=sizes)


def _classes(card: DataCard, words: Words) -> str:
    if len(card.class_names) > SIDE_BY_SIDE:
        return numbers.integer(len(card.class_names))
    names = words("tables.comma").join(class_name(words, card.class_names, i) for i in range(len(card.class_names)))
    return words("tables.count_and_names", count=len(card.class_names), names=names)
