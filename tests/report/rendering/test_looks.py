"""What a user brings to the look of a report: a theme from another distribution, templates, a style sheet."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from helpers.hand_results import hand_result
from helpers.places import ROOT
from helpers.sample_report import sample
from helpers.short_notes import PLAIN, configured, short

from labreport.experiments import plugins
from labreport.report import cli, configuration
from labreport.report.errors import RenderingError, UsageError
from labreport.report.look import Look
from labreport.report.rendering import html, pdf, theme
from labreport.report.store.runs import Store

EXAMPLE = ROOT / "examples" / "theme"
DATE = datetime(2026, 3, 1, tzinfo=UTC)


def _forget() -> None:
    plugins.forget()
    theme.palette.cache_clear()


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a theme on the path as `pip install` would."""

    def installed(name: str, package: str, source: Path) -> Path:
        site = tmp_path / f"site-{name}"
        shutil.copytree(source, site / package)
        info = site / f"{package}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
        (info / "entry_points.txt").write_text(f"[labreport.themes]\n{name} = {package}\n")
        monkeypatch.syspath_prepend(site)
        monkeypatch.delitem(sys.modules, package, raising=False)
        _forget()
        return site / package

    yield installed
    monkeypatch.undo()
    _forget()


@pytest.fixture
def sepia(install) -> Iterator[Path]:
    assert 'sepia = "labreport_sepia"' in (EXAMPLE / "pyproject.toml").read_text()
    return install("sepia", "labreport_sepia", EXAMPLE / "labreport_sepia")


def test_a_theme_from_elsewhere_colours_pages_and_pdf_and_is_rendered_again_when_it_changes(
    sepia, tmp_path, monkeypatch, capsys
):
    look = Look(theme=configuration.load(tmp_path, {"LABREPORT_THEME": "sepia"}).theme)
    page = html.html(sample("en"), look=look)
    assert "--training:#4d5d1e" in page
    assert "--code-keyword:#1f4e8c" in page, "a role that it leaves out is that of blue"
    assert "letter-spacing: .01em" in page
    assert "--training:#b7c77a" in page[page.index("prefers-color-scheme:dark") :]
    assert "--training:#4d5d1e" in pdf.html(sample("en"), source_date=DATE, look=look)
    monkeypatch.chdir(tmp_path)
    path = Store(tmp_path / "runs").save(hand_result("tensors")).path
    render = ["render", str(path), "--lang", "en", "--to", "html", "--theme", "sepia"]
    said = []
    for change in ("", "", "h1 { color: var(--accent); }"):
        if change:
            (sepia / "theme.css").write_text(change)
        assert cli.main(render) == 0
        said.append("up to date" in capsys.readouterr().err)
    assert said == [False, True, False]


@pytest.mark.parametrize(
    ("palette", "message"),
    [
        ('[light]\nink = "black"', "gives ink = 'black'"),
        ('[light]\ninks = "#000000"', "unknown role 'inks'"),
        ("[night]\n", "holds 'night'"),
        ("light = 3", "holds 'light'"),
        ("[", ""),
        (None, r"has no palette\.toml"),
    ],
)
def test_a_palette_that_is_none_is_refused_by_name(install, tmp_path, palette, message):
    source = tmp_path / "source"
    source.mkdir()
    (source / "__init__.py").touch()
    if palette is not None:
        (source / "palette.toml").write_text(palette)
    install("odd", "labreport_odd", source)
    with pytest.raises(RenderingError, match=f"theme 'odd'.*{message}"):
        theme.style_sheet("odd")


def test_a_drawing_that_asks_for_an_unknown_role_is_refused():
    with pytest.raises(RenderingError, match="unknown role 'trainig'"):
        theme.painted('<svg><path fill="var(--trainig)"/></svg>', "blue")


def test_templates_and_styles_of_the_user_come_first_and_extend_what_they_replace(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    short(tmp_path, tensors=PLAIN)
    configured(tmp_path, 'templates = "ours"')
    (tmp_path / "ours" / "css").mkdir(parents=True)
    (tmp_path / "ours" / "css" / "user.css").write_text("/* of ours */ h1 { color: var(--warm); }\n")
    (tmp_path / "ours" / "report.html.j2").write_text(
        '{% extends "labreport/report.html.j2" %}{% block foot %}{{ super() }}<p id="room">Room 12</p>{% endblock %}'
    )
    path = Store(tmp_path / "runs").save(hand_result("tensors")).path
    render = ["render", str(path), "--lang", "en", "--to", "html,pdf"]
    assert cli.main(render) == 0
    page = (tmp_path / "reports" / "labreport-en.html").read_text()
    assert page.count('<p id="room">Room 12</p>') == 1
    assert '<article class="chapter" id="tensors">' in page
    assert re.search(r"h1 \{ color: var\(--warm\); \}\n</style>", page), "the user's rules come last"
    assert "of ours" not in page
    capsys.readouterr()
    assert cli.main(render) == 0
    assert "up to date" in capsys.readouterr().err
    (tmp_path / "ours" / "css" / "user.css").write_text("h1 { color: var(--accent); }\n")
    assert cli.main(render) == 0
    assert "up to date" not in capsys.readouterr().err
    assert "h1 { color: var(--accent); }" in (tmp_path / "reports" / "labreport-en.html").read_text()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("report.html.j2", "{% extends 'labreport/report.html.j2' %}\n{% block foot %}", "report.html.j2, line 2"),
        ("report.html.j2", "{{ nothing }}", "'nothing' is undefined"),
        ("report.html.j2", '{% extends "labreport/absent.j2" %}', "absent"),
        ("css/user.css", "</style><script>1</script>", "would end the style sheet"),
    ],
)
def test_a_template_that_can_not_be_used_is_named(tmp_path, name, text, message):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    with pytest.raises(RenderingError, match=message):
        html.html(sample("en"), look=Look(templates=tmp_path))


def test_a_folder_of_templates_that_is_not_there_is_named_before_hours_of_training(tmp_path, monkeypatch):
    from labreport.report import publish

    with pytest.raises(UsageError, match="templates"):
        publish.prepare(configuration.Configuration(templates=tmp_path / "none", output=tmp_path))


def test_the_documentation_lists_every_template_with_its_blocks_and_every_role():
    text = (ROOT / "docs" / "templates.md").read_text("utf-8")
    for path in sorted((ROOT / "templates").glob("*.j2")):
        blocks = list(dict.fromkeys(re.findall(r"{% block (\w+) %}", path.read_text("utf-8"))))
        row = re.search(rf"^\| `{re.escape(path.name)}` \|[^|]*\|([^|]*)\|$", text, re.MULTILINE)
        assert row, path.name
        assert sorted(re.findall(r"`(\w+)`", row[1])) == sorted(blocks), path.name
    for path in sorted((ROOT / "templates" / "parts").glob("*.j2")):
        assert f"`parts/{path.name}`" in text
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / "themes.md").read_text("utf-8"), re.MULTILINE)
    roles = {role for row in rows for role in re.findall(r"`([a-z-]+)`", row)}
    assert roles == set(theme.palette("blue").light)
