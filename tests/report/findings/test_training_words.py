"""The engine's codes in words: every reason that the engine can give has words in both languages."""

from __future__ import annotations

import re

import msgspec
import pytest
from helpers.hand_results import hand_result
from helpers.places import ROOT

from labreport.experiments.result import Worker
from labreport.report.chapters.provenance import provenance
from labreport.report.findings.training_words import forms, parts, sentences
from labreport.report.words import LANGUAGES, Words, load_table

PLAN = (ROOT / "experiments" / "training" / "plan.py").read_text("utf-8")
FORMS = ("fit", "loop", "loop-xla", "stack-xla", "in-turn")


def _reasons() -> set[str]:
    """Reasons as they stand in the source: what an obstacle is called, and what a plan is made with."""
    returned = re.findall(r'return f?"([a-z-]+)(?:=\{[^"]*)?"', PLAN)
    planned = re.findall(r'_plan\("[a-z]+", f?"([a-z-]+)', PLAN)
    return {*returned, *planned}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_of_the_engine_has_words(language):
    words = Words(language)
    assert len(_reasons()) > 20
    for reason in _reasons():
        for form in FORMS:
            (sentence,) = sentences([f"{form}:{reason}=Detail"], words)
            assert sentence != f"`{form}:{reason}=Detail`"
            assert "{" not in sentence
    unused = {
        key.removeprefix("engine.reason_") for key in load_table(language) if key.startswith("engine.reason_")
    } - _reasons()
    assert not unused


def test_a_detail_is_named_and_a_code_without_words_stands_as_it_is():
    assert sentences(["in-turn:layer=Dropout", "loop:few-steps"], Words("en")) == (
        "One fold after the other instead of side by side, because the stack does not know the layer `Dropout`.",
        "Loop form: Keras’ own training step, a whole epoch in one graph, not compiled, because XLA does not pay for "
        "so few steps.",
    )
    assert sentences(["fit", "own`kind:x", "loop:x"], Words("en")) == (
        "Plain form: Keras’ own `fit`.",
        "`ownkind:x`",
        "`loop:x`",
    )


def test_the_forms_alone_do_not_depend_on_what_was_compiled_and_why():
    assert forms(["stack-xla:folds=4", "loop:few-steps"]) == forms(["loop-xla:many-steps", "stack-xla:folds=4"])
    assert forms(["stack-xla:folds=4", "loop:few-steps"]) == "loop stack"
    assert forms([]) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_provenance_says_how_each_lab_was_trained_and_what_a_seed_changes(language):
    words = Words(language)
    chapter = provenance([hand_result("boston"), hand_result("imdb")], {"boston": "Houses", "imdb": "Reviews"}, words)
    (section,) = [part for part in chapter.sections if part.id == "provenance-engine"]
    told = "\n".join(block.markdown for block in section.blocks)
    assert words("engine.seeds") in told
    assert "loop:" not in told
    assert "stack-xla" not in told
    for code in hand_result("boston").findings.engine:
        form, how = parts(code, words)
        assert told.count(form) == 1
        assert how in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_machines_and_versions_of_workers_stand_beside_those_of_the_run(language):
    result = hand_result("boston")
    own = result.provenance.machine
    other = msgspec.structs.replace(own, processor="Elbrus 8C")
    workers = (Worker(machine=own, packages={}), Worker(machine=other, packages={"numpy": "1.2.3", "python": "3.12.1"}))
    origin = msgspec.structs.replace(result.provenance, workers=workers)
    chapter = provenance([msgspec.structs.replace(result, provenance=origin)], {"boston": "B"}, Words(language))
    (software,) = [section for section in chapter.sections if section.id == "provenance-software"]
    values = [value for block in software.blocks for _, value in block.rows]
    for shown in (own.processor, "Elbrus 8C", "1.2.3", "3.12.1"):
        assert any(shown in value for value in values)
