"""Three versions or more side by side, names for versions, and the tables for other programs."""

from __future__ import annotations

import csv
import itertools
import json
import random
import re
from pathlib import Path

import msgspec
import pytest
from helpers.hand_reports import NEW, OLD, called, dated, stored
from helpers.hand_versions import LOWER, STEADY, findings, lab_of, run, version, with_scores

from labreport.report.comparison import tables, wording
from labreport.report.comparison.compare import Terms, compare_all
from labreport.report.comparison.report import report
from labreport.report.findings import omnibus
from labreport.report.words import LANGUAGES, Words

MIDDLE = (0.8712, 0.8698, 0.8735, 0.8705, 0.8722)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "220")
    return tmp_path


def three(*values):
    runs = [run(values=one, first_seed=20 * place) for place, one in enumerate(values)]
    return [version(one, label=f"version {place}") for place, one in enumerate(runs)]


def compared(*values):
    first, *others = three(*values)
    return compare_all(first, others, Terms())


def accuracy(found):
    return next(one for one in found.together[0].metrics if one.name == "test_accuracy")


def test_three_versions_have_one_test_of_all_and_then_one_of_each_pair():
    one = accuracy(compared(STEADY, MIDDLE, LOWER))
    assert one.adjusted_p is not None
    assert one.adjusted_p <= 0.05
    assert [(pair.first, pair.second, pair.shown) for pair in one.pairs] == [(0, 1, True), (0, 2, True), (1, 2, True)]
    assert all(pair.adjusted_p >= pair.p for pair in one.pairs)


def test_a_pair_is_not_named_where_the_test_of_all_shows_nothing():
    draw = random.Random(3)
    alike = [tuple(draw.gauss(0.88, 0.004) for _ in range(5)) for _ in range(3)]
    one = accuracy(compared(*alike))
    assert one.p is not None
    assert one.p > 0.05
    assert not any(pair.shown for pair in one.pairs)


def test_two_versions_have_no_such_table_and_single_runs_no_test():
    assert compared(STEADY, LOWER).together == ()
    assert accuracy(compared(STEADY, MIDDLE[:1], LOWER)).p is None


def test_the_test_of_all_is_exact_for_few_runs_and_agrees_with_brute_force():
    groups = ((1.0, 2.0), (4.0, 3.5), (2.5, 7.0))
    found = omnibus.omnibus(groups)
    pooled = [value for group in groups for value in group]

    def between(values):
        return sum(sum(values[start : start + 2]) ** 2 / 2 for start in (0, 2, 4))

    every = [between(order) for order in itertools.permutations(pooled)]
    share = sum(value >= between(pooled) - 1e-9 for value in every) / len(every)
    assert found is not None
    assert (found.exact, found.arrangements) == (True, 90)
    assert found.p == pytest.approx(share)


def test_equal_versions_raise_an_alarm_as_often_as_the_level_says():
    draw = random.Random(7)
    nights = 300
    alarms = 0
    for _ in range(nights):
        found = omnibus.omnibus([[draw.gauss(0, 1) for _ in range(3)] for _ in range(3)])
        alarms += found is not None and found.p <= 0.05
    assert alarms / nights < 0.085  # 5 % and three standard errors


@pytest.mark.parametrize(
    ("first", "second", "higher", "share"),
    [((1, 2), (3, 4), True, 1.0), ((1, 2), (3, 4), False, 0.0), ((1, 2), (2, 3), True, 0.875), ((1,), (1,), True, 0.5)],
)
def test_the_probability_of_improvement_is_the_share_of_pairs_that_are_won(first, second, higher, share):
    assert omnibus.improvement(first, second, higher=higher) == share


def test_the_probability_stands_beside_the_interval():
    found = next(one for one in lab_of(run(), run(values=LOWER, first_seed=20)).metrics if one.name == "test_accuracy")
    assert found.improvement == 0.0
    single = lab_of(run(values=STEADY[:1]), run(values=LOWER[:1], first_seed=20)).metrics
    assert all(one.improvement is None for one in single)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_and_the_terminal_show_the_table_in_both_languages(language):
    versions = three(STEADY, MIDDLE, LOWER)
    found = compare_all(versions[0], versions[1:], Terms())
    made = report(found, versions, language, date="2026-01-01")
    table = next(block for block in made.summary.opening if getattr(block, "id", "") == "together-imdb")
    words = Words(language)
    assert [column.title for column in table.columns][1:4] == ["A", "B", "C"]
    row = next(row for row in table.rows if wording.name("test_accuracy", words) in row[0])
    assert words("compare.together_better", first="A", second="B") in row[-1]
    # A version has one letter in the table of all and another in its pair, which its chapter says.
    said = words("compare.b_here", letter="C")
    assert [said in chapter.marks for chapter in made.chapters] == [False, True]


# Names


def test_versions_can_be_named(here, capsys):
    stored(OLD, NEW, dated(run(values=MIDDLE, first_seed=40), 3))
    assert called(f"good={OLD.run_id}", "bad=last:2", f"fixed={here / 'runs' / 'imdb' / '20260103T000000Z-imdb'}") == 0
    out = capsys.readouterr().out
    assert "A: good" in out
    assert "B: bad" in out
    assert "C: fixed" in out
    assert "B (C above): fixed" in out  # a version has one letter in the table of all and another in its pair
    assert OLD.run_id not in out
    assert re.search(r"A better than B, A better than C, C better than B", out)


