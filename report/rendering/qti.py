"""Questions as a content package of QTI 2.1: an item for each, a test over all, and the manifest.

A computed answer is marked by the item itself, within its tolerance. An essay has its solution in a block for scorers.
Versions of one exercise stand in a section of the test from which one is drawn. Times in the zip are fixed, so the same
questions give the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from labreport.report.rendering import fragment
from labreport.report.rendering.fragment import MATHML
from labreport.report.rendering.questions import PlatformQuestion

QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
_SCHEMA = "http://www.w3.org/2001/XMLSchema-instance"
_XML = "http://www.w3.org/XML/1998/namespace"
_PLACES = {QTI: "http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd"}
_BLOCKS = frozenset({"p", "ul", "ol", "dl", "pre", "table", "blockquote", "div", "hr", "h1", "h2", "h3", "h4"})
_KEPT = frozenset(
    {"li", "dt", "dd", "thead", "tbody", "tr", "th", "td", "em", "strong", "code", "sub", "sup", "br", "span"}
)
_SAME = {"b": "strong", "i": "em"}
_MATH_ATTRIBUTES = frozenset(
    {"display", "mathvariant", "stretchy", "width", "accent", "columnalign", "fence", "separator"}
)


def qti(questions: Sequence[PlatformQuestion], title: str, language_tag: str, name: str) -> bytes:
    """Return the package as a zip.

    Args:
        questions: in the order of the test.
        title: of the test.
        language_tag: of all texts, such as "zh-Hans".
        name: identifier of the test.
    """
    files = {f"items/{question.id}.xml": _item(question, language_tag) for question in questions}
    files["test.xml"] = _test(questions, title, name)
    files = {"imsmanifest.xml": _manifest(questions, name)} | files
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, content in files.items():
            item = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            item.external_attr = 0o644 << 16
            archive.writestr(item, content, zipfile.ZIP_DEFLATED, 9)
    return stream.getvalue()


def _item(question: PlatformQuestion, tag: str) -> bytes:
    root = _root("assessmentItem", QTI)
    root.attrib |= {
        "identifier": _identifier(question.id),
        "title": question.title,
        "adaptive": "false",
        "timeDependent": "false",
        f"{{{_XML}}}lang": tag,
    }
    names = [f"RESPONSE{place}" for place in range(1, len(question.parts) + 1)] or ["RESPONSE1"]
    for name, part in zip(names, question.parts, strict=False):
        declared = _sub(root, "responseDeclaration", identifier=name, cardinality="single", baseType="float")
        _sub(_sub(declared, "correctResponse"), "value").text = repr(part.answer.value)
    if not question.parts:
        _sub(root, "responseDeclaration", identifier=names[0], cardinality="single", baseType="string")
    for outcome, value in (("SCORE", 0.0), ("MAXSCORE", float(question.points))):
        declared = _sub(root, "outcomeDeclaration", identifier=outcome, cardinality="single", baseType="float")
        _sub(_sub(declared, "defaultValue"), "value").text = repr(value)
    body = _sub(root, "itemBody")
    body.extend(_xhtml(question.task))
    for name, part in zip(names, question.parts, strict=False):
        line = _sub(body, "p")
        line.text = f"{part.label} "
        _sub(line, "textEntryInteraction", responseIdentifier=name, expectedLength="15")
    if not question.parts:
        _sub(body, "extendedTextInteraction", responseIdentifier=names[0], expectedLines=str(question.lines))
    if question.solution:
        rubric = _sub(body, "rubricBlock", view="scorer")
        rubric.extend(_xhtml(question.solution))
    if question.parts:
        _processing(root, question, names)
    return _written(root)


def _processing(root: Element, question: PlatformQuestion, names: Sequence[str]) -> None:
    """Add the points of each right answer to the score."""
    processing = _sub(root, "responseProcessing")
    for name, part in zip(names, question.parts, strict=True):
        tolerance = part.answer.tolerance or abs(part.answer.value) * 1e-9
        condition = _sub(_sub(processing, "responseCondition"), "responseIf")
        equal = _sub(condition, "equal", toleranceMode="absolute", tolerance=f"{tolerance:.12g} {tolerance:.12g}")
        _sub(equal, "variable", identifier=name)
        _sub(equal, "correct", identifier=name)
        total = _sub(_sub(condition, "setOutcomeValue", identifier="SCORE"), "sum")
        _sub(total, "variable", identifier="SCORE")
        _sub(total, "baseValue", baseType="float").text = repr(part.answer.points)


def _test(questions: Sequence[PlatformQuestion], title: str, name: str) -> bytes:
    root = _root("assessmentTest", QTI)
    root.attrib |= {"identifier": _identifier(name), "title": title}
    part = _sub(root, "testPart", identifier="part", navigationMode="nonlinear", submissionMode="individual")
    for group, versions in groupby(questions, lambda question: question.group):
        found = list(versions)
        section = _sub(
            part,
            "assessmentSection",
            identifier=_identifier(f"section-{group}"),
            title=found[0].group_title,
            visible="true",
        )
        if len(found) > 1:
            _sub(section, "selection", select="1")
        for question in found:
            identifier = _identifier(question.id)
            _sub(section, "assessmentItemRef", identifier=identifier, href=f"items/{question.id}.xml")
    return _written(root)


def _manifest(questions: Sequence[PlatformQuestion], name: str) -> bytes:
    root = _root("manifest", PACKAGE)
    root.set("identifier", _identifier(f"package-{name}"))
    metadata = _sub(root, "metadata", PACKAGE)
    _sub(metadata, "schema", PACKAGE).text = "QTIv2.1 Package"
    _sub(metadata, "schemaversion", PACKAGE).text = "1.0.0"
    _sub(root, "organizations", PACKAGE)
    resources = _sub(root, "resources", PACKAGE)
    test = _resource(resources, _identifier(name), "imsqti_test_xmlv2p1", "test.xml")
    for question in questions:
        _sub(test, "dependency", PACKAGE, identifierref=_identifier(question.id))
    for question in questions:
        _resource(resources, _identifier(question.id), "imsqti_item_xmlv2p1", f"items/{question.id}.xml")
    return _written(root)


def _resource(resources: Element, identifier: str, kind: str, path: str) -> Element:
    made = _sub(resources, "resource", PACKAGE, identifier=identifier, type=kind, href=path)
    _sub(made, "file", PACKAGE, href=path)
    return made


def _xhtml(html: str) -> Iterator[Element]:
    """Yield the blocks of a text in the part of XHTML that QTI has; text between blocks gets a paragraph."""
    for child in _translated(fragment.parsed(html)):
        name = child.tag.rpartition("}")[2]
        if name in _BLOCKS:
            child.tail = None
            yield child
        else:
            paragraph = Element(f"{{{QTI}}}p")
            paragraph.append(child)
            yield paragraph


def _translated(parent: Element) -> list[Element]:
    """Return the children of an element in the namespace of QTI; what it does not know gives way to what is in it."""
    made: list[Element] = []
    for child in parent:
        if child.tag.startswith(f"{{{MATHML}}}"):
            made.append(_formula(child))
            continue
        name = _SAME.get(child.tag, child.tag)
        known = name in _BLOCKS or name in _KEPT
        new = Element(f"{{{QTI}}}{name if known else 'span'}")
        if tag := child.get("lang"):
            new.set(f"{{{_XML}}}lang", tag)
        new.text, new.tail = child.text, child.tail
        new.extend(_translated(child))
        made.append(new)
    return made


def _formula(element: Element) -> Element:
    """Return a formula with the attributes of MathML 2 alone."""
    made = Element(element.tag, {key: value for key, value in element.attrib.items() if key in _MATH_ATTRIBUTES})
    made.text, made.tail = element.text, element.tail
    made.extend(_formula(child) for child in element)
    return made


def _identifier(name: str) -> str:
    """Return a name as XML allows identifiers: a letter first, then letters, digits, strokes and points."""
    return "i-" + re.sub(r"[^A-Za-z0-9._-]", "-", name)


def _root(name: str, space: str) -> Element:
    root = Element(f"{{{space}}}{name}")
    if space in _PLACES:
        root.set(f"{{{_SCHEMA}}}schemaLocation", f"{space} {_PLACES[space]}")
    return root


def _sub(parent: Element, name: str, space: str = QTI, **attributes: str) -> Element:
    return ElementTree.SubElement(parent, f"{{{space}}}{name}", attributes)


def _written(root: Element) -> bytes:
    space = root.tag.partition("}")[0][1:]
    for prefix, known in (("", space), ("m", MATHML), ("xsi", _SCHEMA)):
        ElementTree.register_namespace(prefix, known)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"
