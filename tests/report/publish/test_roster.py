"""A roster: a copy of the PDF for each student, whose cover alone is set again."""

from __future__ import annotations

import io

import pikepdf
import pytest
from helpers import ink
from helpers.hand_labs import stored

from labreport.report.cli import main
from labreport.report.document import LanguageTexts
from labreport.report.errors import UsageError
from labreport.report.publish import roster
from labreport.report.rendering import pdf

ROWS = '姓名,学号,Group\n王珺,1,A\n\n𠮷野,2,\n,,\n"=HYPERLINK(""http://x"")",3,*B*\n../x,4,B\n王珺,5,<b>\n'


@pytest.fixture
def ready(place):
    """A folder with a run, a short note and a cover with blanks."""
    stored(place, "tensors")
    (place / "mine" / "en").mkdir(parents=True)
    (place / "mine" / "en" / "tensors.md").write_text("# Short\n\nBody\n\n## S {#s}\n\n$x$\n", "utf-8")
    shorter = "glossary = false\nprovenance = false\n"
    text = f'notes = "mine"\ncover = [["姓名", ""], ["Grade", ""]]\n{shorter}'
    (place / "labreport.toml").write_text(text, "utf-8")
    (place / "class.csv").write_text(ROWS, "utf-8")
    return place


def _render(*more: str) -> int:
    return main(["render", "--lang", "en", "--to", "pdf", "--roster", "class.csv", *more])


def test_every_student_gets_a_copy_and_the_body_is_set_once(ready, monkeypatch, capsys):
    whole = pdf._set
    sizes: list[int] = []
    monkeypatch.setattr(pdf, "_set", lambda text, *progress: sizes.append("Body" in text) or whole(text, *progress))
    assert _render() == 0
    assert sum(sizes) == 1
    folder = ready / "reports" / "labreport-en-students"
    made = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    assert list(made) == ["1-王珺.pdf", "2-𠮷野.pdf", "3-HYPERLINK-http-x.pdf", "4-x.pdf", "5-王珺.pdf"]
    plain = (ready / "reports" / "labreport-en.pdf").read_bytes()
    assert "王珺" not in ink.texts(plain)[0]
    for content, shown in zip(made.values(), ("王珺", "𠮷野", "=HYPERLINK(“http://x”)", "../x", "<b>"), strict=True):
        pages = ink.texts(content)
        assert shown in pages[0]
        assert pages[1:] == ink.texts(plain)[1:]
        assert "Studentnumber" in pages[0]
        assert "学号" not in pages[0]
    assert "*B*" in ink.texts(made["3-HYPERLINK-http-x.pdf"])[0]
    assert _render() == 0
    assert "up to date" in capsys.readouterr().err
    assert _render("--force") == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == made
    assert main(["verify", "reports"]) == 0
    assert main(["extract", str(folder / "4-x.pdf"), "-o", "out"]) == 0


def test_name_and_number_are_called_as_each_language_calls_them_and_other_columns_as_in_the_file(tmp_path):
    (tmp_path / "class.csv").write_text("id,full name,Group *A*\n7,Anna,B\n", "utf-8")
    (student,) = roster.read(tmp_path / "class.csv")
    columns = [name for name, _ in student.facts]
    assert [roster.label(student, name, ("zh",)) for name in columns] == ["学号", "姓名", "Group \\*A\\*"]
    both = roster.label(student, "id", ("zh", "en"))
    assert isinstance(both, LanguageTexts)
    assert both.by_language == {"zh": "学号", "en": "Student number"}


def test_a_copy_is_tagged_and_named_for_its_student(ready):
    (ready / "class.csv").write_text("name\nAnna Élan\n", "utf-8")
    assert _render() == 0
    content = (ready / "reports" / "labreport-en-students" / "Anna-Élan.pdf").read_bytes()
    with pikepdf.open(io.BytesIO(content)) as document:
        assert document.check_pdf_syntax() == []
        assert str(document.docinfo["/Title"]).endswith(" · Anna Élan")
        assert "Anna Élan" in document.Root.Metadata.read_bytes().decode()
        tags = document.Root.StructTreeRoot
        (whole,) = [tags.K] if isinstance(tags.K, pikepdf.Dictionary) else tags.K
        places = [next(page.index for page in document.pages if page.obj.objgen == kid.Pg.objgen) for kid in whole.K]
        assert places == sorted(places)
        assert set(places) == set(range(len(document.pages)))
        marks = dict(zip(list(tags.ParentTree.Nums)[::2], list(tags.ParentTree.Nums)[1::2], strict=True))
        first = marks[document.pages[0].StructParents]
        shown = [int(operands[1].MCID) for operands, operator in _marked(document.pages[0]) if "/MCID" in operands[1]]
        assert sorted(shown) == list(range(len(first)))
        assert all(tag.Pg.objgen == document.pages[0].objgen for tag in first)


def _marked(page):
    return [(operands, name) for operands, name in pikepdf.parse_content_stream(page) if str(name) == "BDC"]


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("姓名;学号\n王珺;1\n".encode("gb18030"), ["王珺"]),
        ("\ufeff学号\t姓 名\r\n1\tA, B\r\n".encode(), ["A, B"]),
        ("Student Name,x\nA\n".encode("utf-16"), ["A"]),
        (b'name\n"two\nlines"\nB\nB\n', ["two\nlines", "B", "B"]),
    ],
)
def test_a_roster_is_read_as_spreadsheets_write_it(tmp_path, content, names):
    (tmp_path / "a.csv").write_bytes(content)
    students = roster.read(tmp_path / "a.csv")
    assert [student.name for student in students] == names
    assert len({student.stem for student in students}) == len(names)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"name\n", "has 0 students"),
        (b"a,b\n1,2\n", r"a\.csv:1: no column says who a student is; .* The columns are: a, b"),
        (b"name,id\nA,1\n,2\n", r"a\.csv:3: the cell 'name' is empty"),
        (b"name,id\nA,1\n\nB,1\n", r"a\.csv:4: id '1' stands in line 2 already"),
        (b"name\nA,1\n", r"a\.csv:2: the line has 2 cells, the first one 1"),
        (b'name\n"A\n', r"a\.csv:\d: "),
        (b"name\n\xff\xff\xff\n", "neither UTF-8 nor GBK"),
    ],
)
def test_a_roster_that_can_not_be_right_names_the_line(tmp_path, content, message):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(UsageError, match=message):
        roster.read(tmp_path / "a.csv")


def test_a_roster_is_for_pdf_and_without_solutions(ready, capsys):
    assert _render("--edition", "instructor") == 2
    assert main(["render", "--to", "html", "--roster", "class.csv"]) == 2
    assert main(["render", "--to", "pdf", "--roster", "missing.csv"]) == 2
    assert "Can't read the roster" in capsys.readouterr().err
