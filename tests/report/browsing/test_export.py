"""The site as plain files: every page is there, every link leads to one of them, and nothing is asked of a server."""

from __future__ import annotations

import re

from helpers.browsed import NEW, OLD

from labreport.report.cli import main


def test_the_site_as_files_is_whole_whatever_can_t_be_read_and_says_no_private_path(
    store, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("labreport.report.browsing.export.PAGE", 100)
    folder = tmp_path / "site"
    # The newest runs of this store are damaged: each is named, and the pages of all else are there.
    assert main(["view", str(store), "--export", str(folder), "--reports", "3", "--lang", "en"]) == 4
    said = capsys.readouterr()
    assert said.out.strip() == str(folder / "index.html")
    assert "Error: report-wine-20260510T030000Z-00000081-en.html: Can't read wine/" in said.err
    assert str(store) not in said.err
    names = {path.name for path in folder.iterdir()}
    assert {"index.html", "runs-en.html", "runs-2-en.html", "gate-en.html", "trend-en.html"} <= names
    for path in folder.iterdir():
        text = path.read_text("utf-8")
        for link in re.findall(r'(?:href|src|action)="([^"#]+)', text):
            assert link.startswith("data:") or link in names or link.startswith("https://"), (path.name, link)
        assert str(store) not in text
        assert "connect-src" not in text
        assert "<form" not in text


def test_runs_that_have_a_report_are_compared_with_the_one_before(tmp_path, capsys):
    from helpers import browsed
    from helpers.own_runs import seeds_run

    from labreport.report.store.runs import Store

    store = Store(tmp_path / "runs")
    for day, run_id in ((2, OLD), (3, NEW)):
        store.save(browsed.dated(seeds_run(), day, run_id))
    folder = tmp_path / "site"
    assert main(["view", str(store.root), "--export", str(folder), "--lang", "zh"]) == 0
    assert (folder / f"comparison-digits-{NEW}-zh.html").is_file()
    assert f"comparison-digits-{NEW}-zh.html" in (folder / f"run-digits-{NEW}-zh.html").read_text("utf-8")
    assert "comparison" not in (folder / f"run-digits-{OLD}-zh.html").read_text("utf-8")
