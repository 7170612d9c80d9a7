"""Everything after a `Result`: store it, draw conclusions, build a report, render it; and the command line.

The package can be called: `labreport.report(runs)` is `labreport.api.report`, the page of some runs.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """This very package: its name is also that of the function by which a notebook asks for a report."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Return the report of some runs; see `labreport.api.report`."""
        from labreport.api import report

        return report(*arguments, **options)


sys.modules[__name__].__class__ = _Callable
