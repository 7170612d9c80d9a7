"""Running text of a document for word processors: HTML of the typesetter as paragraphs, lists, tables, formulas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from xml.etree.ElementTree import Element

from labreport.report.rendering.fragment import MATHML
from labreport.report.rendering.omml import omml

_LATIN, _HAN, _CODE = "Calibri", "Microsoft YaHei", "Consolas"
"""Fonts that word processors have or know how to replace; the shipped ones are not installed where it is read."""
_LISTS = {"ul": "List Bullet", "ol": "List Number"}
_HEADS = {"h3": "Heading 3", "h4": "Heading 4", "h5": "Heading 4", "h6": "Heading 4"}


@dataclass(frozen=True)
class _Look:
    """How a piece of text is to look."""

    bold: bool = False
    italic: bool = False
    struck: bool = False
    code: bool = False
    tag: str = ""


class DocxText:
    """Writes text into a document.

    Args:
        document: of python-docx.
        tag: of its language, such as "zh-Hans".
    """

    def __init__(self, document: Any, tag: str) -> None:
        self._document = document
        self._tag = tag
        self._speak(tag)

    @contextmanager
    def spoken(self, tag: str) -> Iterator[None]:
        """Mark what is written in the block as being in a language."""
        before, self._tag = self._tag, tag
        try:
            yield
        finally:
            self._tag = before

    def write(self, root: Element, style: str = "Normal") -> None:
        """Write the blocks of a text."""
        for block in root:
            self._block(block, style)

    def fill(self, cell: Any, root: Element, *, right: bool = False) -> None:
        """Write a text into a cell of a table."""
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        paragraph = cell.paragraphs[0]
        for block in root:
            self._runs(paragraph, block, _Look())
        if right:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT

    def head_row(self, row: Any) -> None:
        """Say of a row that it is the head of its table, also on the next page."""
        properties = row._tr.get_or_add_trPr()
        properties.append(_made("w:tblHeader", val="true"))

    def code(self, source: str) -> None:
        """Write code: one paragraph, its lines kept."""
        from docx.shared import Pt

        paragraph = self._document.add_paragraph(style="No Spacing")
        paragraph.paragraph_format.space_after = Pt(8)
        for place, line in enumerate(source.strip("\n").split("\n")):
            run = self._run(paragraph, line, _Look(code=True))
            if place:
                run._r.insert(0, _made("w:br"))

    def formula(self, math: Element) -> None:
        """Write a formula on a line of its own."""
        paragraph = self._document.add_paragraph()
        whole = _made("m:oMathPara")
        whole.append(omml(math, _made))
        paragraph._p.append(whole)

    def line(self) -> None:
        """Write an empty line to write on."""
        paragraph = self._document.add_paragraph()
        border = _made("w:pBdr")
        border.append(_made("w:bottom", val="single", sz="4", space="1", color="999999"))
        paragraph._p.get_or_add_pPr().append(border)

    def _speak(self, tag: str) -> None:
        """Set the language and the fonts of all styles."""
        from docx.oxml.ns import qn

        defaults = self._document.styles.element.find(qn("w:docDefaults"))
        look = defaults.find(f"{qn('w:rPrDefault')}/{qn('w:rPr')}")
        for old in look.findall(qn("w:lang")):
            look.remove(old)
        look.append(_made("w:lang", **_languages(tag)))
        fonts = {"ascii": _LATIN, "hAnsi": _LATIN, "eastAsia": _HAN, "cs": _LATIN}
        for style in self._document.styles:
            own = getattr(style.element, "rPr", None)
            if style.name == "Normal" or (own is not None and own.find(qn("w:rFonts")) is not None):
                found = style.element.get_or_add_rPr()
                for old in found.findall(qn("w:rFonts")):
                    found.remove(old)
                found.insert(0, _made("w:rFonts", **fonts))

    def _block(self, element: Element, style: str, depth: int = 1) -> None:
        name = element.tag
        if name in _LISTS:
            number = self._restarted(int(element.get("start") or 1)) if name == "ol" and depth == 1 else None
            for item in element:
                self._item(item, _LISTS[name], depth, number)
        elif name == "table":
            self._table(element)
        elif name == "pre":
            self.code("".join(element.itertext()))
        elif name == f"{{{MATHML}}}math":
            self.formula(element)
        elif name in ("blockquote", "div", "dl", "section"):
            for child in element:
                self._block(child, style, depth)
        else:
            formulas = [child for child in element if child.tag == f"{{{MATHML}}}math"]
            alone = len(formulas) == len(element) == 1 and not (element.text or formulas[0].tail or "").strip()
            if alone and formulas[0].get("display") == "block":
                self.formula(formulas[0])
                return
            paragraph = self._document.add_paragraph(style=_HEADS.get(name, style))
            paragraph.paragraph_format.keep_with_next = style == "Caption" or None
            self._runs(paragraph, element, _Look())

    def _restarted(self, start: int) -> int:
        """Return the number of a numbering that begins again; without it one list would continue another."""
        numbering = self._document.part.numbering_part.element
        known = self._document.styles["List Number"].element.pPr.numPr.numId.val
        made = numbering.add_num(numbering.num_having_numId(known).abstractNumId.val)
        made.add_lvlOverride(ilvl=0).add_startOverride(start)
        return int(made.numId)

    def _item(self, item: Element, style: str, depth: int, number: int | None) -> None:
        """Write an item of a list: its first paragraph has the mark, what follows is below it."""
        level = style if depth == 1 else f"{style} {min(depth, 3)}"
        blocks = [child for child in item if child.tag in ("p", "ul", "ol", "pre", "table", "div")]
        loose = bool(blocks) and blocks[0].tag == "p" and not (item.text or "").strip()
        if not loose:
            paragraph = self._document.add_paragraph(style=level)
            _numbered(paragraph, number)
            self._runs(paragraph, item, _Look(), skip=frozenset(("ul", "ol", "pre", "table")))
            blocks = [child for child in blocks if child.tag != "p"]
        for place, block in enumerate(blocks):
            first = loose and place == 0
            self._block(block, level if first else "List Continue", depth + 1)
            if first:
                _numbered(self._document.paragraphs[-1], number)

    def _table(self, element: Element) -> None:
        rows = list(element.iter("tr"))
        width = max((len(row) for row in rows), default=0)
        if not width:
            return
        grid = self._document.add_table(rows=0, cols=width, style="Table Grid")
        for row in rows:
            made = grid.add_row()
            if any(cell.tag == "th" for cell in row):
                self.head_row(made)
            for cell, content in zip(made.cells, row, strict=False):
                self._runs(cell.paragraphs[0], content, _Look(bold=content.tag == "th"))
        self._document.add_paragraph()

    def _runs(self, paragraph: Any, element: Element, look: _Look, skip: frozenset[str] = frozenset()) -> None:
        """Write what is in an element into a paragraph, piece by piece."""
        if element.text:
            self._run(paragraph, element.text, look)
        for child in element:
            if child.tag in skip:
                continue
            if child.tag == f"{{{MATHML}}}math":
                paragraph._p.append(omml(child, _made))
            elif child.tag == "br":
                paragraph.add_run().add_break()
            elif child.tag == "a" and (child.get("href") or "").startswith(("http://", "https://")):
                self._link(paragraph, child, look)
            else:
                self._runs(paragraph, child, self._changed(look, child))
            if child.tail:
                self._run(paragraph, child.tail, look)

    def _changed(self, look: _Look, element: Element) -> _Look:
        changes: dict[str, Any] = {
            "b": {"bold": True},
            "strong": {"bold": True},
            "em": {"italic": True},
            "i": {"italic": True},
            "s": {"struck": True},
            "del": {"struck": True},
            "code": {"code": True},
        }.get(element.tag, {})
        if tag := element.get("lang"):
            changes = {**changes, "tag": tag}
        return replace(look, **changes)

    def _run(self, paragraph: Any, text: str, look: _Look) -> Any:
        run = paragraph.add_run(text.replace("\n", " "))
        # None leaves it to the style; False would undo the bold of a heading.
        run.bold, run.italic = look.bold or None, look.italic or None
        run.font.strike = look.struck or None
        if look.code:
            run.font.name = _CODE
            run.font.no_proof = True
        tag = look.tag or self._tag
        run._r.get_or_add_rPr().append(_made("w:lang", **_languages(tag)))
        return run

    def _link(self, paragraph: Any, element: Element, look: _Look) -> None:
        """Write a link to a page elsewhere."""
        from docx.opc.constants import RELATIONSHIP_TYPE

        target = paragraph.part.relate_to(element.get("href"), RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
        link = _made("w:hyperlink")
        link.set(_name("r:id"), target)
        before = len(paragraph._p)
        self._runs(paragraph, element, look)
        for run in list(paragraph._p)[before:]:
            link.append(run)
        paragraph._p.append(link)


def _numbered(paragraph: Any, number: int | None) -> None:
    if number is not None:
        paragraph._p.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = number


def _languages(tag: str) -> dict[str, str]:
    """Return what says of a text that it is in a language: Chinese is named apart from what has Latin letters."""
    plain = {"zh-Hans": "zh-CN", "zh-Hant": "zh-TW", "en": "en-GB"}.get(tag, tag)
    return {"val": "en-GB", "eastAsia": plain} if plain.startswith("zh") else {"val": plain, "eastAsia": "zh-CN"}


_MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def _name(name: str) -> str:
    from docx.oxml.ns import qn

    prefix, _, local = name.partition(":")
    return f"{{{_MATH}}}{local}" if prefix == "m" else str(qn(name))


def _made(name: str, **attributes: str) -> Any:
    """Return an element such as "w:lang", its attributes in the same namespace."""
    from docx.oxml.parser import oxml_parser

    prefix = name.partition(":")[0]
    made = oxml_parser.makeelement(_name(name), nsmap={"m": _MATH} if prefix == "m" else None)
    for key, value in attributes.items():
        made.set(_name(f"{prefix}:{key}"), value)
    return made
