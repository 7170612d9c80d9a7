"""A run handed over by the user's own code: the same record as by the other doors, and never the end of a program."""

from __future__ import annotations

import subprocess
import sys

import pytest

import labreport


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_plain_loop_is_recorded_and_read_back(place):
    with labreport.record("digits", settings={"units": 64, "api_key": "abcdefgh"}, seed=0) as run:
        for epoch in (1, 2, 3):
            run.epoch(loss=1 / epoch, val_loss=2 / epoch)
        run.score("accuracy", 0.97)
        run.score("odd", 3)
        run.settings(lr=0.1)
        run.predictions([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], classes=["no", "yes"])
        run.listing(test_wrong_values_are_warnings_and_the_program_goes_on)
        run.note("first try")
    (stored,) = labreport.runs()
    assert stored.history == {"loss": [(1.0, 0.5, 1 / 3)], "val_loss": [(2.0, 1.0, 2 / 3)]}
    assert [(one.name, one.value, one.direction) for one in stored.scores] == [("test_accuracy", 0.97, "higher")]
    result = stored.result
    assert result.seeds == (0,)
    assert result.settings["units"] == 64
    assert result.settings["lr"] == 0.1
    assert result.settings["api_key"] == "***"
    assert result.findings.predictions[0].confusion == ((1, 0), (1, 1))
    assert result.findings.measures[0].name == "test_odd"
    assert result.findings.own.notes == ("first try",)
    assert "def test_wrong_values" in result.findings.listings[0].source
    assert result.findings.trainings[0].course.source == "told"
    assert run.path.is_file()


def test_an_error_in_the_block_goes_on_and_what_was_measured_is_stored(place):
    def broken():
        with labreport.record("broken") as run:
            run.epoch(loss=1.0)
            raise ZeroDivisionError("oh")

    with pytest.raises(ZeroDivisionError):
        broken()
    (stored,) = labreport.runs(lab="broken")
    assert stored.result.status == "failed"
    assert stored.result.failure.kind == "ZeroDivisionError"
    assert stored.result.seeds == ()
    assert stored.result.findings.trainings[0].seed is None


def test_wrong_values_are_warnings_and_the_program_goes_on(place):
    def odd():
        with labreport.record("odd") as run:
            run.epoch(loss="high")
            run.score("accuracy", None)
            run.predictions([1], [1, 2])
            run.figure(object(), "none")
            run.epoch(loss=1.0)

    with pytest.warns(UserWarning, match="could not record") as warned:
        odd()
    assert len(warned) == 4
    (stored,) = labreport.runs()
    assert stored.history == {"loss": [(1.0,)]}


def test_what_is_trained_under_a_name_that_can_not_be_stored_is_not_lost(place):
    with pytest.warns(UserWarning, match="can't name a run.*stored as 'a-b'"):
        run = labreport.record("a/b")
    with run:
        run.epoch(loss=1.0)
    assert [stored.result.lab for stored in labreport.runs()] == ["a-b"]


@pytest.mark.parametrize("name", ["手写数字 第2次", "Größenklassen", "цифры"])
def test_a_name_in_any_alphabet_is_the_title_of_its_chapter(place, name):
    with labreport.record(name) as run:
        run.epoch(loss=1.0)
    (stored,) = labreport.runs()
    assert stored.result.findings.own.title == name
    page = labreport.report(stored, to="md", lang="en").files["labreport-en.md"].decode()
    assert f"## 1 {name}\n" in page


def test_keras_is_recorded_by_a_callback(place):
    keras = pytest.importorskip("keras")
    import numpy

    x = numpy.arange(32.0).reshape(16, 2)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    with labreport.record("keras") as run:
        callback = run.callback()
        first = model.fit(x, x[:, :1], epochs=2, verbose=0, validation_split=0.5, callbacks=[callback])
        model.fit(x, x[:, :1], epochs=3, verbose=0, validation_split=0.5, callbacks=[callback])
    (stored,) = labreport.runs()
    (one,) = stored.result.findings.trainings
    assert one.epochs == 5
    assert one.course.phases == (2, 3)
    assert list(one.history["val_loss"][:2]) == pytest.approx(first.history["val_loss"], nan_ok=True)
    assert stored.result.findings.models[0].layers[-1].kind == "Dense"


def test_the_name_alone_loads_nothing_and_recording_loads_neither_keras_nor_matplotlib(place):
    program = (
        "import sys, labreport; before = 'msgspec' in sys.modules; labreport.record;"
        "print(before, [n for n in ('keras', 'tensorflow', 'matplotlib') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False []"
