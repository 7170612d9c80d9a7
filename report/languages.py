"""Languages as data: what sets one apart, and where its words and notes lie.

A language is a folder with a `language.toml`; beside it lie `words/*.toml` (labels, headings), `notes/*.md` (chapters)
and `css/*.css` (its rules for content, paper and screen), each of which may be missing. The shipped languages and those
of other distributions are found in the same way, by entry points of the group `labreport.languages`; a language comes
to labreport without a line of Python. `docs/language.md` says how.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from types import ModuleType
from typing import Literal

import msgspec

from labreport.experiments.errors import unknown_name
from labreport.experiments.plugins import PluginError, Registry
from labreport.report.errors import UsageError

DEFAULT = ("zh", "en")
"""What is written where the user asks for no language."""
TERMINAL = "en"
"""What the command line, JSON, JUnit and the badge speak, as the messages in the code do; the default of the API."""
REGISTRY: Registry[ModuleType] = Registry("language", "labreport.languages", order=DEFAULT)
"""Every language by name; an entry is the package in whose folder it lies."""
BILINGUAL = "bilingual"
"""Name of the document in all languages of `DEFAULT`."""
JOINT = "+"
"""Joins the languages of a document in several."""

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
"""Chinese characters, as the inside of a character class of a regular expression."""
HAN_MARKS = "\u3001-\u301f\uff01-\uff5e"
"""Marks of punctuation as wide as a Chinese character, as the inside of a character class."""


class Language(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What sets a language apart; the table of a `language.toml`."""

    tag: str
    """Value of the attribute `lang`, as in BCP 47: "zh-CN"."""
    name: str
    """What the language calls itself."""
    script: Literal["latin", "han"] = "latin"
    """han: no blanks between words, thin spaces beside Latin, bold in place of slanted type, flush lines in print."""
    latin: str = ""
    """Of a language in Han: which language passages in Latin letters are taken for, by name."""
    han: str = ""
    """Of a language in Latin letters: which language Chinese characters are taken for, by name."""
    quotes: str = ""
    """What straight quotes become: double ones opening and closing, then single ones; nothing: they stay."""
    colon: str = ": "
    """Stands between a label and what it labels."""
    brackets: str = " ({})"
    """How a remark is put behind a text; {} stands for the remark."""
    between_sentences: str = " "
    """Stands between two sentences."""
    fallback: str = ""
    """The language, by name, that lends the words and chapters which this one lacks; empty: none may be missing."""


def names() -> tuple[str, ...]:
    """Return the names of all languages, the shipped ones first."""
    return REGISTRY.names()


def documents() -> tuple[str, ...]:
    """Return what a report may be asked for: a language, or all default ones in one document."""
    return (*names(), BILINGUAL)


def parts(document: str) -> tuple[str, ...]:
    """Return the languages of a document in their order: "zh+en" names two, "bilingual" the default ones."""
    return DEFAULT if document == BILINGUAL else tuple(document.split(JOINT))


@cache
def language(name: str) -> Language:
    """Return a language by name.

    Raises:
        UsageError: no language has this name, or its `language.toml` is missing, or holds something unknown.
    """
    place = f"{name}: language.toml"
    try:
        found = msgspec.convert(tomllib.loads((_folder(name) / "language.toml").read_text("utf-8")), Language)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise UsageError(f"{place}: {error}") from error
    if len(found.quotes) not in (0, 4):
        raise UsageError(f"{place}: `quotes` takes four characters, not {len(found.quotes)}.")
    if "{}" not in found.brackets:
        raise UsageError(f"{place}: `brackets` needs {{}} where the remark is to stand.")
    for other in (found.latin, found.han, found.fallback):
        if other and other not in REGISTRY:
            raise UsageError(f"{place}: {unknown_name('language', other, names())}")
    return found


def lenders(name: str) -> tuple[str, ...]:
    """Return a language and those that lend it what it lacks, nearest first."""
    found = [name]
    while (other := language(found[-1]).fallback) and other not in found:
        found.append(other)
    return tuple(found)


def involved(*given: str) -> tuple[str, ...]:
    """Return languages with those whose passages they mark: a page needs the style rules of all."""
    found: list[str] = []
    waiting = list(given)
    while waiting:
        if (name := waiting.pop(0)) not in found:
            found.append(name)
            record = language(name)
            waiting += [other for other in (record.latin, record.han, record.fallback) if other]
    return tuple(found)


@cache
def is_han(tag: str) -> bool:
    """Return whether a value of the attribute `lang` names a language in Han; a language that can't be read is none."""
    for name in names():
        with suppress(UsageError):
            record = language(name)
            if record.script == "han" and tag.partition("-")[0] == record.tag.partition("-")[0]:
                return True
    return False


def text(name: str, file: str) -> str | None:
    """Return the text of a file of a language, such as "notes/imdb.md"; None where it has no such file."""
    place = _folder(name)
    for part in file.split("/"):
        place = place / part
    return place.read_text("utf-8") if place.is_file() else None


def files(name: str, folder: str) -> tuple[str, ...]:
    """Return the names of the files in a folder of a language, in order; none where the folder is missing."""
    place = _folder(name) / folder
    return tuple(sorted(entry.name for entry in place.iterdir())) if place.is_dir() else ()


def fingerprint(name: str, folders: Sequence[str] = ("words", "notes", "css")) -> str:
    """Return a hash of what a language says, and what those say which lend it what it lacks.

    Args:
        name: of the language.
        folders: in which that stands.
    """
    digest = sha256()
    for lender in lenders(name):
        for folder in folders:
            for file in files(lender, folder):
                digest.update(f"{lender}/{folder}/{file}\0{text(lender, f'{folder}/{file}') or ''}\0".encode())
        digest.update(repr(language(lender)).encode())
    return digest.hexdigest()


def _folder(name: str) -> Traversable:
    try:
        return resources.files(REGISTRY.get(name))
    except PluginError as error:
        raise UsageError(str(error)) from error
