"""What the student must not see is in no artifact of the student's edition: canaries planted in every solution."""

from __future__ import annotations

import re
import zipfile
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from helpers import pdf_text
from helpers.hand_labs import stored
from helpers.hand_results import hand_result

from labreport.report.chapters import notes
from labreport.report.cli import main
from labreport.report.configuration import Configuration
from labreport.report.languages import documents
from labreport.report.publish.document import DocumentJob, render_language
from labreport.report.store import codec, embedded, printed
from labreport.report.store.entries import read

CANARY = "QZXKVJ"
"""A word that no language hyphenates and no text holds."""
FORMS = ("html", "pdf", "md", "ipynb")
STUDENTS = {
    "zh": ("html", "md", "ipynb", "epub"),
    "en": ("html", "pdf", "md", "ipynb", "slides"),
    "bilingual": ("html", "pdf", "md"),
}
"""Forms that are searched in each language: every form is in at least one, and pages of HTML and Markdown in all."""
LABS = ("workflow",)
"""The lab with the shortest chapter, which has every kind of solution."""


@pytest.fixture(scope="module")
def planting():
    """Every solution of the shipped notes begins with the canary in the block."""
    shipped = notes.source

    def source(language, name):
        text, origin = shipped(language, name)
        planted, count = re.subn(r"^(:::solution [a-z0-9-]+)$", rf"\1\n{CANARY} `{CANARY}`\n", text, flags=re.MULTILINE)
        assert count >= 5 or name not in LABS
        return planted, origin

    @contextmanager
    def block():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(notes, "source", source)
            yield

    return block


@pytest.fixture(scope="module")
def instructors(planting, tmp_path_factory):
    """The files of the instructor's edition with the canary."""
    with planting():
        outputs, problems = _render(tmp_path_factory.mktemp("instructor"), "en", "instructor", FORMS)
    assert problems == []
    return outputs


def _render(folder, which, edition, forms, labs=LABS):
    runs = []
    for lab in labs:
        path = folder / lab / "result.json"
        path.parent.mkdir()
        path.write_bytes(codec.encode(hand_result(lab)))
        runs.append(read(path))
    configuration = Configuration(
        output=folder / "reports", edition=edition, to=(*forms, "split"), glossary=False, provenance=False
    )
    job = DocumentJob(
        language=which,
        runs=tuple(runs),
        configuration=configuration,
        moment=datetime(2026, 1, 5, tzinfo=UTC),
    )
    return render_language(job)


def _said(path):
    """Return all that a reader could get out of a file."""
    content = path.read_bytes()
    texts = [content.decode("utf-8", "replace")]
    if path.suffix == ".pdf":
        texts += [*pdf_text.pages(content), *pdf_text.strings(content)]
    if path.suffix == ".epub":
        with zipfile.ZipFile(path) as archive:
            texts += [archive.read(name).decode() for name in archive.namelist()]
    carrying = path.suffix == ".pdf" or (path.suffix == ".html" and path.parent.name == "reports")
    if carrying and "-slides" not in path.name:
        results = embedded.extract(path)
        assert set(results) == set(LABS)
        texts += [result.decode() for result in results.values()]
        text = embedded.text(path)
        assert text
        assert all(set(labs) == set(LABS) for labs in text.languages.values())
        texts.append(printed.encode(text).decode())
    return texts


@pytest.mark.parametrize("which", documents())
def test_no_file_of_the_students_edition_holds_a_solution(planting, tmp_path, which):
    forms = STUDENTS[which]
    with planting():
        outputs, problems = _render(tmp_path, which, "student", forms)
    assert problems == []
    assert {path.suffix for path in outputs} >= {f".{form}" for form in forms if form != "slides"}
    assert len([path for path in outputs if "-slides" in path.name]) == (3 if "slides" in forms else 0)
    assert not [path.name for path in outputs if any(CANARY in text for text in _said(path))]


def test_what_a_students_report_carries_holds_no_sentence_of_a_solution(tmp_path):
    labs = ("imdb",)
    outputs, problems = _render(tmp_path, "en", "student", ("html",), labs)
    assert problems == []
    (page,) = (path for path in outputs if path.parent.name == "reports" and path.suffix == ".html")
    carried_here = "".join(result.decode() for result in embedded.extract(page).values()) + page.read_text("utf-8")
    carried_here += printed.encode(embedded.text(page)).decode()
    sentences = []
    for lab in labs:
        text = notes.source("en", lab)[0]
        for solution in re.findall(r"^:::solution .*?\n(.*?)^:::$", text, re.DOTALL | re.MULTILINE):
            # Only what is neither computed nor set in another way can be searched for as it stands.
            plain = re.sub(r"\{\{.*?\}\}|```.*?```|\$[^$]*\$|\]\([^)]*\)", "\n", solution, flags=re.DOTALL)
            sentences += [part.strip() for part in re.split(r"[\n.:;`*()\[]+", plain) if len(part.strip()) >= 30]
    assert len(sentences) > 60
    assert [sentence for sentence in sentences if sentence in carried_here] == []


def test_solutions_come_from_the_notes_whatever_edition_carries_the_results(place, capsys):
    stored(place, *LABS)
    (place / "labreport.toml").write_text("glossary = false\nprovenance = false\n", "utf-8")
    arguments = ["--edition", "instructor", "--lang", "zh", "--to", "md,html"]
    assert main(["render", *arguments, "-o", "direct"]) == 0
    assert main(["render", "--lang", "en", "--to", "html,pdf"]) == 0
    direct = (place / "direct" / "labreport-zh-instructor.md").read_bytes()
    assert direct.decode().count("**参考答案**") >= 5
    for form in ("html", "pdf"):
        assert main(["render", f"reports/labreport-en.{form}", *arguments, "-o", form]) == 0
        for name in ("labreport-zh-instructor.md", "labreport-zh-instructor.html"):
            assert (place / form / name).read_bytes() == (place / "direct" / name).read_bytes()


def test_the_search_would_find_it_in_the_instructors_edition(instructors):
    leaking = {path.name for path in instructors if any(CANARY in text for text in _said(path))}
    pages = {path.name for path in instructors if path.suffix in (".html", ".pdf", ".md", ".ipynb")}
    assert leaking == pages - {"index.html"}
    (paper,) = (path for path in instructors if path.suffix == ".pdf")
    assert CANARY in "".join(pdf_text.pages(paper.read_bytes()))


def test_what_a_report_carries_for_comparison_holds_no_solution_in_any_edition(instructors):
    carrying = [path for path in instructors if path.suffix in (".html", ".pdf") and path.parent.name == "reports"]
    assert len(carrying) == 2
    for path in carrying:
        assert CANARY not in printed.encode(embedded.text(path)).decode()
