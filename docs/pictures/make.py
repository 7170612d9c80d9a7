"""Make the pictures of the README from finished reports: the cover, and a page with training curves in each language.

Run by `make pictures`. Needs Poppler's pdftotext and pdftoppm.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WANTED = (
    ("cover", "en", ""),
    ("chapter-en", "en", r"^\s*Figure\s4\.3\.\s"),
    ("chapter-zh", "zh", r"^图\s*4\.3\s"),
)
"""Name of the picture, language of the report, and how the caption begins whose page is taken."""


def page_of(report: Path, caption: str) -> int:
    """Return the page, from 1, on which a line begins as the caption does; the first where none is asked for."""
    text = subprocess.run(["pdftotext", "-layout", str(report), "-"], capture_output=True, text=True, check=True).stdout
    for number, page in enumerate(text.split("\f"), 1):
        if not caption or re.search(caption, page, re.MULTILINE):
            return number
    raise SystemExit(f"{report}: no page has the caption {caption}.")


def main(folder: Path) -> None:
    """Write the pictures beside this file."""
    for name, language, caption in WANTED:
        report = folder / f"labreport-{language}.pdf"
        page = str(page_of(report, caption))
        command = ["pdftoppm", "-png", "-r", "60", "-singlefile", "-f", page, str(report), str(HERE / name)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
