"""The measured error rates of the gate: the simulation judges as the gate does, and the promises hold."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from benchmarks import simulation
from helpers.hand_gate import run, stored, values

from labreport.report.gate.judgement import Candidate, judge
from labreport.report.gate.reference import Reference
from labreport.report.gate.rules import Rules


def test_its_p_values_are_those_of_the_gate():
    before = np.array([values("imdb", range(5, 15)), values("imdb", range(5)) * 2])
    now = np.array([values("imdb", range(5), 0.004), values("imdb", range(9, 14), -0.002)])
    for row, p in enumerate(simulation.p_values(before, now, "higher")):
        one = Candidate(
            lab="imdb",
            current=run("imdb", range(100, 105), scores={"test_accuracy": now[row]}),
            reference=Reference(results=(run("imdb", range(10), scores={"test_accuracy": before[row]}),)),
        )
        [lab] = judge([one], Rules())
        [check] = [check for check in lab.checks if check.name == "test_accuracy"]
        assert check.numbers.p == pytest.approx(p)


def test_equal_versions_raise_few_alarms_and_a_point_of_imdb_is_found():
    equal = simulation.rates(simulation.STATED, seeds=5, baseline=10, nights=400)
    assert equal.any <= 0.05 + 3 * 0.011
    assert equal.confirmed < equal.any
    worse = simulation.rates(simulation.STATED, seeds=5, baseline=10, nights=150, losses={"imdb": 0.01})
    assert worse.by_lab["imdb"] >= 0.9
    assert worse.by_lab["mnist"] < 0.06
    assert worse.tested == 1


def test_with_single_runs_nothing_is_tested_and_nothing_cries_wolf():
    single = simulation.rates(simulation.STATED, seeds=1, baseline=10, nights=300)
    assert (single.tested, single.any) == (0, 0)
    broken = simulation.rates(simulation.STATED, seeds=1, baseline=10, nights=50, losses={"imdb": 0.1})
    assert broken.by_lab["imdb"] == 1


def test_the_same_random_seed_gives_the_same_nights():
    first, second = (
        simulation.rates(simulation.STATED, seeds=3, baseline=5, nights=40, random_seed=7) for _ in range(2)
    )
    assert first == second


def test_stored_seeds_are_drawn_from_where_there_are_enough():
    runs = [
        run("imdb", range(5), day=2),
        run("imdb", range(3, 12), day=1, loss=0.5),
        run("mnist", range(5)),
        run("boston", range(10), profile="quick"),
        run("reuters", range(10), source="sample"),
    ]
    found = {one.lab: one for one in simulation.spreads(runs)}
    assert found["imdb"].values[:5] == values("imdb", range(5))
    assert len(found["imdb"].values) == 12
    assert found["imdb"].origin == "12 seeds, measured"
    assert all(found[lab].origin == "stated" for lab in ("mnist", "boston", "reuters"))
    drawn = found["imdb"].draw(np.random.default_rng(0), 4, 3)
    assert drawn.shape == (4, 3)
    assert set(drawn.ravel()) <= set(found["imdb"].values)


def test_the_benchmark_prints_its_tables(tmp_path, capsys):
    path = Path(__file__).with_name("error_rates.py")
    specification = importlib.util.spec_from_file_location("error_rates", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    module.SEEDS, module.POINTS = (1, 5), (1.0,)
    stored(tmp_path, run("imdb", range(10)))
    code = module.main(["--runs-dir", str(tmp_path / "runs"), "--nights", "200"])
    text = capsys.readouterr().out
    assert "10 seeds, measured" in text
    assert "stated" in text
    assert "| false alarms a night" in text
    assert "| a loss of 1 point of IMDB accuracy is found" in text
    assert code in (0, 1)
