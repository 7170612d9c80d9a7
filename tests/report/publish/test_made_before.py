"""Chapters that were made before are not made again, and no one can see it in the bytes."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from helpers.own_runs import seeds_run

from labreport.report.chapters import build, pieces
from labreport.report.chapters import chapter as chapters
from labreport.report.configuration import Configuration, override
from labreport.report.publish.document import DocumentJob, in_memory
from labreport.report.rendering import cache, fonts, glyphs, html, parts, program
from labreport.report.rendering.page import ReportPage
from labreport.report.store.runs import Store

pytestmark = pytest.mark.remembering
MOMENT = datetime(2026, 1, 5, tzinfo=UTC)
NAMES = ("apple", "birch", "cedar")
NOTE = """# The {name}

## What happened {{#happened}}

The accuracy was {{{{ score("test_accuracy") | percent }}}}, and **bold 粗体** with $x^2$ and `code`.

See [](#{other}).
"""


FIGURE = """
:::figure histories-fit-1
Curves.
:::
"""


class Desk:
    """A report of three chapters with notes of the user, made with the cache and without."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.results = {name: msgspec.structs.replace(seeds_run(), lab=name) for name in NAMES}
        self.options = override(Configuration(), notes=place / "notes")
        for number, name in enumerate(NAMES):
            for language in ("en", "zh"):
                self.write(language, name, NOTE.format(name=name, other=NAMES[number - 1]) + FIGURE * (name == "apple"))

    def write(self, language: str, name: str, text: str) -> None:
        note = self.place / "notes" / language / f"{name}.md"
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(text, "utf-8")

    def add(self, language: str, name: str, text: str) -> None:
        note = self.place / "notes" / language / f"{name}.md"
        note.write_text(note.read_text("utf-8") + text, "utf-8")

    def made(self, language: str = "en", *, reuse: bool = True) -> str:
        options = override(self.options, lang=(language,))
        built = build.document(list(self.results.values()), language, options, moment=MOMENT, version="1", reuse=reuse)
        assert built.problems == ()
        return html.html(glyphs.replaced(built.report)[0], look=options.look, reuse=reuse)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """Some chapters, and an empty cache folder."""
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "cache" / name)
    return Desk(tmp_path)


@pytest.fixture
def assembled(monkeypatch):
    """The chapters that are assembled, in order."""
    found: list[str] = []
    usual = chapters.assemble

    def watched(result, *given, **more):
        found.append(result.lab)
        return usual(result, *given, **more)

    monkeypatch.setattr(chapters, "assemble", watched)
    return found


def folders(place: Path) -> list[Path]:
    return [
        path
        for kind in ("chapters", "markup", "pieces")
        for path in sorted((place / "cache/labreport" / kind).iterdir())
    ]


def test_whatever_changes_the_page_is_the_one_that_is_made_whole(desk, assembled):
    """Changes of notes, runs, order and options, one after the other; each leaves the others' chapters in the cache."""
    desk.made("en")
    desk.made("zh")
    chance = random.Random(20260105)

    def note(name: str) -> None:
        desk.add(chance.choice(("en", "zh")), name, f"\n\nA further {chance.choice(('word', '字', '*x*'))}.\n")

    def heading(name: str) -> None:
        desk.add("en", name, f"\n## More {{#more-{len(desk.place.name)}}}\n\nIt goes on.\n")

    def run(name: str) -> None:
        desk.results[name] = msgspec.structs.replace(desk.results[name], peak_memory_bytes=chance.randrange(10**9))

    def order(_name: str) -> None:
        desk.results = dict(chance.sample(list(desk.results.items()), len(NAMES)))

    def edition(_name: str) -> None:
        desk.options = override(desk.options, edition="instructor")

    def cover(_name: str) -> None:
        desk.options = override(desk.options, date="6 January 2026", title={"en": "Trees", "zh": "树"})

    for number, change in enumerate((note, run, heading, order, cover, edition, note)):
        change(chance.choice(NAMES))
        made = {language: desk.made(language) for language in ("en", "zh")}
        language = ("en", "zh")[number % 2]
        assert made[language] == desk.made(language, reuse=False), change.__name__
    assembled.clear()
    assert {"en": desk.made("en"), "zh": desk.made("zh")} == made
    assert assembled == []


