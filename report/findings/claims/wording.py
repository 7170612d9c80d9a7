"""The words of claims: a sentence for each verdict, and what the table of evidence calls each number.

Those of the claims shipped here lie in `templates/notes/<language>/claims.toml`; those of any other stand beside its
function. What comes out is a template of the sandbox in which notes are read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from labreport.experiments.definitions import ClaimDefinition
from labreport.report.findings.analysis import MissingValueError
from labreport.report.findings.claims.record import Verdict
from labreport.report.words import spoken

NUMBERS = "numbers"
"""Table of what numbers are called: of all claims, and inside the table of a claim of that one."""


def sentence(definition: ClaimDefinition, verdict: Verdict, language: str, lab: str) -> str:
    """Return what a claim says in one language, as a template.

    Args:
        definition: the claim.
        verdict: what it turned out to be.
        language: of the report; where the claim has no words in it, another one's are taken and marked.
        lab: some shipped claims have words of their own in a lab.

    Raises:
        MissingValueError: a shipped claim has no words in this language.
    """
    if definition.words:
        texts: dict[str, Mapping[str, str]] = {
            other: {verdict: said[verdict]} for other, said in definition.words.items()
        }
        return spoken(texts, language)[verdict]
    shipped = _shipped(language)
    try:
        text: str = (shipped.get(lab, {}).get(definition.name) or shipped[definition.name])[verdict]
    except KeyError:
        raise MissingValueError(f"The claim '{definition.name}' has no wording in claims.toml ({language}).") from None
    return text


def number_name(definition: ClaimDefinition, number: str, language: str) -> str:
    """Return what the table of evidence calls a number of a claim; the number's own name where nothing is said."""
    if definition.words:
        texts = {other: said.get(NUMBERS, {}) for other, said in definition.words.items()}
        return spoken(texts, language).get(number, number)
    shipped = _shipped(language)
    own: Mapping[str, str] = shipped.get(definition.name, {}).get(NUMBERS, {})
    return own.get(number) or str(shipped[NUMBERS].get(number, number))


@cache
def _shipped(language: str) -> dict[str, Any]:
    text = (resources.files("labreport.templates") / "notes" / language / "claims.toml").read_text("utf-8")
    return tomllib.loads(text)
