"""Running a server with words on the terminal; shared by `view` and `preview`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from labreport.report.browsing import server
from labreport.report.browsing.server import Door
from labreport.report.commands.console import Reporter

if TYPE_CHECKING:
    from starlette.applications import Starlette

OPEN_DOOR = (
    "Other machines can reach this address, and the pages are not encrypted: who can read along in the network sees "
    "them, and the address. Use it in a network that you trust, or leave --host out."
)


def served(
    app: Starlette, door: Door, reporter: Reporter, *, opening: bool, first: Callable[[], object], stage: str
) -> int:
    """Answer until Ctrl-C; return the exit code.

    Args:
        app: what answers.
        door: whom it lets in.
        reporter: says what happens.
        opening: open the page in the browser of this machine.
        first: called once it listens and before it answers, so that the first page need not wait for it.
        stage: what that is called while it lasts.
    """
    listener = server.listening(door.host, door.port)
    with reporter.bars():
        reporter.stage(stage)
        first()

    def started(address: str) -> None:
        click.echo(address)
        if door.is_open:
            reporter.say(OPEN_DOOR)
        reporter.say("Ctrl-C ends it.")
        if opening:
            import webbrowser

            webbrowser.open(address)

    server.serve(app, door, listener, started)
    reporter.say("Ended.")
    return 0
