"""The key as pages to read: one table for each lab, a line for each student."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.course.key import KeyEntry
from labreport.report.course.plan import CoursePlan
from labreport.report.document import Chapter, Column, Cover, Prose, Report, Section, Table, escape
from labreport.report.words import Words


def makers(
    plan: CoursePlan, entries: Sequence[KeyEntry], moment: datetime
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield the name of each page of the key, and what makes it."""
    look = plan.configuration.look

    def html(language: str) -> bytes:
        from labreport.report.rendering import glyphs
        from labreport.report.rendering import html as screen

        return screen.html(glyphs.replaced(report(plan, entries, language, moment))[0], look=look).encode()

    def paper(language: str) -> bytes:
        from labreport.report.rendering import glyphs, pdf

        shown = glyphs.replaced(report(plan, entries, language, moment))[0]
        return pdf.pdf(shown, source_date=moment, look=look)

    for language in plan.configuration.lang:
        yield f"key-{language}.html", partial(html, language)
        yield f"key-{language}.pdf", partial(paper, language)


def report(plan: CoursePlan, entries: Sequence[KeyEntry], language: str, moment: datetime) -> Report:
    """Return the key as a report in one language."""
    words = Words(language)
    notes = NotesInUse.of(plan.configuration)
    title = words("course.key")
    head = escape(plan.configuration.course.get(language, "") or plan.name)
    sections: list[Section] = []
    for place, lab in enumerate(plan.labs, 1):
        labels = [answer.label for answer in entries[0].answers if answer.exercise.startswith(f"{lab}-exercise-")]
        if not labels:
            continue
        table = Table(
            id=f"{lab}-key",
            number="",
            caption=words("course.key_rows"),
            columns=(
                Column(title=words("course.key_number")),
                Column(title=words("course.key_student")),
                *(Column(title=label, align="right", kind="number") for label in labels),
            ),
            rows=tuple(_row(entry, labels) for entry in entries),
        )
        name = f"{place} {escape(str(notes.title(language, lab)))}"
        sections.append(Section(id=f"{lab}-answers", title=name, blocks=(table,)))
    opening = (Prose(markdown=words("course.key_caption")),)
    whole = Chapter(id="key", number="", title=title, opening=opening, sections=tuple(sections))
    return Report(
        language=language,
        form="solutions",
        date=moment.date().isoformat(),
        cover=Cover(title=f"{head} · {title}", subtitle="", facts=(), head=head),
        summary=Chapter(id="summary", number="", title=title),
        chapters=(whole,),
        provenance=Chapter(id="provenance", number="", title=title),
    )


def _row(entry: KeyEntry, labels: Sequence[str]) -> tuple[str, ...]:
    shown = {answer.label: answer.shown for answer in entry.answers}
    return (escape(entry.number), escape(entry.name), *(shown[label] for label in labels))
