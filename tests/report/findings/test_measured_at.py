"""A curve that was not measured at every epoch keeps its epochs in every conclusion, and stays comparable."""

from __future__ import annotations

import msgspec
import pytest
from helpers.hand_results import hand_result
from helpers.own_runs import course, own_run, sparse_run, training

from labreport.report.chapters.chapter import assemble
from labreport.report.cli import main
from labreport.report.comparison.epochs import epoch_shift
from labreport.report.findings import analysis, claims, conclusions
from labreport.report.findings.analysis import MissingValueError
from labreport.report.findings.groups import groups
from labreport.report.store.runs import Store


def test_the_best_epoch_is_that_at_which_it_was_measured_in_every_conclusion():
    run = sparse_run()
    turn = analysis.turn(run)
    assert (turn.best_epoch, turn.epochs, turn.per_seed) == (15, 20, (15,))
    assert turn.flat is None or turn.flat.first >= 5
    (group,) = conclusions.trainings(run)
    assert (group.best_epoch, group.epochs, group.per_seed[0].best_epoch) == (15, 20, 15)
    shift = epoch_shift(run, run, paired=True, comparable=True)
    assert shift is not None
    assert (shift.a, shift.epochs_a) == (15, 20)


def test_values_of_other_curves_are_those_of_that_epoch():
    run, fit = sparse_run(), sparse_run().findings.trainings[0]
    assert analysis.value_at(run, fit.role, "val_loss", 15) == 0.5
    assert analysis.value_at(run, fit.role, "loss", 15) == fit.history["loss"][14]
    with pytest.raises(MissingValueError, match="has no 'val_loss' at epoch 14"):
        analysis.value_at(run, fit.role, "val_loss", 14)


def test_a_note_says_the_epoch_at_which_it_was_measured(tmp_path):
    note = tmp_path / "en" / "sparse.md"
    note.parent.mkdir()
    best = 'Best at {{ training("fit-1").best_epoch }}: {{ training("fit-1").at_best("loss")|number(3) }}.'
    note.write_text(f"# Sparse\n\n## S {{#s}}\n\n{best}\n", "utf-8")
    chapter = assemble(sparse_run(), "1", "en", folder=tmp_path).chapter
    assert "Best at 15: 0.067." in str(chapter)


def test_show_names_the_watched_key_and_its_epoch(place, capsys):
    rule = {"val_loss": (2, 4, 6), "val_auc": (2, 4, 6)}
    about = course(at=rule, metrics={"loss": "lower", "auc": "higher", "val_auc": "higher"})
    fit = training(None, about=about, loss=[1.0] * 7, auc=[0.5] * 7, val_auc=[0.5, 0.7, 0.6])
    Store(place / "runs").save(sparse_run())
    Store(place / "runs").save(msgspec.structs.replace(own_run("other", fit), run_id="20260105T120000Z-other"))
    assert main(["show", "sparse"]) == 0
    assert "lowest val_loss: epoch 15 of 20 (0.5000)" in capsys.readouterr().out
    assert main(["show", "other"]) == 0
    assert "highest val_auc: epoch 4 of 7 (0.7000)" in capsys.readouterr().out


def test_fits_that_measured_at_unlike_epochs_have_no_common_epochs():
    fits = [
        training(seed, about=course(at={"val_loss": places}), loss=[1.0] * 6, val_loss=[0.5, 0.6])
        for seed, places in enumerate([(2, 4), (3, 6)])
    ]
    with pytest.raises(MissingValueError, match="unlike epochs"):
        analysis.turn(own_run("unlike", *fits))
    assert analysis.overfitting(own_run("unlike", *fits)) is None


def _of_a_lab(loss: int, val_loss: list[float]):
    """A run of a lab, which records no epochs: as a history that was trained with `validation_freq` looks."""
    fit = msgspec.structs.replace(
        training(0, role="selection", loss=[1 / (epoch + 1) for epoch in range(loss)], val_loss=val_loss),
        course=msgspec.UNSET,
    )
    result = hand_result("imdb", seeds=(0,))
    return msgspec.structs.replace(result, findings=msgspec.structs.replace(result.findings, trainings=(fit,)))


@pytest.mark.parametrize(
    ("loss", "val_loss", "best", "last"),
    [
        (20, [0.9, 0.7, 0.5, 0.6], 15, 20),
        (11, [0.9, 0.7, 0.5, 0.6, 0.8], 6, 10),
        (10, [0.9, 0.7, 0.5, 0.6, 0.8, 0.9, 1.0, 1.1, 1.2], 3, 9),
    ],
)
def test_fewer_values_than_epochs_are_those_of_every_kth_epoch(loss, val_loss, best, last):
    run = _of_a_lab(loss, val_loss)
    turn, group = analysis.turn(run, "selection"), groups(run)[0].best()
    assert (turn.best_epoch, turn.epochs) == (best, last)
    assert (group.epoch, group.last_epoch) == (best, last)


def test_where_more_than_one_step_gives_as_many_values_no_epoch_is_named():
    run = _of_a_lab(18, [0.9, 0.5, 0.7])
    with pytest.raises(MissingValueError, match="Nothing says at which epochs 'val_loss'"):
        analysis.turn(run, "selection")
    assert groups(run)[0].best() is None
    assert claims.state("overfits", run).verdict == "unknown"
