"""The Atom feed: what somebody wants to be told of, namely changes of level and runs that did not finish.

A night on which nothing happened makes no entry. Ids are made from what an entry is about, so that a reader shows each
one once; the date of an entry is that of its run, so that the same store gives the same feed on any day.
"""

from __future__ import annotations

import re
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape, quoteattr

from labreport.report.trend.chart import value_text
from labreport.report.trend.history import Change, Chart, Group, History, Line, newest_first
from labreport.report.trend.page import anchor, title_of
from labreport.report.words import Words

ENTRIES = 50
"""Entries at most, the newest."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def atom(history: History, language: str, page: str, feed: str) -> str:
    """Return the feed.

    Args:
        history: what it tells of; at least one run.
        language: of its titles.
        page: address of the trend page.
        feed: address of the feed itself.
    """
    words = Words(language)
    entries = [_change(*found, words, page) for found in newest_first(history)] + _failures(history, words, page)
    entries.sort(key=lambda entry: entry[0], reverse=True)
    newest = history.runs[0].entry
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{words.record.tag}">',
        f"<title>{_text(words('trend.feed_title'))}</title>",
        f"<id>{_id('feed', *sorted({run.entry.lab for run in history.runs}))}</id>",
        f"<updated>{_text(newest.ended)}</updated>",
        "<author><name>labreport</name></author>",
        f'<link rel="self" type="application/atom+xml" href={quoteattr(feed)}/>',
        f'<link rel="alternate" type="text/html" href={quoteattr(page)}/>',
        *(text for _, text in entries[:ENTRIES]),
        "</feed>",
    ]
    return "\n".join(lines) + "\n"


def _change(
    group: Group, chart: Chart, line: Line, change: Change, words: Words, page: str
) -> tuple[tuple[str, str], str]:
    run = group.runs[change.first].entry
    title = words(
        f"trend.feed_change_{'better' if change.better else 'worse'}",
        lab=group.lab,
        metric=title_of(chart.metric, "", words),
        before=value_text(change.before, chart.unit),
        after=value_text(change.after, chart.unit),
    )
    id_ = _id(group.lab, group.profile, group.source or "", group.settings, chart.metric, line.machine, run.run_id)
    text = _where(group, change.first, words)
    return (run.started, id_), _entry(id_, title, run.ended, text, f"{page}#{anchor(group, chart)}")


def _failures(history: History, words: Words, page: str) -> list[tuple[tuple[str, str], str]]:
    found = []
    for group in history.groups:
        for position, run in enumerate(group.runs):
            entry = run.entry
            if entry.status != "complete":
                id_ = _id("unfinished", entry.lab, entry.run_id)
                reason = f"{entry.failure.kind}: {entry.failure.message}" if entry.failure else ""
                status = words(f"trend.status_{entry.status}", reason=reason).strip(" :：")
                text = f"{status}\n{_where(group, position, words)}"
                title = words("trend.feed_failed", lab=entry.lab)
                found.append(((entry.started, id_), _entry(id_, title, entry.ended, text, f"{page}#{anchor(group)}")))
    return found


def _where(group: Group, position: int, words: Words) -> str:
    entry = group.runs[position].entry
    return words(
        "trend.feed_where",
        run=entry.run_id,
        date=entry.started[:10],
        machine=entry.machine or words("trend.unknown_machine"),
        profile=words(f"trend.profile_{group.profile}"),
        source=words(f"trend.source_{group.source or 'none'}"),
    )


def _entry(id_: str, title: str, updated: str, text: str, link: str) -> str:
    return (
        f"<entry><id>{id_}</id><title>{_text(title)}</title><updated>{_text(updated)}</updated>"
        f'<link rel="alternate" type="text/html" href={quoteattr(link)}/><content type="text">{_text(text)}</content>'
        "</entry>"
    )


def _id(*parts: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, 'labreport/trend/' + chr(0).join(parts))}"


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("?", text))
