"""The joiner: Results and notes become one Report, in one language or in several.

The only place where chapters, cover, summary and provenance meet. A chapter that can't be made is replaced by a page
that says why; the problem is returned beside the report, so that the caller can still fail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial

import msgspec

from labreport.experiments import registry
from labreport.experiments.errors import LabError
from labreport.experiments.registry import additions
from labreport.experiments.registry.additions import Additions
from labreport.experiments.result import Result
from labreport.report import languages
from labreport.report.chapters import bilingual, forms, frontmatter, kept, notes
from labreport.report.chapters import chapter as chapters
from labreport.report.chapters.chapter import Assembled, Target
from labreport.report.chapters.cutting import Passage
from labreport.report.chapters.exercises import formed
from labreport.report.chapters.notebook_link import notebook_link
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.chapters.pieces import Pieces
from labreport.report.chapters.provenance import provenance
from labreport.report.configuration import Configuration
from labreport.report.document import (
    SLOT,
    Chapter,
    Found,
    LanguageTexts,
    Prose,
    Report,
    Section,
    Text,
    each,
    first,
    mapped,
)
from labreport.report.errors import ReportError
from labreport.report.numbers import day
from labreport.report.rendering.answers import ExpectedAnswer
from labreport.report.store.remarks import Steps, silent
from labreport.report.words import Borrowed, JoinedWords, Words

_LINK = re.compile(r"\[\]\(#([A-Za-z0-9:_-]+)\)")


@dataclass(frozen=True, kw_only=True)
class Built:
    """A report, and what went wrong on the way."""

    report: Report
    problems: tuple[str, ...]
    answers: tuple[ExpectedAnswer, ...] = ()
    """What the solutions expect; nothing in a student's edition."""


def build(
    results: Sequence[Result],
    language: str,
    configuration: Configuration,
    *,
    moment: datetime,
    version: str,
    labels: Words | None = None,
    refused: Mapping[str, str] | None = None,
    from_record: Collection[str] = (),
    reuse: bool = False,
    progress: Steps = silent,
) -> Built:
    """Join the runs into one report.

    Args:
        results: one run for each lab, in the order of the chapters; at least one.
        language: of the report; a chapter without a note in it is in the language that lends it one, and says so.
        configuration: title, course and date of the report.
        moment: date of the report, unless the configuration names one, in its time zone.
        version: of labreport, for the cover.
        labels: what figures are labelled with, where not in the report's language alone.
        refused: labs whose chapters can't be shown, and why.
        from_record: labs whose chapters are made from the record although there is a note.
        reuse: whether chapters may be taken from the cache, where they were made before of the same inputs.
        progress: called before each chapter.
    """
    words = Words(language)
    notes_in_use = NotesInUse.of(configuration)
    course = _course(results, configuration)
    numbers = forms.numbers([result.lab for result in results], course)
    titles = {
        result.lab: result.lab if result.lab in from_record else notes_in_use.title(language, result.lab)
        for result in results
    }
    parts: list[tuple[Result, Assembled | None]] = []
    made: list[Chapter] = []
    problems: list[str] = []
    for place, result in enumerate(results):
        progress("chapters", place, len(results))
        number = numbers[result.lab]
        assembled: Assembled | None = None
        if reason := (refused or {}).get(result.lab):
            made.append(_broken(result.lab, number, titles[result.lab], reason, words))
        elif result.status == "complete":
            own = additions.of(result.lab, configuration.paths.get(result.lab))
            try:
                spoken = notes.written_in(language, result.lab, configuration.notes)
                recorded = result.lab in from_record
                make = partial(
                    _assembled, result, number, spoken, configuration, words=words, labels=labels, own=own,
                    from_record=recorded,
                )  # fmt: skip
                if reuse:
                    key = kept.inputs(result, number, spoken, configuration, words, labels, own, recorded)
                    assembled = kept.kept(key, Assembled, partial(make, reuse=True))
                else:
                    assembled = make()
                problems += [
                    f"{result.lab}: the {lost.kind} {lost.name!r} is missing: {own.problem}"
                    for lost in assembled.missing
                ]
                made.append(assembled.chapter)
            except (ReportError, LabError) as error:
                problems.append(str(error))
                made.append(_broken(result.lab, number, titles[result.lab], str(error), words))
        else:
            made.append(chapters.failed(result, number, titles[result.lab], words))
        parts.append((result, assembled))
    progress("chapters", len(results), len(results))
    shown = configuration.date or day(moment, configuration.timezone)
    date = shown.removesuffix(" UTC")
    report = Report(
        language=language,
        date=date,
        cover=frontmatter.cover(results, titles, configuration, shown, version, words, labels or words, reuse=reuse),
        summary=frontmatter.summary(parts, titles, words),
        # The terms are those of the shipped chapters.
        chapters=(*made, glossary(language)) if frontmatter.has_shipped(results) else tuple(made),
        provenance=provenance(results, titles, words, configuration.timezone),
    )
    whole = frozenset(result.lab for result, assembled in parts if assembled)
    report = msgspec.structs.replace(
        report,
        **{name: mapped(getattr(report, name), _marked) for name in ("cover", "summary", "provenance")},
        chapters=tuple(chapter if chapter.id in whole else mapped(chapter, _marked) for chapter in report.chapters),
    )
    elsewhere = cache(partial(_elsewhere, course=course, notes_in_use=notes_in_use, words=words))
    linked, missing = _with_links(report, _targets(parts, numbers, words), whole, elsewhere)
    report = forms.formed(
        linked, configuration.form, glossary=configuration.glossary, provenance=configuration.provenance
    )
    answers = tuple(answer for _, assembled in parts if assembled for answer in assembled.answers)
    return Built(report=report, problems=tuple(problems + missing), answers=answers)


