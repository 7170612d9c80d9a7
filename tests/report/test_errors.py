"""What is said of any error, and the exit code it gets."""

from __future__ import annotations

import pytest

from labreport.report.errors import FAULT, explained


def caused(error: Exception, cause: Exception) -> Exception:
    """Return an error as it is after `raise error from cause`."""
    error.__cause__ = cause
    return error


SEGMENT = "libopenblas.so: failed to map segment from shared object"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        SystemError("error return without exception set"),
        ImportError(SEGMENT),
        caused(ImportError("Error importing numpy: you should not do that from its sources"), ImportError(SEGMENT)),
        caused(ImportError("one"), caused(ImportError("two"), MemoryError())),
        SyntaxError(r"(unicode error) \N escapes not supported (can't load unicodedata module)"),
        RuntimeError("can't start new thread"),
    ],
    ids=repr,
)
def test_a_machine_with_too_little_memory_is_named_and_is_no_fault_of_labreport(error, capsys):
    code, said = explained(error)
    assert code == 2
    assert "there is too little memory" in said.lower()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("can't start"),
        ImportError("cannot import name 'one'"),
        SyntaxError("invalid syntax"),
        caused(RuntimeError("one"), MemoryError()),
        caused(ImportError("one"), ImportError("two")),
    ],
    ids=repr,
)
def test_any_other_error_is_a_fault_with_its_traceback(error, capsys):
    code, said = explained(error)
    assert code == FAULT
    assert type(error).__name__ in said
    assert capsys.readouterr().err.splitlines()[-1].startswith(type(error).__name__)
