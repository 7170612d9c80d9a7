"""The words of messages, help, docstrings, comments and documentation: plain modern English.

The list stands in CONTRIBUTING.md under "Words we use"; what is written in its first column does not come back.
"""

from __future__ import annotations

import re
import tokenize

import pytest
from helpers.places import ROOT

OLD = {
    "mend": r"\bmend(s|ed|ing)?\b",
    "told": r"\btold\b(?! apart)",
    "tells": r"\btells\b(?! \w+( \w+)? apart)",
    "anew": r"\banew\b",
    "lest": r"\blest\b",
    "is no X": r"(?<!there )\b(is|are|was|were) no (?!longer\b|more\b|less\b|worse\b|better\b|further\b)\w+",
    "of the user's own": r"\bof (the user's|a user's|his) own\b(?! run)",
    "go on with": r"\bgo(es)? on with\b",
    "whoever": r"\bwhoever\b",
    "nobody": r"\bnobody\b",
    "somebody": r"\bsomebody\b",
    "so many": r"\bso many\b",
    "rest of": r"\brests? of a program\b",
    "slip of the pen": r"\bslip of the pen\b",
}
"""What is no longer written, each with the pattern that finds it."""

ANY = re.compile("|".join(OLD.values()), re.IGNORECASE)

QUOTED = re.compile(r"@somebody")
"""Words of reports that tests quote, and a name."""

EXEMPT = {"tests/test_english.py", "CONTRIBUTING.md"}
"""Files that quote the old words."""

SOURCES = sorted(
    path
    for folder in ("docs", "examples", "experiments", "labreport", "report", "templates", "tests")
    for path in (ROOT / folder).rglob("*.py")
    if str(path.relative_to(ROOT)) not in EXEMPT
)
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("README.md")]


def prose(path):
    """Yield each comment and each text of a Python file with its line; texts without a blank are names, not prose."""
    with path.open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            if token.type in (tokenize.COMMENT, tokenize.STRING) and re.search(r"\s", token.string):
                yield from enumerate(token.string.split("\n"), token.start[0])


def old_words(path, lines):
    """Return place, old word and line of whatever the list forbids."""
    if not ANY.search(path.read_text("utf-8")):  # to tell prose from code takes longer
        return []
    return [
        f"{path.relative_to(ROOT)}:{number}: {word}: {line.strip()}"
        for number, line in lines
        for word, pattern in OLD.items()
        if re.search(pattern, QUOTED.sub("", line), re.IGNORECASE)
    ]


def test_sources_speak_plain_modern_english():
    assert not [found for path in SOURCES for found in old_words(path, prose(path))]


def test_the_documentation_speaks_plain_modern_english():
    pages = [path for path in PAGES if path.name not in EXEMPT]
    assert not [found for path in pages for found in old_words(path, enumerate(path.read_text("utf-8").split("\n"), 1))]


@pytest.mark.parametrize("word", OLD)
def test_each_old_word_stands_in_the_list_for_contributors(word):
    assert f"| {word} |" in (ROOT / "CONTRIBUTING.md").read_text("utf-8")
