"""Chapters that were made before: assembled once for the same run, note and options, whichever report they stand in.

Putting values into a note, judging its claims and drawing its figures is most of the time of a report. What comes out
depends on its own inputs alone: what is said across chapters (links, cover, summary) is put together afterwards, each
time. So a report in which one note has changed makes one chapter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TypeVar

import msgspec

from labreport.experiments.registry.additions import Additions
from labreport.experiments.result import Result
from labreport.experiments.system import reading
from labreport.report import languages
from labreport.report.chapters.chapter import Assembled
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.configuration import Configuration
from labreport.report.document import CoverFigure
from labreport.report.rendering import cache, program
from labreport.report.words import JoinedWords, Words

KIND = "chapters"
MOST = 600
"""Chapters and pictures of covers that are cached: a course of twenty labs in two languages and two editions, and
several states of each."""

Finished = TypeVar("Finished", Assembled, CoverFigure)


def inputs(
    result: Result,
    number: str,
    spoken: str,
    configuration: Configuration,
    words: Words,
    labels: Words | None,
    own: Additions,
    from_record: bool,
) -> str:
    """Return the hash of all that decides a chapter.

    Args:
        result: the run.
        number: of the chapter.
        spoken: the language of its note.
        configuration: notes, edition, whose numbers exercises have, and how they are printed.
        words: of the report's language.
        labels: what figures are labelled with, where not in the report's language alone.
        own: what the lab defines for its notes.
        from_record: whether the chapter is made from the record although there is a note.

    Raises:
        NoteError: the note can't be read.
    """
    in_use = NotesInUse.of(configuration)
    return _hash(
        _of_run(result),
        number,
        spoken,
        *in_use.text_of(result, spoken),
        in_use.library(),
        configuration.notes is not None,
        _of_words(words, labels or words),
        [(file.name, reading.text_hash(reading.content(file))) for file in own.files],
        own.problem,
        [configuration.edition, configuration.hints, configuration.answer_room, configuration.notebooks],
        configuration.variant,
        from_record,
    )


def pieces_inputs(result: Result, spoken: str, words: Words, labels: Words | None, own: Additions) -> str:
    """Return the hash of all that decides the drawings of a chapter. Arguments as for `inputs`.

    No edition is in it: what is drawn for the student's is drawn for the instructor's.
    """
    files = [(file.name, reading.text_hash(reading.content(file))) for file in own.files]
    return _hash(_of_run(result), "pieces", spoken, _of_words(words, labels or words), files, own.problem)


def strip_inputs(result: Result, words: Words, labels: Words) -> str:
    """Return the hash of all that decides the small picture of a run on the cover."""
    return _hash(_of_run(result), "strip", _of_words(words, labels))


def kept(key: str, form: type[Finished], make: Callable[[], Finished]) -> Finished:
    """Return what `make` returns, from the cache if it was made before.

    Args:
        key: hash of all that decides it.
        form: its type.
        make: called where the cache has nothing to offer; what it raises is raised each time.
    """
    found = cache.record(KIND, key, form)
    if found is not None:
        return found
    made = make()
    try:
        content = msgspec.msgpack.encode(made)
    except TypeError:
        return made  # a text that is lent from another language knows it, which bytes could not say
    cache.lay_down(KIND, key, cache.packed(content), most=MOST)
    # As it will be read: a whole number in the place of another is one from now on, not only for the next command.
    return msgspec.msgpack.decode(content, type=form)


def _hash(*parts: object) -> str:
    return sha256(json.dumps([program.fingerprint(), *parts], sort_keys=True).encode()).hexdigest()


def _of_run(result: Result) -> str:
    return sha256(msgspec.msgpack.encode(result)).hexdigest()


def _of_words(*spoken: Words) -> list[list[str]]:
    return [[type(words).__name__, *(_of_language(name) for name in _names(words))] for words in spoken]


def _names(words: Words) -> Sequence[str]:
    return words.names if isinstance(words, JoinedWords) else (words.language,)


def _of_language(name: str) -> str:
    return name + languages.fingerprint(name, ("words",))
