"""English sentences where a text should be Chinese: what a program can see of a text that was not translated."""

from __future__ import annotations

import re

_FENCED = re.compile(r"^```.*?^```|^:::[^\n]*", re.MULTILINE | re.DOTALL)
_NOT_PROSE = re.compile(
    r"`[^`]*`|\$[^$]*\$|\{\{.*?\}\}|\{#[^}]*\}|\{%.*?%\}|<!--.*?-->|“[^”]*”|\*[^*\n]+\*|https?://\S+"
)
_SENTENCE = re.compile(r"\b[A-Za-z][a-z']+(?:[ ,;:-]+[A-Za-z]?[a-z']+){4,}")
"""Five words of Latin letters in a row, not all of them names."""


def english_sentences(text: str) -> list[str]:
    """Return every run of five or more Latin words outside code, formulas, titles of works and rows of names."""
    plain = _NOT_PROSE.sub("|", _FENCED.sub("|", text))
    return [
        found
        for found in _SENTENCE.findall(plain)
        if sum(word[0].islower() for word in re.split("[ ,;:-]+", found) if word) >= 3
    ]
