"""Figures: from a Result to SVG with its alternative text and the table of its data.

`registry.draw` takes the name that a note writes; what it returns is finished and the same in every process. Curves and
matrices are drawn by Matplotlib, diagrams and pictures by a few lines of our own. Nothing is imported here: a page that
only wants the palette's colours does without Matplotlib.
"""
