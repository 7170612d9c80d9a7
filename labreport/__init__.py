"""labreport: train the classic Keras labs, record your own, and print reports that can't be wrong by accident.

Everything is imported under this one name. Importing it loads nothing of NumPy, TensorFlow or Matplotlib.
"""

from __future__ import annotations

TYPE_CHECKING = False
"""True for a type checker alone; the constant of that name in `typing` would have to be imported."""
if TYPE_CHECKING:
    from typing import Any

    from labreport.api import record, runs
    from labreport.experiments.definitions import Answer, claim, figure, table
    from labreport.report.chapters.tables import TableData
    from labreport.report.document import Column
    from labreport.report.figures.drawing import Chart, Drawing
    from labreport.report.rendering.formats import Format, RenderContext

    __version__: str

_HOMES = {
    # For what a program records and reads.
    "record": "api",
    "runs": "api",
    # For what a lab adds to its report.
    "Answer": "experiments.definitions",
    "claim": "experiments.definitions",
    "figure": "experiments.definitions",
    "table": "experiments.definitions",
    "Chart": "report.figures.drawing",
    "Drawing": "report.figures.drawing",
    "Column": "report.document",
    "TableData": "report.chapters.tables",
    # For an output format.
    "Format": "report.rendering.formats",
    "RenderContext": "report.rendering.formats",
}
"""The public names, and the module in which each lives; it is imported when the name is first asked for."""

__all__ = [
    "Answer",
    "Chart",
    "Column",
    "Drawing",
    "Format",
    "RenderContext",
    "TableData",
    "__version__",
    "claim",
    "figure",
    "record",
    "runs",
    "table",
]


def __getattr__(name: str) -> Any:
    """Return a public name when it is asked for: importing all of them at once would take a second."""
    if name == "__version__":
        from importlib.metadata import version

        return version("labreport")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"labreport.{_HOMES[name]}"), name)
    globals()[name] = value  # the next time it is found without asking
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
