"""Make the pictures of the README from finished reports: the cover, and the page with the training curves in each language.

Run by `make pictures`. Needs Poppler's pdftotext and pdftoppm.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WANTED = (("cover", "en", ""), ("chapter-en", "en", "Figure 4.3"), ("chapter-zh", "zh", "图 4.3"))
"""Name of the picture, language of the report, and the caption whose page is taken; the first page where there is none."""


def page_of(report: Path, caption: str) -> int:
    """Return the page, from 1, on which a line begins with the caption's label."""
    text = subprocess.run(["pdftotext", "-layout", str(report), "-"], capture_output=True, text=True, check=True).stdout
    for number, page in enumerate(text.split("\f"), 1):
        lines = (" ".join(line.split()) for line in page.splitlines())
        if not caption or any(line.startswith(caption) and len(line) > len(caption) + 20 for line in lines):
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
