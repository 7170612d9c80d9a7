"""A user's own note is the chapter: what is judged, and how the lab is called, follows it in every command."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from helpers.hand_results import hand_result

from labreport.experiments.result import Result
from labreport.report.chapters import notes
from labreport.report.chapters.build import build
from labreport.report.chapters.notes_in_use import SHIPPED, NotesInUse
from labreport.report.chapters.values import Context
from labreport.report.cli import main
from labreport.report.configuration import Configuration
from labreport.report.document import Report
from labreport.report.errors import NoteError
from labreport.report.gate import folder as gate
from labreport.report.numbers import UNKNOWN
from labreport.report.publish import report_moment
from labreport.report.store.runs import Store
from labreport.report.words import LANGUAGES, Words

TITLE = "Films, as we see them"
OWN = f'# {TITLE}\n\n## Result {{#result}}\n\n{{{{ claim("overfits") }}}}\n'
FALSE = "training_accuracy_rises"
"""A claim of the shipped note that does not hold in the run below."""


def _falling() -> Result:
    """Return a run that overfits, and whose training accuracy falls once."""
    fits = []
    for fit in hand_result("imdb").findings.trainings:
        accuracy = fit.history.get("accuracy", ())
        fits.append(msgspec.structs.replace(fit, history=fit.history | {"accuracy": (*accuracy[:-1], 0.1)}))
    return hand_result("imdb", trainings=tuple(fits))


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of a user with a note of their own for imdb in both languages, and a run that it is true of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    for language in LANGUAGES:
        _write(tmp_path, language, OWN)
    (tmp_path / "labreport.toml").write_text('notes = "mine"\nlang = ["en"]\nto = ["md"]\n')
    Store(tmp_path / "runs").save(_falling())
    return tmp_path


def _write(folder: Path, language: str, text: str) -> None:
    path = folder / "mine" / language / "imdb.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def test_strict_judges_the_claims_of_the_printed_chapter_alone(place, capsys):
    assert main(["render", "imdb", "--strict", "-q"]) == 0
    assert FALSE not in capsys.readouterr().err
    assert "| 1 ✓ |" in (place / "reports" / "labreport-en.md").read_text("utf-8")
    (place / "labreport.toml").unlink()
    assert main(["render", "imdb", "--strict", "-q", "--lang", "en", "--to", "md"]) == 1
    assert FALSE in capsys.readouterr().err


def test_show_names_the_claims_of_the_own_note(place, capsys):
    assert main(["show", "imdb"]) == 0
    shown = capsys.readouterr().out
    assert "overfits" in shown
    assert FALSE not in shown


def test_the_gate_checks_the_claims_of_the_own_note_under_its_title(place):
    assert main(["check", "--baseline", "last:1", "-o", "out"]) == 5
    (lab,) = json.loads((place / "out" / gate.RESULT).read_text("utf-8"))["verdict"]["labs"]
    assert [check["name"] for check in lab["checks"] if check["kind"] == "claim"] == ["overfits"]
    assert lab["titles"] == dict.fromkeys(LANGUAGES, TITLE)
    assert TITLE in (place / "out" / gate.SUMMARY).read_text("utf-8")


def test_a_comparison_compares_the_claims_of_the_own_note_under_its_title(place, capsys):
    Store(place / "runs").save(msgspec.structs.replace(hand_result("imdb", seeds=(7,)), run_id="other"))
    arguments = ["compare", "other", _falling().run_id, "--all", "--to", "md", "-o", "out"]
    assert main([*arguments, "--json"]) == 0
    (lab,) = json.loads(capsys.readouterr().out)["comparisons"][0]["labs"]
    assert [claim["name"] for claim in lab["claims"]] == ["overfits"]
    assert TITLE in (place / "out" / "comparison-en.md").read_text("utf-8")


def _built(folder: Path, *results: Result) -> Report:
    return build(
        results,
        "en",
        Configuration(notes=folder / "mine"),
        moment=report_moment([result.provenance.ended for result in results]),
        version="0.1.0",
    ).report


def test_cover_summary_chapter_and_provenance_have_one_title(place):
    page = _built(place, _falling())
    assert page.chapters[0].title == page.cover.strip[0].title == TITLE
    assert TITLE in page.summary.opening[1].rows[0][0]
    assert page.provenance.sections[0].blocks[0].rows[0][0] == TITLE


def test_the_page_of_a_run_that_failed_has_the_title_of_the_own_note(place):
    assert _built(place, hand_result("imdb", status="failed")).chapters[0].title == TITLE


def test_a_run_that_only_lacks_a_note_is_not_called_failed(place):
    (place / "mine" / "en" / "imdb.md").write_text("# No end\n\n:::note\n", "utf-8")
    page = _built(place, _falling())
    (row,) = page.summary.opening[1].rows
    assert Words("en")("labs.failed_cell") not in row
    assert row[2].endswith("%")
    assert row[5] == UNKNOWN


def test_claims_of_solutions_are_made_in_the_instructors_edition_only(place):
    solved = OWN + '\n:::exercise one 2\nWhy?\n:::\n\n:::solution one\n{{ claim("accuracy_gap") }}\n:::\n'
    _write(place, "en", solved)
    of = {"folder": place / "mine", "languages": ("en",)}
    assert NotesInUse(**of).claims("imdb") == ("overfits",)
    assert NotesInUse(**of, solutions=True).claims("imdb") == ("overfits", "accuracy_gap")


def test_a_lab_without_a_chapter_makes_no_claims_and_goes_by_its_name():
    assert SHIPPED.claims("nothing") is None
    assert SHIPPED.title("en", "nothing") == "nothing"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{{ claim("overfits") if seeds else "" }}', "condition"),
        ('{{ seeds and claim("overfits") }}', "condition"),
        ('{% set name = "overfits" %}{{ claim(name) }}', "written out"),
        ("{% set say = claim %}{{ say('overfits') }}", "written out"),
    ],
)
def test_a_claim_that_can_not_be_read_off_the_note_is_refused(text, message):
    with pytest.raises(NoteError, match=message):
        notes.read(Context(hand_result("imdb"), "en"), f"# T\n\n{text}\n", "x.md")


def test_a_title_with_a_value_is_refused_because_it_also_stands_where_there_is_no_run():
    with pytest.raises(NoteError, match="title"):
        notes.read(Context(hand_result("imdb"), "en"), "# After {{ settings.epochs }} epochs\n", "x.md")


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_note_is_read_to_claim_is_what_its_chapter_says(language, seeds):
    for lab in ("tensors", "workflow", "mnist", "imdb", "reuters", "boston"):
        context = Context(hand_result(lab, seeds=seeds), language)
        notes.read(context, *SHIPPED.text(language, lab))
        assert tuple(context.said) == NotesInUse(languages=(language,)).claims(lab)
