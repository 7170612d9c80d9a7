"""What holds for all tests."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import click
import pytest
from helpers.drawn_once import Watched, draw_once
from helpers.places import ROOT
from helpers.warm import warmed
from hypothesis import settings

from labreport.experiments.system.memory import collect_seldom
from labreport.report.publish import workers
from labreport.report.rendering import cache

# How long an example takes says something of the machine, which others may use as well, and nothing of the code.
settings.register_profile("labreport", deadline=None)
settings.load_profile("labreport")

SLOWEST = (
    "test_scripts",
    "test_notebook",
    "test_new_command",
    "test_seeds",
    "test_pages",
    "test_check_command",
    "test_fuzz",
    "test_cli_streams",
    "test_record_command",
    "test_readme",
    "test_slides",
    "test_progress",
    "test_training_shared",
    "test_cli",
    "test_training",
    "test_endings",
    "test_site_in_browser",
    "test_docs",
    "test_no_leak",
    "test_compare_command",
    "test_cluster",
    "test_nights_in_a_row",
    "test_training_stack",
    "test_training_continued",
    "test_explain_command",
    "test_bad_input",
)
"""The files of tests that take longest, the longest first."""


_MEMORY = Path("/dev/shm")
_ROOM = 4 * 2**30
"""Bytes that must be free there; the tests keep some hundred megabytes at a time."""


def pytest_configure() -> None:
    """Keep the folders of the tests in memory where there is room: syncing what is stored takes a disk its time."""
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that of several processes none works alone at the end."""
    place = {name: number for number, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(SLOWEST)))


_TOGETHER = {
    "test_cluster": "cluster",
    "test_cluster_command": "cluster",
    "test_distant": "cluster",
    "test_new_command": "fresh",
    "test_one_name": "fresh",
}
"""Files of tests that need the same costly thing, which each process of tests would make for itself."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give the tests of a file, and files that share something, to one process."""
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _TOGETHER.get(Path(nodeid.partition("::")[0]).stem) or super()._split_scope(nodeid)

    return Together(config, log)


def pytest_collection_finish() -> None:
    """Do as the command does, and leave what was loaded so far out of every look for what is left over."""
    gc.collect()
    gc.freeze()
    collect_seldom()


@pytest.fixture(scope="module", autouse=True)
def _what_is_loaded_by_now_is_looked_at_no_more():
    """Leave it out of the looks that come before each training, as the command does after loading TensorFlow."""
    gc.collect()
    gc.freeze()


_BUILD = "import sys, setuptools.build_meta as b; print(getattr(b, 'build_' + sys.argv[1])(sys.argv[2]))"
_USED = ("labreport", "experiments", "report", "templates", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(autouse=True)
def _no_chapter_is_remembered(request):
    """Make each chapter again: a test that replaces a part of the program must not leave what it made to others.

    A test that is about the cache asks for it with the mark `remembering`, and for a folder of its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        if "remembering" not in request.keywords:
            usual = cache.folder
            patch.setattr(cache, "folder", lambda kind: usual(kind) if kind == "fonts" else None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _figures_are_drawn_once():
    with pytest.MonkeyPatch.context() as patch:
        draw_once(patch)
        yield


@pytest.fixture
def monkeypatch():
    """The usual one, which knows whether a part of the program was replaced: then no earlier drawing is taken."""
    patch = Watched.here = Watched()
    yield patch
    Watched.here = None
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def _documents_are_made_in_this_process():
    """Start no process for each language: what starts them is tested by commands in processes of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "available", lambda: 1)
        yield


@pytest.fixture(scope="session")
def distributions(tmp_path_factory):
    """The wheel and the sdist of this checkout, built from a copy without what lies beside the sources."""
    folder = tmp_path_factory.mktemp("distributions")
    copy = folder / "checkout"
    copy.mkdir()
    for name in (*_USED, "THIRD-PARTY-NOTICES.md"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, copy / name)
    if (ROOT / "MANIFEST.in").exists():
        shutil.copy2(ROOT / "MANIFEST.in", copy)
    for kind in ("wheel", "sdist"):
        done = subprocess.run(
            [sys.executable, "-c", _BUILD, kind, str(folder)], cwd=copy, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="session")
def warm_python(tmp_path_factory):
    """An executable that stands for `sys.executable`, with TensorFlow loaded: see `helpers/warm.py`."""
    with warmed(tmp_path_factory.mktemp("warm")) as executable:
        yield executable


@pytest.fixture(scope="session")
def fresh(distributions, tmp_path_factory):
    """A fresh environment that has the wheel, and what it needs from this one."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    library = next((folder / "lib").glob("python*/site-packages"))
    with zipfile.ZipFile(distributions[0]) as wheel:
        wheel.extractall(library)
    # A path in a .pth file brings the packages of this environment, but not its own .pth files: not this checkout.
    (library / "needed.pth").write_text(str(Path(click.__file__).parents[1]) + "\n")
    return folder / "bin" / "python"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A Dask cluster of one scheduler and three workers, for all tests that need one."""
    from helpers.dask_cluster import LoopbackCluster

    found = LoopbackCluster(tmp_path_factory.mktemp("cluster"), 3)
    yield found
    found.stop()