def _assembled(
    result: Result,
    number: str,
    spoken: str,
    configuration: Configuration,
    *,
    words: Words,
    labels: Words | None,
    own: Additions,
    from_record: bool,
    reuse: bool = False,
) -> Assembled:
    """Return a chapter as it stands in a report, but for what leads out of it. `kept.inputs` names what decides it."""
    pieces = Pieces(kept.pieces_inputs(result, spoken, words, labels, own) if reuse else "", configuration.edition)
    assembled = chapters.assemble(
        result,
        number,
        spoken,
        solutions=configuration.edition == "instructor",
        folder=configuration.notes,
        paths=configuration.paths,
        labels=labels,
        own=own,
        from_record=from_record,
        variant=configuration.variant,
        pieces=pieces,
    )
    pieces.keep()
    chapter = formed(assembled.chapter, hints=configuration.hints, room=configuration.answer_room)
    link = notebook_link(result.lab, words.language, configuration.notebooks, words)
    chapter = _in_language(msgspec.structs.replace(chapter, notebook=link), spoken, words.language)
    return replace(assembled, chapter=mapped(chapter, _marked))


def _course(results: Sequence[Result], configuration: Configuration) -> Sequence[str]:
    """Return the labs after whose order chapters are numbered; nothing: the report is the whole course."""
    if configuration.chapters or configuration.form == "book":
        return configuration.chapters
    # A sheet of one lab of the book has the number of its chapter there.
    return registry.BOOK if frontmatter.has_shipped(results) else ()


def document(
    results: Sequence[Result],
    which: str,
    configuration: Configuration,
    *,
    moment: datetime,
    version: str,
    reuse: bool = False,
    progress: Steps = silent,
) -> Built:
    """Join the runs into a report in one language or in several.

    Args:
        results: one run for each lab, in the order of the chapters; at least one.
        which: name of a language, or of a document in several.
        configuration: title, course and date of the report.
        moment: date of the report, unless the configuration names one, in its time zone.
        version: of labreport, for the cover.
        reuse: whether chapters may be taken from the cache, where they were made before of the same inputs.
        progress: called before each chapter.

    Raises:
        RenderingError: the languages do not match.
    """
    names = languages.parts(which)
    in_use = NotesInUse.of(configuration)
    # Side by side stand chapters of one shape: where one language has no note, all are made from the record.
    unwritten = {result.lab for result in results if in_use.without_note(result.lab, names)}
    joined = partial(
        build,
        results,
        configuration=configuration,
        moment=moment,
        version=version,
        from_record=unwritten,
        reuse=reuse,
        progress=progress,
    )
    if len(names) == 1:
        return joined(names[0])
    # A figure is there once, so the labels of the first language's are in all of them.
    labels = [JoinedWords(*names), *[None] * (len(names) - 1)]
    each_one = [joined(name, labels=label) for name, label in zip(names, labels, strict=True)]
    problems = dict.fromkeys(problem for built in each_one for problem in built.problems)
    if refused := bilingual.mismatches(*(built.report for built in each_one)):
        problems |= dict.fromkeys(reason for reason in refused.values() if reason not in "\n".join(problems))
        each_one = [joined(name, labels=label, refused=refused) for name, label in zip(names, labels, strict=True)]
    merged = bilingual.merged(*(built.report for built in each_one))
    return Built(report=merged, problems=tuple(problems), answers=each_one[0].answers)


