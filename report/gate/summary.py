"""The verdict as Markdown: whole for a CI job's page, and short for a comment that is updated in place.

GitHub takes 1 MiB for a step's summary and 65 536 characters for a comment, and shows nothing at all of a text that is
longer. So rows that no longer fit are left out and counted; the verdict itself always stands first. All text from runs
is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from labreport.report.gate import wording
from labreport.report.gate.verdict import LabVerdict, Verdict
from labreport.report.gate.wording import CheckRow
from labreport.report.numbers import UNKNOWN
from labreport.report.words import Words

MARKER = "<!-- labreport-check -->"
"""First line of the short form; a job that posts it finds the earlier comment by it."""
LIMIT = 1024 * 1024 - 1024
"""Bytes of the whole form."""
SHORT_LIMIT = 63_000
"""Bytes of the short form."""

_ESCAPED = re.compile(r"([\\`*_\[\]|~#])")


def summary(verdict: Verdict, languages: Sequence[str], exit_code: int | None = None) -> str:
    """Return the whole verdict as Markdown, one language after the other, in at most `LIMIT` bytes.

    Args:
        verdict: what is shown.
        languages: one part for each, in this order.
        exit_code: of the command; as for `wording.ending`.
    """
    share = LIMIT // len(languages)
    return "\n---\n\n".join(_whole(verdict, Words(language), share - 8, exit_code) for language in languages)


def short(verdict: Verdict, languages: Sequence[str], exit_code: int | None = None) -> str:
    """Return the verdict and what needs attention, in at most `SHORT_LIMIT` bytes; otherwise as `summary`."""
    share = (SHORT_LIMIT - len(MARKER) - 2) // len(languages)
    parts = [_short(verdict, Words(language), share - 8, exit_code) for language in languages]
    return f"{MARKER}\n" + "\n---\n\n".join(parts)


def escaped(text: str) -> str:
    """Return text that Markdown and HTML show as it is, in one line, notifying no user."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A zero-width space keeps a message such as "user@host" from notifying a user of that name.
    return _ESCAPED.sub(r"\\\1", text).replace("@", "@\u200b")


def _whole(verdict: Verdict, words: Words, limit: int, exit_code: int | None) -> str:
    found = wording.rows(verdict, words)
    head = [*_head(verdict, words, "##", exit_code), *_attention_head(found, words, "###")]
    tail = [
        *_unreadable(verdict, words),
        f"### {words('gate.reading')}",
        "",
        words("gate.reading_text", level=wording.level(verdict)),
        "",
    ]
    attention = [_line(row) for row in wording.attention(found)]
    every = []
    place = 0
    for lab in verdict.labs:
        here = found[place : place + len(lab.checks)]
        place += len(lab.checks)
        every.append(_lab(lab, here, words))
    fitting = _fitted([head, tail], attention, limit, words)
    left = limit - _size([*head, *fitting, *tail])
    blocks: list[str] = []
    for block in every:
        left -= _size(block)
        if left < 200:
            hidden = sum(len(lab.checks) for lab in verdict.labs[len(blocks) :])
            blocks.append(words("gate.more", count=hidden) + "\n")
            break
        blocks.append("\n".join(block))
    return "\n".join([*head, *fitting, "", *(["### " + words("gate.every"), ""] if blocks else []), *blocks, *tail])


def _short(verdict: Verdict, words: Words, limit: int, exit_code: int | None) -> str:
    found = wording.rows(verdict, words)
    head = [*_head(verdict, words, "###", exit_code), *_attention_head(found, words, "####")]
    tail = ["", words("gate.see_more"), ""]
    attention = [_line(row) for row in wording.attention(found)]
    return "\n".join([*head, *_fitted([head, tail], attention, limit, words), *tail])


def _head(verdict: Verdict, words: Words, mark: str, exit_code: int | None) -> list[str]:
    ending, _ = wording.ending(verdict, words, exit_code)
    facts = [
        (words("gate.baseline"), f"`{_code(verdict.baseline)}`"),
        (words("gate.newest"), escaped(wording.newest(verdict, words))),
        (words("gate.checks"), wording.counts(verdict, words)),
    ]
    return [
        f"{mark} {words('gate.title')}{words.record.colon}{ending}",
        "",
        escaped(wording.explanation(verdict, words, exit_code)),
        "",
        " · ".join(f"{name}{words.record.colon}{value}" for name, value in facts),
        "",
    ]


def _attention_head(found: Sequence[CheckRow], words: Words, mark: str) -> list[str]:
    if not wording.attention(found):
        return [words("gate.all_good"), ""]
    return [f"{mark} {words('gate.attention')}", "", *_table_head(words, lab=True)]


def _table_head(words: Words, *, lab: bool) -> list[str]:
    names = ["check", "now", "before", "difference", "verdict", "reason"]
    heads = [words(f"gate.column_{name}") for name in (["lab"] if lab else []) + names]
    return [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]


def _line(row: CheckRow, *, lab: bool = True) -> str:
    name = f"`{_code(row.check)}`" if row.code else escaped(row.check)
    verdict = row.verdict if row.status in wording.GOOD else f"**{row.verdict}**"
    cells = [name, escaped(row.now), escaped(row.before), escaped(row.difference), verdict, escaped(row.reason)]
    return "| " + " | ".join(([_named(row.name, row.lab)] if lab else []) + cells) + " |"


def _named(name: str, title: str) -> str:
    """Return the title of a lab with its name, by which commands and JUnit call it."""
    return escaped(title) if name == title else f"{escaped(title)} `{_code(name)}`"


def _lab(lab: LabVerdict, found: Sequence[CheckRow], words: Words) -> list[str]:
    run = words(
        "gate.lab_line", run=_code(lab.run_id or UNKNOWN), seeds=len(lab.seeds), runs=escaped(wording.runs(lab, words))
    )
    return [
        f"#### {_named(lab.lab, found[0].lab if found else lab.lab)}",
        "",
        " ".join(
            [
                run,
                *([words("gate.lab_line_sample")] if lab.sample else []),
                *([escaped(said)] if (said := wording.pooled(lab, words)) else []),
            ]
        ),
        "",
        *_table_head(words, lab=False),
        *(_line(row, lab=False) for row in found),
        "",
    ]


def _unreadable(verdict: Verdict, words: Words) -> list[str]:
    if not verdict.unreadable:
        return []
    shown = verdict.unreadable[:20]
    more = [words("gate.more", count=len(verdict.unreadable) - len(shown))] if len(verdict.unreadable) > 20 else []
    return [f"### {words('gate.unreadable')}", "", *(f"- {escaped(line)[:500]}" for line in shown), *more, ""]


def _fitted(fixed: Sequence[Sequence[str]], lines: Sequence[str], limit: int, words: Words) -> list[str]:
    """Return as many lines as fit beside what is fixed, and how many more there are."""
    left = limit - sum(_size(part) for part in fixed) - 200
    kept: list[str] = []
    for line in lines:
        left -= _size([line])
        if left < 0:
            return [*kept, "", words("gate.more", count=len(lines) - len(kept))]
        kept.append(line)
    return kept


def _size(lines: Sequence[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _code(text: str) -> str:
    """Return text that may stand between backticks inside a table."""
    return " ".join(text.split()).replace("`", "'").replace("|", "/")
