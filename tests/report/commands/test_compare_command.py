"""`labreport compare`: what it accepts, what it prints, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pikepdf
import pytest
from helpers.hand_reports import NEW, OLD, called, dated, finished, printed, stored
from helpers.hand_results import hand_result
from helpers.hand_versions import LOWER, card, run, with_scores

from labreport.experiments.result import Failure
from labreport.report import cli
from labreport.report.store import codec, manifest


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


def test_two_runs_are_named_by_id_folder_and_file(capsys):
    old, new = stored(OLD, NEW)
    for names in ((OLD.run_id, NEW.run_id), (old, new), (old.parent, new.parent), (old, NEW.run_id)):
        assert called(*names) == 0
        output = capsys.readouterr().out
        assert "worse" in output
        assert OLD.run_id in output
        assert NEW.run_id in output
        assert "−2.00" in output


def test_the_table_counts_equal_things_and_lists_them_only_when_asked(capsys):
    stored(OLD, NEW)
    assert called("last:2", "last:1") == 0
    short = capsys.readouterr().out
    assert "Equal in both, and not listed" in short
    assert "keras" not in short
    assert called("last:2", "last:1", "--all") == 0
    assert "package keras: 3.15.1" in capsys.readouterr().out


def test_the_terminal_speaks_chinese_when_asked(capsys):
    stored(OLD, NEW)
    assert called("last:2", "last:1", "--lang", "zh") == 0
    output = capsys.readouterr().out
    assert "退化" in output
    assert "置换检验" in output
    assert "置信区间" in output


def test_last_counts_complete_runs_of_each_lab_and_names_what_it_passes_over(capsys):
    failure = Failure(kind="MemoryError", message="no room", stage="training")
    stored(
        OLD,
        NEW,
        dated(run(first_seed=40), 3, status="failed", failure=failure),
        dated(hand_result("mnist"), 2),
    )
    assert called("last:2", "last:1") == 0
    output = capsys.readouterr().out
    assert "imdb: 1 newer run(s) that did not finish are passed over." in output
    assert "mnist: the store holds 1 complete run(s) only." in output
    assert "In B alone: mnist." in output
    assert called("last:9", "last:1") == 5
    assert "no lab has 9 complete runs" in capsys.readouterr().err
    assert called("last:0", "last:1") == 2
    assert "last:1 is the newest run" in capsys.readouterr().err


def test_a_folder_of_runs_stands_for_the_newest_complete_run_of_each_lab(capsys):
    stored(OLD, dated(hand_result("mnist"), 1), root="may/runs")
    stored(NEW, dated(hand_result("mnist"), 2), root="june/runs")
    assert called("may/runs", "june/runs") == 0
    output = capsys.readouterr().out
    assert "A: may/runs" in output
    assert "B: june/runs" in output
    assert "mnist" in output
    assert called("may/runs/imdb", "june/runs/imdb") == 0
    assert "mnist" not in capsys.readouterr().out


def test_a_corrupt_run_is_named_skipped_and_told_by_the_exit_code(capsys):
    *_, broken = stored(OLD, NEW, dated(run(first_seed=40), 3))
    broken.write_text("{")
    assert called("last:2", "last:1") == 2
    output = capsys.readouterr().out
    assert "Passed over: Can't read" in output
    assert "worse" in output


def test_html_reports_are_compared_without_a_store(tmp_path, capsys):
    for name, results in (("may", [OLD]), ("june", [NEW])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "labreport-en.html").write_text(finished(results), "utf-8")
    assert called("may/labreport-en.html", "june/labreport-en.html", "--json") == 0
    found = json.loads(capsys.readouterr().out)["comparisons"][0]
    assert (found["a"]["label"], found["b"]["label"]) == ("may/labreport-en.html", "june/labreport-en.html")
    (lab,) = found["labs"]
    assert {one["name"]: one["verdict"] for one in lab["metrics"]}["test_accuracy"] == "worse"
    pieces = [piece for note in lab["notes"] if note["language"] == "en" for piece in note["pieces"]]
    assert any("88." in piece["a"] and "86." in piece["b"] for piece in pieces if piece["a"] != piece["b"])


def test_two_pdf_reports_of_different_months_are_compared_without_a_store(tmp_path, capsys):
    for name, result in (("may.pdf", OLD), ("june.pdf", NEW)):
        (tmp_path / name).write_bytes(printed(imdb=codec.encode(result)))
    assert called("may.pdf", "june.pdf") == 0
    assert "worse" in capsys.readouterr().out


def test_the_folder_of_a_report_is_read_through_its_manifest(tmp_path, capsys):
    for name, result in (("may", OLD), ("june", NEW)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "labreport-en.pdf").write_bytes(printed(imdb=codec.encode(result)))
        manifest.write(folder, "", [folder / "labreport-en.pdf"])
    assert called("may", "june") == 0
    assert "A: may" in capsys.readouterr().out
    with (tmp_path / "june" / "labreport-en.pdf").open("ab") as file:
        file.write(b"\n% edited\n")
    assert called("may", "june") == 2
    assert "labreport-en.pdf is not as labreport wrote it" in capsys.readouterr().out
    (tmp_path / "june" / "labreport-en.pdf").unlink()
    assert called("may", "june") == 2
    assert "has no .html and no .pdf file left" in capsys.readouterr().err


def test_a_store_is_read_as_it_was_at_a_git_revision(tmp_path, capsys):
    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-C", str(tmp_path), "-c", "user.name=A", "-c", "user.email=a@b.c", *arguments],
            check=True,
            capture_output=True,
        )

    git("init", "-q")
    stored(OLD)
    git("add", "runs")
    git("commit", "-q", "-m", "old")
    git("tag", "v1")
    for path in sorted((tmp_path / "runs").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    stored(NEW)
    assert called("git:v1", "runs") == 0
    assert "A: git:v1" in capsys.readouterr().out
    git("add", "-A", "runs")
    git("commit", "-q", "-m", "new")
    assert called("git:v1", "git:HEAD", "--exit-code") == 1
    for name in ("git:v9", "git:--help", "git:"):
        assert called(name, "runs") == 2
        assert f"no git revision '{name.removeprefix('git:')}'" in capsys.readouterr().err
    git("rm", "-rq", "runs")
    git("commit", "-q", "-m", "none")
    assert called("git:HEAD", "git:v1") == 2
    assert "holds no run in runs" in capsys.readouterr().err


def test_a_store_outside_a_repository_has_no_revisions(capsys):
    stored(OLD)
    assert called("git:HEAD", "runs") == 2
    assert "is in no git repository" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: b"<html><body>Another page</body></html>", "carries no results"),
        (lambda: finished([OLD]).split("<template")[0].encode(), "carries no results"),
        (lambda: finished([OLD], imdb=codec.encode(hand_result("mnist"))).encode(), "named imdb are those of mnist"),
        (lambda: finished([OLD], imdb=codec.encode(OLD)[:400]).encode(), "the data of imdb"),
    ],
)
def test_an_html_file_without_good_data_is_unreadable(content, message, tmp_path, capsys):
    (tmp_path / "report.html").write_bytes(content())
    (path,) = stored(NEW)
    assert called("report.html", path) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_another_tools_pdf_and_a_truncated_or_forged_one_are_unreadable(tmp_path, capsys):
    (path,) = stored(NEW)
    blank = pikepdf.new()
    blank.add_blank_page()
    blank.save(tmp_path / "other.pdf")
    good = printed(imdb=codec.encode(OLD))
    (tmp_path / "cut.pdf").write_bytes(good[: len(good) // 3])
    (tmp_path / "forged.pdf").write_bytes(printed(imdb=b'{"format": 1}'))
    for name in ("other.pdf", "cut.pdf", "forged.pdf"):
        assert called(name, path) == 2
        assert name in capsys.readouterr().err


def test_versions_that_are_not_there_are_usage_errors(tmp_path, capsys):
    stored(OLD)
    (tmp_path / "empty").mkdir()
    for names, message in (
        (("nowhere", OLD.run_id), "No run 'nowhere'"),
        (("empty", OLD.run_id), "holds no run and no report"),
        ((OLD.run_id,), "Two versions are needed"),
        ((), "Two versions are needed"),
        ((OLD.run_id, OLD.run_id, "--to", "docs"), "Unknown format 'docs'"),
        ((OLD.run_id, OLD.run_id, "--to", ""), "--to is empty"),
        ((OLD.run_id, OLD.run_id, "--margin", "x"), "Can't read the margin"),
        ((OLD.run_id, OLD.run_id, "--lang", "fr"), "Unknown language 'fr'"),
    ):
        assert called(*names) == 2
        assert message in capsys.readouterr().err


def test_a_result_that_is_cut_off_is_unreadable(capsys):
    old, new = stored(OLD, NEW)
    old.write_bytes(old.read_bytes()[:500])
    assert called(old, new) == 2
    assert "not valid JSON" in capsys.readouterr().err


def test_labs_that_are_not_the_same_are_nothing_to_compare(capsys):
    old, new = stored(OLD, dated(hand_result("mnist"), 2))
    assert called(old, new) == 5
    assert "holds imdb" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("other", "plain", "judged"),
    [
        (NEW, 0, 1),
        (dated(run(values=(0.880, 0.883, 0.879, 0.882, 0.881), first_seed=20), 2), 0, 0),
        (dated(run(values=LOWER[:2], first_seed=20), 2), 0, 6),
        (dated(run(values=LOWER[:1], first_seed=20), 2), 0, 6),
        (dated(card(run(values=LOWER, first_seed=20), source="sample"), 2), 5, 5),
        (dated(run(values=LOWER, first_seed=20), 2, status="interrupted"), 5, 5),
    ],
)
def test_the_exit_code_tells_the_finding_only_when_asked(other, plain, judged, capsys):
    old, new = stored(OLD, other)
    assert called(old, new) == plain
    assert called(old, new, "--exit-code") == judged


def test_what_cant_be_compared_is_said_before_the_table(capsys):
    old, new = stored(OLD, dated(card(run(values=LOWER, first_seed=20), source="sample"), 2))
    assert called(old, new) == 5
    lines = capsys.readouterr().out.splitlines()
    said = next(place for place, line in enumerate(lines) if "Not comparable" in line)
    table = next(place for place, line in enumerate(lines) if line.startswith("Lab"))
    assert said < table
    assert "full in A, sample in B" in lines[said]


def test_single_runs_say_that_chance_cant_be_ruled_out(capsys):
    old, new = stored(dated(run(values=(0.9,)), 1), dated(run(values=(0.8,), first_seed=1), 2))
    assert called(old, new) == 0
    output = capsys.readouterr().out
    assert "one run each; chance cannot be ruled out" in output
    assert not [line for line in output.splitlines() if line.rstrip().endswith(("better", "worse"))]


def test_a_margin_makes_small_differences_equal(capsys):
    stored(OLD, NEW)
    assert called("last:2", "last:1", "--margin", "imdb.test_accuracy=0.05", "--exit-code") == 0
    assert "equal within the margin (±5.00 percentage points)" in capsys.readouterr().out
    assert called("last:2", "last:1", "--margin", "test_acuracy=1") == 2
    assert "Did you mean 'test_accuracy'" in capsys.readouterr().err


def test_several_versions_are_each_compared_with_the_first(capsys):
    stored(OLD, NEW, dated(with_scores(run(first_seed=40), test_accuracy=(0.91, 0.912, 0.914, 0.911, 0.913)), 3))
    assert called("last:3", "last:2", "last:1", "--json") == 0
    found = json.loads(capsys.readouterr().out)["comparisons"]
    assert [pair["b"]["label"] for pair in found] == ["last:2", "last:1"]
    verdicts = [{one["name"]: one["verdict"] for one in pair["labs"][0]["metrics"]} for pair in found]
    assert [verdict["test_accuracy"] for verdict in verdicts] == ["worse", "better"]


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        (["--help"], {"scipy", "numpy", "matplotlib", "weasyprint", "tensorflow", "keras"}),
        (["last:2", "last:1"], {"matplotlib", "weasyprint", "tensorflow", "keras"}),
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(arguments, forbidden):
    stored(OLD, NEW)
    code = (
        "import sys; from labreport.report import cli; cli.COMMANDS['compare'] = ''\n"
        f"assert cli.main(['compare', *{arguments!r}]) == 0\n"
        f"heavy = {forbidden!r} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("form", ["html", "pdf"])
def test_finished_reports_are_compared_as_they_were_printed(place_of_notes, capsys, form):
    """Also two PDF files; the results are the same, so only the words can differ."""
    for folder, sentence in (("before", "The film is dull."), ("after", "The film is bright.")):
        place_of_notes(sentence)
        assert cli.main(["render", "--lang", "en", "--to", form, "-o", folder]) == 0
    capsys.readouterr()
    assert called(f"before/labreport-en.{form}", f"after/labreport-en.{form}", "--json") == 0
    (lab,) = json.loads(capsys.readouterr().out)["comparisons"][0]["labs"]
    (note,) = lab["notes"]
    assert [(piece["a"], piece["b"]) for piece in note["pieces"] if piece["a"] != piece["b"]] == [("dull", "bright")]
    assert note["section"] == "Question"


def test_a_report_without_its_text_is_compared_by_its_results_and_says_so(capsys):
    for name, result in (("a.pdf", OLD), ("b.pdf", NEW)):
        Path(name).write_bytes(printed(imdb=codec.encode(result)))
    assert called("a.pdf", "b.pdf") == 0
    output = capsys.readouterr().out
    assert "worse" in output
    assert "a.pdf was made before reports carried their text" in output


@pytest.fixture
def place_of_notes():
    """Stores a run and writes a user's note with one sentence that a test chooses."""
    stored(OLD)
    Path("labreport.toml").write_text('notes = "notes"\n')
    Path("notes/en").mkdir(parents=True)

    def write(sentence: str) -> None:
        Path("notes/en/imdb.md").write_text(f"# Films\n\n## Question {{#question}}\n\n{sentence}\n")

    return write
