"""Every number that a further lab's solutions give is the one that another way of computing gives."""

from __future__ import annotations

import math
import re
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from helpers.hand_results import FURTHER, hand_result
from helpers.shared_chapters import every_chapter
from scipy import signal
from sklearn import metrics as reference

from labreport.report.document import Exercise
from labreport.report.words import LANGUAGES


@pytest.fixture(scope="module", params=LANGUAGES)
def solutions(request):
    """Return the solution of each exercise in one language, without blanks and the name of F1."""
    chapters = every_chapter(request.param, "instructor")
    blocks = [block for lab in FURTHER for part in chapters[lab].sections for block in part.blocks]
    tasks = [block for block in blocks if isinstance(block, Exercise)]
    return {task.id.replace("-exercise-", "/"): re.sub(r"F1|\s", "", task.solution or "") for task in tasks}


def _says(solution: str, *values: str | float) -> None:
    """Look for the values in their order; numbers as whole ones, or as shares of two decimals."""
    place = 0
    for value in values:
        text = value if isinstance(value, str) else f"{value:.0f}" if value == int(value) else f"{100 * value:.2f}%"
        found = re.compile(rf"(?<![\d.]){re.escape(text)}(?![\d%]|\.\d)").search(solution, place)
        assert found, (text, solution[place:])
        place = found.end()


def _dense(*widths: int) -> int:
    return sum(np.zeros(shape).size + shape[1] for shape in pairwise(widths))


def test_remedies(solutions):
    counts = [_dense(10_000, units, units, 1) for units in (8, 16, 128)]
    reviews = hand_result("remedies").findings.trainings[0].train_samples
    each = [f"{count / reviews:.1f}" for count in counts]
    _says(solutions["remedies/parameters"], *counts, *counts, reviews, *each)
    for count in (_dense(10_000, 16), counts[1]):  # their order is that of the language
        _says(solutions["remedies/parameters"].partition("(c)")[2] or solutions["remedies/parameters"], count)
    _says(solutions["remedies/combined"], counts[1])

    shrunk, falling, zero = 0.8, 0.8, 0
    weights = [shrunk := shrunk - 0.1 * 2 * 0.01 * shrunk for _ in range(400)]
    steps = next(step for step, weight in enumerate(weights, 1) if weight <= 0.4)
    while falling > 1e-9:
        falling, zero = falling - 0.1 * 0.01, zero + 1
    gradient = 0.8 - 0.1 * -0.5
    _says(
        solutions["remedies/decay-by-hand"],
        f"{gradient:.2f}", f"{gradient - 0.1 * 2 * 0.01 * 0.8:.4f}", f"{weights[99]:.3f}", steps, "0.001", zero,
    )  # fmt: skip

    outputs, kept = np.array([1, 2, 0, 3]), np.array([1, 0, 0, 1])
    passed = outputs * kept / 0.5
    means = np.mean([np.array(mask) * outputs / 0.5 for mask in product((0, 1), repeat=4)], axis=0)
    fit = next(one for one in hand_result("remedies").findings.trainings if one.role == "dropout")
    done = fit.epochs * math.ceil(fit.train_samples / 128)
    _says(solutions["remedies/dropout-by-hand"], "(2,0,0,6)", passed.sum(), "(1,2,0,3)", outputs.sum())
    _says(solutions["remedies/dropout-by-hand"], means[3], f"{means[3] / 2:.1f}")
    _says(solutions["remedies/dropout-by-hand"], len(range(2**32)), done, 128, done * 128)

    right = {name: _score("remedies", f"test_accuracy{name}") for name in ("_dropout", "")}
    answers = [np.arange(2000) < 2000 * share for share in right.values()]
    error = 100 * math.sqrt(sum(one.var() / len(one) for one in answers))
    counted = [int(one.sum()) for one in answers]
    _says(solutions["remedies/worth"], *counted, counted[0] - counted[1], f"{error:.2f}", f"{2 * error:.2f}", "0.3")


def _score(lab: str, name: str) -> float:
    return next(one.value for one in hand_result(lab, seeds=(0,)).findings.scores if one.name == name)


