"""A lab's chapter as a Jupyter notebook: the text of the report, and code cells that do the work in plain Keras."""

from labreport.report.rendering.notebook.write import notebook, notebooks

__all__ = ["notebook", "notebooks"]
