"""labreport: train the classic Keras labs, record your own, and print reports that can't be wrong by accident.

Everything is imported under this one name. Importing it loads nothing of NumPy, TensorFlow or Matplotlib.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # as `typing` has it, which takes longer to import than all this
    from typing import Any

    from labreport.api import record, runs

    __version__: str

__all__ = ["__version__", "record", "runs"]


def __getattr__(name: str) -> Any:
    """Look up what is asked for only then: reading the metadata alone takes longer than the whole import."""
    if name == "__version__":
        from importlib.metadata import version

        return version("labreport")
    if name in ("record", "runs"):
        from labreport import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