def _in_language(chapter: Chapter, spoken: str, language: str) -> Chapter:
    """Return a chapter that is lent by another language, each of its texts marked as being in that one."""
    if spoken == language:
        return chapter

    def marked(found: Found) -> Text:
        if found.kind in ("source", "formula", "drawing") or not isinstance(found.text, str) or not found.text:
            return found.text
        return LanguageTexts({spoken: found.text})

    return mapped(chapter, marked)


def _marked(found: Found) -> Text:
    """Return a word that another language lends as a text in that language."""
    text = found.text
    return LanguageTexts({text.language: str(text)}) if isinstance(text, Borrowed) else text


def _broken(lab: str, number: str, title: str, reason: str, words: Words) -> Chapter:
    return chapters.broken(lab, number, title, words("labs.broken_title"), words("labs.broken"), reason)


def glossary(language: str) -> Chapter:
    """Return the appendix of terms in several languages."""
    spoken = notes.written_in(language, "glossary")
    note = notes.plain(*notes.source(spoken, "glossary"))

    def prose(passages: Sequence[Passage]) -> tuple[Prose, ...]:
        return tuple(Prose(markdown=passage.text) for passage in passages)

    chapter = Chapter(
        id="glossary",
        number="",
        title=note.title,
        opening=prose(note.opening),
        sections=tuple(
            Section(id=f"glossary-{section.id}", title=section.title, blocks=prose(section.passages))
            for section in note.sections
        ),
    )
    return _in_language(chapter, spoken, language)


def _targets(
    parts: Sequence[tuple[Result, Assembled | None]], numbers: Mapping[str, str], words: Words
) -> dict[str, Target]:
    targets = {"provenance": Target(id="provenance", text=words("labs.provenance"))}
    for result, assembled in parts:
        targets[result.lab] = Target(id=result.lab, text=words("labs.chapter", number=numbers[result.lab]))
        for key, target in (assembled.targets if assembled else {}).items():
            targets[f"{result.lab}:{key}"] = target
    return targets


def _elsewhere(lab: str, course: Sequence[str], notes_in_use: NotesInUse, words: Words) -> str:
    """Return how a chapter that a report does not hold is named in it: by its number in the course, else by title."""
    if lab in course:
        return words("labs.chapter", number=course.index(lab) + 1)
    return words("labs.title_elsewhere", title=notes_in_use.title(words.language, lab))


def _with_links(
    report: Report, targets: Mapping[str, Target], made: frozenset[str], elsewhere: Callable[[str], str]
) -> tuple[Report, list[str]]:
    """Fill in the text of every link of the notes.

    A link to a chapter that this report does not hold becomes what that chapter is called `elsewhere`: leaving it out,
    or being unable to make it, is not a mistake, and no link can lead astray. A link to something that a chapter lacks
    is a mistake.
    """
    problems: list[str] = []

    def linked(found: Found) -> Text:
        lab = found.place.chapter
        text = found.text
        if found.kind != "drawing" and SLOT in first(text):
            problems.append(f"{lab or 'cover'}: a text holds a character that is reserved for the typesetting.")
            text = each(text, lambda line: line.replace(SLOT, f"‹U+{ord(SLOT):04X}›"))
        if found.kind not in ("inline", "prose"):
            return text
        return each(text, lambda line: _LINK.sub(lambda match: link(match.group(1), lab), line))

    def link(key: str, lab: str) -> str:
        target = targets.get(f"{lab}:{key}") or targets.get(key)
        if target is not None:
            return f"[{target.text}](#{target.id})"
        other = key.partition(":")[0]
        if other in registry.names() and other not in made:
            return elsewhere(other)
        problems.append(f"notes/{report.language}/{lab}.md: the link #{key} leads nowhere.")
        return key

    return mapped(report, linked), problems
