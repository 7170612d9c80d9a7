"""A record of format 1 is still read: what it can't tell is said to be untold, and why; nothing turns false."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import pytest
from helpers.hand_results import LABS, hand_result

from labreport.experiments.result import Result
from labreport.report.chapters import claim_words
from labreport.report.chapters.build import build
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.configuration import Configuration
from labreport.report.findings.claims import Claim
from labreport.report.publish.dates import report_moment
from labreport.report.store import codec
from labreport.report.words import LANGUAGES, Words

NOTES = NotesInUse.of(Configuration())
CLAIMED = [(lab, name) for lab in LABS for name in NOTES.made(hand_result(lab, seeds=(0,)))]


def _of_format_1(value: Any) -> Any:
    """Return a record without the fields that format 2 brought: those that may be left out."""
    if isinstance(value, msgspec.Struct):
        changes = {
            field.name: msgspec.UNSET if field.default is msgspec.UNSET else _of_format_1(getattr(value, field.name))
            for field in msgspec.structs.fields(type(value))
        }
        return msgspec.structs.replace(value, **changes)
    return tuple(map(_of_format_1, value)) if isinstance(value, tuple) else value


@cache
def _old(lab: str) -> Result:
    record = msgspec.structs.replace(_of_format_1(hand_result(lab, seeds=(0,))), format=1)
    return codec.decode(codec.encode(record), "old/result.json")


@cache
def _stated(lab: str) -> tuple[dict[str, Claim], dict[str, Claim]]:
    """Return what the note of a lab claims of a new record and of an old one, by name."""
    new, old = ({one.name: one for one in NOTES.stated(result)} for result in (hand_result(lab, seeds=(0,)), _old(lab)))
    return new, old


@pytest.mark.parametrize(("lab", "name"), CLAIMED)
def test_a_claim_is_as_it_was_or_left_open_with_the_reason(lab, name):
    result = _old(lab)
    assert result.format == 1
    now, old = (claims[name] for claims in _stated(lab))
    assert old.verdict in (now.verdict, "unknown")
    for language in LANGUAGES:
        said = claim_words.sentence(old, result, language)
        reasons = [Words(language)(f"labs.{key}") for key in ("no_answers", "only_bounded")]
        assert any(reason in said for reason in reasons) == old.unanswered
        if old.verdict != now.verdict:
            assert said.endswith(reasons[0])


def test_some_claims_need_the_answers_to_each_sample():
    needing = {
        (lab, name) for lab in LABS for name, one in _stated(lab)[1].items() if one.unanswered and not one.numbers
    }
    assert {("boston", "beats_linear"), ("boston", "beats_mean")} <= needing


@pytest.mark.parametrize(("language", "labs"), [("en", LABS), ("zh", ("tensors", "reuters", "boston"))])
def test_a_report_of_old_records_has_every_chapter_and_the_reason_in_it(language, labs):
    """Every lab once and every language once: what a record lacks is worded alike for all labs."""
    results = [_old(lab) for lab in labs]
    moment = report_moment([result.provenance.ended for result in results])
    built = build(results, language, Configuration(), moment=moment, version="1")
    assert not built.problems
    assert [chapter.id for chapter in built.report.chapters if chapter.id in LABS] == list(labs)
    boston = next(chapter for chapter in built.report.chapters if chapter.id == "boston")
    assert Words(language)("labs.no_answers") in str(boston)
    assert "✗" not in str(built.report)
