"""A Comparison becomes a Report: the same tree of plain values as for a single run, so that there is one renderer.

One chapter for each lab of each pair of versions; before them a summary that names first what can't be compared, after
them the method. Nothing is judged here: verdicts and numbers are those of the record.
"""

from __future__ import annotations

from collections.abc import Sequence

from labreport.report.chapters.numbering import Numbering
from labreport.report.comparison import predictions_section, sections, together_section, wording
from labreport.report.comparison.record import Comparison, Comparisons, LabComparison
from labreport.report.comparison.untrusted import foreign
from labreport.report.comparison.version import Version
from labreport.report.document import Block, Box, Chapter, Column, Cover, Prose, Report, Section, Table
from labreport.report.findings import analysis
from labreport.report.numbers import duration, memory, minute
from labreport.report.rendering.typesetter import JOINER
from labreport.report.words import Words

_SHORT_HEAD = 4
"""Characters of a head that are kept on one line."""


def report(found: Comparisons, versions: Sequence[Version], language: str, *, date: str, zone: str = "UTC") -> Report:
    """Return the report of a comparison.

    Args:
        found: what was compared.
        versions: the first version and the others, in the order of `found`.
        language: of the report.
        date: of the report, as its cover prints it.
        zone: time zone in which times are written.

    Raises:
        RenderingError: a figure can't be drawn.
    """
    words = Words(language)
    chapters: list[Chapter] = []
    several = len(found.comparisons) > 1
    for place, (pair, other) in enumerate(zip(found.comparisons, versions[1:], strict=True), 1):
        for lab in pair.labs:
            number = str(len(chapters) + 1)
            chapters.append(
                _chapter(
                    lab,
                    (versions[0], other),
                    Numbering(chapter=f"{lab.lab}-{place}" if several else lab.lab, number=number),
                    words,
                    between=pair if several else None,
                    letter=together_section.letter(place) if found.together and place > 1 else "",
                )
            )
    return Report(
        language=language,
        date=date.removesuffix(" UTC"),
        cover=_cover(found, date, words),
        summary=_summary(found, chapters, words),
        chapters=tuple(chapters),
        provenance=_method(found, versions, words, zone),
    )


def _cover(found: Comparisons, date: str, words: Words) -> Cover:
    first = found.comparisons[0]
    several = len(found.comparisons) > 1
    judged = [
        (
            words("compare.version_n", number=place) if several else words("compare.version_b"),
            foreign(pair.b.label),
        )
        for place, pair in enumerate(found.comparisons, 1)
    ]
    labs = dict.fromkeys(lab.lab for pair in found.comparisons for lab in pair.labs)
    return Cover(
        title=words("compare.title"),
        subtitle=words("compare.subtitle"),
        facts=(
            (words("compare.version_a"), foreign(first.a.label)),
            *judged,
            (words("compare.cover_labs"), foreign(words("compare.list_separator").join(labs))),
            (words("compare.cover_level"), wording.level(found.level)),
            (words("labs.cover_date"), date),
            (words("labs.cover_version"), f"labreport {found.tool_version}".strip()),
        ),
        marks=tuple(
            words(
                "compare.labelled",
                name=words("compare.not_comparable_title"),
                text=words("compare.labelled", name=_lab_title(lab, words), text=_obstacles(lab, words)),
            )
            for pair in found.comparisons
            for lab in pair.labs
            if not lab.comparable
        ),
    )


def _summary(found: Comparisons, chapters: Sequence[Chapter], words: Words) -> Chapter:
    labs = [lab for pair in found.comparisons for lab in pair.labs]
    hindered = [lab for lab in labs if not lab.comparable]
    blocks: list[Block] = []
    if hindered:
        lines = [
            "- " + words("compare.labelled", name=f"**{_lab_title(lab, words)}**", text=_obstacles(lab, words))
            for lab in hindered
        ]
        text = words("compare.not_comparable_text") + "\n\n" + "\n".join(lines)
        blocks.append(Box(kind="caution", title=words("compare.not_comparable_title"), blocks=(Prose(markdown=text),)))
    method = words("compare.quoted", text=f"[{words('compare.provenance')}](#provenance)")
    blocks.append(Prose(markdown=words("compare.summary_text", method=method)))
    for pair in found.comparisons:
        if len(found.comparisons) > 1:
            arrow = words("compare.between", a=foreign(pair.a.label), b=foreign(pair.b.label))
            blocks.append(Prose(markdown=f"**{arrow}**"))
        if lines := overall(pair, words):
            blocks.append(Prose(markdown="\n".join(f"- {line}" for line in lines)))
    blocks += together_section.tables(found, words)
    heads = ("lab", "runs", "better", "worse", "none", "open", "epoch", "differs")
    blocks.append(
        Table(
            id="summary-table",
            number="",
            caption=words("compare.summary_caption"),
            columns=tuple(_column(head, words) for head in heads),
            rows=tuple(_row(lab, chapter, words) for lab, chapter in zip(labs, chapters, strict=True)),
        )
    )
    return Chapter(id="summary", number="", title=words("compare.summary"), opening=tuple(blocks))