def test_two_versions_of_one_name_are_refused_and_a_file_with_such_a_name_is_a_file(here, capsys):
    [old, _] = stored(OLD, NEW)
    assert called("x=last:2", "x=last:1") == 2
    assert "can't both be called 'x'" in capsys.readouterr().err
    Path("a=b.json").write_bytes(old.read_bytes())
    assert called("a=b.json", "last:1") == 0


def test_a_title_names_a_run_by_its_time_and_not_by_three_lines_of_id():
    long = "20261126T114850Z-72c76d25-f6600e"
    assert wording.short_label(long) == "2026-11-26 11:48:50"
    assert wording.short_label("good") == "good"
    versions = three(STEADY, MIDDLE, LOWER)
    found = compare_all(versions[0], versions[1:], Terms())
    named = msgspec.structs.replace(
        found,
        comparisons=tuple(
            msgspec.structs.replace(pair, b=msgspec.structs.replace(pair.b, label=long)) for pair in found.comparisons
        ),
    )
    chapter = report(named, versions, "en", date="2026-01-01").chapters[0]
    assert long not in chapter.title
    assert "2026-11-26 11:48:50" in chapter.title


# For other programs


def test_csv_and_latex_are_written_and_hold_every_number(here, capsys):
    stored(OLD, NEW, dated(run(values=MIDDLE, first_seed=40), 3))
    assert (
        called("a=last:3", "=2+3=last:2", "50%_&{x}=last:1", "--to", "csv,tex,json", "--lang", "en,zh", "-o", "out")
        == 2
    )
    capsys.readouterr()
    assert (
        called("a=last:3", "@b=last:2", "50%_&{x}=last:1", "--to", "csv,tex,json", "--lang", "en,zh", "-o", "out") == 0
    )
    rows = list(csv.DictReader((here / "out" / "comparison.csv").read_text("utf-8").splitlines()))
    found = json.loads((here / "out" / "comparison.json").read_text("utf-8"))
    metrics = [one for pair in found["comparisons"] for lab in pair["labs"] for one in lab["metrics"]]
    assert [float(row["difference"]) for row in rows] == [one["difference"] for one in metrics]
    assert {row["b"] for row in rows} == {"'@b", "50%_&{x}"}
    for language in ("en", "zh"):
        text = (here / "out" / f"comparison-{language}.tex").read_text("utf-8")
        assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 3
        for line in text.splitlines():
            if line.endswith(r"\\"):
                assert line.count(" & ") in (5, 8)
                assert not re.search(r"(?<!\\)[%#_]", line)
        assert not re.search("[\u2212±→\u202f\u00a0–]", text)


def test_latex_takes_no_command_out_of_a_name():
    result = with_scores(run())
    scores = tuple(
        msgspec.structs.replace(score, name=r"\input{x}") if score.name == "test_accuracy" else score
        for score in result.findings.scores
    )
    a, b = findings(result, scores=scores), findings(run(first_seed=20), scores=scores)
    text = tables.tex(compare_all(version(a), [version(b, label="B")], Terms(everything=True)), "en")
    assert r"\input" not in text
    assert r"\textbackslash{}input\{x\}" in text


# The overfitting epoch


def test_a_later_epoch_is_no_later_overfitting_where_none_is_seen():
    b = run(first_seed=20)
    falling = tuple(
        msgspec.structs.replace(
            fit,
            history={**fit.history, "val_loss": tuple(1 / epoch for epoch in range(1, fit.epochs + 1))},
        )
        if fit.role == "selection"
        else fit
        for fit in b.findings.trainings
    )
    found = lab_of(run(), findings(b, trainings=falling)).epochs
    assert found is not None
    assert (found.verdict, found.overfits_a, found.overfits_b) == ("later", True, False)
    english = wording.shift(found, Words("en"))
    assert "overfitting begins" not in english
    assert "no overfitting is seen" in english
    assert "a test by itself" in english
    # The shift is that of the means over the single runs, which are printed beside it.
    means = [sum(one) / len(one) for one in (found.per_run_a, found.per_run_b)]
    assert f"({means[0]:.1f} → {means[1]:.1f};" in english
    assert "过拟合推迟" not in wording.shift(found, Words("zh"))


def test_a_later_epoch_is_later_overfitting_where_both_overfit():
    a, b = run(), run(first_seed=20)
    moved = tuple(
        msgspec.structs.replace(
            fit,
            history={
                **fit.history,
                "val_loss": tuple(0.3 + 0.01 * abs(epoch - 7) for epoch in range(1, fit.epochs + 1)),
            },
        )
        if fit.role == "selection"
        else fit
        for fit in b.findings.trainings
    )
    found = lab_of(a, findings(b, trainings=moved)).epochs
    assert found is not None
    assert found.overfits_b
    assert "So overfitting begins later." in wording.shift(found, Words("en"))
