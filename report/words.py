"""The words of the report outside the notes: labels, headings, patterns of alternative texts, in each language.

They lie in the folder of a language, `words/<file>.toml`, flat tables of texts; `words("figures.epoch")` looks up the
key `epoch` of `figures.toml`. What a language lacks is lent by the one that its `language.toml` names; a key that
no language has is a mistake of the programmer and raises. A test proves that the shipped languages have the same keys.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from copy import copy
from functools import cache, reduce

from labreport.report import languages
from labreport.report.languages import DEFAULT as LANGUAGES
from labreport.report.languages import HAN

__all__ = ["LANGUAGES", "Borrowed", "JoinedWords", "Words", "beside", "load_table"]


_TOUCHED = re.compile(rf"[{HAN}]\{{|\}}[{HAN}]")
"""A place for a value that begins or ends right beside a Chinese character."""
_PLACE = re.compile(r"\{[^{}]*\}")


class Borrowed(str):
    """A text that another language lends; as the whole text of a node it is marked as such in the report."""

    __slots__ = ("language",)

    language: str

    def __new__(cls, text: str, language: str) -> Borrowed:
        """Return the text with the name of its language."""
        made = super().__new__(cls, text)
        made.language = language
        return made


@cache
def load_table(language: str) -> dict[str, str]:
    """Return every text that a language has itself, keyed by `file.key`."""
    table: dict[str, str] = {}
    for name in languages.files(language, "words"):
        if name.endswith(".toml"):
            texts = tomllib.loads(languages.text(language, f"words/{name}") or "")
            table |= {f"{name.removesuffix('.toml')}.{key}": text for key, text in texts.items()}
    return table


def _filled(text: str, values: Mapping[str, object]) -> str:
    """Put values in by `str.format`; a word in Latin letters, or a number, stands apart from Chinese beside it."""
    if "{{" in text or not _TOUCHED.search(text):
        return text.format(**values)

    def apart(place: re.Match[str]) -> str:
        shown = place.group().format(**values)
        start, end = place.span()
        before = " " if _is_han(text[start - 1 : start]) and _is_latin(shown[:1]) else ""
        after = " " if _is_han(text[end : end + 1]) and _is_latin(shown[-1:]) else ""
        return f"{before}{shown}{after}"

    return _PLACE.sub(apart, text)


def _is_han(character: str) -> bool:
    return bool(re.match(f"[{HAN}]", character))


def _is_latin(character: str) -> bool:
    return character.isalnum() and character < "\u2e80"  # where the characters of East Asia begin


class Words:
    """Looks up texts of one language.

    Args:
        language: name of the language, such as "en".
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self.record = languages.language(language)
        self._tables = [(name, load_table(name)) for name in languages.lenders(language)]

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text of `key` with `values` put in by `str.format`.

        Raises:
            KeyError: neither this language nor one that lends it words has such a text.
        """
        for name, table in self._tables:
            if key in table:
                text = _filled(table[key], values) if values else table[key]
                return text if name == self.language else Borrowed(text, name)
        raise KeyError(key)

    def get(self, key: str, default: str) -> str:
        """Return the text of `key`, or `default` where there is no such text."""
        try:
            return self(key)
        except KeyError:
            return default

    def extended(self, texts: Mapping[str, Mapping[str, str]]) -> Words:
        """Return these words and further texts: language -> key -> text.

        What they lack in this language is lent by those that lend it words, then by any other.
        """
        order = dict.fromkeys((*languages.lenders(self.language), *texts))
        further = copy(self)
        further._tables = [*((name, dict(texts[name])) for name in order if name in texts), *self._tables]
        return further

    def stacked(self, key: str, /, **values: object) -> str:
        """Return the text of `key` where each language may have a line of its own; see `JoinedWords`."""
        return self(key, **values)


class JoinedWords(Words):
    """Looks up texts in several languages at once: the labels of a drawing that a report in several shows once.

    Args:
        languages: the one that comes first, and the others.
    """

    def __init__(self, *languages: str) -> None:
        super().__init__(languages[0])
        self.names = languages
        self._all = [Words(language) for language in languages]

    def __call__(self, key: str, /, **values: object) -> str:
        """Return all texts of `key` on one line; raises as `Words`."""
        return reduce(beside, (words(key, **values) for words in self._all))

    def get(self, key: str, default: str) -> str:
        """Return all texts of `key` on one line, or `default`."""
        return reduce(beside, (words.get(key, default) for words in self._all))

    def extended(self, texts: Mapping[str, Mapping[str, str]]) -> Words:
        """Return these words and further texts in all languages; as `Words`."""
        further = copy(self)
        further._all = [words.extended(texts) for words in self._all]
        return further

    def stacked(self, key: str, /, **values: object) -> str:
        """Return all texts of `key`, each on a line of its own, those that are the same once."""
        return "\n".join(dict.fromkeys(words(key, **values) for words in self._all))


def beside(first: str, second: str) -> str:
    """Return a label in two languages; what both say alike at the beginning or the end is there once.

    So “272 个参数” and “272 parameters” become “272 个参数 parameters”, “图像 1” and “image 1” become “图像 image 1”.
    """
    if first == second:
        return first
    if "\n" in first:
        return f"{first}\n{second}"
    ones, others = first.replace("，", ", ").split(" "), second.split(" ")
    if alike := _alike(ones, others):
        return f"{first} {' '.join(others[alike:])}"
    alike = _alike(ones[::-1], others[::-1])
    if alike and len(ones) == alike + 1:
        return f"{ones[0]} {second}"
    return f"{first} · {second}" if len(ones) > 1 else f"{first} {second}"


def _alike(first: Sequence[str], second: Sequence[str]) -> int:
    """Return how many words at the beginning are the same."""
    return next((count for count, (one, other) in enumerate(zip(first, second, strict=False)) if one != other), 0)
