"""What the server of a preview answers, and how it learns that a file was saved."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from labreport.report.browsing.application import routed
from labreport.report.browsing.pages import Site
from labreport.report.browsing.server import Door
from labreport.report.browsing.stock import Stock
from labreport.report.browsing.workshop import Workshop
from labreport.report.chapters.offered import KINDS
from labreport.report.errors import FAULT, explained

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

WAITING = 20.0
"""Seconds after which a question for changes is answered although there was none."""
_LOOK = 0.04
"""Seconds between two looks for a change."""
_QUIET = 30
"""Milliseconds without a further change after which a file counts as saved: editors write in several steps."""


@dataclass(frozen=True, kw_only=True)
class PreviewAddresses:
    """Addresses of a preview: a chapter, and what belongs to it."""

    token: str
    language: str
    lab: str
    served: bool = True

    def same(self, language: str) -> str:
        """Return that of the page that is shown, in another language."""
        return f"/{self.token}/{language}/{quote(self.lab)}"

    def chapter(self, lab: str, part: str = "") -> str:
        """Return that of a lab's chapter, or of what belongs to it: page, faults, offers, pdf."""
        return f"/{self.token}/{self.language}/{quote(lab)}{f'/{part}' if part else ''}"

    def changes(self, version: int) -> str:
        """Return that which answers as soon as there is a newer version."""
        return f"/{self.token}/{self.language}/changes?since={version}"


class Previews:
    """The pages of a preview.

    Args:
        workshop: makes the chapters.
        door: of the server.
    """

    def __init__(self, workshop: Workshop, door: Door) -> None:
        self.workshop = workshop
        self.door = door
        configuration = workshop.configuration
        self.site = Site(Stock(configuration.runs_dir), configuration.look, configuration.lang)
        self.labs: Sequence[str] = tuple(workshop.runs)

    def shell(self, at: PreviewAddresses) -> Response:
        """Answer with the page around a chapter."""
        version = self.workshop.version
        proof = self.workshop.proof(at.lab, at.language)
        return _html(
            self.site.written("preview", at.language, at, lab=at.lab, labs=self.labs, version=version, proof=proof)
        )

    def page(self, at: PreviewAddresses) -> Response:
        """Answer with the chapter by itself."""
        return _html(self.workshop.proof(at.lab, at.language).page)

    def faults(self, at: PreviewAddresses) -> Response:
        """Answer with what is wrong, and with the state of the chapter in a header."""
        proof = self.workshop.proof(at.lab, at.language)
        answer = _html(self.site.part("faults", at.language, at, proof=proof))
        answer.headers["x-chapter"] = proof.digest
        return answer

    def offers(self, at: PreviewAddresses) -> Response:
        """Answer with what a note of the run may write."""
        found = self.workshop.offers(at.lab, at.language)
        kinds = [(kind, [offer for offer in found if offer.kind == kind]) for kind in KINDS]
        return _html(self.site.written("offers", at.language, at, kinds=[pair for pair in kinds if pair[1]]))

    def pdf(self, at: PreviewAddresses) -> Response:
        """Answer with the chapter as PDF."""
        from starlette.responses import Response

        return Response(self.workshop.pdf(at.lab, at.language), media_type="application/pdf")

    def answered(self, answer: Callable[[PreviewAddresses], Response], request: Request) -> Response:
        """Answer a question; what can't be shown is said on a page."""
        from starlette.responses import RedirectResponse

        language, lab = request.path_params["language"], request.path_params.get("lab", "")
        if language not in self.site.tongues:
            return RedirectResponse(f"/{self.door.token}/", 303)
        if lab not in self.labs:
            return RedirectResponse(f"/{self.door.token}/{language}/{quote(self.labs[0])}", 303)
        at = PreviewAddresses(token=self.door.token, language=language, lab=lab)
        try:
            return answer(at)
        except Exception as error:  # no fault, ours neither, ends the server
            code, said = explained(error)
            page = self.site.page(language, at)
            text = self.site.written(
                "broken", language, at, heading=page.say("cannot"), lines=said.split("\n"), lab=lab
            )
            return _html(text, 500 if code == FAULT else 409)

    async def changes(self, request: Request) -> Response:
        """Answer with the version, as soon as it is newer than the one that is known."""
        from starlette.responses import JSONResponse

        since = request.query_params.get("since", "")
        known = int(since) if since.isdecimal() and len(since) < 10 else 0
        for _ in range(int(WAITING / _LOOK)):
            if self.workshop.version != known or await request.is_disconnected():
                break
            await asyncio.sleep(_LOOK)
        return JSONResponse({"version": self.workshop.version})


def previews(workshop: Workshop, door: Door) -> Starlette:
    """Return what answers the questions to a preview.

    Args:
        workshop: makes the chapters.
        door: of the server.
    """
    pages = Previews(workshop, door)
    answers = {
        "": pages.shell,
        "{lab}": pages.shell,
        "{lab}/page": pages.page,
        "{lab}/faults": pages.faults,
        "{lab}/offers": pages.offers,
        "{lab}/pdf": pages.pdf,
        "{anything:path}": pages.shell,
    }
    answered = {path: partial(pages.answered, answer) for path, answer in answers.items()}
    return routed({"changes": pages.changes, **answered}, workshop.configuration, door)


class Watcher:
    """Notes each time that a file below some folders is saved.

    Args:
        places: folders, and files; those that are not there are left out.
        changed: called after each change with the paths of the files.
    """

    def __init__(self, places: Sequence[Path], changed: Callable[[Iterable[str]], None]) -> None:
        from watchfiles import watch  # an extra; where it is missing, that is said before anything begins

        self._waits = watch
        self._places = [place for place in dict.fromkeys(places) if place.exists()]
        self._changed = changed
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def __enter__(self) -> Watcher:
        """Begin to watch."""
        if self._places:
            self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Watch no longer."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(2)

    def _watch(self) -> None:
        for changes in self._waits(
            *self._places, watch_filter=None, step=_QUIET, stop_event=self._over, rust_timeout=500
        ):
            self._changed([path for _, path in changes])


def _html(content: str, status: int = 200) -> Response:
    from starlette.responses import HTMLResponse

    return HTMLResponse(content, status)
