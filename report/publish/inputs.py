"""The key of a report: one hash of everything that decides its bytes, so that nothing is rendered twice.

In go the runs, the code that makes a report (of this package only the rooms below, not those that gate, compare or show
trends), templates and notes, what the labs define themselves, the configuration, and the versions of the packages that
draw and typeset, those that add figures, claims or formats among them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from importlib import resources
from pathlib import Path

from labreport.experiments import plugins, registry
from labreport.experiments.errors import LabError
from labreport.experiments.registry import additions
from labreport.experiments.running.identity import package_version
from labreport.experiments.system import reading
from labreport.report import languages
from labreport.report.chapters import references
from labreport.report.chapters.logo import data_address
from labreport.report.configuration import LOCALISED, Configuration
from labreport.report.look import THEMES
from labreport.report.publish.dates import tool_version
from labreport.report.rendering import program
from labreport.report.store.entries import StoredResult


def key(runs: Sequence[StoredResult], configuration: Configuration, moment: datetime) -> str:
    """Return the hash of everything that decides the bytes of a report.

    Args:
        runs: what is reported.
        configuration: languages, formats, theme, notes, labs and texts of the report.
        moment: its date.
    """
    digest = sha256()
    for run in runs:
        digest.update(sha256(run.content).digest())
    for name, found in (*program.sources(), *_of_labs(runs, configuration)):
        digest.update(f"{name} {found}\n".encode())
    words = [
        _own_notes(configuration, {run.result.lab for run in runs}),
        [additions.title(run.result.lab, configuration.paths.get(run.result.lab)) for run in runs],
        _own_files(configuration.notes, references.FILE),
        _own_files(configuration.templates, "**/*"),
        _own_theme(configuration.theme),
        [languages.fingerprint(part) for which in configuration.documents for part in languages.parts(which)],
        configuration.documents,
        configuration.to,
        [dict(getattr(configuration, name)) for name in LOCALISED],
        data_address(configuration.logo) if configuration.logo else None,
        {language: list(facts) for language, facts in configuration.cover.items()},
        configuration.date,
        configuration.timezone,
        [configuration.form, configuration.chapters, configuration.glossary, configuration.provenance],
        configuration.edition,
        configuration.theme,
        configuration.paper,
        configuration.print,
        configuration.exercise_pages,
        configuration.hints,
        configuration.answer_room,
        configuration.notebooks,
        [configuration.variant, configuration.question_variants, configuration.notebook_outputs],
        reading.digest(configuration.roster) if configuration.roster else None,
        moment.isoformat(),
        [package_version(package) for package in program.PACKAGES],
        plugins.foreign(),
        tool_version(),
    ]
    digest.update(json.dumps(words, sort_keys=True).encode())
    return digest.hexdigest()


def _of_labs(runs: Sequence[StoredResult], configuration: Configuration) -> Iterator[tuple[str, str]]:
    """Return lab, file and its hash of all that the labs define: figures, tables and claims."""
    for lab in (run.result.lab for run in runs):
        try:
            files = additions.files(lab, configuration.paths.get(lab))
            yield from ((f"{lab}/{path.name}", reading.text_hash(reading.content(path))) for path in files)
        except LabError:
            continue  # its source is gone; the chapter says so where that matters


def _own_theme(name: str) -> list[str]:
    """Return the name and the hash of each file of a theme, which another distribution may have brought."""
    found = sorted((file.name, file) for file in resources.files(THEMES.get(name)).iterdir() if file.is_file())
    return [f"{title} {sha256(file.read_bytes()).hexdigest()}" for title, file in found]


_OUTLINE = (b"#", b":::")
"""How the lines of a note begin that may show in chapters of other labs: titles, and what has a number."""


def _own_notes(configuration: Configuration, labs: set[str]) -> list[str]:
    """Return the name and a hash of each note of the user; of notes of labs that are not reported only the outline.

    A course of many labs is made lab by lab: a sentence that changes in one note changes the documents of its lab.
    """
    folder = configuration.notes
    if folder is None:
        return []
    others = {*registry.names(), *configuration.paths, *configuration.record} - labs
    found = []
    for path in sorted(path for path in folder.glob("*/*.md") if path.is_file()):
        content = reading.content(path)
        if path.stem in others:
            content = b"\n".join(line for line in content.splitlines() if line.startswith(_OUTLINE))
        found.append(f"{path.relative_to(folder).as_posix()} {reading.text_hash(content)}")
    return found


def _own_files(folder: Path | None, pattern: str) -> list[str]:
    """Return the name inside the folder and the hash of each file of the user."""
    if folder is None:
        return []
    found = sorted(path for path in folder.glob(pattern) if path.is_file())
    return [f"{path.relative_to(folder).as_posix()} {reading.text_hash(reading.content(path))}" for path in found]
