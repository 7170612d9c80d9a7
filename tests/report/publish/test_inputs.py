"""The key of a report: what decides its bytes is in it, and nothing that does not."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import pytest
from helpers.hand_results import hand_result

from labreport.experiments import plugins
from labreport.report.configuration import Configuration
from labreport.report.publish import inputs
from labreport.report.rendering import program
from labreport.report.store.runs import Store

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def runs(tmp_path):
    """One stored run of a user's lab."""
    return [Store(tmp_path / "runs").save(hand_result("imdb", seeds=(0,)))]


def test_all_code_that_a_rendering_imports_is_in_the_key(tmp_path):
    Store(tmp_path / "runs").save(hand_result("workflow"))
    code = (
        "import sys\nfrom datetime import datetime, UTC\nfrom pathlib import Path\n"
        "from labreport.report.configuration import Configuration\n"
        "from labreport.report.publish.document import DocumentJob, render_language\n"
        "from labreport.report.store.entries import read\n"
        "path, = Path('runs').glob('*/*/result.json')\n"
        "job = DocumentJob(language='en', runs=(read(path),), moment=datetime(2026, 1, 5, tzinfo=UTC),\n"
        "                  configuration=Configuration(output=Path('out'), to=('html', 'md', 'ipynb', 'split')))\n"
        "made, problems = render_language(job)\nassert made and not problems, problems\n"
        "print('\\n'.join(name for name in sys.modules if name.startswith('labreport.')))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    # Processes are only where it is done.
    names = [name for name in done.stdout.split() if not name.startswith("labreport.experiments.running")]
    used = {".".join(name.split(".")[:3]) for name in names if name.count(".") >= 2}
    hashed = {
        f"{package}.{room.removesuffix('.py')}" if room else f"{package}.{folder.name}"
        for package, rooms in program.DECIDING.items()
        for room in rooms
        for folder in ([Path(room)] if room else Path(str(resources.files(package))).iterdir())
    }
    assert used - hashed == set()
    assert not hashed & {f"labreport.report.{room}" for room in ("gate", "trend", "nightly", "commands")}


def test_a_file_of_the_package_that_moves_or_is_edited_changes_it(tmp_path, runs, monkeypatch):
    (tmp_path / "placed" / "here").mkdir(parents=True)
    (tmp_path / "placed" / "__init__.py").touch()
    (tmp_path / "placed" / "here" / "text.css").write_text("p{}")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(program, "DECIDING", {"placed": ("",)})
    before = inputs.key(runs, Configuration(), MOMENT)
    (tmp_path / "placed" / "here").rename(tmp_path / "placed" / "there")
    moved = inputs.key(runs, Configuration(), MOMENT)
    assert moved != before
    (tmp_path / "placed" / "there" / "text.css").write_text("i{}")  # as long as before, in the same process
    assert inputs.key(runs, Configuration(), MOMENT) not in (moved, before)


def test_two_notes_that_swap_their_languages_change_it(tmp_path, runs):
    notes = tmp_path / "notes"
    for language, text in {"en": "# One\n", "zh": "# Two\n"}.items():
        (notes / language).mkdir(parents=True)
        (notes / language / "imdb.md").write_text(text)
    configuration = Configuration(notes=notes)
    before = inputs.key(runs, configuration, MOMENT)
    (notes / "en").rename(notes / "aside")
    (notes / "zh").rename(notes / "en")
    (notes / "aside").rename(notes / "zh")
    assert inputs.key(runs, configuration, MOMENT) != before


def test_what_a_lab_defines_for_its_notes_is_in_it_and_the_rest_of_its_folder_is_not(tmp_path, runs):
    (tmp_path / "lab.py").write_text("")
    figures, other = tmp_path / "figures.py", tmp_path / "other.py"
    figures.write_text("import labreport\n@labreport.figure()\ndef border(result, words): ...\n")
    configuration = Configuration(paths={"imdb": tmp_path / "lab.py"})
    before = inputs.key(runs, configuration, MOMENT)
    other.write_text("import labreport\n")
    assert inputs.key(runs, configuration, MOMENT) == before
    figures.write_text(figures.read_text() + "# another\n")
    assert inputs.key(runs, configuration, MOMENT) != before


def test_another_distribution_that_adds_something_is_in_it_with_its_version(tmp_path, runs, monkeypatch):
    keys = [inputs.key(runs, Configuration(), MOMENT)]
    for version in ("1", "2"):
        folder = tmp_path / version / "zoo-9.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: zoo\nVersion: {version}\n")
        (folder / "entry_points.txt").write_text("[labreport.figures]\nzebra = zoo:ZEBRA\n")
        with monkeypatch.context() as patch:
            patch.syspath_prepend(tmp_path / version)
            plugins.forget()
            assert f"labreport.figures:zebra zoo {version}" in plugins.foreign()
            keys.append(inputs.key(runs, Configuration(), MOMENT))
        plugins.forget()
    assert len(set(keys)) == 3


def test_a_sentence_in_the_note_of_another_lab_is_not_in_it_and_what_has_a_number_there_is(tmp_path, runs):
    (tmp_path / "notes" / "en").mkdir(parents=True)
    note, other, own = (tmp_path / "notes" / "en" / f"{name}.md" for name in ("imdb", "mnist", "preface"))
    asked = Configuration(notes=tmp_path / "notes")

    def changed(path: Path, text: str) -> bool:
        before = inputs.key(runs, asked, MOMENT)
        path.write_text(text, "utf-8")
        return inputs.key(runs, asked, MOMENT) != before

    assert changed(other, "# Digits\n\nA sentence.\n")
    assert not changed(other, "# Digits\n\nAnother sentence.\n")
    assert changed(other, "# Numbers\n\nAnother sentence.\n")
    assert changed(other, "# Numbers\n\n:::figure curves\nLook.\n:::\n")
    assert changed(note, "# Reviews\n\nA sentence.\n")
    assert changed(note, "# Reviews\n\nAnother sentence.\n")
    assert changed(own, "One.\n")
    assert changed(own, "Two.\n")
