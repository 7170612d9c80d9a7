"""Hostile runs and notes, as in the fuzzing: each page of the site and of the preview answers, and none is a fault."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
from fuzz.targets import TARGETS
from helpers import browsed
from helpers.browsed import TOKEN
from starlette.testclient import TestClient

from labreport.report.browsing.previewing import previews
from labreport.report.browsing.server import Door, Guard
from labreport.report.browsing.workshop import Workshop
from labreport.report.configuration import Configuration, override
from labreport.report.rendering import cache
from labreport.report.store.entries import read
from labreport.report.store.runs import Store

CORPUS = Path(__file__).parents[2] / "fuzz" / "corpus"
EN = f"/{TOKEN}/en/"


@pytest.fixture
def _chapters_are_cached(tmp_path_factory):
    """Make the chapter of the good run beside each hostile one once, as its reader does who has asked for it before."""
    folder, usual = tmp_path_factory.mktemp("cache"), cache.folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "folder", lambda kind: usual(kind) if kind == "fonts" else folder / kind)
        yield


def inputs(kind, few):
    """Return every input that ever failed, and a few made ones."""
    kept = [path.read_bytes() for path in sorted((CORPUS / kind).glob("*"))]
    return [*kept, *(TARGETS[kind].make(Random(seed)) for seed in range(few))]


@pytest.mark.usefixtures("_chapters_are_cached")
@pytest.mark.parametrize("kind", ["index", "result"])
def test_a_hostile_run_is_answered_in_words_on_every_page(kind, tmp_path, capfd):
    for number, content in enumerate(inputs(kind, 1)):
        folder = tmp_path / str(number)
        folder.mkdir()
        TARGETS[kind].lay(folder, content)
        site = browsed.client(folder / "runs", lang=("en",))
        listed = site.get(EN)
        runs = re.findall(r'name="run" value="([^"]+)"', listed.text)
        chosen = "&".join(f"run={run}" for run in runs)
        pages = ["", "?sort=highest", "?sort=longest", "gate", "trend/page", f"compare?{chosen}"]
        pages += [f"run/{run}{end}" for run in runs[:2] for end in ("", "/report")]
        answered = {path: site.get(EN + path).status_code for path in pages}
        assert set(answered.values()) <= {200, 404, 409}, answered
    assert "Traceback" not in capfd.readouterr().err


def test_a_hostile_note_is_answered_in_words(tmp_path, capfd):
    workshop = None
    for number, content in enumerate(inputs("note", 4)):
        folder = tmp_path / str(number)
        folder.mkdir()
        TARGETS["note"].lay(folder, content)
        configuration = override(Configuration(), notes=folder / "mine", runs_dir=folder / "runs")
        workshop = Workshop([read(Store(folder / "runs").find("tensors"))], configuration)
        door = Door(token=TOKEN)
        client = TestClient(Guard(previews(workshop, door), door), base_url="http://127.0.0.1:8000")
        answered = [client.get(f"{EN}tensors{part}") for part in ("", "/page", "/faults")]
        assert [answer.status_code for answer in answered] == [200, 200, 200]
        assert "<script>alert" not in "".join(answer.text for answer in answered)
    assert workshop is not None
    assert "Traceback" not in capfd.readouterr().err
