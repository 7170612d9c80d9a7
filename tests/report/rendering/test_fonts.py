"""The shipped fonts: what they have, what a page needs of them, and what is missing."""

from __future__ import annotations

import io

import pytest
from fontTools.ttLib import TTFont

from labreport.report.errors import RenderingError
from labreport.report.rendering import fonts


def gb2312_level_1() -> str:
    cells = [(row, cell) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF) if (row, cell) < (0xD7, 0xFA)]
    return "".join(bytes(pair).decode("gb2312") for pair in cells)


def test_both_weights_have_every_common_chinese_character():
    characters = gb2312_level_1()
    assert len(characters) == 3755
    for face in ("regular", "bold"):
        assert set(characters) <= fonts.characters(face)


def test_the_text_font_has_the_signs_of_a_report():
    signs = "\u2009\u00a0\u2007\u2060×−≤≥≈≠→←↑↓·…“”‘’—–✓±∞∑√∂αβηθλμπσΣΔ²³°%‰①②③■●▲，。、；：？！（）《》「」　"
    assert set(signs) <= fonts.characters("regular")
    assert set(signs) <= fonts.characters("bold")


def test_the_mono_font_has_what_terminals_print():
    assert set("─│┌┐└┘├┤┼━┃█→≤0O1lI") <= fonts.characters("mono")


@pytest.mark.parametrize("name", ["regular", "bold", "italic", "mono"])
def test_each_file_says_family_weight_and_style(name):
    face = fonts.FACES[name]
    font = TTFont(io.BytesIO(fonts.content(face.file)))
    assert font["name"].getDebugName(1) == face.family
    assert font["OS/2"].usWeightClass == face.weight
    assert "glyf" in font
    assert "OFL" in font["name"].getDebugName(13) or "SIL Open Font License" in font["name"].getDebugName(13)
    assert "Source" not in font["name"].getDebugName(1) + font["name"].getDebugName(6)


def test_digits_are_equally_wide_and_the_pads_fit_them():
    for name in ("regular", "bold"):
        font = TTFont(io.BytesIO(fonts.content(fonts.FACES[name].file)))
        mapping, widths = font.getBestCmap(), font["hmtx"]
        digits = {widths[mapping[ord(digit)]][0] for digit in "0123456789\u2007"}
        assert len(digits) == 1
        assert widths[mapping[ord(".")]][0] == widths[mapping[0x2008]][0]


def test_a_character_without_a_glyph_is_named_with_its_code_point_and_place():
    with pytest.raises(RenderingError) as caught:
        fonts.check("这里有一个泰文字母 ก 在句子里", "chapter 'imdb', section 'imdb-data'")
    message = str(caught.value)
    assert "'ก'" in message
    assert "U+0E01" in message
    assert "chapter 'imdb', section 'imdb-data'" in message


def test_a_control_character_is_named_by_its_code_point_only():
    with pytest.raises(RenderingError, match=r"U\+0096"):
        fonts.check("a\x96b", "here")


def test_a_subset_holds_just_what_was_asked_for_and_is_the_same_twice():
    wanted = frozenset("Keras 过拟合")
    first = fonts.subset("regular", wanted)
    fonts.subset.cache_clear()
    assert fonts.subset("regular", wanted) == first
    assert first[:4] == b"wOF2"
    assert set(map(chr, TTFont(io.BytesIO(first)).getBestCmap())) == set(wanted)


def test_a_pages_characters_are_sorted_by_the_face_that_shows_them():
    usage = fonts.used(
        "<p>普通 <strong>粗 <em>x</em></strong> <em>slanted</em> <code>code中</code><svg><text>图</text>"
        '<text font-family="Labreport Mono">m</text><text font-weight="bold">B</text></svg>'
        "<math><mi>w</mi></math><style>css</style></p>"
        '<h2>title <span class="quiet">整</span></h2>'
    )
    assert set("普通图整") <= usage["regular"]
    assert "中" in usage["regular"], "the mono font has no Chinese"
    assert usage["bold"] >= set("粗xB")
    assert usage["italic"] == frozenset("slanted")
    assert usage["mono"] == frozenset("code中m")
    assert usage["math"] == {"𝑤"}, "a variable of one letter is slanted by the browser"
    assert not set("css") & usage["bold"]


