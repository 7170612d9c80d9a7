"""Reports of which each chapter is made once for all tests: by the program's own cache, in a folder of the session.

Most of the time of a report goes into its chapters, and dozens of tests look at the same ones. A chapter lies there
under the hash of all that decides it (`report/chapters/kept.py`), so another run, note or edition makes another one.
A test that replaces a part of the program, which is not in that hash, makes its chapters by `build` itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache as cache_calls
from pathlib import Path

import pytest

from helpers.hand_results import FURTHER, LABS, all_hand_results, hand_result
from labreport.experiments.result import Result
from labreport.report.chapters import build
from labreport.report.chapters.build import Built
from labreport.report.configuration import Configuration
from labreport.report.document import Chapter
from labreport.report.rendering import cache

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)
_places: list[Path] = []


def lie_in(folder: Path) -> None:
    """Say where the chapters of this session lie."""
    _places[:] = [folder]


def built(results: Sequence[Result], which: str = "en", configuration: Configuration | None = None) -> Built:
    """Return the report of some runs in one language or in several, with chapters that may have been made before."""
    (place,) = _places
    usual = cache.folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "folder", lambda kind: usual(kind) if kind == "fonts" else place / kind)
        asked = configuration or Configuration()
        return build.document(results, which, asked, moment=MOMENT, version="0.1.0", reuse=True)


@cache_calls
def every_chapter(language: str = "en", edition: str = "student") -> dict[str, Chapter]:
    """Return the chapters of all labs by name: of the book as they stand there, and of those that run where named."""
    results = (*all_hand_results(), *(hand_result(lab, seeds=(0,)) for lab in FURTHER))
    made = built(results, language, Configuration(edition=edition))
    assert made.problems == ()
    return {part.id: part for part in made.report.chapters if part.id in (*LABS, *FURTHER)}


def chapter_of(result: Result, language: str = "en", edition: str = "student") -> Chapter:
    """Return the chapter of one run, as it stands in a report of its own."""
    made = built([result], language, Configuration(edition=edition))
    assert made.problems == ()
    return made.report.chapters[0]
