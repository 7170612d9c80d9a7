"""Errors that a user can mend, each with the exit code of its kind.

They are shown as one or two lines without a traceback: what happened, what was expected, how to fix it.
Mistakes of the programmer stay ordinary exceptions.
"""

from __future__ import annotations

FAULT = 70
"""Exit code of a fault of labreport itself (EX_SOFTWARE of sysexits.h): never taken for a failed gate, which is 1."""


class ReportError(Exception):
    """Base of all errors shown to a user."""

    exit_code = 2


class UsageError(ReportError):
    """The command line or the configuration asks for something that is not there."""


class UnreadableError(ReportError):
    """A file given as input is corrupt, too new, or not what it should be."""


class ExperimentError(ReportError):
    """A lab failed, or its data are missing."""

    exit_code = 3


class RenderingError(ReportError):
    """An output could not be made; the others are kept."""

    exit_code = 4


class NoteError(RenderingError):
    """A note says something that can't be rendered; names the file and the line."""
