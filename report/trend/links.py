"""Which report shows a run: noted in the run's index when a report is made, asked for when a trend is drawn.

An address is either a web address (a job of a continuous integration, whose artifacts hold the report) or the folder
of a report, relative to the store, so that both can be moved together. A folder holds the newest report only: the runs
that an older one showed lose their link when it is replaced.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from labreport.report import languages
from labreport.report.store.runs import Store


def record(store: Store, results: Iterable[Path], address: str) -> None:
    """Note that these runs are shown by the report at an address, and no others any more if it is a folder.

    Args:
        store: whose runs they are; files outside it are passed over.
        results: result files of the runs.
        address: of the report.

    Raises:
        OutputError: an index can't be written.
    """
    listing = store.list(whole=False)
    shown = [run for path in results if (run := listing.at(path)) is not None]
    before = () if _is_web(address) else tuple(listing.shown_by(address))
    for run in shown:
        store.note(run, report=address)
    for run in before:
        if run.folder not in {one.folder for one in shown}:
            store.note(run, report=None)


def address_of(folder: Path, store: Store) -> str:
    """Return the address of a report's folder, relative to the store."""
    return Path(os.path.relpath(folder.absolute(), store.root.absolute())).as_posix()


def job_address(environ: Mapping[str, str]) -> str | None:
    """Return the web address of the job that runs this program, where it is one of GitHub's or GitLab's."""
    if all(environ.get(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")):
        repository = f"{environ['GITHUB_SERVER_URL']}/{environ['GITHUB_REPOSITORY']}"
        return f"{repository}/actions/runs/{environ['GITHUB_RUN_ID']}"
    return environ.get("CI_JOB_URL") or None


def link_to(address: str | None, lab: str, root: Path, page: Path, language: str) -> str | None:
    """Return the link that a page needs to lead to a run's report; None where there is no such report.

    Args:
        address: as noted for the run.
        lab: of the run; its chapter is shown.
        root: folder of the store.
        page: folder of the page.
        language: of the page; a report in it is preferred.
    """
    if address is None:
        return None
    if _is_web(address):
        return address
    folder = root / address
    for tongue in (language, *(other for other in languages.names() if other != language)):
        report = folder / f"labreport-{tongue}.html"
        if report.is_file():
            return f"{Path(os.path.relpath(report.absolute(), page.absolute())).as_posix()}#{lab}"
    return None


def _is_web(address: str) -> bool:
    return address.startswith(("https://", "http://"))
