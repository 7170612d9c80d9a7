"""The folders that `labreport new` writes: what is in each kind of them.

The files lie in `templates/scaffold/`, one folder for each kind and `lab/` for what kinds of labs have in common. They
are working files with marks in them: `__NAME__`, `__TITLE__` and `__LANGUAGES__`. Notes are in `notes/LANGUAGE.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from labreport.experiments import registry
from labreport.report import languages
from labreport.report.errors import UsageError
from labreport.report.store import files as storage
from labreport.report.store.codec import NAME

KINDS = {
    "classification": ("lab", "classification"),
    "regression": ("lab", "regression"),
    "script": ("script",),
    "notes": ("notes",),
    "course": ("course",),
}
"""Kinds of folders, and the templates that make up each."""


def checked_name(name: str) -> str:
    """Return the name of a new lab.

    Raises:
        UsageError: it can't name a folder of runs, or a lab of this name is installed.
    """
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name[:40]!r} can't name a lab; use up to 80 letters (a-z), digits, - and _, a letter or digit first."
        )
    if name in registry.names():
        raise UsageError(f"A lab {name!r} is installed already; choose another name.")
    return name


def scaffold(name: str, kind: str, chosen: Sequence[str]) -> dict[str, bytes]:
    """Return the files of a new folder: path in it -> content.

    Args:
        name: of the lab, as `checked_name` gives it.
        kind: one of `KINDS`.
        chosen: installed languages of the reports. Those without a template get no note; where none has one, the note
            is in English, and lent to them. A script and a course have none.
    """
    marks = {
        "__NAME__": name,
        "__TITLE__": _title(name),
        "__LANGUAGES__": ", ".join(f'"{language}"' for language in chosen),
    }
    found: dict[str, str] = {}
    notes: dict[str, dict[str, str]] = {}
    for folder in KINDS[kind]:
        place = resources.files("labreport.templates") / "scaffold" / folder
        found |= {item.name: item.read_text("utf-8") for item in place.iterdir() if item.is_file()}
        notes |= dict(_templates(place / "notes", name))
    if kind == "notes":
        shipped = {language: dict(_shipped(language)) for language in languages.names()}
        notes = {language: texts for language, texts in shipped.items() if texts}
    for language in [language for language in chosen if language in notes] or [languages.TERMINAL]:
        found |= {f"notes/{language}/{note}.md": text for note, text in notes.get(language, {}).items()}
    for mark, text in marks.items():
        found = {path: content.replace(mark, text) for path, content in found.items()}
    return {path: found[path].encode() for path in sorted(found)}


def write(folder: Path, content: dict[str, bytes], *, force: bool) -> list[Path]:
    """Write the files of a new folder and return their paths.

    Args:
        folder: where they go; it need not exist yet, and what else lies in it is left alone.
        content: as `scaffold` gives it.
        force: whether files that are there are replaced.

    Raises:
        UsageError: one is there already; nothing is written then.
        OutputError: one can't be written.
    """
    paths = {folder / name: text for name, text in content.items()}
    there = [path for path in paths if path.exists() or path.is_symlink()]
    if there and not force:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise UsageError(f"{there[0]}{more} would be overwritten; choose another name, or give --force.")
    storage.check_folder(folder)
    for path, text in paths.items():
        storage.write(path, text)
    return list(paths)


def _templates(place: Traversable, name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Return the note of a kind in each language, under the name of the lab."""
    if place.is_dir():
        for item in place.iterdir():
            yield item.name.removesuffix(".md"), {name: item.read_text("utf-8")}


def _shipped(language: str) -> Iterator[tuple[str, str]]:
    """Return the notes of the labs that come with a language."""
    for lab in registry.BOOK:
        text = languages.text(language, f"notes/{lab}.md")
        if text is not None:
            yield lab, text


def _title(name: str) -> str:
    words = " ".join(name.replace("-", " ").replace("_", " ").split())
    return words[:1].upper() + words[1:]