def test_one_changed_note_makes_one_chapter_and_draws_only_what_is_new_in_it(desk, assembled, monkeypatch):
    desk.made()
    drawn = []
    for module, name in ((pieces.figures, "draw"), (pieces.mathematics, "picture")):
        usual = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda what, *given, usual=usual, **more: drawn.append(what) or usual(what, *given, **more)
        )

    desk.add("en", "apple", "\nA sentence.\n")
    assembled.clear()
    assert "A sentence." in desk.made()
    assert (assembled, drawn) == (["apple"], [])
    desk.add("en", "apple", "\nAnd $x^3$ and $x^2$.\n")
    desk.made()
    assert (assembled, drawn) == (["apple", "apple"], ["x^3"])
    assert desk.made() == desk.made(reuse=False)
    drawn.clear()
    desk.results["apple"] = msgspec.structs.replace(desk.results["apple"], peak_memory_bytes=1)
    desk.made()
    assert "histories-fit-1" in drawn


def test_what_was_made_once_is_neither_assembled_nor_set_again(desk, assembled, monkeypatch):
    desk.made()
    placed = []
    usual = parts._set
    monkeypatch.setattr(parts, "_set", lambda page, chapter: placed.append(chapter.id) or usual(page, chapter))
    assembled.clear()
    desk.made()
    assert (assembled, placed) == ([], [])
    desk.add("en", "birch", "\nA sentence.\n")
    desk.made()
    assert (assembled, placed) == (["birch"], ["birch"])


def test_documents_in_two_languages_and_split_ones_are_the_same_too(desk, assembled):
    def both(reuse: bool) -> dict[str, str]:
        built = build.document(
            list(desk.results.values()), "zh+en", desk.options, moment=MOMENT, version="1", reuse=reuse
        )
        report = glyphs.replaced(built.report)[0]
        return {"whole": html.html(report, reuse=reuse), **html.split(report, reuse=reuse)}

    both(True)
    desk.add("en", "cedar", "\nAnd so on.\n")
    desk.add("zh", "cedar", "\n等等。\n")
    assembled.clear()
    remembered = both(True)
    assert assembled == ["cedar", "cedar"]
    assert remembered == both(False)


def test_a_damaged_cache_is_no_cache(desk, assembled):
    whole = desk.made()
    for number, path in enumerate(folders(desk.place)):
        content = path.read_bytes()
        path.write_bytes((b"", content[:-9], content[:40] + b"?" + content[41:], b"\0" * 99)[number % 4])
    assembled.clear()
    assert desk.made() == whole
    assert assembled == list(NAMES)
    # What is whole, yet not what belongs under its name, is not taken either.
    for path in folders(desk.place):
        cache.lay_down(path.parent.name, path.name, cache.packed(msgspec.msgpack.encode({"chapter": 1})))
    assert desk.made() == whole


def test_nothing_of_another_version_is_taken(desk, assembled, monkeypatch):
    whole = desk.made()
    monkeypatch.setattr(program, "fingerprint", lambda: "another")
    assembled.clear()
    assert desk.made() == whole
    assert assembled == list(NAMES)


