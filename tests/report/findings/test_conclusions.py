"""What is concluded from a run, for a program: `show --json`, `list --json`, and their published form."""

from __future__ import annotations

import json
import math

import jsonschema
import msgspec
import pytest
from helpers.hand_parts import training
from helpers.hand_results import LABS, hand_result

from labreport.report.cli import main
from labreport.report.findings import conclusions
from labreport.report.store.runs import Store
from labreport.report.words import LANGUAGES


def _stored(folder, seeds):
    """Store a run of each lab, a failed one, and one whose curve and score are not finite."""
    store = Store(folder / "runs")
    for lab in LABS:
        store.save(hand_result(lab, seeds=seeds))
    diverged = training("selection", 0, {"val_loss": (0.5, math.nan, 0.4)}, (10, 5), 3)
    score = msgspec.structs.replace(hand_result("imdb").findings.scores[0], value=math.inf)
    store.save(hand_result("imdb", run_id="diverged", seeds=(0,), trainings=(diverged,), scores=(score,)))
    store.save(hand_result("mnist", run_id="failed", seeds=seeds, status="failed"))
    return folder


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    return _stored(tmp_path_factory.mktemp("several"), (0, 1, 2))


@pytest.fixture
def place(several, monkeypatch):
    """A store with runs of three seeds, which is only read."""
    monkeypatch.chdir(several)
    return several


def _printed(capsys, *arguments: str):
    assert main(list(arguments)) == 0
    return json.loads(capsys.readouterr().out)


def test_what_show_and_list_print_obeys_the_published_schemas(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    place = _stored(tmp_path, (0,))  # further seeds are more of the same
    form = _printed(capsys, "schema", "--of", "show")
    kind = jsonschema.validators.validator_for(form)
    kind.check_schema(form)  # once: that takes longer than to look at a run
    shown = kind(form)
    for run in Store(place / "runs").list().runs:
        shown.validate(_printed(capsys, "show", str(run.folder), "--json"))
    jsonschema.validate(_printed(capsys, "list", "--json"), _printed(capsys, "schema", "--of", "list"))
    with pytest.raises(jsonschema.ValidationError, match="conclusions"):
        shown.validate(json.loads(next((place / "runs").glob("*/*/result.json")).read_bytes()))


def test_show_gives_the_stored_result_and_one_more_key(place, capsys):
    printed = _printed(capsys, "show", "boston", "--json")
    found = printed.pop("conclusions")
    assert printed == json.loads(next((place / "runs" / "boston").glob("*/result.json")).read_bytes())
    folds = next(group for group in found["trainings"] if group["role"] == "fold")
    assert folds["curve"] == "smoothed val_mae"
    assert folds["best_epoch"] >= 1
    assert [one["seed"] for one in folds["per_seed"]] == [0, 1, 2]
    score = next(item for item in found["scores"] if item["name"] == "fold_mae")
    assert (score["n"], score["unit"], score["direction"]) == (3, "thousand dollars", "lower")
    claim = found["claims"][0]
    assert claim["verdict"] in ("true", "some", "false")
    assert set(claim["sentence"]) == set(LANGUAGES)


def test_the_best_epoch_is_pooled_and_that_of_each_seed(place):
    curves = ((0.5, 0.1, 0.5), (0.5, 0.5, 0.3))
    fits = tuple(training("selection", seed, {"val_loss": curve}, (10, 5), 3) for seed, curve in enumerate(curves))
    (group,) = conclusions.trainings(hand_result("imdb", trainings=fits))
    assert (group.best_epoch, group.epochs, group.overfits) == (2, 3, True)
    assert [(one.seed, one.best_epoch, one.epochs, one.status) for one in group.per_seed] == [
        (0, 2, 3, "complete"),
        (1, 3, 3, "complete"),
    ]


def test_a_training_whose_values_are_not_finite_has_diverged(place, capsys):
    (group,) = _printed(capsys, "show", "diverged", "--json")["conclusions"]["trainings"]
    assert (group["best_epoch"], group["per_seed"][0]["status"]) == (3, "diverged")


def test_a_list_gives_the_conclusions_in_short(place, capsys):
    rows = {row["run_id"]: row["conclusions"] for row in _printed(capsys, "list", "--json")}
    assert rows["diverged"]["scores"][0]["mean"] is None
    shown = _printed(capsys, "show", "reuters", "--json")["conclusions"]
    (listed,) = (row for name, row in rows.items() if "reuters" in name)
    for kind, names in (("trainings", ("role", "best_epoch", "epochs")), ("scores", ("name", "mean", "sd", "n"))):
        known = [item for item in shown[kind] if item.get("kind") != "baseline"]
        assert [[item[name] for name in names] for item in listed[kind]] == [
            [item[name] for name in names] for item in known
        ]
