"""What stands before the first chapter: the cover and the summary of all labs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec
from msgspec import UNSET

from labreport.experiments import registry
from labreport.experiments.result import Result
from labreport.report.chapters import kept
from labreport.report.chapters.chapter import Assembled
from labreport.report.chapters.logo import data_address
from labreport.report.chapters.marks import is_sample
from labreport.report.chapters.tables.content import unit_label
from labreport.report.configuration import LOCALISED, Configuration
from labreport.report.document import (
    CHECKED,
    OPEN,
    VERDICT_MARKS,
    Chapter,
    Column,
    Cover,
    CoverFigure,
    Prose,
    Table,
    escape,
)
from labreport.report.errors import RenderingError
from labreport.report.figures import registry as figures
from labreport.report.findings import analysis
from labreport.report.findings.claims.histories import unseeded
from labreport.report.findings.claims.record import ClaimVerdict
from labreport.report.findings.digits import Decimals
from labreport.report.findings.groups import groups
from labreport.report.findings.scores import Measured, best_baseline, deciding
from labreport.report.numbers import UNKNOWN, duration, integer, number, percent
from labreport.report.words import Words

"""Cell of what a lab has no value for."""
SHORT = 4
"""Names of metrics up to this length are abbreviations, and written in capitals."""


def cover(
    results: Sequence[Result],
    titles: Mapping[str, str],
    configuration: Configuration,
    date: str,
    version: str,
    words: Words,
    labels: Words,
    *,
    reuse: bool = False,
) -> Cover:
    """Return the first page: title, facts about the runs, and one small multiple for each lab.

    Args:
        results: the runs.
        titles: title of each lab's chapter.
        configuration: texts and logo of the cover.
        date: of the report.
        version: of labreport.
        words: of the report's language.
        labels: what figures are labelled with.
        reuse: whether pictures may be taken from the cache.
    """
    language = words.language
    told = ((name, getattr(configuration, name).get(language)) for name in LOCALISED if name != "title")
    facts = [
        *((escape(name), escape(text)) for name, text in configuration.cover.get(language, ())),
        *((words(f"labs.cover_{name}"), escape(text)) for name, text in told if text),
        (words("labs.cover_date"), date),
        (words("labs.cover_version"), f"labreport {version}"),
        *(_lab_facts(results, words) if any(result.findings.own is UNSET for result in results) else ()),
        (
            words("labs.cover_seeds"),
            _seeds(results) or (words("own.not_set") if all(map(unseeded, results)) else UNKNOWN),
        ),
    ]
    own = "" if has_shipped(results) else "_own"
    title = escape(configuration.title.get(language, "")) or _title(results, titles, words)
    all_six = {result.lab for result in results if result.lab in registry.BOOK} == set(registry.CLASSIC)
    return Cover(
        title=title,
        subtitle=words("labs.subtitle" if all_six else f"labs.subtitle{own or '_some'}"),
        facts=tuple(facts),
        head=escape(configuration.course.get(language, "")) or title,
        logo=data_address(configuration.logo) if configuration.logo else "",
        logo_alt=configuration.institution.get(language, "") or words("labs.logo"),
        strip=tuple(_strip(results, titles, words, labels, reuse)),
    )


def _lab_facts(results: Sequence[Result], words: Words) -> tuple[tuple[str, str], ...]:
    """Return what is true of labs alone: a user's script chooses neither a data set of ours nor a profile."""
    return (
        (words("labs.cover_data"), words(f"labs.{_data_kind(results)}")),
        (words("labs.cover_profile"), words(f"labs.{_profile_kind(results)}")),
    )


def has_shipped(results: Sequence[Result]) -> bool:
    """Return whether one of the runs is of a lab that is shipped here, so that the words of the book fit."""
    return any(result.lab in registry.BOOK for result in results)


def _title(results: Sequence[Result], titles: Mapping[str, str], words: Words) -> str:
    """Return the title of a report for which the user gives none: it says what is in it."""
    if has_shipped(results):
        return words("labs.title")
    return titles[results[0].lab] if len(results) == 1 else words("labs.title_own")


def summary(parts: Sequence[tuple[Result, Assembled | None]], titles: Mapping[str, str], words: Words) -> Chapter:
    """Return the table of all labs.

    Args:
        parts: each run with its chapter; None where the chapter could not be made.
        titles: title of each lab's chapter.
        words: of the report's language.
    """
    own = "" if has_shipped([result for result, _ in parts]) else "_own"
    table = Table(
        id="summary-table",
        number="",
        caption=words(f"labs.summary_caption{own}", kinds=_kinds([result for result, _ in parts], words)),
        columns=(
            Column(title=words("labs.column_run" if own else "labs.column_lab")),
            Column(title=words("labs.column_data"), align="right", kind="number"),
            Column(title=words("labs.column_score"), align="right", kind="number"),
            Column(title=words("labs.column_baseline"), align="right", kind="number"),
            Column(title=words("labs.column_epoch"), align="right", kind="number"),
            Column(title=words("labs.column_claims"), align="right", kind="number"),
            Column(title=words("labs.column_seconds"), align="right", kind="number"),
        ),
        rows=tuple(_row(result, assembled, titles[result.lab], words) for result, assembled in parts),
    )
    return Chapter(
        id="summary",
        number="",
        title=words(f"labs.summary{own}"),
        opening=(Prose(markdown=words(f"labs.summary_text{own}")), table),
    )


