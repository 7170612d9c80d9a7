"""Figures that the script shows or saves with Matplotlib, recorded as small pictures, up to a bound.

Drawing a figure for the record changes nothing of it, and a picture that is kept already is not kept again: where no
window can be opened, `show` leaves its figures as they are, and the next one shows all of them once more.
"""

from __future__ import annotations

import contextlib
import io
import threading
from hashlib import sha256
from pathlib import Path
from types import FunctionType
from typing import Any

import wrapt

from labreport.experiments.recording.watching.events import Events

MOST = 20
"""Pictures kept of one script."""

LARGEST = 500_000
"""Bytes of one picture; a larger one is drawn with fewer dots, or left out."""


def watch(events: Events, seed: int | None) -> None:
    """Keep figures from now on."""
    keeper = _PictureKeeper(events)
    wrapt.register_post_import_hook(lambda module: events.guarded(keeper.watch_figures)(module), "matplotlib.figure")
    wrapt.register_post_import_hook(lambda module: events.guarded(keeper.watch_show)(module), "matplotlib.pyplot")


class _PictureKeeper:
    def __init__(self, events: Events) -> None:
        self._events = events
        self._kept: list[bytes] = []
        self._busy = threading.local()
        self._draw: Any = None

    def watch_figures(self, module: Any) -> None:
        self._draw = module.Figure.savefig
        wrapt.wrap_function_wrapper(module.Figure, "savefig", self._saved)

    def watch_show(self, pyplot: Any) -> None:
        keep = self._events.guarded(self._shown)

        def show(wrapped: Any, instance: Any, arguments: Any, named: Any) -> Any:
            keep(pyplot)
            return wrapped(*arguments, **named)

        # Matplotlib's warnings name the first line outside of it, which is to be the script's and not this one.
        code = show.__code__.replace(co_filename=pyplot.__file__)
        wrapper = FunctionType(code, {"__name__": pyplot.__name__}, closure=show.__closure__)
        wrapt.wrap_function_wrapper(pyplot, "show", wrapper)

    def _shown(self, pyplot: Any) -> None:
        for number in pyplot.get_fignums():
            self._keep(pyplot.figure(number), f"figure {number}")

    def _saved(self, wrapped: Any, instance: Any, arguments: Any, named: Any) -> Any:
        answer = wrapped(*arguments, **named)
        if not getattr(self._busy, "drawing", False):
            target = arguments[0] if arguments else named.get("fname")
            self._events.guarded(self._keep)(
                instance, Path(target).name if isinstance(target, (str, Path)) else "figure"
            )
        return answer

    def _keep(self, figure: Any, name: str) -> None:
        if len(self._kept) >= MOST:
            return
        self._busy.drawing = True
        try:
            for dots in (100, 50):
                buffer = io.BytesIO()
                self._draw(figure, buffer, format="png", dpi=dots)
                if buffer.tell() <= LARGEST:
                    break
            else:
                return
        finally:
            self._busy.drawing = False
        digest = sha256(buffer.getbuffer()).digest()
        if digest in self._kept:
            return
        self._kept.append(digest)
        path = self._events.folder / f"picture-{len(self._kept)}.png"
        with contextlib.suppress(OSError):
            path.write_bytes(buffer.getvalue())
            self._events.write("picture", name=name, file=path.name)
