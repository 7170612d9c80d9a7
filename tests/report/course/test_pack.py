"""The folder of a course: what is in it, what a second call makes, and what students must not find in theirs."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile

import pikepdf
import pytest
from helpers import pdf_text

from labreport.report.chapters import notes
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.cli import main
from labreport.report.course import canaries, contents
from labreport.report.course.canaries import CanaryError

SECRET = "This sentence stands in the solution of the open exercise alone"


def _names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_course_has_everything_that_was_asked_for(made):
    names = [name for name in _names(made) if not name.endswith("/manifest.json")]
    kinds = ("students/01-tensors/exercises", "instructors/01-tensors/solutions", "instructors/01-tensors/lms")
    assert [len([name for name in names if name.startswith(kind)]) for kind in kinds] == [4, 4, 4]
    assert [name for name in names if name.startswith("own/")] == [
        "own/1-王珺.pdf",
        "own/2-HYPERLINK-http-x.pdf",
        "own/3-x.pdf",
    ]
    others = {
        "index.html",
        "students/index.html",
        "ml-students.zip",
        "ml-instructors.zip",
        "manifest.json",
        ".made.json",
    }
    keys = {f"instructors/key{end}" for end in (".csv", "-en.html", "-zh.html", "-en.pdf", "-zh.pdf")}
    assert others | keys <= set(names)
    assert main(["verify", str(made)]) == 0


def test_the_sheet_of_a_student_has_their_name_their_numbers_and_no_solution(made):
    with (made / "instructors" / "key.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    shown = {row["number"]: row for row in rows if row["part"] == "a"}
    for number, name in (("1", "王珺"), ("2", "=HYPERLINK(“http://x”)"), ("3", "../x")):
        (path,) = (made / "own").glob(f"{number}-*.pdf")
        content = path.read_bytes()
        (page,) = pdf_text.pages(content)
        assert f"Yourownexercises·{name}{number}" in page.replace(" ", "")  # the running head of further pages
        assert f"Name{name}·Studentnumber{number}·Group" in page.replace(" ", "")
        units = int(float(shown[number]["value"])) // 2
        assert f"Take{units}units" in page.replace(" ", "")
        assert "Twice" not in page
        assert "2026-10-12" in page
        with pikepdf.open(io.BytesIO(content)) as document:
            assert document.check_pdf_syntax() == []
            assert "Machine <learning>" in str(document.docinfo["/Title"])
    assert len({row["value"] for row in shown.values()}) == 3


def test_a_sheet_says_how_to_answer_and_has_a_list_with_a_cell_for_each_answer_that_is_marked(made):
    (path,) = (made / "own").glob("1-*.pdf")
    page = "".join(pdf_text.pages(path.read_bytes())).replace(" ", "")
    assert "Points2inall" in page
    assert "Handingin:To*Anna*,room<7>." in page
    assert page.endswith("ExercisePart(a)Part(b)Points1.2/2Inall/2" + "1of1")
    for name in ("index.html", "students/index.html"):
        assert "Handing in: To *Anna*, room &lt;7&gt;." in (made / name).read_text("utf-8")


def test_the_index_names_every_lab_in_both_languages_and_the_students_only_what_is_theirs(made):
    lecturer, theirs = ((made / name).read_text("utf-8") for name in ("index.html", "students/index.html"))
    for page in (lecturer, theirs):
        assert "Machine &lt;learning&gt;" in page
        assert "机器学习" in page
        assert "2026-10-12" in page
        assert "<script" not in page
    assert "instructors/key.csv" in lecturer
    assert "instructors" not in theirs
    assert "key.csv" not in theirs
    for page, folder in ((lecturer, made), (theirs, made / "students")):
        links = [part.partition('"')[0] for part in page.split('href="')[1:]]
        assert all(link.startswith("#") or (folder / link).is_file() for link in links)


def test_the_pack_of_the_students_holds_nothing_of_the_instructors(made):
    with zipfile.ZipFile(made / "ml-students.zip") as archive:
        names = archive.namelist()
        assert names == sorted(names)
        assert all(name.startswith("ml/students/") for name in names)
        contents = {name: archive.read(name) for name in names}
    texts = [text for name, content in contents.items() for text in canaries.texts(name, content)]
    assert not [text for text in texts if SECRET in text or notes.CANARY in text]
    with zipfile.ZipFile(made / "ml-instructors.zip") as archive:
        theirs = {name: archive.read(name) for name in archive.namelist()}
    assert {"ml/instructors/key.csv", "ml/own/3-x.pdf"} <= set(theirs)
    leaking = [
        name for name, content in theirs.items() if any(SECRET in text for text in canaries.texts(name, content))
    ]
    assert {name.rpartition(".")[2] for name in leaking} == {"html", "pdf", "xml", "zip"}


def test_the_text_of_a_pdf_is_searched_glyph_by_glyph(made):
    path = made / "instructors" / "01-tensors" / "solutions" / "labreport-en-solutions.pdf"
    plain = "".join(canaries.texts("a.pdf", path.read_bytes())).replace(" ", "")
    assert SECRET.replace(" ", "") in plain


SMALL = (
    'name = "ml"\nlabs = ["tensors"]\nlang = ["en"]\nforms = ["exercises"]\nto = ["html"]\n'
    "slides = false\nnotebooks = false\nlms = []\n"
)


def test_a_second_call_makes_nothing_and_a_new_student_costs_one_sheet(course_place, capsys):
    (course_place / "course.toml").write_text(f'{SMALL}roster = "class.csv"\n')
    (course_place / "class.csv").write_text("name,学号,Group\n王珺,1,A\n", "utf-8")
    assert main(["course", "-q"]) == 0
    before = {name: (course_place / "ml" / name).read_bytes() for name in _names(course_place / "ml")}
    assert main(["course"]) == 0
    assert "The course is up to date." in capsys.readouterr().err
    assert {name: (course_place / "ml" / name).read_bytes() for name in _names(course_place / "ml")} == before
    with (course_place / "class.csv").open("a", encoding="utf-8") as file:
        file.write("Anna,4,A\n")
    assert main(["course", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["made"]
    assert [name for name in found if "/own/" in name] == ["ml/own/4-Anna.pdf"]
    assert not [name for name in found if "/students/" in name]
    (course_place / "class.csv").write_text("name,id\nAnna,4\n", "utf-8")
    assert main(["course", "-q"]) == 0
    assert [path.name for path in (course_place / "ml" / "own").iterdir()] == ["4-Anna.pdf"]
    assert main(["verify", "ml"]) == 0


def test_who_gets_no_files_gets_no_pack(course_place):
    table = f'{SMALL}editions = ["instructor"]\ndata = false\n'.replace("lms = []", 'lms = ["qti"]')
    (course_place / "course.toml").write_text(table)
    assert main(["course", "-q"]) == 0
    assert [path.name for path in (course_place / "ml").glob("*.zip")] == ["ml-instructors.zip"]


@pytest.mark.parametrize("how", ["left in", "copied", "packed"])
def test_a_pack_with_a_solution_is_refused_and_is_not_there(course_place, monkeypatch, capsys, how):
    (course_place / "course.toml").write_text(SMALL)
    if how == "left in":
        monkeypatch.setattr(notes, "_SOLUTION", __import__("re").compile("^never$"))
    else:
        whole = canaries.check

        def tampered(pack, forbidden, secret):
            stolen = next(iter(forbidden.items()), ("", b""))[1] if how == "copied" else _zipped(SECRET)
            whole(pack | {"ml/extra": stolen}, forbidden, secret)

        monkeypatch.setattr(canaries, "check", tampered)
    assert main(["course", "-q"]) == 4
    assert "What students get is refused: " in capsys.readouterr().err
    assert not (course_place / "ml" / "ml-students.zip").exists()


def _zipped(text: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("inner.txt", text)
    return stream.getvalue()


def test_sentences_of_solutions_are_found_for_the_shipped_notes_too():
    found = canaries.sentences(["mnist", "imdb"], ["en", "zh"], NotesInUse())
    assert len(found) > 100
    with pytest.raises(CanaryError, match="words of a solution"):
        canaries.check({"a.txt": f"x {sorted(found)[0]} y".encode()}, {}, found)
    canaries.check({"a.txt": b"harmless"}, {"key.csv": b"other"}, found)


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ('labs = ["tensor"]', 2, "course.toml: labs: Unknown lab 'tensor'"),
        ("labs = []", 2, "course.toml: labs is empty"),
        ('labs = ["tensors", "mnist"]', 5, "No finished run of mnist is in runs"),
        ('labs = ["tensors"]\nforms = ["poster"]', 2, "course.toml: forms: Unknown value 'poster'"),
        ('labs = ["tensors"]\nlang = ["xx"]', 2, "course.toml: lang: Unknown language 'xx'"),
        ('labs = ["tensors"]\nto = ["doc"]', 2, "course.toml: to: Unknown format 'doc'"),
        ('labs = ["tensors"]\nvariants = "5"', 2, "course.toml.variants must be a whole number, not '5'"),
        ('labs = ["tensors"]\nvariants = 99', 2, "variants must be from 0 to 50"),
        ('labs = ["tensors"]\nroster = "none.csv"', 2, "Can't read the roster none.csv"),
        ('labs = ["tensors"]\nrooster = "a.csv"', 2, "Unknown key 'rooster'"),
        ('labs = ["tensors"]\nname = "../x"', 2, "can't name a course"),
        ('labs = ["tensors"]\n[dates]\ntensors = "soon"', 2, "dates.tensors: 'soon' is not a day"),
        ('labs = ["tensors"]\n[dates]\nimdb = 2026-01-01', 2, "dates: Unknown lab 'imdb'"),
        ("labs = [", 2, "Can't read course.toml"),
    ],
)
def test_what_can_not_be_is_named_and_nothing_is_made(course_place, capsys, change, code, message):
    (course_place / "course.toml").write_text(change + "\n", "utf-8")
    assert main(["course", "-o", "out"]) == code
    assert message in capsys.readouterr().err
    assert not (course_place / "out").exists()


def test_a_roster_needs_something_that_tells_students_apart_and_exercises_that_draw(course_place, capsys):
    (course_place / "class.csv").write_text("name\nAnna\nAnna\n")
    assert main(["course", "-o", "out"]) == 2
    assert "'Anna' stands twice; give the roster a column of numbers" in capsys.readouterr().err
    (course_place / "class.csv").write_text("name\nAnna\n")
    shutil.rmtree(course_place / "mine")
    for language in ("en", "zh"):
        (course_place / "mine" / language).mkdir(parents=True)
        (course_place / "mine" / language / "tensors.md").write_text("# T\n\n## A {#a}\n\nNothing.\n", "utf-8")
    plain = 'labs = ["tensors"]\nforms = []\nlms = []\nnotebooks = false\nslides = false\nroster = "class.csv"\n'
    (course_place / "course.toml").write_text(plain + "editions = []\n")
    assert main(["course", "-o", "out"]) == 2
    assert "no lab of the course has an exercise that draws its numbers" in capsys.readouterr().err
    assert main(["course", "missing.toml"]) == 2
    assert "labreport new NAME --kind course" in capsys.readouterr().err


def test_a_thousand_students_get_a_key_in_seconds(course_place, monkeypatch):
    from labreport.report.commands import options
    from labreport.report.course import copies, plan
    from labreport.report.store.entries import read
    from labreport.report.store.runs import Store

    lines = "".join(f"Student {number},{number}\n" for number in range(1000))
    (course_place / "class.csv").write_text(f"name,id\n{lines}")
    asked = plan.read(course_place / "course.toml", options.resolve())
    run = read(Store(course_place / "runs").list().of("tensors")[0].path)
    entries = copies.key(asked, (run,))
    assert len(entries) == 1000
    assert len({entry.answers[0].value for entry in entries}) == 100


def test_the_index_tells_the_slides_from_the_slides_with_notes():
    names = [
        f"students/01-tensors/slides/labreport-en-{name}" for name in ("slides.html", "slides.pdf", "slides-notes.pdf")
    ]
    links = contents._links(names, "students/01-tensors/slides/", "en", "")
    assert [link.text for link in links] == ["HTML", "PDF", "PDF with notes"]
