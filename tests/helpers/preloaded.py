"""Libraries in C that stand between a program and the system: a disk or a clock that behaves as some do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.places import TESTS

NEEDS_COMPILER = [
    pytest.mark.skipif(sys.platform != "linux", reason="libraries are preloaded in another way elsewhere"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="a library is compiled with cc, which is not installed"),
]


def compiled(name: str, folder: Path) -> str:
    """Compile a library of this folder and return its path."""
    made = folder / f"{name}.so"
    source = TESTS / "helpers" / f"{name}.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl"], check=True)
    return str(made)
