"""The chapters of a page for the screen, each set by itself: checked, turned into markup, and kept for the next time.

A chapter's markup depends on its own tree, the languages of the report, the templates and this program, and on nothing
else of the page. So a page in which one chapter has changed sets one chapter; the others are taken from the cache,
with the characters that they show in each font, and the bytes are the same as of a page that is set as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

import msgspec
from markupsafe import Markup

from labreport.experiments.system import reading
from labreport.report import languages
from labreport.report.document import Chapter, Report
from labreport.report.rendering import cache, fonts, program, texts
from labreport.report.rendering.face_reader import KNOWN_TAG
from labreport.report.rendering.page import ReportPage
from labreport.report.rendering.sheets import environment

KIND = "markup"
MOST = 600
"""Chapters that are cached: a course of twenty labs in two languages and two editions, and several states of each."""
_SKELETONS = frozenset({"base.html.j2", "pdf.html.j2", "report.html.j2", "sealed.html.j2", "trend.html.j2"})
"""Templates of what stands around chapters; no chapter is made by them."""
_SLOT = '<{tag} data-part="{place}"></{tag}>'


class SetChapter(msgspec.Struct, frozen=True):
    """A chapter that is set."""

    markup: str
    faces: dict[fonts.FaceName, str]
    """The characters that each font shows in it."""


def prepared(page: ReportPage, chapters: Sequence[Chapter], *, reuse: bool) -> dict[str, SetChapter]:
    """Set chapters, and hand them to the page, whose template places them.

    Args:
        page: of the screen.
        chapters: those that it shows.
        reuse: whether they may be taken from the cache, where the same ones were set before.

    Returns:
        The parts by the ids of the chapters.

    Raises:
        RenderingError: a text, drawing or formula can't be shown; names the place.
    """
    around = _around(page) if reuse else ""
    found = {chapter.id: _part(page, chapter, around) for chapter in chapters}
    page.chapters_set = {id_: Markup(part.markup) for id_, part in found.items()}
    return found


def used(text: str, parts: Sequence[SetChapter]) -> dict[fonts.FaceName, frozenset[str]]:
    """Return the characters that each face must show on a page, as `fonts.used` does, reading what is new in it only.

    Args:
        text: the page.
        parts: what is known of it; one that the page shows otherwise than it was set is read like all else.
    """
    known: dict[str, Mapping[fonts.FaceName, str]] = {}
    bare = text
    for place, part in enumerate(parts):
        if part.markup and bare.count(part.markup) == 1:
            bare = bare.replace(part.markup, _SLOT.format(tag=KNOWN_TAG, place=place), 1)
            known[str(place)] = part.faces
    faces = fonts.faces(bare, known)
    return fonts.needed(faces if faces is not None else fonts.faces(text) or {})


def _part(page: ReportPage, chapter: Chapter, around: str) -> SetChapter:
    make = partial(_set, page, chapter)
    if not around:
        return make()
    try:
        key = sha256(around.encode() + msgspec.msgpack.encode(chapter)).hexdigest()
    except TypeError:  # a text that is lent from another language knows it, which bytes could not say
        return make()
    found = cache.record(KIND, key, SetChapter)
    if found is not None:
        return found
    made = make()
    cache.lay_down_record(KIND, key, made, most=MOST)
    return made


def _set(page: ReportPage, chapter: Chapter) -> SetChapter:
    texts.check(page, chapter, screen=True)
    template = environment(page.look.templates).get_template("parts/chapter.html.j2")
    markup = str(template.module.chapter(page.of_chapter(chapter), chapter)).strip()  # type: ignore[attr-defined]
    faces = fonts.faces(markup) or {}
    return SetChapter(markup=markup, faces={name: "".join(sorted(shown)) for name, shown in faces.items() if shown})


def _around(page: ReportPage) -> str:
    """Return all that decides how a chapter is set besides itself."""
    report = page.report
    return json.dumps(
        [
            program.fingerprint(),
            [[name, languages.fingerprint(name, ("words",))] for name in languages.involved(*report.languages)],
            report.languages,
            _own_templates(page.look.templates, report),
            page.files_of_ids,
            page.here,
        ],
        sort_keys=True,
    )


def _own_templates(folder: Path | None, report: Report) -> list[str]:
    """Return what the user's templates have to do with a chapter: their bytes, and the report that they speak of."""
    if folder is None:
        return []
    found = []
    for path in sorted(folder.rglob("*.j2")):
        name, content = path.relative_to(folder).as_posix(), reading.content(path)
        if name in _SKELETONS:
            continue
        found.append(f"{name} {reading.text_hash(content)}")
        if b"report" in content:  # such as `page.report.date`: then any part of it may decide
            found.append(sha256(msgspec.msgpack.encode(report)).hexdigest())
    return found
