"""Questions for learning platforms: their form, their answers with tolerance, and formulas, in both languages."""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

import pytest

from labreport.report.cli import main
from labreport.report.rendering import moodle, qti
from labreport.report.rendering.answers import ExpectedAnswer
from labreport.report.rendering.questions import PlatformQuestion, QuestionPart

QTI = f"{{{qti.QTI}}}"
CP = f"{{{qti.PACKAGE}}}"
MATH = "{http://www.w3.org/1998/Math/MathML}"


def _files(made, language):
    folder = made / "instructors" / "01-tensors" / "lms"
    return (folder / f"labreport-{language}-solutions-{end}" for end in ("moodle.xml", "qti.zip"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_moodle_gets_a_category_for_each_exercise_an_essay_and_fields_with_tolerance(made, language):
    path, _ = _files(made, language)
    quiz = ElementTree.parse(path).getroot()
    assert quiz.tag == "quiz"
    kinds = [question.get("type") for question in quiz]
    assert kinds == ["category", "essay", "category", "cloze", "cloze", "cloze"]
    for question in quiz:
        needed = {"category"} if question.get("type") == "category" else {"name", "questiontext", "generalfeedback"}
        assert needed <= {child.tag for child in question}
    essay, *others = (question for question in quiz if question.get("type") != "category")
    assert "<math" in essay.findtext("questiontext/text")
    assert "Figure" not in essay.findtext("graderinfo/text")
    assert "solution of the open exercise" in essay.findtext("graderinfo/text")
    assert essay.findtext("defaultgrade") == "3"
    for question in others:
        text = question.findtext("questiontext/text")
        fields = re.findall(r"\{1:NUMERICAL:=([\d.]+):([\d.e-]+)\}", text)
        units = int(re.search(r"Take (\d+) units", text)[1])
        assert [float(value) for value, _ in fields] == pytest.approx([2 * units, units / 10])
        assert [float(tolerance) for _, tolerance in fields] == pytest.approx([2 * units * 1e-9, 0.1])
    assert len({question.findtext("questiontext/text") for question in others}) == 3
    assert len({question.findtext("idnumber") for question in quiz} - {None}) == 4


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_package_of_qti_is_whole_and_marks_each_answer(made, language):
    _, path = _files(made, language)
    with zipfile.ZipFile(path) as archive:
        trees = {name: ElementTree.fromstring(archive.read(name)) for name in archive.namelist()}
    resources = trees["imsmanifest.xml"].findall(f"{CP}resources/{CP}resource")
    assert {item.get("href") for item in resources} == set(trees) - {"imsmanifest.xml"}
    test = trees["test.xml"]
    references = test.findall(f".//{QTI}assessmentItemRef")
    assert {item.get("href") for item in references} == set(trees) - {"imsmanifest.xml", "test.xml"}
    assert [node.get("select") for node in test.iter(f"{QTI}selection")] == ["1"]
    for item in references:
        root = trees[item.get("href")]
        assert root.get("identifier") == item.get("identifier")
        declared = {node.get("identifier"): node for node in root.findall(f"{QTI}responseDeclaration")}
        body = root.find(f"{QTI}itemBody")
        asked = {node.get("responseIdentifier") for node in body.iter() if node.get("responseIdentifier")}
        assert asked == set(declared)
        assert all(child.tag.startswith(QTI) for child in body)
        scored = {node.get("identifier") for node in root.iter(f"{QTI}correct")}
        open_ones = {name for name, node in declared.items() if node.get("baseType") == "string"}
        assert scored == set(declared) - open_ones
        if open_ones:
            assert body.find(f".//{MATH}math") is not None
            assert [node.tag for node in body.iter(f"{QTI}ol")]
        else:
            points = [float(node.text) for node in root.iter(f"{QTI}baseValue")]
            most = root.find(f"{QTI}outcomeDeclaration[@identifier='MAXSCORE']/{QTI}defaultValue/{QTI}value")
            assert sum(points) == pytest.approx(float(most.text))


def test_the_same_questions_give_the_same_bytes_and_the_order_of_elements_is_that_of_the_schema():
    answer = ExpectedAnswer(
        exercise="x-exercise-a", number="1.1", value=2.5, tolerance=0.1, unit="", points=2.0, shown="2.5"
    )
    question = PlatformQuestion(
        id="x-exercise-a-1",
        title="Exercise 1.1 <&",
        group="x-exercise-a",
        group_title="Exercise 1.1/2",
        chapter="1 A/B",
        task="<p>Take <code>f(<wbr>x)</code> ]]> here.</p><div>loose <s>text</s></div>",
        solution="",
        points=2,
        parts=(QuestionPart(label="Your answer:", answer=answer),),
    )
    package = qti.qti([question], "T", "en", "t")
    assert package == qti.qti([question], "T", "en", "t")
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        item = ElementTree.fromstring(archive.read("items/x-exercise-a-1.xml"))
    order = ["responseDeclaration", "outcomeDeclaration", "outcomeDeclaration", "itemBody", "responseProcessing"]
    assert [child.tag.removeprefix(QTI) for child in item] == order
    assert "".join(item.find(f"{QTI}itemBody/{QTI}p").itertext()) == "Take f(x) ]]> here."
    (found,) = [
        node for node in ElementTree.fromstring(moodle.moodle([question], "T")) if node.get("type") == "numerical"
    ]
    assert (found.findtext("answer/text"), found.findtext("answer/tolerance")) == ("2.5", "0.1")
    assert found.findtext("name/text") == "Exercise 1.1 <&"
    assert "]]> here" in found.findtext("questiontext/text")
    assert "$course$/top/T/1 A//B/Exercise 1.1//2" in moodle.moodle([question], "T").decode()


def test_questions_belong_to_the_instructor(course_place, capsys):
    assert main(["render", "--to", "moodle,qti", "--lang", "en"]) == 4
    assert "questions hold their answers: ask for them with --edition instructor" in capsys.readouterr().err
    assert not [path for path in (course_place / "reports").glob("*.*") if path.suffix in (".xml", ".zip")]
