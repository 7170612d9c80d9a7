"""Errors that a user can fix, each with the exit code of its kind, and the one place where any error gets its code.

They are shown as one or two lines without a traceback: what happened, what was expected, how to fix it.
Mistakes of the programmer stay ordinary exceptions.
"""

from __future__ import annotations

import contextlib
import re
import traceback
from importlib.util import find_spec

from labreport.experiments.errors import DataError, LabError, message_of

FAULT = 70
"""Exit code of a fault of labreport itself (EX_SOFTWARE of sysexits.h): never taken for a failed gate, which is 1."""
_NO_MEMORY = re.compile("failed to map segment|[Cc]annot allocate memory|can't load unicodedata")
"""What the system, and the compiler of Python, say of a library that does not fit into memory."""
_NO_THREAD = "can't start new thread"
"""What Python says where the system has no memory for another thread, or may have no more of them."""
_NO_NAMES = {"surrogates not allowed": "it is not in UTF-8", "embedded null byte": "it holds a null character"}
_NO_NAME = re.compile("|".join(_NO_NAMES))
"""What Python says of the name of a file that only the system, or none, can hold -> what is wrong with it."""
EXTRAS = {
    "tensorflow": "labs",
    "keras": "labs",
    "weasyprint": "pdf",
    "docx": "docx",
    "pypdfium2": "docx",
    "tinyhtml5": "pdf",
    "distributed": "cluster",
    "starlette": "view",
    "uvicorn": "view",
    "watchfiles": "view",
}
"""Packages that only some work needs -> the extra that installs each."""


class ReportError(Exception):
    """Base of all errors shown to a user."""

    exit_code = 2


class UsageError(ReportError):
    """The command line or the configuration asks for something that is not there."""


class UnreadableError(ReportError):
    """A file given as input is corrupt, too new, or not what it should be."""


class NothingMeasuredError(ReportError):
    """There is no run to render or to check, or a program ran and nothing can be reported of it."""

    exit_code = 5


class ExperimentError(ReportError):
    """A lab failed, or its data are missing."""

    exit_code = 3


class RenderingError(ReportError):
    """An output could not be made; the others are kept."""

    exit_code = 4


class NoteError(RenderingError):
    """A note says something that can't be rendered; names the file and the line."""


def missing_extra(message: str) -> ReportError | None:
    """Return the error that names what to install, where an import failed for want of an extra; None elsewhere.

    Args:
        message: of the ModuleNotFoundError.
    """
    for package, extra in EXTRAS.items():
        if re.search(rf"\b{package}\b", message) and find_spec(package) is None:
            said = f"This needs {package}, which is not installed: pip install 'labreport[{extra}]'"
            return RenderingError(said) if extra in ("pdf", "view", "docx") else ExperimentError(said)
    return None


def explained(error: Exception) -> tuple[int, str]:
    """Return the exit code of any error and the lines that a user is shown.

    What is not an error of the user's is a fault of labreport: its traceback is printed, and its code is `FAULT`.
    """
    if isinstance(error, ModuleNotFoundError):
        error = missing_extra(str(error)) or error
    if _is_out_of_memory(error):
        error = UsageError("There is too little memory for this; allow more of it, or end other programs.")
    if isinstance(error, RuntimeError) and _NO_THREAD in str(error):
        error = UsageError("No thread can be started: there is too little memory, or there are too many processes.")
    if type(error).__module__ == "sqlite3":
        error = UnreadableError(f"The index of the store can't be used ({error}); delete its folder .index.")
    if isinstance(error, ValueError) and (found := _NO_NAME.search(str(error))):
        error = UsageError(f"A name can't be used: {_NO_NAMES[found.group()]}. Rename the file or folder.")
    if isinstance(error, ReportError):
        return error.exit_code, str(error)
    if isinstance(error, LabError):
        return 3 if isinstance(error, DataError) else 2, str(error)
    if isinstance(error, OSError):
        # A name too long, a disk that is full, an output that is closed: the machine's or the user's, not ours.
        where = f": {str(error.filename)[:80]}" if error.filename else ""
        return 2, f"{error.strerror or error}{where}"
    with contextlib.suppress(OSError):
        traceback.print_exception(error)
    return FAULT, (
        f"a fault of labreport itself, {type(error).__name__}: {message_of(error)}.\n"
        "It says nothing about the runs; please report it with the lines above."
    )


def _is_out_of_memory(error: BaseException | None) -> bool:
    """Say whether an error comes from a lack of memory, also where a library, as NumPy, has its own words for it."""
    if isinstance(error, SystemError):
        # Python itself gives one without words where memory ends in the middle of an import.
        return "without exception set" in str(error)
    if isinstance(error, ImportError | SyntaxError):
        return bool(_NO_MEMORY.search(str(error))) or _is_out_of_memory(error.__cause__)
    return isinstance(error, MemoryError)
