"""Numbers as students write them are read, marked within their tolerance, and every mark says why."""

from __future__ import annotations

import csv
import io
import json

import pytest

from labreport.report.cli import main
from labreport.report.course import key, numerals
from labreport.report.course.key import KeyEntry
from labreport.report.course.marking import mark
from labreport.report.course.numerals import NumeralError
from labreport.report.rendering.answers import ExpectedAnswer


def _expected(value: float = 93.75, unit: str = "%", tolerance: float = 0.01, number: str = "3.8", part: str = "a"):
    return ExpectedAnswer(
        exercise="mnist-exercise-x",
        number=number,
        part=part,
        value=value,
        tolerance=tolerance,
        unit=unit,
        points=1.5,
        shown=f"{value}{unit}",
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1486848", 1486848),
        ("1 486 848", 1486848),
        ("1,486,848", 1486848),
        ("1.486.848", 1486848),
        ("1'486'848", 1486848),
        ("１４８６８４８", 1486848),
        ("1.486848e6", 1486848),
        ("1,486848×10^6", 1486848),
        ("1.486848 x 10⁶", 1486848),
        ("148.6848万", 1486848),
        ("−3.5", -3.5),
        ("9.6 × 10⁻⁴", 0.00096),
        ("9.6*10**-4", 0.00096),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        (",5", 0.5),
        ("3/4", 0.75),
        ("= 411", 411),
        ("≈ 4,1", 4.1),
        ("约 235 步", 235),
    ],
)
def test_a_number_is_read_as_it_was_meant(text, value):
    assert numerals.read(text).readings[0] == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "abc", "12 13", "1,23,4", "1.2.3", "NaN", "1e999", "5/0", "--", "3 or 4"])
def test_what_is_not_one_number_is_refused(text):
    with pytest.raises(NumeralError):
        numerals.read(text)


@pytest.mark.parametrize(
    ("given", "expected", "judgement", "why"),
    [
        ("93.75%", _expected(), "right", "is exactly 93.75"),
        ("93,76", _expected(), "right", "within 0.01 of 93.75"),
        ("0.9375", _expected(), "right", "read as a share"),
        ("９３．７５％", _expected(), "right", "exactly"),
        ("93.8", _expected(), "wrong", "off by 0.05 from 93.75; allowed is the tolerance of 0.01"),
        ("93.75 MB", _expected(), "unit", "'MB' does not fit"),
        ("1,234", _expected(1234, "", 0), "right", "read as 1234"),
        ("1,234", _expected(1.234, "", 0), "right", "read as 1.234"),
        ("1234 steps", _expected(1234, "", 0), "right", "'steps' passed over"),
        ("1235", _expected(1234, "", 0), "wrong", "off by 1 from 1234; it must be exact"),
        ("50%", _expected(0.5, "", 0), "right", "percent read as a share"),
        ("5947.4 KB", _expected(5.947, "MB"), "right", "KB converted into MB"),
        ("5 947 392 字节", _expected(5.947, "MB"), "right", "converted"),
        ("5.95", _expected(5.947, "MB"), "right", "within"),
        ("5.95 s", _expected(5.947, "MB"), "unit", "is in MB, and 's' does not fit"),
        ("six", _expected(), "unreadable", "'six' is not a number"),
        (" ", _expected(), "empty", "no answer"),
    ],
)
def test_a_mark_says_why(given, expected, judgement, why):
    found = mark(expected, given)
    assert (found.judgement, why in found.why) == (judgement, True), found
    assert found.points == (1.5 if judgement == "right" else 0)


@pytest.fixture
def keyed(tmp_path, monkeypatch):
    """A folder with a key for three students, whose names a spreadsheet would take for formulas."""
    monkeypatch.chdir(tmp_path)
    entries = [
        KeyEntry(
            number=number,
            name=name,
            answers=(_expected(100 + place, "", 0), _expected(90 + place, part="b")),
        )
        for place, (number, name) in enumerate([("1", '=HYPERLINK("x")'), ("2", "王珺"), ("3", "Anna")])
    ]
    (tmp_path / "key.csv").write_bytes(key.encode(entries))
    return tmp_path


def _rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


def test_a_key_is_read_as_it_was_written_and_holds_no_formula(keyed):
    text = (keyed / "key.csv").read_text("utf-8-sig")
    assert "\n1,\"'=HYPERLINK" in text
    first, *_ = key.read(keyed / "key.csv")
    assert first.name == '=HYPERLINK("x")'
    assert first.answers[1] == _expected(90, part="b")


