"""Builds the documentation as HTML: the pages of this folder, and those generated from the code.

    python docs/build.py [OUTPUT]

The pages are laid into a folder of their own, the generated ones beside them under `reference/`, and Sphinx makes HTML
of both. A warning, such as a link that leads nowhere, is an error. Nothing is written into this folder.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import reference
from sphinx.cmd.build import build_main

HERE = Path(__file__).resolve().parent


def build(output: Path) -> int:
    """Write the documentation into a folder and return the exit code of Sphinx."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        shutil.copytree(HERE, source, ignore=shutil.ignore_patterns("__pycache__", "build.py", "reference.py"))
        (source / "reference").mkdir()
        for name, text in reference.pages().items():
            (source / "reference" / f"{name}.md").write_text(text, "utf-8")
        options = ["-q", "-W", "--keep-going", "-b", "html", "-d", str(Path(folder) / "doctrees")]
        return build_main([*options, str(source), str(output)])


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "build" / "docs"
    code = build(target)
    if code == 0:
        print(target / "index.html")
    sys.exit(code)
