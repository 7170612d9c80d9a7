"""A run is decoded once for a command, and the store is listed once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from helpers.hand_labs import stored

from labreport.report import cli
from labreport.report.publish import workers
from labreport.report.store import codec
from labreport.report.store.runs import Store


@pytest.fixture
def decoded(monkeypatch):
    """Counts how often each run is decoded in this process."""
    counts: Counter[str] = Counter()
    decode = codec.decode

    def counted(text, origin):
        result = decode(text, origin)
        counts[result.run_id] += 1
        return result

    monkeypatch.setattr(codec, "decode", counted)
    return counts


@pytest.fixture
def listed(monkeypatch):
    """Counts how often the store is listed in this process."""
    calls: list[str | None] = []
    listing = Store.list

    def counted(self, lab=None, *, whole=True):
        calls.append(lab)
        return listing(self, lab, whole=whole)

    monkeypatch.setattr(Store, "list", counted)
    return calls


def test_a_build_in_which_nothing_changed_decodes_each_run_once(place, decoded, listed, capsys):
    arguments = ["build", "good", "--strict", "--lang", "en", "--to", "md"]
    code = cli.main(arguments)
    decoded.clear()
    listed.clear()
    assert cli.main(arguments) == code
    assert "unchanged" in capsys.readouterr().err
    assert set(decoded.values()) == {1}
    assert len(decoded) == 1
    assert listed == [None]


def test_rendering_decodes_each_run_once_whatever_it_is_rendered_to(place, decoded, listed, monkeypatch):
    stored(place, "mnist", "tensors")
    assert cli.main(["render", "--strict", "--lang", "zh,en", "--to", "md", "-q"]) in (0, 1)
    assert set(decoded.values()) == {1}
    assert len(decoded) == 2
    assert listed == [None]


def test_a_process_that_renders_a_language_is_given_the_runs_and_reads_none(place, monkeypatch):
    runs = stored(place, "mnist", "tensors")
    render = workers.render_language
    seen = []

    def watched(job, progress):
        for path in runs:
            Path(path).unlink(missing_ok=True)
        seen.append([run.result.lab for run in job.runs])
        return render(job, progress)

    monkeypatch.setattr(workers, "render_language", watched)
    assert cli.main(["render", "--lang", "en", "--to", "html,md", "-q"]) == 0
    assert seen == [["tensors", "mnist"]]


def test_rendering_a_finished_report_decodes_what_it_carries_once(place, decoded):
    stored(place, "mnist")
    assert cli.main(["render", "--lang", "en", "--to", "html", "-q"]) == 0
    decoded.clear()
    assert cli.main(["render", "reports/labreport-en.html", "--lang", "en", "--to", "md", "-o", "again", "-q"]) == 0
    assert set(decoded.values()) == {1}


def test_comparing_two_stored_runs_decodes_each_once_for_all_its_files(place, decoded):
    stored(place, "mnist")
    stored(place, "mnist", run_id="another")
    assert cli.main(["compare", "last:1", "last:2", "--to", "md,json", "--lang", "zh,en", "-q"]) in (0, 4)
    assert set(decoded.values()) == {1}
    assert len(decoded) == 2
