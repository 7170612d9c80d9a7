"""Chapters: numbered things, links with text, exercises, evidence, and the marks of what is less than a full run."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec
import pytest
from helpers.hand_results import LABS, all_hand_results, hand_result
from helpers.own_runs import own_run, training
from helpers.shared_chapters import built

from labreport.experiments.result import Failure
from labreport.report.chapters import chapter, notes
from labreport.report.chapters.build import build
from labreport.report.chapters.notes_in_use import SHIPPED
from labreport.report.configuration import Configuration
from labreport.report.document import Box, Exercise, Figure, Listing, Node, Table
from labreport.report.errors import NoteError
from labreport.report.words import LANGUAGES, Words

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


def _built(results, language="en", **changes):
    return build(results, language, Configuration(**changes), moment=MOMENT, version="0.1.0")


def _shared(results, language="en", **changes):
    """As `_built`, with chapters that another test may have made: where the program is as it is."""
    return built(results, language, Configuration(**changes))


def _nodes(value):
    if isinstance(value, Node):
        yield value
        for name in value.__struct_fields__:
            yield from _nodes(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)


def _note(monkeypatch, text):
    shipped = notes.source

    def source(language, name):
        return shipped(language, name) if name == "glossary" else (text, f"notes/{language}/{name}.md")

    monkeypatch.setattr(notes, "source", source)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_six_chapters_are_made_and_every_link_leads_somewhere(language):
    made = _shared(all_hand_results(), language)
    assert made.problems == ()
    assert [part.id for part in made.report.chapters] == [*LABS, "glossary"]
    assert "[](" not in msgspec.json.encode(made.report).decode()


def test_figures_tables_and_listings_are_numbered_in_their_chapter():
    report = _shared(all_hand_results()).report
    for position, part in enumerate(report.chapters[:-1], 1):
        for kind in (Figure, Table, Listing, Exercise):
            numbers = [node.number for node in _nodes(part) if type(node) is kind and not node.id.endswith("-data")]
            assert numbers == [f"{position}.{count}" for count in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_id_is_unique(language):
    ids = [node.id for node in _nodes(_shared(all_hand_results(), language).report) if hasattr(node, "id")]
    assert len(ids) == len(set(ids))


def test_both_languages_have_the_same_tree():
    shapes = []
    for language in LANGUAGES:
        report = _shared(all_hand_results(), language).report
        shapes.append([(type(node).__name__, getattr(node, "id", "")) for node in _nodes(report)])
    assert shapes[0] == shapes[1]


def test_a_link_to_a_chapter_that_is_left_out_becomes_its_title():
    report = _shared([hand_result("mnist")]).report
    text = msgspec.json.encode(report).decode()
    assert "](#boston)" not in text
    assert "](#tensors)" not in text
    assert f"“{SHIPPED.title('en', 'tensors')}”" in text


@pytest.mark.parametrize(("language", "named"), [("en", "Chapter 2"), ("zh", "第 2 章")])
def test_a_chapter_of_the_course_that_is_left_out_is_named_by_its_number(language, named):
    report = _shared([hand_result("mnist")], language, chapters=("workflow", "tensors", "mnist")).report
    text = msgspec.json.encode(report).decode()
    assert report.chapters[0].number == "3"
    assert named in text
    assert SHIPPED.title(language, "tensors") not in text
    assert _shared([hand_result("mnist")], language).report.chapters[0].number == "1"


def test_the_name_of_a_set_is_code_without_signs_of_markdown(monkeypatch):
    _note(monkeypatch, "# T\n\nThe set {{ settings.dataset | code }}.\n")
    text = msgspec.json.encode(_built([hand_result("boston")]).report.chapters[0]).decode()
    assert "The set `boston_housing`." in text


def test_a_link_that_leads_nowhere_in_its_own_chapter_is_a_problem(monkeypatch):
    _note(monkeypatch, "# T\n\nsee [](#figure-nothing)\n")
    assert "the link #figure-nothing leads nowhere" in _built([hand_result("mnist")]).problems[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# T\n:::figure nothing\nx\n:::\n", r"mnist\.md:2: .*nothing"),
        ("# T\n:::table nothing\nx\n:::\n", r"mnist\.md:2: .*nothing"),
        ("# T\n:::listing nothing\nx\n:::\n", r"mnist\.md:2: .*no listing 'nothing'"),
        ("# T\n:::example nothing\nx\n:::\n", r"mnist\.md:2: .*no example 'nothing'"),
        ("# T\n:::figure curves\nx\n:::\n:::figure curves\nx\n:::\n", r"mnist\.md:5: figure-curves is placed twice"),
        ("# T\n:::equation e\nx\n:::\n", r"mnist\.md:2: the equation needs a line '---'"),
        ("# T\n:::hint x\nh\n:::\n", r"mnist\.md:2: 'hint x' does not follow its exercise"),
    ],
)
def test_what_can_not_be_placed_names_file_and_line(monkeypatch, text, message):
    _note(monkeypatch, text)
    with pytest.raises(NoteError, match=message):
        chapter.assemble(hand_result("mnist"), "1", "en")


def test_a_listing_that_is_not_what_ran_is_refused(monkeypatch):
    _note(monkeypatch, "# T\n:::listing build_model\nx\n:::\n")
    listings = tuple(
        msgspec.structs.replace(item, source=item.source + "# edited\n")
        for item in hand_result("mnist").findings.listings
    )
    with pytest.raises(NoteError, match="its hash differs"):
        chapter.assemble(hand_result("mnist", listings=listings), "1", "en")


def test_a_chapter_with_a_broken_note_is_replaced_by_a_page_that_says_why(monkeypatch):
    source = notes.source
    monkeypatch.setattr(
        notes, "source", lambda language, name: ("# T\n{{ x }}", "x.md") if name == "imdb" else source(language, name)
    )
    made = _built([hand_result("mnist"), hand_result("imdb")])
    assert len(made.problems) == 1
    assert "x.md:2" in made.problems[0]
    first, second, _ = made.report.chapters
    assert first.sections
    assert isinstance(second.opening[0], Box)
    assert second.opening[0].kind == "failure"


def test_a_record_that_contradicts_itself_costs_its_own_chapter():
    images = hand_result("mnist").findings.images
    cut = tuple(msgspec.structs.replace(image, pixels=image.pixels[:9]) for image in images)
    made = _shared([hand_result("tensors"), hand_result("mnist", images=cut)])
    (problem,) = made.problems
    assert "mnist.md:" in problem
    assert "contradicts itself" in problem
    assert made.report.chapters[0].sections
    assert not made.report.chapters[1].sections


def test_a_mistake_of_labreport_itself_is_no_broken_chapter(monkeypatch):
    monkeypatch.setattr(notes, "read", lambda *_: {}["a mistake"])
    with pytest.raises(KeyError, match="a mistake"):
        _built([hand_result("mnist")])


def test_a_failed_run_has_a_page_that_says_what_failed():
    failed = hand_result("imdb", status="failed", failure=Failure(kind="OSError", message="no lamp", stage="lab"))
    made = _shared([failed])
    assert made.problems == ()
    assert "no lamp" in msgspec.json.encode(made.report.chapters[0]).decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_sample_data_a_quick_profile_and_a_single_seed_are_marked_in_title_and_captions(language):
    words = Words(language)
    plain = hand_result("mnist", seeds=(0, 1, 2))
    measured = [f"mnist-figure-{name}" for name in ("curves", "mistakes", "confusion")]
    card = msgspec.structs.replace(plain.findings.data, train_samples=100, test_samples=10)
    for result, tag in (
        (hand_result("mnist", seeds=(0, 1, 2), data=card), "labs.tag_sample"),
        (hand_result("mnist", seeds=(0, 1, 2), profile="quick"), "labs.tag_quick"),
        (hand_result("mnist", seeds=(0,)), "labs.tag_seed"),
    ):
        part = _shared([result], language).report.chapters[0]
        assert len(part.marks) == 1
        drawn = [node for node in _nodes(part) if isinstance(node, Figure) and node.id in measured]
        captions = [node.tag_line for node in drawn]
        assert captions
        assert set(captions) == {words(tag)}
    assert _shared([plain], language).report.chapters[0].marks == ()


EXERCISE = """# T
## Exercises {#exercises}
:::exercise first 3
Do it.
:::
:::hint first
Look.
:::
:::solution first
CANARY {{ score("test_accuracy")|percent }}
:::
"""


def test_the_instructor_sees_the_solution_and_the_student_does_not(monkeypatch):
    _note(monkeypatch, EXERCISE)
    student = _built([hand_result("mnist")])
    teacher = _built([hand_result("mnist")], edition="instructor")
    assert "CANARY" not in msgspec.json.encode(student.report).decode()
    (exercise,) = (node for node in _nodes(teacher.report) if isinstance(node, Exercise))
    assert exercise.solution is not None
    assert exercise.solution.startswith("CANARY 9")
    assert (exercise.points, exercise.hint, exercise.answer_lines) == (3, "Look.", 0)
    (exercise,) = (node for node in _nodes(student.report) if isinstance(node, Exercise))
    assert exercise.answer_lines == 3


@pytest.mark.parametrize(
    ("room", "lines"), [("", 3), (" 9", 9), (" 0", 0), (" sum", 3), (" sum+sentence+code", 17), (" sketch", 6)]
)
def test_a_note_says_how_many_lines_an_answer_has_or_of_what_kinds_it_is(room, lines, monkeypatch):
    _note(monkeypatch, EXERCISE.replace("first 3", f"first 3{room}"))
    (exercise,) = (node for node in _nodes(_built([hand_result("mnist")]).report) if isinstance(node, Exercise))
    assert exercise.answer_lines == lines


def test_a_kind_of_answer_that_there_is_not_is_named(monkeypatch):
    _note(monkeypatch, EXERCISE.replace("first 3", "first 3 sum+essay"))
    (problem,) = _built([hand_result("mnist")]).problems
    assert "no answer is of the kind 'essay'; there are sentence, sum, sketch, code" in problem


def test_the_instructor_gets_a_marking_scheme_with_the_total(monkeypatch):
    second = EXERCISE.split("## Exercises {#exercises}\n")[1].replace("first", "second").replace("second 3", "second 5")
    _note(monkeypatch, EXERCISE + second)
    teacher = _built([hand_result("mnist")], edition="instructor").report
    (scheme,) = (node for node in _nodes(teacher) if isinstance(node, Table) and "marking" in node.id)
    assert scheme.id == "mnist-table-marking-exercises"
    assert [column.title for column in scheme.columns[1:]] == [
        "[1.1](#mnist-exercise-first)", "[1.2](#mnist-exercise-second)", "Total",
    ]  # fmt: skip
    assert scheme.rows[0] == ("Points", "3", "5", "8")
    student = _built([hand_result("mnist")]).report
    assert not [node for node in _nodes(student) if isinstance(node, Table) and "marking" in node.id]


def test_a_solution_left_open_shows_nothing_at_all(monkeypatch):
    _note(monkeypatch, "# T\n:::exercise a 1\nx\n:::\n:::solution a\nCANARY\n:::note\nmore CANARY\n:::\n")
    made = _built([hand_result("mnist")])
    assert "'solution' is not closed" in made.problems[0]
    assert "CANARY" not in msgspec.json.encode(made.report).decode()


def test_every_claim_of_a_chapter_is_in_its_evidence():
    report = _shared(all_hand_results()).report
    for part in report.chapters[:-1]:
        (table,) = (node for node in _nodes(part) if isinstance(node, Table) and node.id.endswith("table-evidence"))
        assert table.row_ids == tuple(f"{part.id}-claim-{claim}" for claim in SHIPPED.claims(part.id))
        # Each claim has one mark that leads to its row, where it is made first.
        said = msgspec.json.encode(msgspec.structs.replace(part, slides=())).decode()
        assert all(said.count(f"](#{id_})") == 1 for id_ in table.row_ids)


def test_the_summary_has_a_row_for_each_lab_and_the_provenance_names_every_run():
    results = all_hand_results()
    report = _shared(results).report
    (table,) = (node for node in _nodes(report.summary) if isinstance(node, Table))
    assert len(table.rows) == len(LABS)
    text = msgspec.json.encode(report.provenance).decode()
    assert all(result.run_id in text for result in results)
    assert all(file.sha256 in text for result in results if result.findings.data for file in result.findings.data.files)


def test_title_course_and_date_come_from_the_configuration():
    report = _shared(
        [hand_result("mnist")], title={"en": "My course"}, course={"en": "ML 101"}, date="2030-02-03"
    ).report
    assert report.cover.title == "My course"
    assert report.date == "2030-02-03"
    assert "ML 101" in [value for _, value in report.cover.facts]


def test_what_the_runs_have_in_common_stands_once_in_the_provenance_and_differences_name_their_labs():
    results = list(all_hand_results())
    other = msgspec.structs.replace(results[1].provenance, python="CPython 3.13.9")
    results[1] = msgspec.structs.replace(results[1], provenance=other)
    provenance = _shared(results).report.provenance
    tables = {node.id: node for node in _nodes(provenance) if isinstance(node, Table)}
    facts = dict(tables["provenance-software-table"].rows)
    assert len(facts) == len(tables["provenance-software-table"].rows)
    assert facts["Seeds"] == "0, 1, 2"
    assert "Seeds" not in [column.title for column in tables["provenance-runs-table"].columns]
    own, others = facts["Python"].split("; ")
    assert {own, others} == {
        f"{results[0].provenance.python} (`tensors`, `mnist`, `imdb`, `reuters`, `boston`)",
        "CPython 3.13.9 (`workflow`)",
    }
    assert "`" not in facts["keras"]
    said = msgspec.json.encode(provenance).decode()
    assert said.count("Loop form") == 1
    assert "`imdb`, `reuters`" in said


def test_the_commands_of_the_provenance_repeat_the_run():
    from labreport.report.chapters.provenance import command_of

    result = hand_result("boston", seeds=(0, 1, 2), changed_settings=("epochs",), profile="quick")
    assert command_of(result) == [
        "labreport", "run", "boston", "--seeds", "0-2", "--profile", "quick", "--data", "full", "-P", "epochs=500",
    ]  # fmt: skip


def test_the_command_that_records_a_script_again_is_the_one_that_was_given() -> None:
    from labreport.report.chapters.provenance import command_of

    result = own_run("digits", training(loss=[1.0]))
    command = ("labreport", "record", "--seeds", "0-4", "--data", "a.csv", "-m", "wine.train", "-q", "--epochs", "5")
    stored = ("labreport", "record", "-q", "--runs-dir", "…/runs", *command[2:])
    given = msgspec.structs.replace(result, provenance=msgspec.structs.replace(result.provenance, command=stored))
    assert command_of(given) == list(command)
    assert command_of(result)[:4] == ["labreport", "record", "--name", "digits"]


def test_a_curve_that_ends_at_its_minimum_has_its_last_epoch_as_the_best_in_the_summary():
    fits = tuple(
        msgspec.structs.replace(fit, history=fit.history | {"val_loss": fit.history["loss"]})
        if fit.role == "selection"
        else fit
        for fit in hand_result("imdb").findings.trainings
    )
    report = _shared([hand_result("imdb", trainings=fits)]).report
    (table,) = (node for node in _nodes(report.summary) if isinstance(node, Table))
    assert table.rows[0][4] == "20 of 20"


def test_labs_that_were_trained_in_the_same_way_share_a_sentence():
    text = msgspec.json.encode(_shared(all_hand_results()).report.provenance).decode()
    bullets = re.findall(r"(?:\\n|\")- (.*?)(?=\\n|\")", text)
    assert len(bullets) > 1
    assert len(bullets) == len(set(bullets))
