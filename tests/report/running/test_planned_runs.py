"""From a plan to a stored run: everything is found once and carried, and the plan's key is the result's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.small_data import houses

from labreport.experiments import registry
from labreport.experiments.data import sets, sources
from labreport.experiments.registry import UnknownLabError
from labreport.report.cli import main
from labreport.report.configuration import Configuration
from labreport.report.running.execution import Done, execute
from labreport.report.running.planning import Plan, choose, make_plans
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

LAB = """
from dataclasses import dataclass
from pathlib import Path
import labreport
from helper import WORD

TITLE, VERSION, DATASET = "Counted", "1", "boston_housing"
DATA = labreport.files("points.csv")

def log(word):
    with Path(__file__).with_name("log.txt").open("a") as file:
        file.write(word + "\\n")

log("imported")

@dataclass(frozen=True, kw_only=True)
class Settings:
    size: int = 3
    def __post_init__(self):
        log("resolved")

def train(settings, dataset, session, seed):
    log("trained")
    session.measure(WORD, len(DATA["points.csv"].read_text()))
    session.score("test_error", 0.25)
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a lab that has a helper and data of its own, and logs what is done to it."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "lab.py").write_text(LAB)
    (folder / "helper.py").write_text("WORD = 'points'\n")
    (folder / "points.csv").write_text("1,2\n")
    (tmp_path / "labreport.toml").write_text(
        'data = "sample"\nlang = ["en"]\nto = ["md"]\n[paths]\nmine = "mine/lab.py"\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planned(configuration: Configuration, folder: Path) -> list[Plan]:
    return make_plans(configuration, (), Store(folder / "runs"))


def executed(plans: list[Plan], configuration: Configuration, folder: Path) -> Done:
    silent: Any = lambda *_: None  # noqa: E731
    (done,) = execute(
        plans,
        configuration,
        Store(folder / "runs"),
        force=False,
        command=(),
        progress=silent,
        announce=silent,
        finished=silent,
    )
    return done


def test_a_build_imports_a_lab_resolves_its_settings_and_reads_its_data_once(place, monkeypatch):
    read: list[str] = []
    original = sources.from_sample
    monkeypatch.setattr(sources, "from_sample", lambda known: (read.append(known.name), original(known))[1])
    main(["build", "mine", "-P", "size=4"])
    assert (place / "mine" / "log.txt").read_text().split() == ["imported", "resolved", "trained"]
    assert read == ["boston_housing"]
    main(["build", "mine", "-P", "size=4"])
    assert (place / "mine" / "log.txt").read_text().split()[3:] == ["imported", "resolved"]


def test_a_lab_that_is_edited_between_its_plan_and_its_run_is_stored_under_the_key_of_the_plan(place):
    configuration = Configuration(labs=("mine",), paths={"mine": Path("mine/lab.py")}, data="sample")
    plans = planned(configuration, place)
    for name in ("lab.py", "helper.py", "points.csv"):
        with (place / "mine" / name).open("a") as file:
            file.write("# changed\n")
    done = executed(plans, configuration, place)
    assert done.result.status == "complete"
    assert plans[0].key == done.plan.key == done.result.key
    (again,) = planned(configuration, place)
    assert again.stored is None
    assert again.stale == ("lab", "data")


@pytest.mark.parametrize(("name", "part"), [("lab.py", "lab"), ("helper.py", "lab"), ("points.csv", "data")])
def test_what_a_lab_brings_along_makes_its_run_stale(place, capsys, name, part):
    assert main(["run", "mine"]) == 0
    assert main(["status", "mine"]) == 0
    assert "up to date" in capsys.readouterr().out
    file = place / "mine" / name
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    main(["status", "mine"])
    assert "up to date" in capsys.readouterr().out
    file.write_bytes(file.read_bytes() + b"#\n")
    main(["status", "mine"])
    assert f"changed: {part}" in capsys.readouterr().out


def test_a_data_file_that_is_missing_gives_a_failed_run_that_names_it(place, capsys):
    (place / "mine" / "points.csv").unlink()
    assert main(["run", "mine"]) == 3
    assert "data file points.csv" in capsys.readouterr().err
    (entry,) = Store(place / "runs").list("mine").runs
    assert load(entry.path).key_parts["data"] == "missing:sample"


def test_a_download_gives_the_plan_the_identity_of_what_it_brought(place, monkeypatch):
    (file,) = sets.known_set("boston_housing").files
    monkeypatch.setattr(sources, "from_cache", lambda known, announce: None)
    monkeypatch.setattr(sources, "from_download", lambda known, announce: (b"",))
    monkeypatch.setattr(sets, "read", lambda location: houses())
    configuration = Configuration(labs=("mine",), paths={"mine": Path("mine/lab.py")})
    plans = planned(configuration, place)
    assert "sample" in plans[0].parts["data"]
    done = executed(plans, configuration, place)
    assert done.plan.key == done.result.key != plans[0].key
    assert done.result.key_parts["data"].startswith(f"boston_housing.npz:{file.sha256} points.csv:")


def test_without_names_the_six_of_the_book_and_the_users_own_run_and_the_word_all_means_every_one(place):
    paths = {"mine": Path("mine/lab.py")}
    assert choose(Configuration(paths=paths)) == (*registry.CLASSIC, "mine")
    assert choose(Configuration(paths=paths, labs=("all",))) == (*registry.BOOK, "mine")
    assert choose(Configuration(labs=("remedies", "imdb"))) == ("imdb", "remedies")
    with pytest.raises(UnknownLabError, match=r"Unknown lab 'remedy'\. Did you mean 'remedies'\?.* boston, remedies"):
        choose(Configuration(labs=("remedy",)))