def test_convolution(solutions):
    sides, channels = [28], [1]
    for window, filters in ((3, 32), (0, 32), (3, 64), (0, 64), (3, 64)):
        sides.append(sides[-1] - window + 1 if window else sides[-1] // 2)
        channels.append(filters)
    convolutions = [(9 * inner + 1) * outer for inner, outer in ((1, 32), (32, 64), (64, 64))]
    flat = sides[-1] ** 2 * channels[-1]
    whole = sum(convolutions) + _dense(flat, 64, 10)
    shapes = solutions["convolution/shapes"]
    _says(shapes, "→".join(map(str, sides)), *channels[:1], *channels[1:], flat)
    _says(shapes, *convolutions, _dense(flat, 64), _dense(64, 10), whole, whole)
    _says(shapes, 22, 22**2 * 64, _dense(22**2 * 64, 64), _dense(flat, 64))

    image, kernel = np.array([[0, 0, 2, 2]] * 3 + [[0] * 4]), np.array([[-1, 0, 1]] * 3)
    found = signal.correlate2d(image, kernel, mode="valid")
    assert found.tolist() == [[6, 6], [4, 4]]
    assert np.maximum(-found, 0).max() == 0
    _says(solutions["convolution/convolve-by-hand"], 6, 4, r"\begin{pmatrix}6&6\\4&4\end{pmatrix}", 6, "-6", "-4")

    second, dense = 11 * 11 * 64 * 9 * 32, 784 * 512 + 512 * 10
    _says(solutions["convolution/work"], 64, 11 * 11 * 64, 9 * 32, second, dense)

    read = [_score("convolution", f"test_accuracy{name}") for name in ("", "_dense")]
    answers = [np.arange(2000) < 2000 * share for share in read]
    wrong = [int((~one).sum()) for one in answers]
    errors = [math.sqrt(one.var() / 2000) for one in answers]
    ends = [share + sign * 2 * error for share, error in zip(read, errors, strict=True) for sign in (-1, 1)]
    remaining = solutions["convolution/remaining"]
    _says(remaining, *wrong, f"{wrong[0] / wrong[1]:.2f}", *(f"{100 * error:.2f}" for error in errors), *ends)
    _says(remaining, *read[::-1], *(math.prod([share] * 5) for share in read))


def test_metrics(solutions):
    series = {one.name: one.values for one in hand_result("metrics", seeds=(0,)).findings.series}
    said = {}
    for role in ("final", "threshold"):
        tp, fp, fn, tn = map(int, series[f"counts_{role}"])
        labels, answers = [1] * tp + [0] * fp + [1] * fn + [0] * tn, [1] * (tp + fp) + [0] * (fn + tn)
        measures = (reference.accuracy_score, reference.precision_score, reference.recall_score)
        said[role] = [*(one(labels, answers) for one in measures), f"{reference.f1_score(labels, answers):.4f}"]
    everything = [1] * len(labels)
    _says(
        solutions["metrics/four-counts"],
        *said["final"],
        *said["threshold"],
        reference.accuracy_score(labels, everything),
    )
    _says(solutions["metrics/four-counts"], f"{reference.f1_score(labels, everything):.4f}")

    tp, fp, fn, tn = series["counts_final"]
    hits, alarms = (math.floor(part + 0.5) for part in (500 * tp / (tp + fn), 9500 * fp / (fp + tn)))
    rare = (tp / (tp + fn), fp / (fp + tn), hits, alarms, hits + alarms, hits / (hits + alarms), tp / (tp + fp))
    _says(solutions["metrics/rare-positives"], *rare)

    sure, right = series["confidence_and_accuracy"]
    _says(solutions["metrics/believe"], "0.1", "2.5", "1.6", "0.205", "0.2475", f"{100 * (sure - right):.2f}")
    _says(solutions["metrics/believe"], math.floor(2000 * (sure - right) + 0.5))


def test_uneven(solutions):
    data = hand_result("uneven").findings.data
    assert data is not None
    labels = np.repeat(np.arange(46), data.test_class_counts)
    always = np.full_like(labels, 3)
    average = {"labels": np.unique(labels), "average": "macro", "zero_division": 0}
    _says(
        solutions["uneven/majority-again"],
        reference.accuracy_score(labels, always),
        reference.recall_score(labels, always, **average),
        f"{reference.f1_score(labels, always, labels=[3], average='macro'):.4f}",
        reference.f1_score(labels, always, **average),
    )
    large, small = data.train_class_counts[3], data.train_class_counts[35]
    batch = 512 * small / data.train_samples
    heavy = small**-0.5 / large**-0.5
    _says(solutions["uneven/weights-by-hand"], f"{heavy:.2f}", f"{large / small:.1f}", 46, f"{batch:.2f}")
    _says(solutions["uneven/macro-by-hand"], "0.588", "0.504", f"{1 / 100:.2f}", f"{0.5 / 3:.3f}")


def test_sequences(solutions):
    table, lstm = np.zeros((10_000, 32)).size, 4 * (_dense(32, 32) + 32 * 32)
    convolution = _dense(5 * 32, 32)
    counts = [table, lstm, 33, table + lstm + 33, convolution, 33, table + convolution + 33, _dense(10_000, 16, 16, 1)]
    _says(solutions["sequences/parameters"], *counts)
    batch = np.zeros((64, 120, 32), "float32")
    assert 982_500 <= batch.nbytes < 983_500
    _says(solutions["sequences/padding-by-hand"], np.zeros(120, "int32").nbytes, 10_000, "983kB")
    _says(solutions["sequences/convolution-by-hand"], "3,0,5", "5,0,3", len(range(120 - 5 + 1)))
    _says(solutions["sequences/both-directions"], 4 * (_dense(16, 8) + 8 * 8), 8 * (_dense(16, 8) + 8 * 8), 16)


def test_each_number_with_a_fixed_solution_is_looked_at(solutions):
    computed = set(re.findall(r'solutions\["([\w/-]+)"\]', Path(__file__).read_text("utf-8")))
    elsewhere = {"metrics/order-by-hand"}  # tests/experiments/test_metrics.py
    words = {
        name for name, text in solutions.items()
        if name.partition("/")[2].startswith(("your-", "faulty-")) or not re.search(r"\d", _without_code(text))
    }  # fmt: skip
    by_runs = {"convolution/moved-training", "uneven/how-strong", "sequences/window-of-reading", "uneven/resampling"}
    assert set(solutions) - computed - elsewhere - words - by_runs <= {"metrics/keras-metrics"}


def _without_code(text: str) -> str:
    return re.sub(r"```.*?```|\*\*.*", "", text)
