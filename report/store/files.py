"""Writing files so that no one ever sees half a file: beside the target, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from labreport.experiments.system.stale import asked_again
from labreport.report.errors import ReportError


class OutputError(ReportError):
    """A file can't be written."""

    exit_code = 4


def check_folder(folder: Path) -> None:
    """Check that files can be written into a folder that may not exist yet, and leave nothing behind.

    Raises:
        OutputError: no permission, or a file stands in the way.
    """
    try:
        nearest = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        raise _failure(folder, error) from error


def can_be_locked(path: Path) -> bool:
    """Return whether the disk of a file has locks; True where that can't be found out, or another program holds one."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        with path.open("rb") as file:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
    return True


def write(path: Path, content: bytes, *, lasting: bool = True) -> None:
    """Write a file whole or not at all; folders are made as needed.

    Args:
        path: the file.
        content: all of it.
        lasting: whether it must outlive a machine that stops; what is checked when it is read need not.

    Raises:
        OutputError: no permission, no space left, or a folder stands in the way.
    """
    temporary: str | None = None
    beginning = f".{path.name[:40]}."  # the whole name may be as long as a name can be
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = asked_again(lambda: tempfile.mkstemp(dir=path.parent, prefix=beginning, suffix=".part"))
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        # mkstemp makes a private file; a report is meant to be read by others as the user's umask allows. Some shares
        # know no modes and refuse them.
        mask = os.umask(0)
        os.umask(mask)
        with contextlib.suppress(OSError):
            Path(temporary).chmod(0o666 & ~mask)
        made = Path(temporary)
        asked_again(lambda: made.replace(path))
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise _failure(path, error) from error


def write_all(folder: Path, content: Iterable[tuple[str, bytes]]) -> tuple[list[Path], list[str]]:
    """Write files into a folder, each for itself; return those written, and for each other one why it could not be."""
    written: list[Path] = []
    problems: list[str] = []
    for name, body in content:
        try:
            write(folder / name, body)
        except OutputError as error:
            problems.append(str(error))
        else:
            written.append(folder / name)
    return written, problems


def _failure(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(f"Can't write {path}: {reason}.\nChoose another folder with -o, or make room.")
