"""The files of a trend, written into a folder: a page for each language, the data, the feed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from labreport.report.look import Look
from labreport.report.store import files, verdicts
from labreport.report.trend import data, feed, page
from labreport.report.trend.history import TrendHistory

DATA, FEED = "trend.json", "trend.atom"


def page_name(language: str) -> str:
    """Return the file name of the page in a language."""
    return f"trend-{language}.html"


def write(
    history: TrendHistory, folder: Path, languages: Sequence[str], *, base: str = "", look: Look | None = None
) -> tuple[Path, ...]:
    """Write a trend and return its files, the pages first.

    Args:
        history: what is shown; at least one run.
        folder: made as needed; the files of an earlier trend are overwritten.
        languages: of the pages; the feed has the first.
        base: web address at which the folder will be published, for the feed; empty: addresses stay relative.
        look: theme, templates and time zone of the pages.

    Raises:
        OutputError: the folder can't be written.
    """
    start = _start(base)
    contents = {
        **{
            page_name(language): page.html(
                history,
                language,
                folder=folder,
                others={other: page_name(other) for other in languages if other != language},
                look=look,
            )
            for language in languages
        },
        DATA: msgspec.json.format(msgspec.json.encode(data.plain(history)), indent=1).decode() + "\n",
        FEED: _feed(history, languages[0], start, (look or Look()).zone),
    }
    for name, content in contents.items():
        files.write(folder / name, content.encode())
    return tuple(folder / name for name in contents)


def write_feed(history: TrendHistory, folder: Path, language: str, *, base: str = "", look: Look | None = None) -> None:
    """Write the feed alone, after a verdict that the pages don't show. Arguments and errors as `write`."""
    files.write(folder / FEED, _feed(history, language, _start(base), (look or Look()).zone).encode())


def _start(base: str) -> str:
    return f"{base.rstrip('/')}/" if base else ""


def _feed(history: TrendHistory, language: str, start: str, zone: str) -> str:
    page = f"{start}{page_name(language)}"
    return feed.atom(history, language, page, f"{start}{FEED}", verdicts.read(history.root), zone=zone)
