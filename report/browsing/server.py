"""The server of the site: read-only, on loopback unless asked otherwise, under a token that no one can guess.

Each answer says what the page may do, and that it is kept nowhere. A question to another host than this one is refused:
a name that someone made point here would else be let in by the browser.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labreport.experiments.system.memory import collected_regularly
from labreport.report.errors import UsageError

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette

LOOPBACK = "127.0.0.1"
_HEADERS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"frame-ancestors 'self'",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"SAMEORIGIN",
}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Door:
    """Where the server listens, and whom it lets in."""

    host: str = LOOPBACK
    port: int = 0
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)

    @property
    def is_open(self) -> bool:
        """Whether other machines can reach it."""
        return not is_loopback(self.host)

    def admits(self, host: str) -> bool:
        """Return whether a question names this server: by the address it listens at, or by that of this machine."""
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        name = name.strip("[]").lower()
        if is_loopback(name) or name == self.host.lower():
            return True
        # Where it listens at every address, one of them is named; a name in its place is none that we know.
        return self.host in ("0.0.0.0", "::", "") and (_is_address(name) or name == socket.gethostname().lower())


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Guard:
    """Lets in what asks for a page of this server, by its host and its token, and says what each answer may do.

    Args:
        app: what answers.
        door: whom to let in.
    """

    def __init__(self, app: App, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one question."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                # A document says itself what it may do; the header only says who may frame it.
                known = {name.lower() for name, _ in message.get("headers", [])}
                added = [(name, value) for name, value in _HEADERS.items() if name not in known]
                message["headers"] = [*message.get("headers", []), *added]
            await send(message)

        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        first = scope["path"].split("/")[1] if "/" in scope["path"] else ""
        if scope["method"] not in ("GET", "HEAD"):
            await _refuse(guarded, 405, b"This server only shows.")
        elif len(hosts) != 1 or not self._door.admits(hosts[0]):
            await _refuse(guarded, 421, b"This server has another name.")
        elif not secrets.compare_digest(first.encode(), self._door.token.encode()):
            await _refuse(guarded, 404, b"There is nothing here; use the whole address that was printed.")
        else:
            await self._app(scope, receive, guarded)


async def _refuse(send: Send, status: int, text: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Args:
        host: name or address.
        port: 0 for any that is free.

    Raises:
        UsageError: the port is taken or may not be used, or this machine has no such address.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise UsageError(f"Can't listen at {host}: {error.strerror or error}.") from error
    found = socket.socket(family, kind, protocol)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(place)
        found.listen(64)
    except OSError as error:
        found.close()
        raise UsageError(
            f"Can't listen at {host}, port {port}: {(error.strerror or str(error)).lower()}.\n"
            "Choose another --port, or leave it out: any that is free is taken."
        ) from error
    return found


def server(app: Starlette, door: Door, started: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """Return a server that is to be run with a socket of `listening`.

    Args:
        app: what answers.
        door: whom it lets in.
        started: called once it answers.
    """
    import uvicorn

    class Announced(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            started()

    config = uvicorn.Config(
        Guard(app, door),
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
        ws="none",
    )
    return Announced(config)


def serve(app: Starlette, door: Door, listener: socket.socket, started: Callable[[str], None]) -> None:
    """Answer until the program is interrupted.

    Args:
        app: what answers.
        door: whom it lets in.
        listener: from `listening`.
        started: called with the address to open, once it can be opened.
    """
    try:
        with collected_regularly():
            server(app, door, lambda: started(address(door, listener))).run(sockets=[listener])
    except KeyboardInterrupt:
        return  # the way to end it
    finally:
        listener.close()


def address(door: Door, listener: socket.socket) -> str:
    """Return the address to open."""
    port = listener.getsockname()[1]
    host = LOOPBACK if door.host in ("0.0.0.0", "::", "") else door.host
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/{door.token}/"


def preferred(accepted: str, tongues: Sequence[str], tags: Sequence[str]) -> str:
    """Return the language of the site that a browser asks for first; the first of the site where it asks for none.

    Args:
        accepted: the header of the browser, such as "zh-CN,zh;q=0.9,en;q=0.8".
        tongues: names of the languages.
        tags: value of the attribute `lang` of each.
    """
    for part in accepted.split(",")[:20]:
        wanted = part.partition(";")[0].strip().lower().partition("-")[0]
        for name, tag in zip(tongues, tags, strict=True):
            if wanted and wanted == tag.lower().partition("-")[0]:
                return name
    return tongues[0]
