"""The preview of a note, asked as a browser asks: what is saved is seen, and what is wrong is said with its place."""

from __future__ import annotations

import re
import threading

import pytest
from helpers.browsed import TOKEN
from helpers.own_runs import seeds_run
from starlette.testclient import TestClient

from labreport.experiments.registry import additions
from labreport.report.browsing.previewing import Watcher, previews
from labreport.report.browsing.server import Door, Guard
from labreport.report.browsing.workshop import Workshop
from labreport.report.chapters.offered import offered
from labreport.report.cli import main
from labreport.report.configuration import Configuration, override
from labreport.report.store.runs import Store

NOTE = """# Digits

## What happened {#happened}

The accuracy was {{ score("test_accuracy") | percent }}.
"""
EN = f"/{TOKEN}/en/digits"


@pytest.fixture
def desk(tmp_path):
    """A run, a note of it in a folder of the user, and a client of its preview."""
    stored = Store(tmp_path / "runs").save(seeds_run())
    note = tmp_path / "notes" / "en" / "digits.md"
    note.parent.mkdir(parents=True)
    note.write_text(NOTE, "utf-8")
    configuration = override(Configuration(), runs_dir=tmp_path / "runs", notes=tmp_path / "notes")
    workshop = Workshop([stored], configuration)
    door = Door(token=TOKEN)
    client = TestClient(Guard(previews(workshop, door), door), base_url="http://127.0.0.1:8000")

    def save(text: str) -> None:
        note.write_text(text, "utf-8")
        workshop.changed()

    return client, save, workshop


def test_what_is_saved_is_shown_and_only_then_is_the_chapter_another(desk):
    client, save, _ = desk
    assert "92.5%" in client.get(f"{EN}/page").text
    first = client.get(f"{EN}/faults").headers["x-chapter"]
    save(NOTE)
    assert client.get(f"{EN}/faults").headers["x-chapter"] == first
    save(NOTE + "\nA fresh sentence.\n")
    assert client.get(f"{EN}/faults").headers["x-chapter"] != first
    assert "A fresh sentence." in client.get(f"{EN}/page").text


def test_a_fault_is_said_with_line_reason_and_lines_and_the_last_good_chapter_stays(desk):
    client, save, _ = desk
    assert "92.5%" in client.get(f"{EN}/page").text
    save(NOTE.replace("test_accuracy", "accuracy_of_tests"))
    said = client.get(f"{EN}/faults").text
    assert "notes/en/digits.md, line 5" in said
    assert "no score &#39;accuracy_of_tests&#39;; it has test_accuracy" in said
    assert "<mark>5" in said
    assert "92.5%" in client.get(f"{EN}/page").text
    save(NOTE + "\nIt was 97 percent.\n")
    assert "line 7" in client.get(f"{EN}/faults").text
    save(NOTE)
    assert 'class="box failure"' not in client.get(f"{EN}/faults").text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00\x01",
        "# T\n\n{{",
        "# T\n\n{% for x in y %}",
        "# T\n\n<script>alert(1)</script>\n",
        "# T\n\n:::figure x",
    ],
)
def test_no_note_ends_the_preview_or_writes_into_its_page(desk, text):
    client, save, _ = desk
    save(text)
    shell = client.get(EN)
    assert shell.status_code == 200
    assert "<script>alert" not in shell.text
    assert client.get(f"{EN}/page").status_code == 200


def test_a_note_that_was_never_good_shows_why(desk):
    client, save, _ = desk
    save(NOTE.replace("percent", "percents"))
    faults = client.get(f"{EN}/faults").text
    assert "percents" in faults
    assert "There is no good chapter yet; what is wrong:" in faults
    assert client.get(f"{EN}/page").text.count("percents") >= 1
    save(NOTE.replace("percent", "percentage"))
    page = client.get(f"{EN}/page").text
    assert "percentage" in page  # not the page about the fault before
    assert "percents" not in page
    save(NOTE)
    assert "92.5%" in client.get(f"{EN}/page").text
    save(NOTE.replace("percent", "percents"))
    assert "The last good chapter is shown; what is wrong:" in client.get(f"{EN}/faults").text


def test_a_template_of_the_user_that_is_broken_is_a_fault_as_well(tmp_path, desk):
    _, _, workshop = desk
    templates = tmp_path / "templates"
    templates.mkdir()
    other = Workshop(list(workshop.runs.values()), override(workshop.configuration, templates=templates))
    assert other.proof("digits", "en").is_good
    (templates / "report.html.j2").write_text("{% extends 'labreport/report.html.j2' %}{% block", "utf-8")
    other.changed()
    broken = other.proof("digits", "en")
    assert "report.html.j2" in broken.faults[0].reason
    assert "92.5%" in broken.page


def test_everything_that_is_offered_may_stand_in_a_note(desk):
    client, save, workshop = desk
    result = workshop.runs["digits"].result
    found = list(offered(result, "en", additions.of("digits")))
    assert {offer.kind for offer in found} == {"value", "claim", "figure", "table", "listing"}
    taken = "\n\n".join(offer.code.replace("…", "Words.") for offer in found if offer.kind != "listing")
    save(f"# Digits\n\n## All {{#all}}\n\n{taken}\n")
    assert client.get(f"{EN}/faults").text.count("box failure") == 0
    panel = client.get(f"{EN}/offers").text
    assert "{{ score(&#34;test_accuracy&#34;) | percent }}" in panel
    assert "92.5%" in panel


def test_two_previews_of_one_folder_do_not_disturb_each_other_and_write_nothing(tmp_path, desk):
    client, save, workshop = desk
    there = sorted(path for path in tmp_path.rglob("*"))
    other = Workshop(list(workshop.runs.values()), workshop.configuration)
    assert client.get(f"{EN}/page").text == other.proof("digits", "en").page
    save(NOTE + "\nFor both.\n")
    other.changed()
    assert "For both." in client.get(f"{EN}/page").text
    assert "For both." in other.proof("digits", "en").page
    assert sorted(path for path in tmp_path.rglob("*")) == there


def test_the_question_for_changes_is_answered_as_soon_as_there_is_one(desk):
    client, _, workshop = desk
    assert client.get(f"/{TOKEN}/en/changes?since=0").json() == {"version": 1}
    threading.Timer(0.2, workshop.changed).start()
    assert client.get(f"/{TOKEN}/en/changes?since=1").json() == {"version": 2}


def test_a_file_that_is_saved_is_noticed(tmp_path):
    seen = threading.Event()
    with Watcher([tmp_path, tmp_path / "missing"], lambda _paths: seen.set()):
        for number in range(100):  # the watcher may not be at work yet
            (tmp_path / "note.md").write_text(f"{number}", "utf-8")
            if seen.wait(0.2):
                break
    assert seen.is_set()


def test_other_addresses_lead_to_the_first_chapter(desk):
    client, _, _ = desk
    assert 'aria-current="page">digits' in client.get(f"/{TOKEN}/").text
    assert 'aria-current="page">digits' in client.get(f"/{TOKEN}/zh/other").text
    assert re.search(r"<iframe src=\"[^\"]*/digits/page#digits\"", client.get(EN).text)


def test_without_a_run_there_is_nothing_to_preview(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["preview"]) == 5
    assert "labreport" in capsys.readouterr().err
