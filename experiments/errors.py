"""Errors of the laboratory that a user can mend; everything else stays an ordinary exception.

The messages say what happened, what was expected and how to mend it, in one or two lines.
"""

from __future__ import annotations


class LabError(Exception):
    """A lab can't be run as asked; base of the errors of this package."""


class DataError(LabError):
    """A data set is missing, incomplete, or not the file it should be."""
