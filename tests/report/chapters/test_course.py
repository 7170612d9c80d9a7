"""A course's own details come from the configuration, onto the cover and the heads of every form."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import pikepdf
import pytest
from helpers import pdf_text
from helpers.hand_labs import stored
from PIL import Image

from labreport.report.cli import main

DETAILS = {
    "title": ("深度学习讲义", "Deep learning, a handout"),
    "institution": ("某某大学", "University of Nowhere"),
    "course": ("机器学习导论", "Introduction to machine learning"),
    "term": ("2026 年秋季学期", "Autumn term 2026"),
    "lecturer": ("王老师", "A. Teacher"),
    "group": ("三班", "Group C"),
    "due": ("十二月一日", "1 December"),
    "licence": ("知识共享 署名", "CC BY 4.0"),
}
TEXTS = {"zh": [zh for zh, _ in DETAILS.values()], "en": [en for _, en in DETAILS.values()]}
TEXTS["bilingual"] = [*TEXTS["zh"], *TEXTS["en"]]


NOTE = "# T\n\n" + "\n\n".join(f"## S {{#s-{n}}}\n\n" + "Word. " * 300 for n in "abcdefghij")
"""A note of some pages, which are set faster than those of a chapter."""


class Cover(HTMLParser):
    """Collects the text and the pictures of the first `<header>`, and every text as it is read."""

    def __init__(self, text):
        super().__init__()
        self.text, self.pictures, self._inside = "", [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._inside |= tag == "header"
        if self._inside and tag == "img":
            self.pictures.append(dict(attrs))

    def handle_endtag(self, tag):
        self._inside &= tag != "header"

    def handle_data(self, data):
        self.text += data if self._inside else ""


def _plain(text):
    """Without any blank: paper does not write those between words, and Chinese is set with thin ones."""
    return re.sub(r"\s|\u200b|\u2060", "", text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("course")
    stored(base, "tensors")
    for language in ("zh", "en"):
        (base / "mine" / language).mkdir(parents=True)
        (base / "mine" / language / "tensors.md").write_text(NOTE, "utf-8")
    Image.new("RGB", (40, 20), "navy").save(base / "logo.png")
    lines = [f'{name} = {{ zh = "{zh}", en = "{en}" }}' for name, (zh, en) in DETAILS.items()]
    (base / "labreport.toml").write_text("\n".join([*lines, 'logo = "logo.png"', 'notes = "mine"']), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(base)
        patch.setattr("os.cpu_count", lambda: 1)
        assert main(["render", "--lang", "zh,en,bilingual", "--to", "html,pdf,md"]) == 0
    return base / "reports"


def test_every_detail_is_on_the_cover_in_its_language_and_the_course_on_every_head(folder):
    for which, texts in TEXTS.items():
        expected = list(map(_plain, texts))
        page = Cover((folder / f"labreport-{which}.html").read_text("utf-8"))
        assert [text for text in expected if text not in _plain(page.text)] == []
        content = (folder / f"labreport-{which}.pdf").read_bytes()
        cover, *others = map(_plain, pdf_text.pages(content))
        assert [text for text in expected if text not in cover] == []
        course = _plain(DETAILS["course"][which == "en"])
        # Summary, the lab, the glossary and the provenance begin without a head.
        assert len([text for text in others if course not in text]) == 4 < len(others) / 3
        written = _plain((folder / f"labreport-{which}.md").read_text("utf-8"))
        assert [text for text in expected if text not in written] == []


def test_the_logo_is_on_the_cover_with_the_name_of_the_institution(folder):
    picture = (folder.parent / "logo.png").read_bytes()
    for which, name in (("zh", "某某大学"), ("en", "University of Nowhere")):
        (logo,) = Cover((folder / f"labreport-{which}.html").read_text("utf-8")).pictures
        assert logo["src"].startswith("data:image/png;base64,")
        assert logo["alt"] == name
        with pikepdf.open(io.BytesIO((folder / f"labreport-{which}.pdf").read_bytes())) as document:
            streams = [item for item in document.objects if isinstance(item, pikepdf.Stream)]
            sizes = [(item.Width, item.Height) for item in streams if item.get("/Subtype") == "/Image"]
        assert (40, 20) in sizes
        assert (folder / f"labreport-{which}-figures" / "logo.png").read_bytes() == picture
