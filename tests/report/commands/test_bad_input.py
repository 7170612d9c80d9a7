"""What others wrote badly, or with ill intent: a short error that names file and line, and nothing else is lost."""

from __future__ import annotations

import re
import resource
from pathlib import Path

import pytest
from helpers.hand_labs import stored

from labreport.report.cli import main

HOSTILE = {
    "a template error": ("{{ 1 + }}", "unexpected"),
    "an unknown claim": ("{{ claim('overfit') }}", "Did you mean 'overfits'"),
    "an unknown value": ("{{ score('f1') }}", "no score 'f1'"),
    "an unknown setting": ("{{ settings.epoch }}", "No setting 'epoch'"),
    "a division by zero": ("{{ settings.descent_steps / (settings.descent_steps - settings.descent_steps) }}", "zero"),
    "raw HTML": ("<b>bold</b>", "Raw HTML"),
    "a script": ("<script>alert()</script>", "Raw HTML"),
    "a script in a formula": (r"$\text{<script>alert()</script>}$", "script"),
    "a link in a formula": (r"$\href{file:secret.txt}{x}$", "href"),
    "a formula that can't be drawn": (r"$\limits$", "can't be drawn"),
    "an endless formula": ("$" + "x" * 3000 + "$", "longer than"),
    "a remote image": ("![x](https://example.org/x.png)", "An image is not allowed"),
    "a file as image": ("![x](file:secret.txt)", "An image is not allowed"),
    "a file: link": ("[x](file:secret.txt)", "not allowed"),
    "a javascript: link": ("[x](javascript:alert)", "not allowed"),
    "an inclusion": ("{% include 'secret.txt' %}", "may not hold 'include'"),
    "an import": ("{% import 'secret.txt' as x %}", "may not hold 'import'"),
    "the inside of Python": ("{{ ''.__class__.__mro__ }}", "unsafe"),
    "an endless loop": ("{% for a in settings %}{% endfor %}", "may not hold 'for'"),
    "an endless macro": ("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "may not hold 'macro'"),
    "ten gigabytes by product": ("{{ 'x' * 9999999999 }}", "works on numbers only"),
    "ten gigabytes by centring": ("{{ 'x'.center(9999999999) }}", "not safely callable"),
    "ten gigabytes by format": ("{{ '{:9999999999}'.format(settings.descent_steps) }}", "not safely callable"),
    "ten gigabytes by bytes": ("{{ settings.descent_steps.to_bytes(9999999999, 'big') }}", "not safely callable"),
    "a power without end": ("{{ 9 ** 9 ** 9 ** 9 }}", "too large"),
    "brackets without end": ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "nested too deeply"),
    "a solution left open": (":::solution x\nopen", "'solution' is not closed"),
    "a box left open": (":::note\nopen", "'note' is not closed"),
    "a comment left open": ("<!-- open", "comment is not closed"),
    "a typed number": ("It has 3 layers.", "the number 3 is typed"),
    "an unknown figure": (":::figure curvs\ncaption\n:::", "Unknown figure 'curvs'"),
}
NO_LINE = {"brackets without end"}
"""Python gives up before the line is known; the file is."""


