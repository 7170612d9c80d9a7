"""Each chapter says where its notebook is: with an address and its QR code, or by the name of the file."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import segno
from helpers.hand_results import hand_result

from labreport.report.chapters.build import build
from labreport.report.chapters.notebook_link import address, notebook_link
from labreport.report.configuration import Configuration, load
from labreport.report.errors import UsageError
from labreport.report.publish import prepare
from labreport.report.words import Words

PATTERN = "https://example.org/a_b/{language}/{lab}.ipynb"


def _chapter(lab, language, **keys):
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    report = build([hand_result(lab)], language, Configuration(**keys), moment=moment, version="1").report
    return report.chapters[0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_with_an_address_a_chapter_gives_it_with_a_code_that_holds_it(language):
    link = _chapter("imdb", language, notebooks=PATTERN).notebook
    place = f"https://example.org/a_b/{language}/imdb.ipynb"
    assert f"]({place})" in link.text
    squares = set()
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1", link.svg):
        squares |= {(int(x) + step, int(y)) for step in range(int(width))}
    rows = list(segno.make(place, error="m", micro=False).matrix_iter(border=4))
    assert squares == {(x, y) for y, row in enumerate(rows) for x, dark in enumerate(row) if dark}
    assert len(link.svg) < 16_000


def test_without_an_address_the_file_is_named_and_there_is_no_code():
    link = _chapter("imdb", "en").notebook
    assert "`imdb.ipynb`" in link.text
    assert link.svg is None


def test_a_run_of_ones_own_has_no_notebook_unless_there_is_an_address():
    assert notebook_link("wine", "en", "", Words("en")) is None
    assert "wine.ipynb" in notebook_link("wine", "en", PATTERN, Words("en")).text


@pytest.mark.parametrize(
    "pattern", ["notebooks/{lab}.ipynb", "https://example.org/{name}.ipynb", "javascript:x", "https://a b/"]
)
def test_what_is_not_an_address_is_refused_before_anything_is_trained(pattern, tmp_path):
    with pytest.raises(UsageError, match="is not an address"):
        address(pattern, "imdb", "en")
    with pytest.raises(UsageError, match="notebooks"):
        prepare(Configuration(notebooks=pattern, output=tmp_path))


def test_an_address_beyond_what_a_code_holds_is_refused():
    with pytest.raises(UsageError, match="too long"):
        notebook_link("imdb", "en", "https://example.org/" + "a" * 3000, Words("en"))


def test_the_key_is_read_from_the_file(tmp_path):
    (tmp_path / "labreport.toml").write_text(f'notebooks = "{PATTERN}"\n')
    assert load(tmp_path, {}).notebooks == PATTERN
