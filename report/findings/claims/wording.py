"""The words of claims: a sentence for each verdict, and what the table of evidence calls each number.

Those of the claims shipped here stand in `notes/claims.toml` of each language; those of any other stand beside its
function. What comes out is a template of the sandbox in which notes are read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from labreport.experiments.definitions import ClaimDefinition
from labreport.report import languages
from labreport.report.findings.analysis import MissingValueError
from labreport.report.findings.claims.record import ClaimVerdict

NUMBERS = "numbers"
"""Table of what numbers are called: of all claims, and inside the table of a claim of that one."""

TITLES = "titles"
"""Table of what the table of evidence calls each claim."""

UNDECIDED = "undecided"
"""Text of a claim that was measured, where the difference is not larger than chance; without it `unknown` serves."""


def sentence(
    definition: ClaimDefinition, verdict: ClaimVerdict, language: str, lab: str, *, measured: bool = False
) -> str:
    """Return what a claim says in one language, as a template.

    Args:
        definition: the claim.
        verdict: what it turned out to be.
        language: of the report; where the claim has no words in it, another one's are taken, with its tag before them.
        lab: some shipped claims have words of their own in a lab.
        measured: whether there are numbers, also where the verdict is unknown.

    Raises:
        MissingValueError: the claim has no words in any language.
    """
    name, said = _said(definition, language, lab)
    text = (measured and verdict == "unknown" and said.get(UNDECIDED)) or said[verdict]
    return text if name == language else f"[{name}] {text}"


def templates(definition: ClaimDefinition, language: str, lab: str) -> tuple[str, ...]:
    """Return what a claim says in one language of one lab, a template for each verdict that it has words for."""
    return tuple(text for name, text in _said(definition, language, lab)[1].items() if name != NUMBERS)


def _said(definition: ClaimDefinition, language: str, lab: str) -> tuple[str, Mapping[str, str]]:
    for name, texts in _tables(definition, language):
        said = texts.get(lab, {}).get(definition.name) or texts.get(definition.name)
        if said:
            return name, said
    raise MissingValueError(f"The claim '{definition.name}' has no wording in claims.toml ({language}).")


def number_name(definition: ClaimDefinition, number: str, language: str) -> str:
    """Return what the table of evidence calls a number of a claim; the number's own name where nothing is said."""
    for _, texts in _tables(definition, language):
        said = {**texts.get(NUMBERS, {}), **texts.get(definition.name, {}).get(NUMBERS, {})}
        if number in said:
            return str(said[number])
    return number


def title(definition: ClaimDefinition, language: str) -> str:
    """Return what the table of evidence calls a claim, empty where no language has a title for it."""
    found = (texts.get(TITLES, {}).get(definition.name, "") for _, texts in _tables(definition, language))
    return str(next(filter(None, found), ""))


def _tables(definition: ClaimDefinition, language: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Return the words of a claim by language: this one, those that lend it words, then any other, nearest first."""
    lenders = languages.lenders(language)
    if not definition.words:
        yield from ((name, _shipped(name)) for name in lenders)
    for name in dict.fromkeys((*lenders, *definition.words)):
        if name in definition.words:
            yield name, {definition.name: definition.words[name]}


@cache
def _shipped(language: str) -> dict[str, Any]:
    return tomllib.loads(languages.text(language, "notes/claims.toml") or "")