@pytest.fixture(scope="module", autouse=True)
def little_memory():
    """Nothing here may ask for gigabytes; if it does, it fails at once instead of taking the machine along."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = Path("/proc/self/statm")
    if pages.exists():
        used = int(pages.read_text("ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 4_000_000_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def _note(place, text, language="en", lab="tensors"):
    path = place / "mine" / language / f"{lab}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_note_is_an_error_with_file_and_line_and_costs_its_chapter_only(place, capsys, name):
    text, told = HOSTILE[name]
    stored(place, "tensors", "workflow")
    (place / "labreport.toml").write_text('notes = "mine"\n')
    (place / "secret.txt").write_text("SECRET")
    _note(place, f"# Title\n\n{text}\n")
    assert main(["render", "--lang", "en", "--to", "html,md", "-q"]) == 4
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert told in error
    assert "mine/en/tensors.md:" in error
    assert len(error) < 1000
    assert "tensors.md:3: " in error or name in NO_LINE
    page = (place / "reports" / "labreport-en.html").read_text("utf-8")
    written = (place / "reports" / "labreport-en.md").read_text("utf-8")
    for made in (page, written):
        assert "could not be built" in made
        assert "def build_model" in re.sub(r"<[^>]*>", "", made)
        assert "SECRET" not in made
    assert not re.search(r"<script|<img[^>]*(https?|file):|href=\"?(file|javascript):", page)


def test_a_note_with_ill_intent_costs_no_other_chapter_on_paper_either(place, capsys):
    stored(place, "tensors", "workflow")
    (place / "labreport.toml").write_text('notes = "mine"\n')
    _note(place, "# Title\n\n$\\limits$\n")
    assert main(["render", "--lang", "en", "--to", "pdf"]) == 4
    assert (place / "reports" / "labreport-en.pdf").stat().st_size > 20_000


def test_a_missing_translation_is_made_from_the_record_and_said_in_one_line(place, capsys):
    assert main(["run", "good"]) == 0
    stored(place, "workflow")
    text = (place / "labreport.toml").read_text()
    (place / "labreport.toml").write_text('notes = "mine"\n' + text)
    _note(place, "# Mine\n\nIt has {{ measure('rounds') }} rounds.\n", lab="good")
    capsys.readouterr()
    assert main(["render", "--lang", "zh,en,bilingual", "--to", "md"]) == 0
    said = capsys.readouterr().err
    assert "Error" not in said
    (line,) = (line for line in said.splitlines() if "made from the record" in line)
    assert line.startswith("good: no note in zh; its chapter there, and in reports in several languages,")
    assert "本章由程序自动生成" in (place / "reports" / "labreport-zh.md").read_text("utf-8")
    for which, shown in (("en", True), ("zh", False), ("bilingual", False)):
        made = (place / "reports" / f"labreport-{which}.md").read_text("utf-8")
        assert ("It has 3 rounds." in made) is shown
        assert ("made automatically" in made) is (which == "bilingual")
        assert "def build_model" in made


def test_notes_out_of_step_cost_their_chapter_of_the_bilingual_report_only(place, capsys):
    stored(place, "tensors", "workflow")
    (place / "labreport.toml").write_text('notes = "mine"\n')
    _note(place, "# Mine\n\nOne.\n\n## More {#more}\n\nTwo.\n")
    _note(place, "# 我的\n\n一。\n", language="zh")
    assert main(["render", "--lang", "zh,en,bilingual", "--to", "md"]) == 4
    (error,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("Error"))
    assert "bilingual: The languages do not match at chapter 'tensors', section 'tensors-more': en has text" in error
    assert "in step" in error
    made = (place / "reports" / "labreport-bilingual.md").read_text("utf-8")
    assert "do not match at chapter 'tensors'" in made
    assert "def build_model" in made
    assert "One." not in made


def test_a_logo_that_is_no_picture_is_told_before_anything_is_done(place, capsys):
    stored(place, "tensors")
    (place / "logo.png").write_text("<svg/>")
    (place / "labreport.toml").write_text('logo = "logo.png"\n')
    assert main(["render", "--lang", "en", "--to", "md"]) == 2
    error = capsys.readouterr().err
    assert "logo.png says neither its size nor its viewBox" in error
    assert len(error.strip().splitlines()) <= 2


def test_a_tampered_report_gives_nothing_and_says_so(place, capsys):
    stored(place, "tensors")
    assert main(["render", "--lang", "en", "--to", "html"]) == 0
    path = place / "reports" / "labreport-en.html"
    page = path.read_text("utf-8")
    data = re.search(r"<template[^>]*>\s*([^<]{200,})<", page).group(1)
    path.write_text(page.replace(data, data[:100] + data[101:99:-1] + data[102:]), "utf-8")
    capsys.readouterr()
    assert main(["extract", "reports/labreport-en.html", "-o", "out"]) == 2
    error = capsys.readouterr().err
    assert "labreport-en.html: the results it carries are damaged" in error
    assert len(error.strip().splitlines()) <= 2
    assert not (place / "out").exists()
