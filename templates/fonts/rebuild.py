"""Builds the shipped fonts from four published packages, byte for byte the same every time.

Run it in an empty folder:

    npm pack @fontsource/noto-sans-sc@5.3.0 @fontsource/noto-sans-jp@5.3.0 source-sans@3.52.0 jetbrains-mono@1.0.6
    python -m labreport.templates.fonts.rebuild .

What is done, and why:

- "Labreport Sans" takes Latin, Greek and signs from Source Sans 3, enlarged by 1.117, and Chinese from Noto Sans SC.
  Noto's own Latin is that very design at that very size, but with full-width quotes, × and ≤, which are wrong in
  English. Chinese gets its full-width quotes, dash and ellipsis by the feature `locl` (`lang="zh-CN"`).
- Full-width marks that follow each other are kerned together (，and “ share one blank), as Chinese printing does.
- The italic is Source Sans 3's, enlarged alike; Chinese has no italic.
- "Labreport Mono" is JetBrains Mono NL (no ligatures: code must show the characters that were typed).
- "Labreport Sans More" has the Chinese characters of Noto Sans SC that are not in GB 2312, and the rarest of Noto Sans
  JP (those of the supplementary planes), as woff2: traditional Chinese and rare characters of names.
- The names are new because the licences (SIL OFL 1.1) reserve the old ones; hinting and unused tables are dropped.
"""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import unicodedata
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.ttGlyphPen import TTGlyphPen, TTGlyphPointPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.scaleUpem import scale_upem
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable
from fontTools.ttLib.woff2 import WOFF2FlavorData

from labreport.templates.fonts import outlines

PACKAGES = {
    "fontsource-noto-sans-sc-5.3.0.tgz": "05a7abac78a6cac4bd1361e7b24c680ee820fcc2f22cf5cc92673f4cd12771c5",
    "fontsource-noto-sans-jp-5.3.0.tgz": "e4fac0fb8e03e21d10e1bdfd6f09e04c12a0f3bd61463bfa41c53a5603c39524",
    "source-sans-3.52.0.tgz": "49cf78ddd79b436591ee696785222b54ff28102922e3d3df297fe382d7fdfa88",
    "jetbrains-mono-1.0.6.tgz": "6c94284d9b510f302b429cb44b72e05d73f2e6023d793fd1ede267c64740242c",
}
"""File name of each package as `npm pack` writes it, and its sha256."""

LATIN = [
    *range(0x20, 0x7F), *range(0xA0, 0x250), *range(0x2BB, 0x2DE), *range(0x300, 0x370), *range(0x370, 0x400),
    *range(0x400, 0x530), *range(0x1E00, 0x1F00), *range(0x2010, 0x2027), 0x2030, 0x2032, 0x2033,
    0x2039, 0x203A, 0x2044, *range(0x2070, 0x209D), 0x20AC, 0x2116, 0x2122, 0x2126, *range(0x2150, 0x215F),
    *range(0x2190, 0x219A), *range(0x21D0, 0x21D6), *range(0x2200, 0x2300), *range(0x2300, 0x230C),
    *range(0x25A0, 0x2600), 0x2605, 0x2606, 0x2610, 0x2611, 0x2713, 0x2717,
]  # fmt: skip
BOXES = [*range(0x2500, 0x25A0), 0x22EE, 0x22EF]
CHINESE_MARKS = [*range(0x3000, 0x3018), *range(0xFF01, 0xFF5F), 0xFFE5, *range(0x2460, 0x2474), *range(0x2160, 0x216C)]
SPACES = {
    0x2002: 500, 0x2003: 1000, 0x2007: 0, 0x2008: 0, 0x2009: 200, 0x200A: 100, 0x202F: 200, 0x200B: 0, 0x2060: 0,
    0xFEFF: 0,
}  # fmt: skip
"""Spaces that the sources lack, and their widths; the thin space between Chinese and Latin is a fifth of an em."""

AS_WIDE_AS = {0x2007: "0", 0x2008: "."}
"""Spaces that keep a column of numbers aligned at the decimal point."""

LATIN_SCALE = 1.117
"""Noto Sans SC draws its Latin this much larger than Source Sans (cap height 733 for 656)."""

ASCENT, DESCENT = 1040, -280
"""Line box of every face: symmetrical about the middle of a Chinese character, which lies at 380."""

GRID = 4
"""Chinese outlines are rounded to this part of the em (1000): no eye sees it, and a page carries a seventh less."""

FULL_WIDTH_IN_CHINESE = "“”‘’…"
OPENING = "“‘（《〈「『【〔［｛"
CLOSING = "”’）》〉」』】〕］｝，。、；：．！？"


MORE = [0x2103, 0x2109, *range(0x3021, 0x3030), *range(0x3041, 0x3100), *range(0x3100, 0x3130), *range(0x3200, 0x3400)]
"""Signs of the font for rarer characters, beside every Chinese one: kana, bopomofo, units, circled words."""


