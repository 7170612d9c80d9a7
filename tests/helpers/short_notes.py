"""Notes of a user that are as short as may be, for tests of what happens to a report and not of what is in it.

A report of one short chapter without appendices is set on paper in a tenth of the time that a lab of the book takes.
"""

from __future__ import annotations

from pathlib import Path

from labreport.report.words import LANGUAGES

PLAIN = "# Short\n\n## A {#a}\n\nA sentence.\n"


def short(folder: Path, **notes: str) -> None:
    """Write notes in every shipped language, and the configuration of a report that has nothing beside them.

    Args:
        folder: where a test works.
        notes: text by lab, such as `PLAIN`.
    """
    for language in LANGUAGES:
        (folder / "mine" / language).mkdir(parents=True)
        for lab, text in notes.items():
            (folder / "mine" / language / f"{lab}.md").write_text(text, "utf-8")
    configured(folder, 'notes = "mine"', "glossary = false", "provenance = false")


def configured(folder: Path, *lines: str) -> None:
    """Put lines before what is in the configuration of a folder."""
    path = folder / "labreport.toml"
    before = path.read_text("utf-8") if path.exists() else ""
    path.write_text("\n".join([*lines, before]), "utf-8")
