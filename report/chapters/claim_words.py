"""A claim as the report says it: its verdict worded in a language, and where its evidence stands."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import cache

from jinja2 import nodes

from labreport.experiments.definitions import Number
from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.chapters.sandbox import RUN, Chance, compiled, environment, shown
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


def sentence(claim: Claim, result: Result, language: str, *, explained: bool = True) -> str:
    """Return the sentence of a claim about a run in Markdown, worded by its verdict, with the numbers that decided it.

    Args:
        claim: what was found.
        result: the run.
        language: of the sentence.
        explained: whether the reason follows where the record can't answer.

    Raises:
        MissingValueError: the language has no words for this claim.
    """
    words = wording.sentence(claim.definition, claim.verdict, language, result.lab, measured=bool(claim.numbers))
    template = compiled(environment(language, lists=True), words)
    found = {name: _by_chance(value) for name, value in {**claim.details, **claim.numbers}.items()}
    said = template.render({RUN: Decimals(result), **found, "holds": claim.holds, "seeds": claim.seeds})
    return said + reason(claim, language) if explained else said


def reason(claim: Claim, language: str) -> str:
    """Return why a record can't answer, as it follows the sentence of the claim; empty where it can."""
    if not claim.unanswered:
        return ""
    words = Words(language)
    return words.record.between_sentences + words("labs.only_bounded" if claim.numbers else "labs.no_answers")


def _by_chance(value: Number) -> Number:
    return Chance(value) if isinstance(value, float) else value


def written_number(name: str, claim: Claim, result: Result, language: str) -> str:
    """Return a number of a claim as the table of evidence writes it: as its sentence does, so that the two agree.

    A number that no sentence of the claim writes has four significant digits, a p two.
    """
    value = claim.numbers[name]
    for words in wording.templates(claim.definition, language, result.lab):
        written = _writing(words, name, language)
        if written:
            template = compiled(environment(language, lists=True), written)
            return template.render({RUN: Decimals(result), name: _by_chance(value)})
    return numbers.chance(value) if name.startswith("p_") and isinstance(value, float) else str(shown(value))


@cache
def _writing(words: str, name: str, language: str) -> str:
    """Return the template by which a sentence writes a number with a filter; empty where it does not."""
    for one in environment(language, lists=True).parse(words).find_all(nodes.Filter):
        if isinstance(one.node, nodes.Name) and one.node.name == name:
            digits = [str(given.value) for given in one.args if isinstance(given, nodes.Const)]
            return f"{{{{ {name}|{one.name}({', '.join(digits)}) }}}}"
    return ""


def sentences(claim: Claim, result: Result) -> dict[str, str]:
    """Return the sentence of a claim about a run in each language that has words for it."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        with contextlib.suppress(MissingValueError):
            found[language] = sentence(claim, result, language)
    return found