def _row(result: Result, assembled: Assembled | None, title: str, words: Words) -> tuple[str, ...]:
    name = f"[{title}](#{result.lab})"
    if result.status != "complete":
        return (name, UNKNOWN, words("labs.failed_cell"), UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
    card = result.findings.data
    # A run whose chapter could not be made has measured all the same.
    made = assembled.verdicts if assembled else ()
    return (
        name,
        f"{integer(card.train_samples)} / {integer(card.test_samples)}" if card else UNKNOWN,
        _score(result),
        _baseline(result),
        _epoch(result, words),
        _checked(made, words),
        duration(analysis.seconds(result)),
    )


def _checked(verdicts: Sequence[ClaimVerdict], words: Words) -> str:
    """Return how many sentences carry which mark; what the run can't tell is named only where there is any."""
    marks = [VERDICT_MARKS[verdict] for verdict in verdicts]
    checked, left_open = marks.count(CHECKED), marks.count(OPEN)
    parts = [words("labs.claims_checked", checked=checked), words("labs.claims_open", open=left_open)]
    return " · ".join(part for part, count in zip(parts, (checked, left_open), strict=True) if count) or UNKNOWN


def _score(result: Result) -> str:
    return _cell(deciding(result), Decimals(result))


def _baseline(result: Result) -> str:
    """The best simple rule or linear model: what a network must beat to be worth its trouble."""
    judged = deciding(result)
    return _cell(best_baseline(result, judged), Decimals(result)) if judged else UNKNOWN


def _cell(found: Measured | None, decimals: Decimals) -> str:
    if found is None:
        return UNKNOWN
    metric = found.first.metric
    digits = decimals.of(found.unit, metric, found.first.split)
    if found.unit == "share":
        return percent(found.mean, digits)
    return f"{escape(metric.upper() if len(metric) <= SHORT else metric)} {number(found.mean, digits)}"


def _kinds(results: Sequence[Result], words: Words) -> str:
    """Say what the scores of the labs are, each kind once: "accuracy, or mean absolute error in thousand dollars"."""
    kinds = []
    for result in results:
        if (judged := deciding(result)) is not None:
            metric = words.get(f"labs.metric_{judged.first.metric}", escape(judged.first.metric))
            unit = "" if judged.unit == "share" else unit_label(judged.unit, words)
            kinds.append(words("labs.kind_in_unit", metric=metric, unit=unit) if unit else metric)
    return words("labs.summary_kinds", kinds=words("labs.or").join(dict.fromkeys(kinds))) if kinds else ""


def _epoch(result: Result, words: Words) -> str:
    if result.findings.own is not UNSET:
        return _own_epoch(result, words)
    found = analysis.overfitting(result)
    if found is None:
        return UNKNOWN
    return words("labs.epoch_of", epoch=found.best_epoch, epochs=found.epochs)


def _own_epoch(result: Result, words: Words) -> str:
    """Return the best epoch of a user's own run where it has one: of one group of trainings, of equal length."""
    found = groups(result)
    best = found[0].best() if len(found) == 1 else None
    if best is None:
        return UNKNOWN
    trained = max(member.training.epochs for member in found[0].sound())
    return words("labs.epoch_of", epoch=best.epoch, epochs=trained)


def _strip(
    results: Sequence[Result], titles: Mapping[str, str], words: Words, labels: Words, reuse: bool
) -> list[CoverFigure]:
    found: list[CoverFigure] = []
    for result in results:
        if result.status != "complete":
            continue
        try:
            make = partial(_picture, result, words, labels)
            key = kept.strip_inputs(result, words, labels) if reuse else ""
            picture = kept.kept(key, CoverFigure, make) if reuse else make()
        except RenderingError:
            continue  # a user-supplied lab need not have anything for the strip
        found.append(msgspec.structs.replace(picture, title=titles[result.lab]))
    return found


def _picture(result: Result, words: Words, labels: Words) -> CoverFigure:
    drawing = figures.strip(result, words)
    labelled = drawing if labels is words else figures.strip(result, labels)
    return CoverFigure(title="", svg=labelled.svg, alt=drawing.alt)


def _data_kind(results: Sequence[Result]) -> str:
    samples = {is_sample(result) for result in results if result.findings.data}
    if not samples:
        return "data_none"
    if samples == {True, False}:
        return "data_mixed"
    return "data_all_sample" if samples == {True} else "data_all_full"


def _profile_kind(results: Sequence[Result]) -> str:
    profiles = {result.profile for result in results}
    return f"profile_{profiles.pop()}" if len(profiles) == 1 else "profile_mixed"


def _seeds(results: Sequence[Result]) -> str:
    """Seeds of all runs, ranges joined: 0–9, 12."""
    seeds = sorted({seed for result in results for seed in result.seeds})
    ranges: list[list[int]] = []
    for seed in seeds:
        if ranges and seed == ranges[-1][-1] + 1:
            ranges[-1].append(seed)
        else:
            ranges.append([seed])
    return ", ".join(f"{part[0]}–{part[-1]}" if len(part) > 1 else str(part[0]) for part in ranges)
