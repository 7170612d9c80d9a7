"""Pages opened through Playwright: what they say, what they ask for, and what axe finds in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WIDTHS = (360, 768, 1400)
SCHEMES = ("light", "dark")


@dataclass
class Watched:
    """A page of Playwright, and what it said and asked for."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@contextmanager
def opened(chromium: Any, path: Path, *, scheme: str = "light", width: int = 1400) -> Iterator[Watched]:
    """Show a file until the block ends."""
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    watched = Watched(page)
    page.on("console", lambda message: watched.said.append(message.text))
    page.on("pageerror", lambda error: watched.said.append(str(error)))
    page.on("request", lambda request: watched.asked.append(request.url))
    page.goto(path.as_uri())
    # Fonts in data addresses are ready only some time after the load.
    page.evaluate("document.fonts.ready.then(() => 1)")
    yield watched
    page.close()


def assert_accessible_and_silent(chromium: Any, path: Path, scheme: str) -> None:
    """Make sure that axe finds nothing in a page, that it says nothing on the console and asks for nothing else."""
    from axe_playwright_python.sync_playwright import Axe

    with opened(chromium, path, scheme=scheme) as watched:
        found = Axe().run(watched.page)
        assert [(item["id"], item["nodes"][0]["html"][:200]) for item in found.response["violations"]] == []
        assert len(found.response["passes"]) > 15
        assert watched.said == []
        assert [url for url in watched.asked if not url.startswith("data:")] == [path.as_uri()]