def test_only_faces_that_a_page_shows_are_embedded():
    styles = fonts.embedded(fonts.used("<p>text</p>"))
    assert styles.count("@font-face") == 1
    assert "font/woff2;base64," in styles


def test_a_subset_takes_few_bytes_for_a_character():
    common = frozenset(
        "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    )
    assert len(fonts.cut("regular", common)) / len(common) < 100


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    fonts.subset.cache_clear()
    yield tmp_path / "labreport" / "fonts"
    fonts.subset.cache_clear()


def test_a_subset_is_kept_from_one_command_to_the_next(cache, monkeypatch):
    wanted = frozenset("cached")
    first = fonts.subset("mono", wanted)
    assert first == fonts.cut("mono", wanted)
    fonts.subset.cache_clear()
    monkeypatch.setattr(fonts, "cut", lambda *_: pytest.fail("made again"))
    assert fonts.subset("mono", wanted) == first


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 500])
def test_a_damaged_file_in_the_cache_is_as_good_as_none(cache, damage):
    wanted = frozenset("damaged")
    first = fonts.subset("mono", wanted)
    (kept,) = cache.iterdir()
    kept.write_bytes(damage)
    fonts.subset.cache_clear()
    assert fonts.subset("mono", wanted) == first
    assert kept.read_bytes().endswith(first)


def test_other_characters_or_another_font_are_another_file(cache):
    for face, characters in (("mono", "ab"), ("mono", "abc"), ("italic", "ab")):
        fonts.subset(face, frozenset(characters))
    assert len(list(cache.iterdir())) == 3


def test_a_cache_that_can_not_be_written_is_done_without(tmp_path, cache):
    (tmp_path / "labreport").write_text("a file in the way")
    assert fonts.subset("mono", frozenset("xyz"))[:4] == b"wOF2"


def test_the_cache_does_not_grow_without_end(cache, monkeypatch):
    monkeypatch.setattr(fonts, "_MOST", 3)
    for number in range(17):  # it is tidied with every sixteenth file
        fonts.subset("mono", frozenset("0123456789abcdefg"[: number + 1]))
    assert len(list(cache.iterdir())) == 3


def test_a_font_of_a_page_is_compressed_one_degree_less_than_fonttools_does_and_other_fonts_are_not(monkeypatch):
    import brotli

    asked: list[int] = []
    compress = brotli.compress

    def watched(data: bytes, **options: int) -> bytes:
        asked.append(options.get("quality", 11))
        return compress(data, **options)

    monkeypatch.setattr(brotli, "compress", watched)
    wanted = frozenset("水火木金土")
    hasty = fonts.cut("regular", wanted)
    assert asked == [10], "fontTools no longer asks brotli where `_hasty_brotli` stands"
    with TTFont(io.BytesIO(hasty)) as font:
        assert {ord(character) for character in wanted} <= font.getBestCmap().keys()
        font.flavor = "woff2"
        font.save(io.BytesIO())
    assert asked == [10, 11]


NAMES = "王珺李玥张赟𠮷田 機器學習導論 Привет Ёж Ελληνικά Ά Nguyễn Đặng Thị Ơn ℃ ☐☑"


def test_names_traditional_chinese_and_other_scripts_have_glyphs():
    assert fonts.lacking(NAMES) == frozenset()
    fonts.check(NAMES, "cover")


def test_a_page_carries_the_rarer_characters_that_it_shows_and_no_others():
    assert "Labreport Sans More" not in fonts.embedded(fonts.used("<p>王小明 Привет</p>"))
    found = fonts.embedded(fonts.used("<p>王珺 <b>學</b></p>"))
    assert found.count("Labreport Sans More") == 2
    assert len(found) < 20_000
    assert "Labreport Sans More" not in fonts.for_paper("王小明")
    assert fonts.for_paper("王珺").count("Labreport Sans More") == 2


def test_the_rarer_characters_come_to_paper_as_truetype():
    face = fonts.FACES["more"]
    assert fonts.as_truetype(face.file)[:4] == b"\0\1\0\0"
