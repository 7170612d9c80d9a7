"""Links of a report from which parts were taken: one whose target is gone keeps its words, which say where to look."""

from __future__ import annotations

import re

from labreport.report.document import CHECKED, OPEN, Found, Report, Text, each, ids, mapped

_LINK = re.compile(r"[ ]?\[([^\[\]]*)\]\(#([A-Za-z0-9:_-]+)\)")
_MARKS = (CHECKED, OPEN)


def linked(report: Report) -> Report:
    """Return a report in which a link whose target is gone is plain text, and a mark without evidence is none."""
    gone = {chapter.id for chapter in (report.summary, report.provenance) if not (chapter.opening or chapter.sections)}
    there = set(ids(report)) - gone

    def plain(match: re.Match[str]) -> str:
        if match[2] in there:
            return match[0]
        before = match[0][: match[0].index("[")]
        return "" if match[1] in _MARKS else before + match[1]

    def changed(found: Found) -> Text:
        if found.kind not in ("inline", "prose"):
            return found.text
        return each(found.text, lambda text: _LINK.sub(plain, text))

    return mapped(report, changed)
