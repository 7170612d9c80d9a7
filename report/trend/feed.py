"""The Atom feed: what is worth a message, namely verdicts of the gate, changes of level and runs that did not finish.

A night on which nothing happened makes no entry, because its verdict is that of the night before. Ids are made from
what an entry is about, so that a reader shows each one once; the date of an entry is that of its run, or of its
verdict, as the store has them, so that the same store gives the same feed on any day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

from labreport.report.numbers import day
from labreport.report.store.verdicts import KeptVerdict
from labreport.report.trend.chart import value_text
from labreport.report.trend.history import Change, Group, Line, MetricLines, TrendHistory, newest_first
from labreport.report.trend.page import anchor, title_of
from labreport.report.words import Words

ENTRIES = 50
"""Entries at most, the newest."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, kw_only=True)
class _Item:
    """What an entry says."""

    id: str
    started: str
    """Beginning of its run, by which the entries are ordered."""
    ended: str
    title: str
    text: str
    link: str


def atom(
    history: TrendHistory,
    language: str,
    page: str,
    feed: str,
    verdicts: Sequence[KeptVerdict] = (),
    *,
    zone: str = "UTC",
) -> str:
    """Return the feed.

    Args:
        history: what it is about; at least one run.
        language: of its titles.
        page: address of the trend page.
        feed: address of the feed itself.
        verdicts: what the gate said.
        zone: time zone of the dates in its texts; those for programs are UTC with that offset (RFC 3339).
    """
    words = Words(language)
    items = [_change(*found, words, page, zone) for found in newest_first(history)]
    items += _failures(history, words, page, zone)
    items += [_verdict(one, words, page) for one in verdicts]
    items.sort(key=lambda item: (item.started, item.id), reverse=True)
    root = ElementTree.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": words.record.tag})
    _add(root, "title", words("trend.feed_title"))
    _add(root, "id", _id("feed", *sorted({run.entry.lab for run in history.runs})))
    _add(root, "updated", max([history.runs[0].entry.ended, *(one.when for one in verdicts[:1])]))
    _add(_add(root, "author"), "name", "labreport")
    _add(root, "link", rel="self", type="application/atom+xml", href=feed)
    _add(root, "link", rel="alternate", type="text/html", href=page)
    for item in items[:ENTRIES]:
        entry = _add(root, "entry")
        _add(entry, "id", item.id)
        _add(entry, "title", item.title)
        _add(entry, "updated", item.ended)
        _add(entry, "link", rel="alternate", type="text/html", href=item.link)
        _add(entry, "content", item.text, type="text")
    ElementTree.indent(root, "")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add(parent: ElementTree.Element, tag: str, text: str = "", **attributes: str) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, tag, attributes)
    child.text = _NOT_XML.sub("?", text) or None
    return child


def _change(group: Group, chart: MetricLines, line: Line, change: Change, words: Words, page: str, zone: str) -> _Item:
    run = group.runs[change.first].entry
    title = words(
        f"trend.feed_change_{'better' if change.better else 'worse'}",
        lab=group.lab,
        metric=title_of(chart.metric, "", words),
        before=value_text(change.before, chart.unit),
        after=value_text(change.after, chart.unit),
    )
    return _Item(
        id=_id(group.lab, group.profile, group.source or "", group.settings, chart.metric, line.machine, run.run_id),
        started=run.started,
        ended=run.ended,
        title=title,
        text=_where(group, change.first, words, zone),
        link=f"{page}#{anchor(group, chart)}",
    )


def _failures(history: TrendHistory, words: Words, page: str, zone: str) -> Iterator[_Item]:
    for group in history.groups:
        for position, run in enumerate(group.runs):
            entry = run.entry
            if entry.status == "complete":
                continue
            reason = f"{entry.failure.kind}: {entry.failure.message}" if entry.failure else ""
            status = words(f"trend.status_{entry.status}", reason=reason).strip(" :：")
            yield _Item(
                id=_id("unfinished", entry.lab, entry.run_id),
                started=entry.started,
                ended=entry.ended,
                title=words("trend.feed_failed", lab=entry.lab),
                text=f"{status}\n{_where(group, position, words, zone)}",
                link=f"{page}#{anchor(group)}",
            )


def _verdict(one: KeptVerdict, words: Words, page: str) -> _Item:
    labs = dict.fromkeys(lab for lab, _ in one.runs)
    lines = [words("trend.feed_judged", baseline=one.baseline, labs=words("gate.names_separator").join(labs))]
    if one.failed:
        failed = words("gate.names_separator").join(f"{lab} {check}" for lab, check in one.failed)
        lines.append(words("trend.feed_broken", checks=failed))
    return _Item(
        id=_id("verdict", one.name, *([one.judged] if one.judged else [])),
        started=one.when,
        ended=one.when,
        title=words("trend.feed_verdict", outcome=words(f"gate.outcome_{one.outcome}")),
        text="\n".join([*lines, *(run for _, run in one.runs)]),
        link=page,
    )


def _where(group: Group, position: int, words: Words, zone: str) -> str:
    entry = group.runs[position].entry
    return words(
        "trend.feed_where",
        run=entry.run_id,
        date=day(entry.started, zone),
        machine=entry.machine or words("trend.unknown_machine"),
        profile=words(f"trend.profile_{group.profile}"),
        source=words(f"trend.source_{group.source or 'none'}"),
    )


def _id(*parts: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, 'labreport/trend/' + chr(0).join(parts))}"
