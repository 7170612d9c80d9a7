"""labreport: train the classic Keras labs, record your own, and print reports that can't be wrong by accident.

Everything is imported under this one name. Here stands what the author of a lab, of a recorded script, or of an
addition to a report needs; all else may change. A name is looked up when it is asked for, so importing this loads
nothing of NumPy, TensorFlow or Matplotlib.
"""

from __future__ import annotations

__all__ = [
    "Answer",
    "Chart",
    "Column",
    "DataCard",
    "Dataset",
    "DivergenceError",
    "Drawing",
    "Example",
    "Files",
    "Findings",
    "Fitted",
    "Fold",
    "Format",
    "Image",
    "LabError",
    "Listing",
    "Measure",
    "Model",
    "Predictions",
    "RenderContext",
    "Result",
    "Samples",
    "Score",
    "Series",
    "Session",
    "TableData",
    "Text",
    "Texts",
    "Training",
    "__version__",
    "best_epoch",
    "best_smoothed_epoch",
    "capture",
    "claim",
    "compare",
    "confusion",
    "describe",
    "evaluate",
    "figure",
    "files",
    "in_memory",
    "linear_baseline",
    "majority_baseline",
    "mean_baseline",
    "measure",
    "number",
    "percent",
    "predict",
    "random_baseline",
    "record",
    "report",
    "require_range",
    "run_example",
    "runs",
    "score",
    "seed_everything",
    "series",
    "table",
    "two_stages",
]

TYPE_CHECKING = False  # what type checkers take for true; the one of `typing` would have to be imported
if TYPE_CHECKING:
    __version__: str
    from labreport import report as report
    from labreport.api import compare, record, runs
    from labreport.experiments.data.sets import Dataset, Texts
    from labreport.experiments.definitions import Answer, claim, figure, table
    from labreport.experiments.errors import LabError
    from labreport.experiments.examples import capture, run_example
    from labreport.experiments.lab import Files, Session, files
    from labreport.experiments.procedure import (
        confusion,
        linear_baseline,
        majority_baseline,
        mean_baseline,
        random_baseline,
        two_stages,
    )
    from labreport.experiments.result import (
        DataCard,
        Example,
        Findings,
        Fold,
        Image,
        Listing,
        Measure,
        Model,
        Predictions,
        Result,
        Score,
        Series,
        Text,
        Training,
    )
    from labreport.experiments.selection import best_epoch, best_smoothed_epoch
    from labreport.experiments.settings import require_range
    from labreport.experiments.training import (
        DivergenceError,
        Fitted,
        Samples,
        describe,
        evaluate,
        in_memory,
        predict,
        seed_everything,
    )
    from labreport.report.chapters.tables import TableData
    from labreport.report.document import Column
    from labreport.report.figures.drawing import Chart, Drawing
    from labreport.report.findings.analysis import measure, score, series
    from labreport.report.numbers import number, percent
    from labreport.report.rendering.formats import Format, RenderContext

_HOMES = {
    "api": (
        "compare",
        "record",
        "runs",
    ),
    "experiments.data.sets": (
        "Dataset",
        "Texts",
    ),
    "experiments.definitions": (
        "Answer",
        "claim",
        "figure",
        "table",
    ),
    "experiments.errors": ("LabError",),
    "experiments.examples": (
        "capture",
        "run_example",
    ),
    "experiments.lab": (
        "Files",
        "Session",
        "files",
    ),
    "experiments.procedure": (
        "confusion",
        "linear_baseline",
        "majority_baseline",
        "mean_baseline",
        "random_baseline",
        "two_stages",
    ),
    "experiments.result": (
        "DataCard",
        "Example",
        "Findings",
        "Fold",
        "Image",
        "Listing",
        "Measure",
        "Model",
        "Predictions",
        "Result",
        "Score",
        "Series",
        "Text",
        "Training",
    ),
    "experiments.selection": (
        "best_epoch",
        "best_smoothed_epoch",
    ),
    "experiments.settings": ("require_range",),
    "experiments.training": (
        "DivergenceError",
        "Fitted",
        "Samples",
        "describe",
        "evaluate",
        "in_memory",
        "predict",
        "seed_everything",
    ),
    "report.chapters.tables": ("TableData",),
    "report.document": ("Column",),
    "report.figures.drawing": (
        "Chart",
        "Drawing",
    ),
    "report.findings.analysis": (
        "measure",
        "score",
        "series",
    ),
    "report.numbers": (
        "number",
        "percent",
    ),
    "report.rendering.formats": (
        "Format",
        "RenderContext",
    ),
}
"""The public names by the module that they live in."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Look up a public name; the version is read when asked for, since that takes longer than the whole import."""
        if name == "__version__":
            from importlib.metadata import version

            return version("labreport")
        if name == "report":  # a package that can be called
            from importlib import import_module

            return import_module("labreport.report")
        for home, names in _HOMES.items():
            if name in names:
                from importlib import import_module

                return getattr(import_module(f"labreport.{home}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names."""
    return [*globals(), *__all__]
