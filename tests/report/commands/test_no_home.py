"""A user without a home, as an unknown user id in a container, and files that refuse: it works, or a line says why."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import platformdirs
import pytest
from helpers.hand_labs import stored

from labreport.experiments.data.sources import cache_folders
from labreport.experiments.running import provenance
from labreport.report.cli import main
from labreport.report.gate.folder import scrubbed


@pytest.fixture
def homeless(place, monkeypatch):
    """No HOME, and a user id that no list knows, as Path.home and platformdirs meet it."""

    def unknown(*_arguments, **_names):
        raise RuntimeError("Could not determine home directory.")

    for name in ("HOME", "XDG_CACHE_HOME", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", unknown)
    monkeypatch.setattr(platformdirs, "user_cache_path", unknown)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    return place


def test_every_command_works_without_a_home(homeless, capsys, monkeypatch, warm_python):
    monkeypatch.setattr("sys.executable", warm_python)
    stored(homeless, "tensors")
    assert main(["render", "--lang", "en", "--to", "html"]) == 0
    assert main(["list"]) == 0
    assert main(["verify", "reports"]) == 0
    assert main(["doctor"]) in (0, 2, 3, 4)
    assert "a fault of labreport" not in capsys.readouterr().err
    assert provenance.scrub("see /srv/data/x.npz") == "see …/x.npz"
    assert scrubbed(f"{homeless}/a /b") == "a /b"
    assert len(cache_folders()) == 1


@pytest.mark.parametrize("code", [errno.ESTALE, errno.EIO, errno.EPERM])
def test_a_file_that_can_not_be_read_any_more_is_one_line(place, monkeypatch, capsys, code):
    (path,) = stored(place, "tensors")
    whole = os.open

    def refused(name, *arguments, **names):
        if str(name).endswith(path.name) and path.parent.name in str(Path(name).resolve()):
            raise OSError(code, os.strerror(code), str(name))
        return whole(name, *arguments, **names)

    monkeypatch.setattr(os, "open", refused)
    monkeypatch.setattr("builtins.open", lambda name, *a, **n: refused(name, 0) and None, raising=False)
    assert main(["show", "tensors"]) == 2
    said = capsys.readouterr().err
    assert os.strerror(code) in said
    assert "Traceback" not in said


def test_a_report_is_written_where_modes_can_not_be_set(place, monkeypatch):
    stored(place, "tensors")

    def refused(*_arguments, **_names):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    for name in ("chmod", "fchmod"):
        monkeypatch.setattr(os, name, refused)
    assert main(["render", "--lang", "en", "--to", "html"]) == 0
    assert main(["verify", "reports"]) == 0
