"""How long runs are expected to take, and that the longest begins first where several are at work at a time."""

from __future__ import annotations

from pathlib import Path

from helpers.hand_history import entry, put

from labreport.experiments import registry
from labreport.experiments.running.preparation import prepare
from labreport.report.cli import main
from labreport.report.running.expected import estimate, longest_first
from labreport.report.running.planning import Plan
from labreport.report.store.entries import Entry, load
from labreport.report.store.runs import Store, StoredRuns

LAB = """
import time

TITLE, VERSION = "Sleepy", "1"

def train(settings, dataset, session, seed):
    time.sleep({seconds})
    session.score("test_accuracy", 0.5)
"""


def _listing(root: Path, *entries: Entry) -> StoredRuns:
    for one in entries:
        put(root, one)
    return Store(root).list(whole=False)


def _plan(lab: str = "imdb", seeds: tuple[int, ...] = (0,)) -> Plan:
    prepared = prepare(registry.load(lab), seeds=seeds, source="sample")
    return Plan(prepared=prepared, stored=None, stale=())


def test_a_lab_takes_as_long_as_its_newest_run_in_proportion_to_the_seeds(tmp_path):
    listing = _listing(
        tmp_path,
        entry(day=0, seconds=500.0, seeds=(0,)),
        entry(day=2, seconds=30.0, seeds=(0, 1, 2)),
        entry(day=3, seconds=900.0, seeds=(0,), profile="quick"),
        entry(day=4, seconds=900.0, seeds=(0,), lab="mnist"),
    )
    assert estimate(_plan(seeds=(0, 1, 2, 3, 4)), listing) == 50
    assert estimate(_plan("boston"), listing) is None


def test_a_run_that_was_stopped_took_at_least_its_time(tmp_path):
    listing = _listing(
        tmp_path,
        entry(day=0, seconds=10.0, seeds=(0,)),
        entry(day=1, seconds=80.0, seeds=(0,), status="interrupted", key=_plan().key),
        entry(day=2, seconds=500.0, seeds=(0,), status="interrupted", key="another version"),
    )
    assert estimate(_plan(), listing) == 80


def test_the_longest_comes_first_and_what_was_never_run_before_all(tmp_path):
    listing = _listing(
        tmp_path,
        entry("mnist", 1, seconds=30.0, seeds=(0,)),
        entry("reuters", 1, seconds=60.0, seeds=(0, 1)),
        entry("boston", 1, seconds=40.0, seeds=(0,)),
    )
    plans = [_plan("tensors"), _plan("mnist"), _plan("imdb"), _plan("reuters"), _plan("boston", seeds=(0, 1))]
    found = [plan.lab for plan in longest_first(plans, listing)]
    assert found == ["tensors", "imdb", "boston", "mnist", "reuters"]


def test_side_by_side_the_longest_lab_begins_first_and_the_order_of_the_report_stays(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, seconds in (("brief", 0.01), ("long", 0.4), ("other", 0.01)):
        Path(f"{name}.py").write_text(LAB.format(seconds=seconds))
    paths = "".join(f'{name} = "{name}.py"\n' for name in ("brief", "long", "other"))
    Path("labreport.toml").write_text(f'labs = ["brief", "long", "other"]\n[paths]\n{paths}')

    def begun(*words: str) -> list[str]:
        assert main(["run", "--force", "-q", *words]) == 0
        capsys.readouterr()
        results = [load(run.path) for run in Store(Path("runs")).list().runs][:3]
        return [one.lab for one in sorted(results, key=lambda one: one.provenance.started)]

    assert begun("--jobs", "1") == ["brief", "long", "other"]
    assert begun("--jobs", "2")[0] == "long"
    assert main(["build", "--to", "md", "--lang", "en", "-q"]) == 0
    page = next(Path("reports").glob("*.md")).read_text("utf-8")
    assert page.index("brief") < page.index("long") < page.index("other")