def test_the_fingerprint_knows_code_and_templates_and_neither_notes_nor_style(tmp_path, monkeypatch):
    (tmp_path / "settled" / "notes").mkdir(parents=True)
    (tmp_path / "settled" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(program, "DECIDING", {"settled": ("",)})

    def found() -> str:
        program.fingerprint.cache_clear()
        return program.fingerprint()

    before = found()
    try:
        for name, decides in (("notes/imdb.md", False), ("look.css", False), ("part.j2", True), ("code.py", True)):
            (tmp_path / "settled" / name).write_text("x")
            assert (found() != before) == decides, name
            before = found()
    finally:
        program.fingerprint.cache_clear()


def test_a_template_of_the_user_that_speaks_of_the_report_is_believed(desk):
    templates = desk.place / "templates" / "parts"
    templates.mkdir(parents=True)
    shipped = Path(parts.__file__).parents[2] / "templates" / "parts" / "chapter.html.j2"
    text = shipped.read_text("utf-8").replace("<header>", "<header><p>{{ page.report.date }}</p>")
    (templates / "chapter.html.j2").write_text(text, "utf-8")
    desk.options = override(desk.options, templates=desk.place / "templates")
    desk.made()
    desk.options = override(desk.options, date="7 January 2026")
    assert desk.made().count("<p>7 January 2026</p>") == len(NAMES) + 2  # summary and provenance
    (templates / "chapter.html.j2").write_text(text.replace("<header>", "<header><p>New.</p>"), "utf-8")
    from labreport.report.rendering import sheets

    sheets.environment.cache_clear()
    assert desk.made().count("<p>New.</p>") == len(NAMES) + 2


def test_the_characters_of_a_page_are_those_that_reading_it_as_a_whole_finds(desk):
    built = build.document(list(desk.results.values()), "zh", desk.options, moment=MOMENT, version="1")
    page = ReportPage(built.report, "screen")
    known = list(parts.prepared(page, page.chapters(), reuse=False).values())
    for around in ("<main>{}</main>", "<main><h2>{}</h2></main>", "<main><code>{}</code>尾</main>"):
        text = around.format("\n".join(part.markup for part in known))
        assert parts.used(text, known) == fonts.used(text)
    changed = "\n".join(part.markup.replace("bold", "bolder") for part in known)
    assert parts.used(changed, known) == fonts.used(changed)


def test_a_cache_with_room_for_more_has_an_end_as_well(desk):
    for number in range(60):
        cache.lay_down("chapters", f"{number:03}", b"content", most=6)
        if number == 20:
            assert cache.looked_up("chapters", "020") == b"content"
    left = sorted(path.name for path in (desk.place / "cache/labreport/chapters").iterdir())
    assert len(left) <= 6 + 16
    assert left[-1] == "059"


def test_a_command_reuses_what_the_one_before_it_made(desk, assembled):
    stored = (Store(desk.place / "runs").save(seeds_run()),)
    job = DocumentJob(
        language="en", runs=stored, configuration=override(Configuration(), to=("html", "split")), moment=MOMENT
    )
    problems: list[str] = []
    once = dict(in_memory(job, problems))
    assert assembled == ["digits"]
    assert dict(in_memory(job, problems)) == once
    assert assembled == ["digits"]
    assert problems == []


def test_a_pdf_whose_markup_is_the_same_is_not_set_again(desk, monkeypatch):
    from labreport.report.rendering import pdf

    count = []
    usual = pdf._set
    monkeypatch.setattr(pdf, "_set", lambda *given: count.append(1) or usual(*given))
    desk.results = {"birch": desk.results["birch"]}

    def printed(reuse: bool = True, **attached: bytes) -> bytes:
        built = build.document(list(desk.results.values()), "en", desk.options, moment=MOMENT, version="1", reuse=reuse)
        report = msgspec.structs.replace(built.report, form="chapter")
        return pdf.pdf(report, source_date=MOMENT, attached=attached, look=desk.options.look, reuse=reuse)

    first = printed(a=b"1")
    assert (printed(a=b"1"), len(count)) == (first, 1)
    assert printed(False, a=b"1") == first
    assert printed(a=b"2") != first
    desk.add("en", "birch", "\nA sentence.\n")
    assert printed(a=b"1") != first
    assert len(count) == 4
