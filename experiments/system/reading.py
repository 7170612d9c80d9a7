"""The one reader of files: regular files alone, and no more of one than fits into memory.

A path may come from someone else, or from a configuration of theirs: a pipe would be waited for without end, a device
read without end, a file of gigabytes would fill the memory. Each is refused at once, with the error of the system that
says so, which every caller handles as it does a file that is missing.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from io import BufferedReader
from pathlib import Path

from labreport.experiments.system.stale import asked_again

LARGEST = 128 * 1024 * 1024
"""Bytes that are read of a file into memory at most; a larger one is refused."""
LARGEST_DATA = 4 * 1024 * 1024 * 1024
"""Bytes of a data set, or of a lab's own data file, whose reader is the lab."""
LARGEST_TEXT = 4 * 1024 * 1024
"""Bytes of what people write by hand: notes, configuration, style sheets."""


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """Open a regular file for reading bytes.

    Raises:
        OSError: it is missing, may not be read, is a link that leads nowhere, or is not a regular file.
    """
    try:
        _check(asked_again(path.stat), path)
        # Between the question and the opening another thing may have taken the name: a pipe must not be waited for.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = asked_again(lambda: os.open(path, flags))
    except FileNotFoundError as error:
        if path.is_symlink():
            raise FileNotFoundError(errno.ENOENT, "it is a link that leads nowhere", str(path)) from error
        raise
    except ValueError as error:  # a null byte, or half a character: the name of no file
        raise OSError(errno.EINVAL, "no file can have that name", repr(str(path))[:80]) from error
    with os.fdopen(descriptor, "rb") as file:
        _check(os.fstat(descriptor), path)
        yield file


def content(path: Path, largest: int = LARGEST) -> bytes:
    """Return the bytes of a regular file.

    Args:
        path: of the file; a link is followed.
        largest: bytes that it may have.

    Raises:
        OSError: as `opened`, or it is larger.
    """
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        found = file.read(size + 1) if size <= largest else b""
        while size < len(found) <= largest and (more := file.read(1 << 20)):  # it grows, or its size is not known
            found += more
    if max(size, len(found)) > largest:
        raise OSError(errno.EFBIG, f"it is larger than {largest // 1024 // 1024} MB", str(path))
    return found


def text(path: Path, encoding: str = "utf-8", *, errors: str = "strict", largest: int = LARGEST_TEXT) -> str:
    """Return the text of a regular file, with line ends of one kind.

    Raises:
        OSError: as `content`.
        UnicodeDecodeError: it is in another encoding.
    """
    return content(path, largest).decode(encoding, errors).replace("\r\n", "\n").replace("\r", "\n")


def digest(path: Path) -> str:
    """Return the SHA-256 of a regular file of any size, in hexadecimal.

    Raises:
        OSError: as `opened`.
    """
    found = sha256()
    with opened(path) as file:
        while part := file.read(1 << 20):
            found.update(part)
    return found.hexdigest()


def unix_text(content: bytes) -> bytes:
    """Return the bytes of a file; of a text file with the line ends of Unix, whatever they were."""
    if b"\r\n" in content and b"\0" not in content:
        with suppress(UnicodeDecodeError):
            content.decode("utf-8")
            content = content.replace(b"\r\n", b"\n")
    return content


def text_hash(content: bytes) -> str:
    """Return the SHA-256 of a file, in hexadecimal; of a text file without regard to its kind of line ends."""
    return sha256(unix_text(content)).hexdigest()


def _check(status: os.stat_result, path: Path) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