def gb2312_characters() -> list[int]:
    """Return the code points of all 6,763 Chinese characters of GB 2312."""
    found = []
    for row in range(0xB0, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                found.append(ord(bytes([row, cell]).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return found


class Sources:
    """The packages' files, read from the tarballs after their sha256 was checked.

    Args:
        folder: where `npm pack` put the packages.
    """

    def __init__(self, folder: Path) -> None:
        self._archives: dict[str, tarfile.TarFile] = {}
        for name, expected in PACKAGES.items():
            content = (folder / name).read_bytes()
            if hashlib.sha256(content).hexdigest() != expected:
                raise SystemExit(f"{name}: sha256 is not {expected}; take the version named in this script.")
            self._archives[name.rpartition("-")[0]] = tarfile.open(fileobj=io.BytesIO(content))  # noqa: SIM115 - kept open

    def font(self, archive: str, path: str) -> TTFont:
        """Return one font of a package."""
        member = self._archives[archive].extractfile(f"package/{path}")
        assert member is not None
        return TTFont(io.BytesIO(member.read()), recalcTimestamp=False)

    def chinese_slices(self, weight: int, family: str = "noto-sans-sc") -> Iterable[TTFont]:
        """Yield the numbered slices of a family; together they hold every one of its characters."""
        names = self._archives[f"fontsource-{family}"].getnames()
        for name in sorted(names):
            number, _, rest = name.removeprefix(f"package/files/{family}-").partition("-")
            if number.isdigit() and rest == f"{weight}-normal.woff2":
                yield self.font(f"fontsource-{family}", name.removeprefix("package/"))


def reduced(font: TTFont, code_points: Iterable[int], features: list[str]) -> TTFont:
    """Return the font with only these characters and layout features, without hinting."""
    options = Options(hinting=False, layout_features=features, notdef_outline=True, glyph_names=True, legacy_kern=False)
    options.drop_tables += ["DSIG", "STAT", "gasp", "meta", "BASE", "vhea", "vmtx", "VORG", "GDEF", "GSUB"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=set(code_points) & set(font.getBestCmap()))
    subsetter.subset(font)
    return font


def enlarged(font: TTFont) -> TTFont:
    """Return the font with Latin as large as Noto Sans SC draws it, on an em of 1000."""
    scale_upem(font, round(1000 * LATIN_SCALE))
    font["head"].unitsPerEm = 1000
    return font


def draw_glyph(target: TTFont, name: str, source: TTFont, source_name: str) -> None:
    """Copy one outline with its width, its curves joined and its points moved to a grid of `GRID` units."""
    recording = DecomposingRecordingPen(source.getGlyphSet())
    source.getGlyphSet()[source_name].draw(recording)
    pen = TTGlyphPointPen(None)
    for contour in outlines.contours(recording.value):
        points = outlines.quadratic(outlines.joined(contour), GRID)
        if len(points) < 3:
            continue
        pen.beginPath()
        for (x, y), on_curve in points:
            pen.addPoint((x, y), "qcurve" if on_curve else None)
        pen.endPath()
    add_glyph(target, name, pen, source["hmtx"][source_name][0])


def add_glyph(target: TTFont, name: str, pen: TTGlyphPen | TTGlyphPointPen, width: int) -> None:
    """Put a drawn glyph into the font."""
    glyph = pen.glyph()
    target["glyf"][name] = glyph
    glyph.recalcBounds(target["glyf"])
    target["hmtx"][name] = (width, getattr(glyph, "xMin", 0))


def add_spaces(font: TTFont, mono_width: int | None = None) -> None:
    """Add the empty glyphs that the sources lack."""
    mapping = font.getBestCmap()
    for code_point, width in SPACES.items():
        if mono_width is not None and width:
            width = mono_width
        elif code_point in AS_WIDE_AS:
            width = font["hmtx"][mapping[ord(AS_WIDE_AS[code_point])]][0]
        name = f"uni{code_point:04X}"
        add_glyph(font, name, TTGlyphPen(None), width)
        mapping[code_point] = name
    set_mapping(font, mapping)


def set_mapping(font: TTFont, mapping: dict[int, str]) -> None:
    """Write the character map in all its tables."""
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap = dict(mapping)
    font["cmap"].tables = [table for table in font["cmap"].tables if table.isUnicode()]


def add_chinese(font: TTFont, slices: Iterable[TTFont]) -> list[str]:
    """Add Chinese characters and marks.

    Returns:
        The characters of GB 2312 that no slice holds.
    """
    mapping = font.getBestCmap()
    hanzi = gb2312_characters()
    wanted = {*hanzi, *CHINESE_MARKS, *LATIN} - set(mapping)
    variants = {ord(mark) for mark in FULL_WIDTH_IN_CHINESE}
    for part in slices:
        for code_point, source_name in sorted(part.getBestCmap().items()):
            if code_point in wanted:
                name = f"uni{code_point:04X}"
                draw_glyph(font, name, part, source_name)
                mapping[code_point] = name
                wanted.discard(code_point)
            if code_point in variants:
                draw_glyph(font, f"{mapping[code_point]}.zh", part, source_name)
                variants.discard(code_point)
    set_mapping(font, mapping)
    return [chr(code_point) for code_point in hanzi if code_point in wanted]


def rarer(base: TTFont, sources: Sources, weight: int) -> TTFont:
    """Return a font of what Noto Sans SC has and the base font has not, and of the rarest in Noto Sans JP."""
    known = set(base.getBestCmap())
    font = reduced(base, [0x20], [])
    mapping = font.getBestCmap()
    japanese = ((part, 0x10000) for part in sources.chinese_slices(weight, "noto-sans-jp"))
    for part, first in chain(((part, 0) for part in sources.chinese_slices(weight)), japanese):
        for code_point, source_name in sorted(part.getBestCmap().items()):
            wanted = unicodedata.name(chr(code_point), "").startswith("CJK UNIFIED") or code_point in MORE
            if wanted and code_point >= first and code_point not in known and code_point not in mapping:
                name = f"uni{code_point:04X}"
                draw_glyph(font, name, part, source_name)
                mapping[code_point] = name
    set_mapping(font, mapping)
    wide = CmapSubtable.newSubtable(12)
    wide.platformID, wide.platEncID, wide.language, wide.cmap = 3, 10, 0, dict(mapping)
    for table in font["cmap"].tables:
        table.cmap = {code_point: name for code_point, name in mapping.items() if code_point <= 0xFFFF}
    font["cmap"].tables.append(wide)
    return font


def add_chinese_quotes(font: TTFont, latin: TTFont) -> None:
    """Add the single quotes of Noto's Latin slice (no numbered slice has them) and a dash that joins its neighbour."""
    for mark in "‘’":
        draw_glyph(font, f"{font.getBestCmap()[ord(mark)]}.zh", latin, latin.getBestCmap()[ord(mark)])
    bounds = BoundsPen(latin.getGlyphSet())
    latin.getGlyphSet()[latin.getBestCmap()[0x2014]].draw(bounds)
    _, low, _, high = bounds.bounds
    pen = TTGlyphPen(None)
    middle, half = 380, (high - low) / 2
    pen.moveTo((0, round(middle - half)))
    for corner in ((0, middle + half), (1000, middle + half), (1000, middle - half)):
        pen.lineTo((corner[0], round(corner[1])))
    pen.closePath()
    add_glyph(font, f"{font.getBestCmap()[0x2014]}.zh", pen, 1000)


def chinese_features(font: TTFont) -> str:
    """Return the feature source: full-width marks in Chinese, and marks that share one blank."""
    mapping = font.getBestCmap()

    def glyphs(marks: str) -> str:
        names = []
        for mark in marks:
            name = mapping.get(ord(mark))
            if name is not None:
                names.append(f"{name}.zh" if mark in FULL_WIDTH_IN_CHINESE else name)
        return " ".join(names)

    swaps = "\n".join(f"  sub {mapping[ord(mark)]} by {mapping[ord(mark)]}.zh;" for mark in FULL_WIDTH_IN_CHINESE + "—")
    return f"""
        languagesystem DFLT dflt;
        languagesystem hani dflt;
        languagesystem hani ZHS;
        languagesystem latn dflt;
        languagesystem latn ZHS;
        @opening = [{glyphs(OPENING)}];
        @closing = [{glyphs(CLOSING)}];
        lookup full_width {{
        {swaps}
        }} full_width;
        feature locl {{
          script hani; language ZHS exclude_dflt; lookup full_width;
          script latn; language ZHS exclude_dflt; lookup full_width;
        }} locl;
        feature kern {{
          pos @closing @closing -500;
          pos @closing @opening -500;
          pos @opening @opening -500;
        }} kern;
    """


def add_features(font: TTFont, feature_source: str) -> None:
    """Add features to those the font has already: kerning pairs are appended as a lookup of the same feature."""
    latin_positions = font.get("GPOS")
    addOpenTypeFeaturesFromString(font, feature_source)
    if latin_positions is None:
        return
    table, addition = latin_positions.table, font["GPOS"].table
    start = len(table.LookupList.Lookup)
    table.LookupList.Lookup += addition.LookupList.Lookup
    table.LookupList.LookupCount = len(table.LookupList.Lookup)
    added = list(range(start, len(table.LookupList.Lookup)))
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag == "kern":
            record.Feature.LookupListIndex += added
            record.Feature.LookupCount = len(record.Feature.LookupListIndex)
    scripts = {record.ScriptTag for record in table.ScriptList.ScriptRecord}
    kern = next(i for i, record in enumerate(table.FeatureList.FeatureRecord) if record.FeatureTag == "kern")
    for record in addition.ScriptList.ScriptRecord:
        if record.ScriptTag not in scripts:
            record.Script.DefaultLangSys.FeatureIndex = [kern]
            for language in record.Script.LangSysRecord:
                language.LangSys.FeatureIndex = [kern]
            table.ScriptList.ScriptRecord.append(record)
    table.ScriptList.ScriptRecord.sort(key=lambda record: record.ScriptTag)
    table.ScriptList.ScriptCount = len(table.ScriptList.ScriptRecord)
    font["GPOS"] = latin_positions


def finish(font: TTFont, family: str, style: str, copyright_notice: str, path: Path) -> None:
    """Name the font, set its measures and write it."""
    weight = 700 if style == "Bold" else 400
    names = font["name"]
    names.names = []
    postscript = f"{family.replace(' ', '')}-{style}"
    texts = {
        0: copyright_notice, 1: family, 2: style, 3: f"1.0;{postscript}", 4: f"{family} {style}", 5: "Version 1.0",
        6: postscript, 13: "This Font Software is licensed under the SIL Open Font License, Version 1.1.",
        14: "https://openfontlicense.org",
    }  # fmt: skip
    for identifier, text in texts.items():
        names.setName(text, identifier, 3, 1, 0x409)
    head, metrics, line = font["head"], font["OS/2"], font["hhea"]
    head.created = head.modified = 3786912000  # 2024-01-01, so that the bytes do not depend on the day
    head.macStyle = {"Bold": 1, "Italic": 2}.get(style, 0)
    head.fontRevision = 1.0
    metrics.version = 4
    metrics.usWeightClass = weight
    metrics.fsSelection = {"Bold": 0x20, "Italic": 0x01}.get(style, 0x40) | 0x80
    metrics.achVendID = "NONE"
    line.ascent = metrics.sTypoAscender = metrics.usWinAscent = ASCENT
    line.descent = metrics.sTypoDescender = DESCENT
    metrics.usWinDescent = -DESCENT
    line.lineGap = metrics.sTypoLineGap = 0
    metrics.recalcUnicodeRanges(font)
    metrics.recalcAvgCharWidth(font)
    font["post"].formatType = 3.0
    font["post"].isFixedPitch = int(family.endswith("Mono"))
    font.recalcTimestamp = False
    font.save(path, reorderTables=font.flavor is None)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB, {len(font.getBestCmap())} characters")


def main(folder: Path) -> None:
    """Write the six font files beside this script."""
    target = Path(__file__).parent
    sources = Sources(folder)
    adobe = "Copyright 2010-2024 Adobe (http://www.adobe.com/), with Reserved Font Name 'Source'."
    noto = "Copyright 2014-2021 Adobe (http://www.adobe.com/), with Reserved Font Name 'Source' (Noto Sans SC)."
    jetbrains = "Copyright 2020 The JetBrains Mono Project Authors (https://github.com/JetBrains/JetBrainsMono)"
    for style, weight in (("Regular", 400), ("Bold", 700)):
        font = enlarged(reduced(sources.font("source-sans", f"TTF/SourceSans3-{style}.ttf"), LATIN, ["kern"]))
        add_spaces(font)
        missing = add_chinese(font, sources.chinese_slices(weight))
        add_chinese_quotes(
            font, sources.font("fontsource-noto-sans-sc", f"files/noto-sans-sc-latin-{weight}-normal.woff2")
        )
        add_features(font, chinese_features(font))
        finish(font, "Labreport Sans", style, f"{adobe} {noto}", target / f"LabreportSans-{style}.ttf")
        print(f"  lacks of GB 2312: {''.join(missing)}")
        more = rarer(TTFont(target / f"LabreportSans-{style}.ttf"), sources, weight)
        more.flavor = "woff2"
        # Transformed outlines are a tenth smaller, and take four seconds to read back.
        more.flavorData = WOFF2FlavorData(transformedTables=())
        finish(more, "Labreport Sans More", style, noto, target / f"LabreportSansMore-{style}.woff2")
    font = enlarged(reduced(sources.font("source-sans", "TTF/SourceSans3-It.ttf"), LATIN, ["kern"]))
    add_spaces(font)
    finish(font, "Labreport Sans", "Italic", adobe, target / "LabreportSans-Italic.ttf")
    mono = sources.font("jetbrains-mono", "fonts/webfonts/JetBrainsMonoNL-Regular.woff2")
    mono.flavor = None
    reduced(mono, [*LATIN, *BOXES], [])
    add_spaces(mono, 600)
    finish(mono, "Labreport Mono", "Regular", jetbrains, target / "LabreportMono-Regular.ttf")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
