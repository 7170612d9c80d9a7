"""The imported modules that lie beside the script: they belong to what ran."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

from labreport.experiments.recording.watching.events import Events

MOST = 200
"""Modules that are noted at most."""

_OTHERS = {"site-packages", "dist-packages"}


def note(events: Events) -> None:
    """Note the files of all modules that have been imported from the place of the script."""
    found: set[str] = set()
    not_own = (sysconfig.get_paths()["stdlib"], str(Path(__file__).parents[3]))
    beside = str(events.place)
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        # Of thousands of modules nearly all lie elsewhere, which a comparison of texts finds quickest.
        if not isinstance(file, str) or not file.startswith(beside) or not file.endswith(".py"):
            continue
        if file.startswith(not_own):
            continue
        path = Path(file)
        if path.is_absolute() and path.is_relative_to(events.place) and not _OTHERS & set(path.parts):
            found.add(file)
    events.write("modules", files=sorted(found)[:MOST])
