"""A logo is a small picture or an error, and goes onto the cover."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from helpers.hand_results import hand_result
from PIL import Image

from labreport.report.chapters.build import build
from labreport.report.chapters.logo import data_address
from labreport.report.configuration import Configuration
from labreport.report.errors import UsageError


def _picture(path, kind="PNG"):
    Image.new("RGB", (4, 4), "navy").save(path, kind)
    return path


@pytest.mark.parametrize(("kind", "address"), [("PNG", "data:image/png;base64,"), ("JPEG", "data:image/jpeg;base64,")])
def test_a_picture_becomes_a_data_address_with_its_very_bytes(tmp_path, kind, address):
    path = _picture(tmp_path / "logo", kind)
    found = data_address(path)
    assert found.startswith(address)
    assert base64.b64decode(found.removeprefix(address)) == path.read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>",
        b"\x89PNG\r\n\x1a\nbroken",
    ],
)
def test_what_is_no_picture_is_refused(tmp_path, content):
    (tmp_path / "logo.png").write_bytes(content)
    with pytest.raises(UsageError, match="is not a PNG or JPEG picture"):
        data_address(tmp_path / "logo.png")


def test_a_missing_or_huge_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is not a file"):
        data_address(tmp_path / "none.png")
    (tmp_path / "logo.png").write_bytes(b"x" * 600_000)
    with pytest.raises(UsageError, match="at most"):
        data_address(tmp_path / "logo.png")


def test_logo_and_course_details_are_on_the_cover(tmp_path):
    configuration = Configuration(
        logo=_picture(tmp_path / "logo.png"),
        institution={"en": "University of *Nowhere*"},
        course={"en": "ML 101"},
        lecturer={"en": "A. Teacher"},
        due={"en": "1 May"},
    )
    report = build(
        [hand_result("tensors")], "en", configuration, moment=datetime(2026, 1, 5, tzinfo=UTC), version="1"
    ).report
    facts = dict(report.cover.facts)
    assert facts["Institution"] == r"University of \*Nowhere\*"
    assert (facts["Course"], facts["Lecturer"], facts["Due"]) == ("ML 101", r"A. Teacher", "1 May")
    assert report.cover.head == "ML 101"
    assert report.cover.logo.startswith("data:image/png")
