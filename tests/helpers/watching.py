"""Pages opened through Playwright: what they say, what they ask for, and what axe finds in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


_KINDS = """() => {
    const seen = new Set();
    for (const element of document.querySelectorAll('body *')) {
        if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
        const path = [];
        for (let at = element; at && at !== document.body; at = at.parentElement) {
            const name = at.getAttribute('class') || '', style = at.getAttribute('style') || '';
            path.push(`${at.tagName} ${name} ${style} ${at.getAttribute('fill') || ''}`);
        }
        const kind = path.join('/');
        if (!seen.has(kind)) element.dataset.kind = seen.size;
        seen.add(kind);
    }
    return seen.size;
}"""
"""Marks the first text of each kind: of elements that have the same names and classes, as all around them have."""


def assert_accessible(page: Any, schemes: Sequence[str], *, frames: bool = True) -> None:
    """Make sure that axe finds nothing in a page.

    What does not depend on colours is asked once, in the scheme that the page has; the contrast in every scheme, of one
    text of each kind, as texts of one kind have the same colours, and asking for a thousand paragraphs takes longest.

    Args:
        page: of Playwright.
        schemes: `light`, `dark` or both.
        frames: whether pages in frames of it are looked at as well.
    """
    from axe_playwright_python.sync_playwright import Axe

    def found(context: Any, **options: Any) -> Any:
        options |= {"iframes": frames, "resultTypes": ["violations"]}
        answer = Axe().run(page, context, options).response
        assert [(item["id"], item["nodes"][0]["html"][:200]) for item in answer["violations"]] == [], options
        return answer

    assert len(found(None, rules={"color-contrast": {"enabled": False}})["passes"]) > 15
    assert page.evaluate(_KINDS) > 3
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        assert found({"include": [["[data-kind]"]]}, runOnly=["color-contrast"])["passes"]


def assert_accessible_and_silent(chromium: Any, path: Path) -> None:
    """Make sure that axe finds nothing in a page, that it says nothing on the console and asks for nothing else."""
    with opened(chromium, path) as watched:
        assert_accessible(watched.page, SCHEMES)
        assert watched.said == []
        assert [url for url in watched.asked if not url.startswith("data:")] == [path.as_uri()]
