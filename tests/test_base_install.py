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


@pytest.fixture
def outcomes(base, tmp_path):
    """A function that runs commands one after the other in the base install: code, output and errors of each."""
    stored(tmp_path, run("tensors"))
    stored(tmp_path, run("boston", range(5), day=1, version="old"))
    stored(tmp_path, run("boston", range(5), day=2))

    def ran(*lines: str) -> list[tuple[int, str, str]]:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [base, "-c", SCRIPT, json.dumps([line.split() for line in lines])],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [tuple(outcome) for outcome in json.loads(done.stdout)]

    return ran


def test_what_needs_no_training_works(outcomes, tmp_path):
    lines = (
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
    )
    for line, (code, output, errors) in zip(lines, outcomes(*lines), strict=True):
        assert code == 0, (line, output, errors)
    for name in ("reports/labreport-en.html", "reports/labreport-en.md", "comparison", "trend", "wine/lab.py"):
        assert (tmp_path / name).exists()


def test_the_doctor_names_the_command_that_installs_each_extra(outcomes):
    [(code, output, _)] = outcomes("doctor --data sample")
    assert code == 0
    assert "pip install 'labreport[labs]'" in output
    assert "pip install 'labreport[pdf]'" in output
    assert "pip install 'labreport[docx]'" in output
    assert "pip install 'labreport[view]'" in output


def test_the_browser_ends_with_4_and_names_the_command_but_the_site_as_files_is_written(outcomes, tmp_path):
    viewed, previewed, exported = outcomes("view runs", "preview tensors", "view runs --export site --reports 1")
    for code, output, errors in (viewed, previewed):
        assert (code, output) == (4, "")
        assert errors == "Error: This needs starlette, which is not installed: pip install 'labreport[view]'\n"
    assert exported[0] == 0
    assert (tmp_path / "site" / "index.html").is_file()


def test_training_ends_with_3_and_pdf_with_4_and_all_else_is_kept(outcomes, tmp_path):
    trained, printed = outcomes("run imdb --profile quick --data sample", "render tensors --to pdf,html,md --lang en")
    assert trained[0] == 3
    assert printed[0] == 4
    assert {"labreport-en.html", "labreport-en.md"} <= {path.name for path in (tmp_path / "reports").iterdir()}
    assert not (tmp_path / "reports" / "labreport-en.pdf").exists()


def test_a_document_ends_with_4_and_names_the_command(outcomes):
    [(code, output, errors)] = outcomes("render tensors --to docx --lang en")
    assert (code, output) == (4, "")
    assert "This needs docx, which is not installed: pip install 'labreport[docx]'" in errors
