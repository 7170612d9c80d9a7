"""The chapter of a run without a note: both languages, every kind of training, nothing said that was not measured."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from html import escape

import msgspec
import pytest
from helpers.hand_results import hand_result
from helpers.own_runs import (
    course,
    diverged_run,
    network,
    one_epoch_run,
    own_run,
    own_runs,
    score,
    seeds_run,
    sparse_run,
    stopped_run,
    training,
    two_outputs_run,
)

from labreport.experiments.result import EarlyStopping, Failure, Fingerprint, Measure
from labreport.report.chapters import notes
from labreport.report.chapters.automatic import note
from labreport.report.chapters.build import build
from labreport.report.cli import main
from labreport.report.configuration import Configuration
from labreport.report.findings.analysis import MissingValueError
from labreport.report.findings.claims.histories import improves
from labreport.report.findings.groups import groups
from labreport.report.rendering import html, markdown
from labreport.report.store.entries import entry_of
from labreport.report.store.runs import Store
from labreport.report.words import LANGUAGES

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


def built(*results, language="en"):
    """The report of some runs, and what went wrong."""
    return build(results, language, Configuration(), moment=MOMENT, version="0")


def text(*results, language="en"):
    """The report as Markdown, after a check that nothing went wrong."""
    made = built(*results, language=language)
    assert made.problems == ()
    return _markdown(made.report)


def _markdown(report):
    return markdown.markdown(report)[0]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("result", own_runs(), ids=lambda result: result.lab)
def test_every_run_has_a_chapter_in_every_language(result, language):
    made = built(result, language=language)
    assert made.problems == ()
    page = html.html(made.report)
    assert f"{result.lab}-evidence" in page


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ('TITLE, VERSION = "Points in a circle", "1"', "Points in a circle"),
        ('VERSION = "1"\nTITLE = "圆中的点 *"', "圆中的点 *"),
        ('TITLE = "A*B & <C> {{ d }} [e](f) [1]"', "A*B & <C> {{ d }} [e](f) [1]"),
        ('TITLE = " Points\\n# in a circle "', "Points # in a circle"),
        ('TITLE = "Points" + " in a circle"', "circle"),
        ('TITLE = "  "', "circle"),
        ("TITLE = 3", "circle"),
        ("TITLE =", "circle"),
        ("", "circle"),
        (None, "circle"),
    ],
)
@pytest.mark.parametrize("status", ["complete", "failed"])
def test_a_lab_without_a_note_has_the_title_that_its_source_gives_it(tmp_path, source, title, status):
    file = tmp_path / "lab.py"
    if source is not None:
        file.write_text(source, "utf-8")
    result = msgspec.structs.replace(hand_result("tensors"), lab="circle", status=status)
    if status == "failed":
        result = msgspec.structs.replace(result, failure=Failure(kind="ValueError", message="no", stage="train"))
    made = build([result], "en", Configuration(paths={"circle": file}), moment=MOMENT, version="0")
    assert made.problems == ()
    assert f"<title>{escape(title, quote=False)}</title>" in html.html(made.report)


@pytest.mark.parametrize("result", own_runs(), ids=lambda result: result.lab)
def test_both_languages_say_the_same_in_the_same_order(result):
    outlines = [notes.outline(note(result, language)) for language in LANGUAGES]
    assert outlines[0] == outlines[1]


def test_the_best_epoch_is_that_of_the_mean_and_its_spread_is_said():
    said = text(seeds_run())
    assert "it is lowest on average at epoch 6 (0.4150) and ends at 0.5950 at epoch 12" in said
    assert "This best epoch is sharply determined: as far as the differences between the trainings can tell" in said


def test_validation_at_every_fifth_epoch_is_told_at_its_epochs():
    said = text(sparse_run())
    assert "it is lowest at epoch 15 (0.5000) and ends at 0.6000 at epoch 20" in said
    assert "No random seed is on record" in said
    assert "What the log does not hold" in said


@pytest.mark.parametrize(
    ("history", "holds"),
    [
        ({"loss": [1, 0.5]}, True),
        ({"loss": [1, math.nan, 0.5]}, True),
        ({"loss": [1, -math.inf]}, False),
        ({"accuracy": [0.5, math.inf]}, False),
        ({"loss": [1]}, None),
        ({"loss": [math.nan, 1]}, None),
        ({"loss": [math.nan, math.nan]}, None),
    ],
)
def test_a_course_is_judged_by_its_first_and_its_last_value_where_there_are_two(history, holds):
    directions = {key: "lower" if key == "loss" else "higher" for key in history}
    result = own_run("course", training(None, about=course(metrics=directions), **history))
    if holds is None:
        with pytest.raises(MissingValueError, match="one value shows no course"):
            improves(result, "fit-1")
    else:
        assert improves(result, "fit-1").holds is holds


def test_a_training_of_one_value_is_not_counted_among_those_that_got_better():
    fits = (training(seed, about=course(), loss=loss) for seed, loss in enumerate([[1, 0.5], [1], [1, 0.7]]))
    result = own_run("course", *fits)
    assert improves(result, groups(result)[0].id).votes == (True, True)


@pytest.mark.parametrize(
    ("language", "door", "sentence", "row"),
    [
        ("en", "record", "No seed was set: a repetition", "| Seeds | not set |"),
        ("en", "import", "No random seed is on record: whether", "| Seeds | – |"),
        ("zh", "api", "没有关于随机种子的记录", "| 随机种子 | – |"),
    ],
)
def test_only_of_a_script_that_was_watched_it_is_said_that_no_seed_was_set(language, door, sentence, row):
    result = sparse_run()
    own = msgspec.structs.replace(result.findings.own, door=door)
    result = msgspec.structs.replace(result, findings=msgspec.structs.replace(result.findings, own=own))
    said = text(result, language=language)
    assert sentence in said
    assert row in said


def test_a_time_and_a_memory_that_a_log_does_not_tell_are_unknown(tmp_path, monkeypatch, capsys):
    result = msgspec.structs.replace(sparse_run(), timings={"total": 0.0}, peak_memory_bytes=0)
    assert entry_of(result).seconds is None
    assert not re.search(r"\b0\.0.s\b|\b0.B\b", text(result))
    monkeypatch.chdir(tmp_path)
    Store(tmp_path / "runs").save(result)
    assert main(["show", result.lab]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^time +–$", shown, re.MULTILINE)
    assert re.search(r"^peak memory +–$", shown, re.MULTILINE)
    assert main(["show", result.lab, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["conclusions"]["seconds"] is None


def test_a_training_that_diverged_says_where():
    said = text(diverged_run())
    assert "The training diverged: from epoch 4 on, values are not finite numbers." in said
    assert "diverged at epoch 4" in said


@pytest.mark.parametrize(
    ("language", "sentence", "drawn"),
    [
        (
            "en",
            "does not get better: it goes from 1.000 to NaN",
            "from epoch 3 on there are values that are not finite",
        ),
        ("zh", "从 1.000 变到 NaN", "；自第 3 轮起有非有限值"),
    ],
)
def test_a_loss_that_falls_until_it_diverges_is_not_said_to_get_better(language, sentence, drawn):
    fit = training(None, about=course(status="diverged", diverged_at=3), loss=[1, 0.8, math.nan], val_loss=[1, 1, 2])
    said = text(own_run("falls", fit), language=language)
    assert sentence in said
    assert drawn in said


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "at epoch 2 (2.500), but the training diverged at epoch 3: whether the network overfits"),
        ("zh", "val\\_loss 在第 2 轮最低（2.500），但训练从第 3 轮起发散：网络是否过拟合，无法判断"),
    ],
)
def test_an_output_that_diverges_leaves_it_open_whether_the_network_overfits(language, sentence):
    nan = math.nan
    keys = ("loss", "val_loss", "a_loss", "val_a_loss", "b_loss", "val_b_loss")
    fit = training(
        about=course(metrics=dict.fromkeys(keys, "lower"), status="diverged", diverged_at=3),
        **{"loss": [3, 2, nan, nan], "val_loss": [3, 2.5, nan, nan], "a_loss": [1, 0.9, 0.8, 0.7]},
        **{"val_a_loss": [1, 0.8, 0.9, 1], "b_loss": [2, 1.1, nan, nan], "val_b_loss": [2, 1.7, math.inf, nan]},
    )
    said = text(own_run("outputs", fit), language=language)
    assert sentence in said
    assert "NaN" in said
    assert "| nan |" not in said
    assert "| inf |" not in said


def test_trainings_of_unequal_length_have_their_own_best_epochs():
    said = text(stopped_run())
    assert "by val\\_loss these are 7, 11, 15" in said
    assert "Early stopping ended every training after 8 to 20 epochs." in said


def test_without_validation_no_best_epoch_is_named_and_the_reason_is_given():
    assert "No best epoch can be named: no validation data were measured." in text(one_epoch_run())
    keys = {"novelty": None, "val_novelty": None}
    unknown = own_run("novel", training(None, about=course(metrics=keys), novelty=[1, 2], val_novelty=[1, 3]))
    assert "it is not known whether higher or lower is better" in text(unknown)


def test_two_outputs_are_drawn_in_panels_of_their_own():
    (figure,) = (
        block
        for section in built(two_outputs_run()).report.chapters[0].sections
        for block in section.blocks
        if getattr(block, "id", "") == "outputs-figure-histories-fit-1"
    )
    for name in ("digit_loss", "ink_mae", "输出/年龄"):
        assert f">{name}<" in figure.svg


@pytest.mark.parametrize("language", LANGUAGES)
def test_several_networks_are_named_after_their_trainings(language):
    fits = [training(None, role=f"fit-{number}", loss=[3, 2, 1], val_loss=[3, 2, 2.5]) for number in (1, 2)]
    said = text(own_run("search", *fits, models=(network("fit-1", 8), network("fit-2", 16))), language=language)
    assert {"en": "The network of training 2, layer by layer.", "zh": "训练2的网络，逐层画出。"}[language] in said


def test_a_log_that_just_ends_is_not_said_to_be_a_training_that_ran_to_its_end():
    log = course(source="log", metrics={"loss": "lower"})
    assert "to its end" not in text(own_run("log", training(None, about=log, loss=[3, 2, 1]), door="import"))
    known = msgspec.structs.replace(log, planned=3)
    assert "ran to its end (3 epochs)" in text(
        own_run("log", training(None, about=known, loss=[3, 2, 1]), door="import")
    )


def test_how_a_network_was_trained_is_listed_as_far_as_it_was_seen():
    rule = EarlyStopping(monitor="val_loss", direction="lower", patience=3, restore_best_weights=True)
    about = course(planned=60, stopping=rule, status="early-stopped", metrics={"loss": "lower", "val_loss": "lower"})
    curves = {"loss": [3, 2, 1], "val_loss": [3, 2, 2.5], "learning_rate": [0.009999999776, 0.009999999776, 0.003]}
    fit = msgspec.structs.replace(training(None, about=about, **curves), batch_size=32, train_samples=1400)
    said = text(own_run("compiled", fit, models=(network("fit-1", 8),)))
    for row in (
        "| Optimizer | Adam |",
        "| Loss | mse |",
        "| Learning rate | 0.01 → 0.003 |",
        "| Batch size | 32 |",
        "| Training samples | 1 400 |",
        "| Epochs asked for | 60 |",
        "| Early stopping | watches `val_loss`, patience 3, puts the best weights back |",
    ):
        assert row in said


def test_scores_of_folds_and_of_validation_data_are_shown_with_their_spread():
    fits = [training(0, role="fit", loss=[3, 2], val_loss=[3, 2]) for _ in range(3)]
    folds = [
        msgspec.structs.replace(fit, fold=number, course=msgspec.structs.replace(fit.course, group="fold"))
        for number, fit in enumerate(fits, 1)
    ]
    scores = [score("validation_acc", 0.7 + 0.1 * fold, 0, fold=fold, model="fit") for fold in (0, 1, 2)]
    scores = [msgspec.structs.replace(one, fold=one.fold + 1) for one in scores]
    said = text(own_run("folds", *folds, scores=tuple(scores)))
    assert "| model | epochs | validation acc (%) | ± standard deviation (3 trainings) |" in said
    assert "| network | 2 | 80.00 | 10.00 |" in said


def test_what_was_evaluated_on_a_stream_is_shown_without_a_part_of_the_data():
    run = own_run("stream", training(None, loss=[3, 2]), measures=(Measure(name="evaluated_acc", value=0.75),))
    assert "| evaluated\\_acc | 0.7500 |" in text(run)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_training_that_counts_steps_speaks_of_steps(language):
    about = course(source="log", axis="step", at={"loss": (10, 20, 30), "val_loss": (15, 30)})
    said = text(own_run("steps", training(None, about=about, loss=[3, 2, 1], val_loss=[2, 3])), language=language)
    assert {"en": "| Training | Steps | Best step |", "zh": "| 训练 | 步数 | 最佳步 |"}[language] in said
    assert "after each epoch" not in said
    assert "每一轮结束后" not in said
    assert "no value at epoch" not in said


def test_remarks_of_the_user_are_printed_as_text():
    run = own_run("said", training(None, loss=[3, 2]), notes=("Try *units* of 32.", "Second."))
    said = text(run)
    assert r"Try \*units\* of 32." in said
    assert "Second." in said


def test_printed_epochs_that_stop_before_the_planned_ones_are_not_said_to_be_all():
    about = course(source="printed", planned=39, metrics={"loss": "lower"})
    assert "to its end" not in text(own_run("cut", training(None, about=about, loss=[3, 2, 1])))


def test_the_folds_of_several_seeds_are_named_by_both():
    about = course(group="fold")
    fits = [
        msgspec.structs.replace(training(seed, role="fit", about=about, loss=[3, 2], val_loss=[3, 2]), fold=fold)
        for seed in (0, 1)
        for fold in (1, 2)
    ]
    said = text(own_run("both", *fits))
    assert "| 2 (seed 0) |" in said
    assert "| 2 (seed 1) |" in said


def test_many_arrays_that_are_alike_are_one_line():
    arrays = tuple(
        Fingerprint(role="train", part="x", kind="ndarray", shape=(90, 4), dtype="float32", sha256=f"{number:064x}")
        for number in range(20)
    )
    said = text(own_run("many", training(None, loss=[3, 2]), data=arrays))
    assert "| training | `x` | `(90, 4)` | `float32` | `20 different arrays` |" in said


def test_what_holds_of_labs_alone_is_not_said_of_a_script():
    said = text(seeds_run())
    for word in ("Profile", "Data: none", "Training engine", "default values", "cross-validation", "Deterministic"):
        assert word not in said
    log = text(sparse_run())
    for word in ("unknown", "Processor", "Git commit", "0 B"):
        assert word not in log


def test_text_of_the_user_stays_text():
    said = text(seeds_run())
    assert r"A \*\*bold\*\* note with \{\{ braces \}\}, 7 digits and \# signs." in said


def test_runs_that_are_not_runs_of_their_own_are_counted_once_and_said():
    run = own_run("same", training(0, loss=[1.0, 0.5], val_loss=[1.0, 0.9]), identical=4, seeds=(0,))
    assert "and 4 of these runs gave the very same numbers as another one" in text(run)


def test_a_failed_run_has_no_chapter_of_numbers():
    failed = msgspec.structs.replace(seeds_run(), status="failed")
    assert "did not finish" in _markdown(built(failed).report)


def test_values_that_are_finite_again_are_not_said_to_be_none_from_there_on():
    fit = training(loss=[math.inf, 0.5, 0.4], val_loss=[math.inf, 1.0, 2.0])
    said = text(own_run("spike", fit))
    assert "at epoch 1 values are not finite numbers, at the end they are again" in said
    assert "best epoch is sharply determined" not in said


def test_of_one_validated_epoch_none_is_the_best():
    said = text(own_run("once", training(loss=[1.0], val_loss=[1.1])))
    assert "A best epoch cannot be named from these values." in said
    assert "no overfitting is seen" not in said


def test_the_best_value_of_what_is_better_when_higher_is_not_called_the_lowest():
    metrics = {"auc": "higher", "val_auc": "higher"}
    fit = training(about=course(metrics=metrics), auc=[0.6, 0.7, 0.8, 0.9], val_auc=[0.6, 0.7, 0.65, 0.6])
    (row,) = [
        line
        for line in text(own_run("ranking", fit)).split("\n")
        if line.startswith("| <a id=") and "best value" in line
    ]
    assert "best value 0.7000" in row
    assert "lowest" not in row
