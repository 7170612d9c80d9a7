"""A claim as the report says it: its verdict worded in a language, and where its evidence stands."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from labreport.experiments.result import Result
from labreport.report.chapters.sandbox import RUN, Chance, compiled, environment
from labreport.report.findings.analysis import MissingValueError
from labreport.report.findings.claims import Claim, wording
from labreport.report.findings.digits import Decimals
from labreport.report.words import LANGUAGES, Words


@dataclass(frozen=True, kw_only=True)
class Said:
    """A claim as the report says it."""

    claim: Claim
    text: str


def evidence_id(lab: str, claim: str) -> str:
    """Return the id of a claim's row in the table of evidence."""
    return f"{lab}-claim-{claim}"


def sentence(claim: Claim, result: Result, language: str) -> str:
    """Return the sentence of a claim about a run in Markdown, worded by its verdict, with the numbers that decided it.

    Raises:
        MissingValueError: the language has no words for this claim.
    """
    words = wording.sentence(claim.definition, claim.verdict, language, result.lab, measured=bool(claim.numbers))
    template = compiled(environment(language, lists=True), words)
    found = {**claim.details, **claim.numbers}
    found = {name: Chance(value) if isinstance(value, float) else value for name, value in found.items()}
    said = template.render({RUN: Decimals(result), **found, "holds": claim.holds, "seeds": claim.seeds})
    if not claim.unanswered:
        return said
    reason = Words(language)
    return said + reason.record.between_sentences + reason("labs.only_bounded" if claim.numbers else "labs.no_answers")


def sentences(claim: Claim, result: Result) -> dict[str, str]:
    """Return the sentence of a claim about a run in each language that has words for it."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        with contextlib.suppress(MissingValueError):
            found[language] = sentence(claim, result, language)
    return found