@pytest.mark.parametrize(
    "content",
    [
        "学号,3.8 (a),３．８（Ｂ）,时间\n1,100,90%,x\n\n2,101,0.91,x\n",
        "\ufeffid;3.8a;3.8b;time\r\n1;100;90,0;\r\n2;101;91\r\n",
        "number,exercise,part,answer\n1,3.8,a,100\n1,3.8,b,90\n2,mnist-exercise-x,a,101\n2,3.8b,,91%\n",
    ],
)
def test_answers_are_marked_whatever_form_the_file_has(keyed, capsys, content):
    (keyed / "answers.csv").write_text(content, "utf-8")
    assert main(["grade", "answers.csv", "--key", "key.csv", "-o", "marks.csv"]) == 0
    marks = _rows(keyed / "marks.csv")
    assert [(row["number"], row["label"], row["judgement"]) for row in marks] == [
        ("1", "3.8a", "right"),
        ("1", "3.8b", "right"),
        ("2", "3.8a", "right"),
        ("2", "3.8b", "right"),
    ]
    output = capsys.readouterr()
    assert "3 of 3" in output.out
    assert "students without a line: 3" in output.err


def test_of_many_columns_that_are_no_answers_the_first_are_named_and_the_others_counted(keyed, capsys):
    others = [f"c{place}" for place in range(12)]
    (keyed / "answers.csv").write_text(f"id,3.8b,{','.join(others)}\n1,90\n2,91\n3,92\n")
    assert main(["grade", "answers.csv", "--key", "key.csv"]) == 0
    assert f"columns that are not answers: {', '.join(others[:10])} and 2 more.\n" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["id,3.8b\n1,90\n2,\n", "id,exercise,answer\n1,3.8b,90\n2,3.8b,\n"])
def test_only_the_answers_that_a_file_asks_for_count(keyed, capsys, content):
    (keyed / "answers.csv").write_text(content)
    assert main(["grade", "answers.csv", "--key", "key.csv"]) == 0
    output = capsys.readouterr().out
    assert "1.5 of 1.5" in output
    assert "0 of 1.5" in output
    assert "3.8a" not in output


def test_lines_that_can_not_be_used_are_named_and_the_others_count(keyed, capsys):
    lines = "id,3.8a,3.8b\n1,100,ninety\n9,1,1\n1,0,0\n,5,5\n'2,102,\n3.0,102,92\n"
    (keyed / "answers.csv").write_bytes(lines.encode("gb18030"))
    assert main(["grade", "answers.csv", "--key", "key.csv", "-o", "marks.json", "--json"]) == 2
    output = capsys.readouterr()
    assert "answers.csv:3: no student '9' is in the key." in output.err
    assert "answers.csv:4: student '1' stands in line 2 already; that line counts." in output.err
    assert "answers.csv:5: no student '' is in the key." in output.err
    said = json.loads(output.out)
    assert said == json.loads((keyed / "marks.json").read_text("utf-8"))
    judged = [answer["judgement"] for answer in said["answers"]]
    assert judged == ["right", "unreadable", "wrong", "empty", "right", "right"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no answers"),
        ("id,3.8a\n", "holds no answers"),
        ("who,3.8a\n1,1\n", "no column holds the student's number; the columns are: who, 3.8a"),
        ("id,4.1a\n1,1\n", "no column is named as an answer of the key, such as 3.8a, 3.8b"),
        ("id,3.8a,3.8(a)\n1,1,1\n", "the answer 3.8a has two columns"),
    ],
)
def test_a_file_that_holds_no_answers_is_refused(keyed, capsys, content, message):
    (keyed / "answers.csv").write_text(content, "utf-8")
    assert main(["grade", "answers.csv", "--key", "key.csv"]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(("old", "new"), [("100", "nan"), ("0.01", "-1"), ("1.5", "inf"), ("1.5", "x"), ("1.5", "")])
def test_a_key_whose_numbers_can_mark_nothing_is_refused_with_its_line(keyed, capsys, old, new):
    text = (keyed / "key.csv").read_text("utf-8-sig")
    (keyed / "key.csv").write_text(text.replace(f",{old},", f",{new},", 1), "utf-8")
    (keyed / "answers.csv").write_text("id,3.8a\n1,1\n")
    assert main(["grade", "answers.csv", "--key", "key.csv"]) == 2
    assert "key.csv:" in (error := capsys.readouterr().err)
    assert "the line is not one of a key" in error


def test_nothing_is_overwritten_unasked_and_a_key_must_be_one(keyed, capsys):
    (keyed / "answers.csv").write_text("id,3.8a\n1,1\n")
    (keyed / "marks.csv").write_text("mine")
    assert main(["grade", "answers.csv", "--key", "key.csv", "-o", "marks.csv"]) == 2
    assert main(["grade", "answers.csv", "--key", "answers.csv"]) == 2
    assert main(["grade", "answers.csv", "--key", "missing.csv"]) == 2
    assert main(["grade", "answers.csv", "--key", "key.csv", "-o", "marks.txt"]) == 2
    errors = capsys.readouterr().err
    assert "marks.csv would be overwritten" in errors
    assert "answers.csv is not a key" in errors
    assert "Can't read the key missing.csv" in errors
    assert (keyed / "marks.csv").read_text() == "mine"
