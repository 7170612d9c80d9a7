"""What is replaced inside WeasyPrint fits the installed version, and a version that it does not fit is reported."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from labreport.report.cli import main
from labreport.report.rendering.weasyprint import patches


def test_every_patch_fits_the_installed_version():
    assert patches.misfits() == ()


def test_a_patch_that_is_in_place_still_fits():
    patches.install()
    assert patches.misfits() == ()


@pytest.mark.parametrize(
    ("change", "lacking"),
    [
        ("del inline.justify_line", "lines of Chinese"),
        ("inline.split_first_line = lambda text, style: None", "full lines"),
        ("del tags._build_box_tree", "the language of each passage"),
    ],
)
def test_another_version_is_left_alone_and_reported(change, lacking):
    script = (
        "from weasyprint.layout import inline\nfrom weasyprint.pdf import tags\n"
        f"{change}\n"
        "from labreport.report.rendering.weasyprint import patches\n"
        "patches.install()\nprint(*patches.misfits(), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(lacking)
    assert len(done.stdout.splitlines()) == 1


def test_doctor_says_what_the_pdf_lacks(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def ran(command, **_named):
        text = "full lines where Pango breaks too early\n" if "misfits" in command[-1] else ""
        return subprocess.CompletedProcess(command, 0, stdout=text, stderr="")

    monkeypatch.setattr("labreport.report.commands.diagnosis.subprocess.run", ran)
    assert main(["doctor", "--data", "sample", "--json"]) == 0
    notes = [item for item in json.loads(capsys.readouterr().out) if item["state"] == "note"]
    assert any("does not fit: the PDF is made without full lines" in item["text"] for item in notes)
