"""Tests of the course; `python -m pytest` in this folder runs them."""

import csv
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
# The sheets of the students alone: handouts take longer.
SHORT = """
name = "__NAME__"
labs = ["tensors"]
forms = []
editions = []
slides = false
notebooks = false
data = false
lms = []
roster = "class.csv"
"""


def labreport(folder, *words):
    done = subprocess.run(
        [sys.executable, "-m", "labreport", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_student_gets_a_sheet_and_right_answers_get_all_points(tmp_path):
    (tmp_path / "course.toml").write_text(SHORT, "utf-8")
    (tmp_path / "class.csv").write_bytes((HERE / "class.csv").read_bytes())
    labreport(tmp_path, "run", "tensors", "--profile", "quick")
    labreport(tmp_path, "course", "-o", "pack")
    students = list(csv.DictReader((tmp_path / "class.csv").open(encoding="utf-8")))
    assert len(list((tmp_path / "pack" / "own").glob("*.pdf"))) == len(students)
    with (tmp_path / "pack" / "instructors" / "key.csv").open(encoding="utf-8-sig") as file:
        key = list(csv.DictReader(file))
    lines = [f"{row['number']},{row['label']},{row['part']},{row['value']}" for row in key]
    (tmp_path / "answers.csv").write_text("\n".join(["number,exercise,part,answer", *lines]), "utf-8")
    labreport(tmp_path, "grade", "answers.csv", "--key", "pack/instructors/key.csv", "-o", "marks.csv")
    with (tmp_path / "marks.csv").open(encoding="utf-8-sig") as file:
        assert {row["judgement"] for row in csv.DictReader(file)} == {"right"}