def overall(pair: Comparison, words: Words) -> list[str]:
    """Return the sentences that sum a pair of versions up: what got worse, what better, what cannot be decided."""
    lines: list[str] = []
    shown = False
    for verdict in ("worse", "better"):
        named = [
            words("compare.metric_of_lab", lab=_lab_title(lab, words), metric=wording.name(metric.name, words))
            for lab in pair.labs
            for metric in lab.metrics
            if metric.verdict == verdict
        ]
        if named:
            shown = True
            metrics = words("compare.list_separator").join(named)
            lines.append(words(f"compare.sentence_{verdict}", metrics=metrics))
    comparable = [lab for lab in pair.labs if lab.comparable and lab.metrics]
    if comparable and not shown:
        lines.append(words("compare.sentence_nothing_shown"))
    open_ = sum(lab.count("few", "single", "undefined") for lab in comparable)
    if open_:
        lines.append(words("compare.sentence_cannot_tell", count=open_))
    for key, labs in (("only_a", pair.only_a), ("only_b", pair.only_b)):
        if labs:
            lines.append(words(f"compare.{key}", labs=foreign(words("compare.list_separator").join(labs))))
    lines += [foreign(wording.reason(remark, words)) for remark in (*pair.a.remarks, *pair.b.remarks)]
    return lines


def _row(lab: LabComparison, chapter: Chapter, words: Words) -> tuple[str, ...]:
    nothing = words("compare.none_cell")
    groups = list(dict.fromkeys(words(f"compare.group_{fact.group}") for fact in lab.facts if fact.changed))
    if lab.texts:
        groups.append(words("compare.texts"))
    counts = (
        [str(lab.count(*verdicts)) for verdicts in (("better",), ("worse",), ("none", "equal", "same", "changed"))]
        + [str(lab.count("few", "single", "undefined", "incomparable"))]
        if lab.comparable and lab.metrics
        else [nothing] * 4
    )
    epochs = words("compare.epoch_cell", a=lab.epochs.a, b=lab.epochs.b) if lab.epochs else nothing
    return (
        f"[{chapter.title}](#{chapter.id})",
        words("compare.runs_cell", a=len(lab.a.seeds), b=len(lab.b.seeds)),
        *counts,
        epochs,
        words("compare.list_separator").join(groups) or words("compare.nothing_differs"),
    )


def _column(head: str, words: Words) -> Column:
    number = head in ("better", "worse", "none", "open", "runs", "epoch")
    shown = words(f"compare.head_{head}")
    if len(shown) <= _SHORT_HEAD and not shown.isascii():
        # A line of Chinese may end after any character: over a narrow number the head would be a column of single ones.
        shown = JOINER.join(shown)
    return Column(
        title=shown,
        align="right" if number else "left",
        kind="number" if number else "text",
    )


def _chapter(
    lab: LabComparison,
    versions: tuple[Version, Version],
    numbering: Numbering,
    words: Words,
    *,
    between: Comparison | None,
    letter: str,
) -> Chapter:
    heading = _lab_title(lab, words)
    marks = [wording.reason(found, words, kind="reason") for found in lab.obstacles]
    marks += [wording.reason(found, words) for found in lab.remarks]
    if between is not None:
        arrow = words("compare.between", a=between.a.label, b=between.b.label)
        marks.insert(0, arrow)
        if letter:
            marks.insert(1, words("compare.b_here", letter=letter))
        heading = words("compare.labelled", name=heading, text=foreign(wording.short_label(between.b.label)))
    results = (versions[0].results[lab.lab], versions[1].results[lab.lab])
    makers = (
        ("scores", sections.scores(lab, numbering.next, words)),
        ("curves", sections.curves(lab, results, numbering.next, words)),
        ("predictions", predictions_section.predictions(lab, results, numbering.next, words)),
        ("differences", sections.differences(lab, numbering.next, words)),
        ("texts", sections.texts(lab, words)),
        ("claims", sections.claims(lab, numbering.next, words)),
        ("notes", sections.notes(lab, words)),
    )
    return Chapter(
        id=numbering.chapter,
        number=numbering.number,
        title=heading,
        marks=tuple(mark if "`" in mark else foreign(mark) for mark in marks),
        sections=tuple(
            Section(id=f"{numbering.chapter}-{name}", title=words(f"compare.{name}"), blocks=blocks)
            for name, blocks in makers
            if blocks
        ),
    )


def _method(found: Comparisons, versions: Sequence[Version], words: Words, zone: str) -> Chapter:
    alarm = f"{1 - found.level:.2f}"
    runs = Table(
        id="method-runs-table",
        number="",
        caption=words("compare.method_runs_caption"),
        columns=tuple(
            Column(title=words(f"compare.head_{head}", zone=zone), kind="code" if head in ("run", "commit") else "text")
            for head in ("lab", "version", "run", "seeds", "started", "duration", "memory", "commit")
        ),
        rows=tuple(
            (
                foreign(lab),
                foreign(version.label),
                result.run_id,
                ", ".join(map(str, result.seeds)),
                minute(result.provenance.started, zone),
                duration(analysis.seconds(result)),
                memory(result.peak_memory_bytes),
                (result.provenance.git_commit or "")[:12],
            )
            for version in versions
            for lab, result in version.results.items()
        ),
    )
    return Chapter(
        id="provenance",
        number="",
        title=words("compare.provenance"),
        sections=(
            Section(
                id="provenance-method",
                title=words("compare.method"),
                blocks=(
                    Prose(markdown=words("compare.method_text", level=alarm).strip()),
                    Box(
                        kind="sources",
                        title=words("compare.method_sources_title"),
                        blocks=(Prose(markdown=words("compare.method_sources").strip()),),
                    ),
                ),
            ),
            Section(id="provenance-runs", title=words("compare.method_runs"), blocks=(runs,)),
        ),
    )


def _obstacles(lab: LabComparison, words: Words) -> str:
    space = words.record.between_sentences
    return foreign(space.join(wording.reason(found, words, kind="reason") for found in lab.obstacles))


def _lab_title(lab: LabComparison, words: Words) -> str:
    return lab.titles.get(words.language, lab.lab)
