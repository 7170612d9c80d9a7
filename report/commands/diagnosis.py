"""What a machine needs, and how to fix what is missing: Python, TensorFlow, Pango, fonts, data, notes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from labreport.experiments.data import sets
from labreport.experiments.errors import DataError
from labreport.experiments.running.provenance import git_refuses, git_state
from labreport.report.chapters import parity
from labreport.report.configuration import Configuration
from labreport.report.rendering.fonts import FACES
from labreport.report.rendering.pdf import PANGO_PACKAGES

DATA_SETS = ("mnist", "imdb", "reuters", "boston_housing")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing looked at."""

    name: str
    state: Literal["ok", "note", "bad"]
    """ok; note: works, but less than it could; bad: something won't work."""
    text: str
    fix: str = ""


def diagnose(configuration: Configuration) -> Iterator[Finding]:
    """Look at everything a build needs, cheap things first."""
    yield _python()
    yield _extra("tensorflow", "labs", "pip install tensorflow", environment={"TF_CPP_MIN_LOG_LEVEL": "3"})
    weasyprint = _extra(
        "weasyprint",
        "pdf",
        f"apt-get install {PANGO_PACKAGES} (or your system's Pango); HTML and Markdown work without it",
    )
    yield weasyprint
    if weasyprint.state == "ok":
        yield from _patches()
    yield _extra("docx", "docx", "pip install python-docx pypdfium2; everything but --to docx works")
    yield _extra("starlette", "view", "pip install starlette uvicorn watchfiles; everything but view and preview works")
    for name in ("jinja2", "matplotlib", "numpy"):
        yield _installed(name)
    yield _fonts()
    for name in DATA_SETS:
        yield _data(name, configuration)
    yield _writable("runs", configuration.runs_dir)
    yield _writable("reports", configuration.output)
    yield _git()
    yield from note_findings()


def _git() -> Finding:
    if git_refuses(Path()):
        return Finding(
            name="git",
            state="note",
            text="git refuses this folder (safe.directory): it belongs to another user, so runs name no commit",
            fix="git config --global --add safe.directory FOLDER",
        )
    commit, dirty = git_state(Path())
    changes = ", with uncommitted changes" if dirty else ""
    return Finding(name="git", state="ok", text=f"{commit[:12]}{changes}" if commit else "outside a repository")


def _python() -> Finding:
    text = ".".join(map(str, sys.version_info[:3]))
    return Finding(name="Python", state="ok", text=text)


def _extra(name: str, extra: str, fix: str, environment: dict[str, str] | None = None) -> Finding:
    """Import the package of an extra in a process of its own: a broken one may take its process with it."""
    installed = _installed(name)
    if installed.state == "bad":
        # Left out on purpose, perhaps: everything else works without it.
        return Finding(name=name, state="note", text="not installed", fix=f"pip install 'labreport[{extra}]'")
    try:
        tried = subprocess.run(
            [sys.executable, "-P", "-c", f"import {name}"],
            capture_output=True,
            text=True,
            timeout=180,
            env={**os.environ, **(environment or {})},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Finding(name=name, state="bad", text="did not import within three minutes", fix=fix)
    if tried.returncode:
        last = (tried.stderr.strip().splitlines() or [f"exit code {tried.returncode}"])[-1]
        return Finding(name=name, state="bad", text=f"can't be imported: {last}", fix=fix)
    return installed


def _patches() -> Iterator[Finding]:
    """Say what a PDF lacks because a patch does not fit the WeasyPrint that is installed."""
    statement = "from labreport.report.rendering.weasyprint import patches; print(*patches.misfits(), sep='\\n')"
    tried = subprocess.run(
        [sys.executable, "-P", "-c", statement], capture_output=True, text=True, timeout=180, check=False
    )
    for lacking in tried.stdout.split("\n") if tried.returncode == 0 else ():
        if lacking:
            yield Finding(
                name="weasyprint",
                state="note",
                text=f"{version('weasyprint')} does not fit: the PDF is made without {lacking}",
                fix="pip install -c constraints.txt weasyprint: the version that labreport is tested with",
            )


def _installed(name: str) -> Finding:
    try:
        return Finding(name=name, state="ok", text=version(name))
    except PackageNotFoundError:
        return Finding(name=name, state="bad", text="not installed", fix=f"pip install {name}")


def _fonts() -> Finding:
    folder = resources.files("labreport.templates") / "fonts"
    missing = [face.file for face in FACES.values() if not (folder / face.file).is_file()]
    if missing:
        return Finding(name="fonts", state="bad", text=f"missing: {', '.join(missing)}", fix="reinstall labreport")
    return Finding(name="fonts", state="ok", text=f"{len(FACES)} shipped fonts")


def _data(name: str, configuration: Configuration) -> Finding:
    try:
        found = sets.locate(
            name, source=configuration.data, data_dir=configuration.data_dir, offline=configuration.offline
        )
    except DataError as error:
        first, _, rest = str(error).partition("\n")
        return Finding(name=f"data {name}", state="bad", text=first, fix=rest)
    if found.source == "full":
        return Finding(name=f"data {name}", state="ok", text="full set")
    return Finding(
        name=f"data {name}",
        state="note",
        text="the embedded sample of real data",
        fix="for the full set: --data-dir FOLDER with Keras' own files, or --data full with a network",
    )


def _writable(name: str, folder: Path) -> Finding:
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    if os.access(place, os.W_OK | os.X_OK) and place.is_dir():
        return Finding(name=f"folder {name}", state="ok", text=str(folder))
    return Finding(
        name=f"folder {name}", state="bad", text=f"{folder} can't be written", fix="choose another: --runs-dir, -o"
    )


def note_findings() -> Iterator[Finding]:
    """Compare the notes of all shipped languages."""
    found = list(parity.problems())
    if found:
        yield from (Finding(name="notes", state="bad", text=problem, fix="fix the note") for problem in found)
    else:
        yield Finding(name="notes", state="ok", text="all languages in step")
