"""The grey theme holds no colour, keeps text readable and series apart; without it nothing changes."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from datetime import UTC, datetime
from itertools import combinations

import msgspec
import pytest
from helpers.colours import contrast, luminance
from helpers.hand_results import hand_result
from helpers.sample_report import sample
from helpers.short_notes import short
from PIL import Image

from labreport.report import cli, configuration
from labreport.report.configuration import Configuration
from labreport.report.document import Figure
from labreport.report.errors import UsageError
from labreport.report.figures import palette
from labreport.report.look import Look
from labreport.report.rendering import html, markdown, pdf, sheets, theme
from labreport.report.rendering.notebook import recipe
from labreport.report.rendering.notebook.text import CellText, Writer
from labreport.report.store.runs import Store
from labreport.report.words import Words

DATE = datetime(2026, 3, 1, tzinfo=UTC)
GREY = Look(theme="grey")
SHEETS = ("content", "screen", "paper", "dark", "gate", "trend")
STEP = 15
"""Least difference of lightness (L*, 0 to 100) of series that stand side by side."""
NOTEBOOK = "labreport-en-notebooks/tensors.ipynb"
PICTURE = re.compile(r"data:image/png;base64,([\w+/=\s]+)")


def coloured(text: str) -> set[str]:
    """Return every colour of a text that is not a grey, pictures inside it included."""
    found = {value for value in re.findall(r"#[0-9a-f]{6}\b", text) if len({value[1:3], value[3:5], value[5:]}) > 1}
    for data in PICTURE.findall(text):
        pixels = [pixel for _, pixel in Image.open(io.BytesIO(b64decode(data))).convert("RGB").getcolors()]
        found |= {str(pixel) for pixel in pixels if len(set(pixel)) > 1}
    return found


def drawings(markup: str) -> list[str]:
    """Return the drawings and formulas of the markup for paper."""
    return [b64decode(data).decode() for data in re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', markup)]


def lightness(colour: str) -> float:
    """Return L* of CIE 1976, from 0 (black) to 100 (white)."""
    share = luminance(colour)
    return 116 * share ** (1 / 3) - 16 if share > 0.008856 else 903.3 * share


def test_no_colour_is_left_in_html_light_or_dark():
    made = html.html(sample("en"), look=GREY)
    style = made[made.index("<style>") : made.index("</style>")]
    assert "prefers-color-scheme:dark" in style
    shown = [style, *re.findall(r"<svg\b.*?</svg>", made, re.DOTALL)]
    assert len(shown) > 2
    assert coloured("".join(shown)) == set()
    assert len(coloured(html.html(sample("en")))) > 20


def test_no_colour_is_left_in_the_markup_of_the_pdf_and_its_drawings():
    made = pdf.html(sample("en"), source_date=DATE, look=GREY)
    inside = drawings(made)
    assert any("<text" in svg for svg in inside)
    assert coloured(made[made.index("<style>") : made.index("</style>")] + "".join(inside)) == set()
    assert "#1f4e8c" in coloured("".join(drawings(pdf.html(sample("en"), source_date=DATE))))


def test_no_colour_is_left_in_figures_of_markdown_and_notebooks():
    _, files = markdown.markdown(sample("en"), look=GREY)
    assert files
    assert coloured("".join(files.values())) == set()
    sections = [section for part in sample("en").chapters for section in part.sections]
    figure = next(block for section in sections for block in section.blocks if isinstance(block, Figure))
    passage = CellText()
    Writer(Words("en"), lambda _id: None, "grey").write(passage, figure)
    (kinds,) = passage.attachments.values()
    assert coloured(b64decode(kinds["image/svg+xml"]).decode()) == set()


def test_a_colour_in_a_text_of_a_report_is_no_colour_of_the_theme():
    first, *others = sample("en").chapters
    first = msgspec.structs.replace(first, title="The colour #1f4e8c")
    made = msgspec.structs.replace(sample("en"), chapters=(first, *others))
    for markup in (html.html(made, look=GREY), pdf.html(made, source_date=DATE, look=GREY)):
        assert "The colour #1f4e8c" in markup


@pytest.mark.parametrize("ground", ["light", "dark"])
@pytest.mark.parametrize("name", ["blue", "grey"])
def test_every_text_of_a_theme_has_enough_contrast_on_every_ground(name, ground):
    colours = getattr(theme.palette(name), ground)
    texts = [key for key in colours if key.startswith("code-") or key in ("ink", "soft", "accent", "warm", "alarm")]
    grounds = [key for key in colours if key.endswith("tint") or key == "paper"]
    assert (len(texts), len(grounds)) == (11, 5)
    for ink in texts:
        for behind in grounds:
            if not (ink.startswith("code-") and behind.partition("-")[0] in ("warm", "alarm", "accent")):
                assert contrast(colours[ink], colours[behind]) >= 4.5, (ink, behind)
    for role in ("training", "validation", "test", "version-a"):
        assert contrast(colours[role], colours["paper"]) >= 4.5, role
    for role in ("baseline", "version-b"):
        assert contrast(colours[role], colours["paper"]) >= 3, role
    assert contrast(colours["picture-ink"], colours["picture"]) >= 7


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_what_stands_side_by_side_differs_in_lightness_in_grey(ground):
    greys = getattr(theme.palette("grey"), ground)
    groups = [("training", "validation", "test", "baseline"), ("version-a", "version-b"), ("accent", "warm", "alarm")]
    for one, other in (pair for group in groups for pair in combinations(group, 2)):
        assert abs(lightness(greys[one]) - lightness(greys[other])) >= STEP, (one, other)


def test_every_role_that_figures_and_style_sheets_name_has_a_colour():
    named = {role for sheet in SHEETS for role in re.findall(r"var\(--([\w-]+)", sheets.style(sheet))}
    named |= {role.removeprefix("var(--").removesuffix(")") for role in palette.ROLES}
    assert named - theme.palette("blue").light.keys() == {"sans", "mono", "indent", "size"}
    assert not any(re.search(r"#[0-9a-f]{3,6}\b", sheets.style(sheet)) for sheet in SHEETS)


def test_a_finished_report_is_rendered_in_grey_and_again_only_for_another_theme(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(recipe, "recipe", lambda _lab: None)
    short(tmp_path, tensors="# Short\n\n## A {#a}\n\n:::figure descent\nLook.\n:::\n")
    path = Store(tmp_path / "runs").save(hand_result("tensors")).path
    flags = ["--lang", "en", "--to", "html,pdf,md,ipynb"]
    assert cli.main(["render", str(path), *flags]) == 0
    names = ("labreport-en.html", "labreport-en.pdf", "labreport-en-figures/cover-1.svg", NOTEBOOK)
    plain = [(tmp_path / "reports" / name).read_bytes() for name in names]
    again = ["render", "reports/labreport-en.html", *flags, "-o", "again", "--theme"]
    told = []
    for name in ("grey", "grey", "blue", "blue"):
        capsys.readouterr()
        assert cli.main([*again, name]) == 0
        told.append("up to date" in capsys.readouterr().err)
        made = [(tmp_path / "again" / file).read_bytes() for file in names]
        assert [one == other for one, other in zip(made, plain, strict=True)] == [name == "blue"] * len(names)
    assert told == [False, True, False, True]


def test_the_theme_comes_from_the_configuration_too_and_an_unknown_one_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "labreport.toml").write_text('theme = "grey"\n')
    assert Configuration().theme == "blue"
    assert configuration.load(tmp_path, {}).theme == "grey"
    assert configuration.load(tmp_path, {"LABREPORT_THEME": "blue"}).theme == "blue"
    with pytest.raises(UsageError, match="Known: blue, grey"):
        configuration.load(tmp_path, {"LABREPORT_THEME": "red"})
    monkeypatch.chdir(tmp_path)
    assert cli.main(["render", "--theme", "gray"]) == 2
    assert "--theme: Unknown value 'gray'. Did you mean 'grey'? Known: blue, grey." in capsys.readouterr().err
