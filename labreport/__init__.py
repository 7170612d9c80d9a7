"""labreport: train the classic Keras labs, and print reports that can't be wrong by accident.

Everything is imported under this one name. Importing it loads nothing of NumPy, TensorFlow or Matplotlib.
"""

from __future__ import annotations

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """Look the version up when it is asked for: reading the metadata takes longer than the whole import."""
    if name == "__version__":
        from importlib.metadata import version

        return version("labreport")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
