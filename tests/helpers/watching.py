"""Pages opened through Playwright: what they say, what they ask for, and what axe finds in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

WIDTHS = (360, 768, 1400)
SCHEMES = ("light", "dark")
LOOKS = (("en", "light"), ("zh", "dark"))
"""Each language in one scheme: what a language changes has no colour, so that each of both is seen once."""


@dataclass
class Watched:
    """A page of Playwright, and what it said and asked for."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


_pages: dict[tuple[int, bool], Any] = {}


@contextmanager
def shown(
    chromium: Any,
    address: str,
    *,
    scheme: str = "light",
    width: int = 1400,
    height: int = 900,
    script: bool = True,
    permissions: Sequence[str] = (),
) -> Iterator[Watched]:
    """Show an address until the block ends.

    One page shows all of them, one after the other: to begin a window, or a process for pages of another origin, takes
    longer than most of what is asked in it.

    Args:
        chromium: a browser of Playwright.
        address: of a file or of a server.
        scheme: `light` or `dark`.
        width: of the window.
        height: of the window.
        script: whether scripts run.
        permissions: that a user would have to give.
    """
    page = _pages.get((id(chromium), script))
    if page is None or page.is_closed():
        page = _pages[id(chromium), script] = chromium.new_page(java_script_enabled=script)
        # The first page of a language cuts its fonts, on a machine that others use too.
        page.set_default_timeout(180_000)
    if _origin(page.url) != _origin(address):
        page.goto("about:blank")
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme, media="screen")
    watched = Watched(page)

    def request(asked: Any) -> None:
        # What the page before may still ask for comes before the question for this one.
        if watched.asked or asked.is_navigation_request():
            watched.asked.append(asked.url)

    listeners = {
        "console": lambda message: watched.said.append(message.text),
        "pageerror": lambda error: watched.said.append(str(error)),
        "request": request,
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    try:
        if permissions:
            page.context.grant_permissions(list(permissions))
        page.goto(address)
        yield watched
    finally:
        for event, listener in listeners.items():
            page.remove_listener(event, listener)
        if permissions:
            page.context.clear_permissions()


def leave(chromium: Any) -> None:
    """Show no page any more, so that none asks a server that is about to end."""
    for (browser, _), page in _pages.items():
        if browser == id(chromium) and not page.is_closed():
            page.goto("about:blank")


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


@contextmanager
def opened(chromium: Any, path: Path, *, scheme: str = "light", width: int = 1400) -> Iterator[Watched]:
    """Show a file until the block ends."""
    with shown(chromium, path.as_uri(), scheme=scheme, width=width) as watched:
        # Fonts in data addresses are ready only some time after the load.
        watched.page.evaluate("document.fonts.ready.then(() => 1)")
        yield watched


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

_ASK = "([context, options]) => axe.run(context || document, options)"


def assert_accessible(page: Any, schemes: Sequence[str], *, frames: bool = True) -> None:
    """Make sure that axe finds nothing in a page.

    What does not depend on colours is asked once, in the scheme that the page has; the contrast in every scheme, of one
    text of each kind, as texts of one kind have the same colours, and asking for a thousand paragraphs takes longest.

    Args:
        page: of Playwright.
        schemes: `light`, `dark` or both.
        frames: whether pages in frames of it are looked at as well.
    """
    from axe_playwright_python.base import AXE_SCRIPT

    def found(context: Any, **options: Any) -> Any:
        options |= {"iframes": frames, "resultTypes": ["violations"]}
        answer = page.evaluate(_ASK, [context, options])
        assert [(item["id"], item["nodes"][0]["html"][:200]) for item in answer["violations"]] == [], options
        return answer

    page.evaluate(AXE_SCRIPT)
    assert len(found(None, rules={"color-contrast": {"enabled": False}})["passes"]) > 15
    assert page.evaluate(_KINDS) > 3
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        assert found({"include": [["[data-kind]"]]}, runOnly=["color-contrast"])["passes"]


def assert_accessible_and_silent(chromium: Any, path: Path, schemes: Sequence[str] = SCHEMES) -> None:
    """Make sure that axe finds nothing in a page, that it says nothing on the console and asks for nothing else."""
    with opened(chromium, path, scheme=schemes[0]) as watched:
        assert_accessible(watched.page, schemes)
        assert watched.said == []
        assert [url for url in watched.asked if not url.startswith("data:")] == [path.as_uri()]
