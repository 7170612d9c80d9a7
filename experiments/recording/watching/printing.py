"""What the script prints: passed on as it is, and recorded up to a bound. Bytes past `print` are not recorded."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import wrapt

from labreport.experiments.recording.watching.events import PRINTED, Events

MOST = 4_000_000
"""Characters that are kept."""


def watch(events: Events) -> None:
    """Keep what is written to standard output from now on."""
    if sys.stdout is not None:
        keeper = _TextKeeper(events)
        sys.stdout = _Stream(sys.stdout, events.guarded(keeper.keep))


class _TextKeeper:
    def __init__(self, events: Events) -> None:
        self._file = (events.folder / PRINTED).open("w", buffering=1, encoding="utf-8", errors="replace", newline="")
        self._left = MOST

    def keep(self, text: str) -> None:
        if self._left <= 0 or not isinstance(text, str):
            return
        self._file.write(text[: self._left])
        self._left -= len(text)


if TYPE_CHECKING:
    _Proxy = wrapt.ObjectProxy[Any]
else:
    _Proxy = wrapt.ObjectProxy  # takes no type in brackets before wrapt 2.2


class _Stream(_Proxy):
    """The stream itself for those who ask; what is written to it is recorded as well."""

    def __init__(self, stream: Any, keep: Any) -> None:
        super().__init__(stream)
        self._self_keep = keep

    def write(self, text: str) -> Any:
        written = self.__wrapped__.write(text)
        self._self_keep(text)
        return written

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)
