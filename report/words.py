"""The words of the report outside the notes: labels, headings, patterns of alternative texts, in each language.

They lie in `templates/words/<language>/<file>.toml`, flat tables of texts; `words("figures.epoch")` looks up the key
`epoch` of `figures.toml`. A missing key is a mistake of the programmer and raises; both languages have the same
keys, which a test proves.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from copy import copy
from functools import cache
from importlib import resources
from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
Document = Literal["zh", "en", "bilingual"]
"""A report in one language, or one in both, paragraph by paragraph."""
DOCUMENTS: tuple[Document, ...] = (*LANGUAGES, "bilingual")


@cache
def load_table(language: Language) -> dict[str, str]:
    """Return every text of one language, keyed by `file.key`."""
    table: dict[str, str] = {}
    folder = resources.files("labreport.templates") / "words" / language
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            texts = tomllib.loads(entry.read_text("utf-8"))
            table |= {f"{entry.name.removesuffix('.toml')}.{key}": text for key, text in texts.items()}
    return table


class Words:
    """Looks up texts of one language.

    Args:
        language: "zh" or "en".
    """

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._table = load_table(language)

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text of `key` with `values` put in by `str.format`.

        Raises:
            KeyError: no such text in this language.
        """
        text = self._table[key]
        return text.format(**values) if values else text

    def get(self, key: str, default: str) -> str:
        """Return the text of `key`, or `default` where the language has no such text."""
        return self._table.get(key, default)

    def extended(self, texts: Mapping[str, Mapping[str, str]]) -> Words:
        """Return these words and further texts: language -> key -> text.

        Where they lack this language, the texts of another one are taken, each with that one's tag before it.
        """
        further = copy(self)
        further._table = self._table | spoken(texts, self.language)
        return further

    def stacked(self, key: str, /, **values: object) -> str:
        """Return the text of `key` where each language may have a line of its own; see `PairedWords`."""
        return self(key, **values)


class PairedWords(Words):
    """Looks up texts in two languages at once: the labels of a drawing that a bilingual report shows once.

    Args:
        first: the language that comes first.
        second: the other one.
    """

    def __init__(self, first: Language, second: Language) -> None:
        super().__init__(first)
        self._second = Words(second)

    def __call__(self, key: str, /, **values: object) -> str:
        """Return both texts of `key` on one line; raises as `Words`."""
        return beside(super().__call__(key, **values), self._second(key, **values))

    def get(self, key: str, default: str) -> str:
        """Return both texts of `key` on one line, or `default`."""
        return beside(super().get(key, default), self._second.get(key, default))

    def extended(self, texts: Mapping[str, Mapping[str, str]]) -> Words:
        """Return these words and further texts in both languages; as `Words`."""
        further = copy(self)
        further._table = self._table | spoken(texts, self.language)
        further._second = self._second.extended(texts)
        return further

    def stacked(self, key: str, /, **values: object) -> str:
        """Return both texts of `key`, each on a line of its own, or once where they are the same."""
        return "\n".join(dict.fromkeys((super().__call__(key, **values), self._second(key, **values))))


def spoken(texts: Mapping[str, Mapping[str, str]], language: str) -> dict[str, str]:
    """Return texts in one language; where it has none, those of the first one that has, each with its tag: `[zh] …`."""
    if language in texts or not texts:
        return dict(texts.get(language, {}))
    other = next(iter(texts))
    return {key: f"[{other}] {text}" for key, text in texts[other].items()}


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
