"""The base install: everything but training and PDF works without TensorFlow, Keras and WeasyPrint."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from helpers.hand_gate import run, stored
from helpers.places import ROOT

EXTRAS = re.compile(
    r"(tensorflow|keras|weasyprint|starlette|uvicorn|watchfiles|pydyf|tinyhtml5|cssselect2|pyphen|(python_)?docx"
    r"|__editable__)",
    re.IGNORECASE,
)

SCRIPT = """
import contextlib, io, json, sys
from labreport.report.cli import main
outcomes = []
for words in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    outcomes.append([code, out.getvalue(), err.getvalue()])
print(json.dumps(outcomes))
"""


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    """The Python of an environment that has what the base needs: all packages of this one without the extras."""
    folder = tmp_path_factory.mktemp("base")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    library = next((folder / "lib").glob("python*/site-packages"))
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not EXTRAS.match(path.name) and path.suffix != ".pth" and not (library / path.name).exists():
            (library / path.name).symlink_to(path)
    if not (library / "labreport").exists():
        (library / "labreport").symlink_to(ROOT / "labreport")
    return folder / "bin" / "python"


LINES = (
    "list",
    "show boston",
    "schema",
    "doctor --data sample",
    "status --data sample",
    "render tensors --to html,md,ipynb --lang en",
    "compare last:2 last:1 --lang en --to html,md -o comparison",
    "baseline set main",
    "check boston --baseline main --lang en --to html",
    "trend --lang en -o trend",
    "new wine",
    "view runs --export site --reports 1",
)
"""What needs no training."""
SERVED = ("view runs", "preview tensors")
TRAINED = "run imdb --profile quick --data sample"
PRINTED = "render tensors --to pdf,html,md --lang en -o printed"
DOCUMENT = "render tensors --to docx --lang en -o document"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with some runs, in which the commands have worked."""
    folder = tmp_path_factory.mktemp("commands")
    stored(folder, run("tensors"))
    stored(folder, run("boston", range(5), day=1, version="old"))
    stored(folder, run("boston", range(5), day=2))
    return folder


@pytest.fixture(scope="module")
def outcomes(base, place):
    """Code, output and errors of each command in the base install, one after the other in one process."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    lines = (*LINES, *SERVED, TRAINED, PRINTED, DOCUMENT)
    done = subprocess.run(
        [base, "-c", SCRIPT, json.dumps([line.split() for line in lines])],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(lines, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("line", LINES)
def test_what_needs_no_training_works(outcomes, line):
    code, output, errors = outcomes[line]
    assert code == 0, (output, errors)


def test_what_needs_no_training_writes_its_files(outcomes, place):
    files = ("reports/labreport-en.html", "reports/labreport-en.md", "reports/labreport-en-notebooks")
    for name in (*files, "comparison", "trend", "wine/lab.py", "site/index.html"):
        assert (place / name).exists(), name


def test_the_doctor_names_the_command_that_installs_each_extra(outcomes):
    output = outcomes["doctor --data sample"][1]
    for extra in ("labs", "pdf", "docx", "view"):
        assert f"pip install 'labreport[{extra}]'" in output


@pytest.mark.parametrize("line", SERVED)
def test_the_browser_ends_with_4_and_names_the_command(outcomes, line):
    needed = "Error: This needs starlette, which is not installed: pip install 'labreport[view]'\n"
    assert outcomes[line] == [4, "", needed]


def test_training_ends_with_3_and_pdf_with_4_and_all_else_is_kept(outcomes, place):
    assert outcomes[TRAINED][0] == 3
    assert outcomes[PRINTED][0] == 4
    assert {"labreport-en.html", "labreport-en.md"} <= {path.name for path in (place / "printed").iterdir()}
    assert not (place / "printed" / "labreport-en.pdf").exists()


def test_a_document_ends_with_4_and_names_the_command(outcomes):
    code, output, errors = outcomes[DOCUMENT]
    assert (code, output) == (4, "")
    assert "This needs docx, which is not installed: pip install 'labreport[docx]'" in errors
