"""The documentation: it builds without a warning, loads nothing from elsewhere, and its commands run."""

from __future__ import annotations

import itertools
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from html.parser import HTMLParser

import pytest
from helpers.places import ROOT

from labreport.report.cli import COMMANDS, group, main
from labreport.report.configuration import Configuration

DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The documentation as HTML, built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, str(DOCS / "build.py"), str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


class Loaded(HTMLParser):
    """Collects the addresses that a page loads by itself; a link that a reader may follow is none of them."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attributes):
        if tag != "a":
            self.addresses += [value for name, value in attributes if name in ("src", "href") and value]


def test_every_page_is_made_and_loads_nothing_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert {path.with_suffix(".html").name for path in DOCS.glob("*.md")} <= {page.name for page in pages}
    for page in pages:
        loaded = Loaded()
        loaded.feed(page.read_text("utf-8"))
        assert not [address for address in loaded.addresses if re.match(r"(https?:)?//", address)], page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//|@import", sheet.read_text("utf-8")), sheet


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("command-line", [f"labreport {name}" for name in COMMANDS]),
        ("configuration", [item.name for item in fields(Configuration) if item.name != "documents"]),
        ("notes", ["exercise", "self-check", "best_epoch", "percent", "network-ROLE", "data-card", "overfits"]),
        ("result-format", ["Findings", "key_parts", "validation_samples", "ShownResult", "ListedRun", "conclusions"]),
        ("exit-codes", ["130", "70"]),
        ("api", ["labreport.experiments.result", "labreport.experiments.selection"]),
    ],
)
def test_a_page_made_from_the_code_names_what_the_code_knows(site, page, names):
    text = re.sub(r"<[^>]+>", "", (site / "reference" / f"{page}.html").read_text("utf-8"))
    assert not [name for name in names if name not in text]


def test_the_tutorial_works_from_its_first_line_to_its_last(tmp_path, monkeypatch):
    text = (DOCS / "tutorial.md").read_text("utf-8")
    blocks = BLOCK.findall(text)
    files = dict(zip(("python", "toml", "text"), ("circle.py", "labreport.toml", "notes/en/circle.md"), strict=True))
    (tmp_path / "notes" / "en").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for kind, content in blocks:
        if kind in files:
            (tmp_path / files[kind]).write_text(content, "utf-8")
    for line in (line for kind, content in blocks if kind == "sh" for line in content.splitlines()):
        assert main(shlex.split(line)[1:]) == 0, line
    assert "Points in a circle" in (tmp_path / "reports" / "labreport-en.html").read_text("utf-8")
    assert list((tmp_path / "comparison").glob("*.html"))


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.stem)
def test_a_page_names_only_commands_and_options_that_exist(path):
    text = path.read_text("utf-8")
    lines = [line for kind, content in BLOCK.findall(text) if kind == "sh" for line in content.splitlines()]
    lines += re.findall(r"`(labreport [^`]+)`", re.sub(BLOCK, "", text))
    for line in lines:
        words = shlex.split(line, comments=True)
        if words[:1] != ["labreport"] or not words[1:] or words[1].startswith("-"):
            continue
        command = group.get_command(None, words[1])
        assert command is not None, line
        known = {option for item in command.params for option in (*item.opts, *item.secondary_opts)} | {"--help"}
        ours = itertools.takewhile(lambda word: word != "--", words[2:])  # what follows belongs to another program
        flags = {word.partition("=")[0] for word in ours if word.startswith("--")}
        assert hasattr(command, "commands") or flags <= known, line
