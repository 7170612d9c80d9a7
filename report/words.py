"""The words of the report outside the notes: labels, headings, patterns of alternative texts, in each language.

They lie in `templates/words/<language>/<file>.toml`, flat tables of texts; `words("figures.epoch")` looks up the key
`epoch` of `figures.toml`. A missing key is a mistake of the programmer and raises; both languages have the same
keys, which a test proves.
"""

from __future__ import annotations

import tomllib
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
    folder = resources.files("templates") / "words" / language
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
