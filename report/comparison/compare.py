"""The joiner: two versions become one record of all that differs between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labreport.experiments.result import Result
from labreport.report.chapters.notes_in_use import SHIPPED, NotesInUse
from labreport.report.comparison.comparability import obstacles, paired, remarks
from labreport.report.comparison.differences import claim_changes, equal_facts, facts, source_changes, texts
from labreport.report.comparison.epochs import epoch_shift
from labreport.report.comparison.margins import NO_MARGINS, Margins
from labreport.report.comparison.passages import note_changes
from labreport.report.comparison.predictions import predictions
from labreport.report.comparison.record import ComparedRun, Comparison, Comparisons, LabComparison, Reason
from labreport.report.comparison.scores import metric_differences
from labreport.report.comparison.together import together
from labreport.report.comparison.version import NothingToCompareError, Version
from labreport.report.findings import analysis, statistics
from labreport.report.findings.scores import measured


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How versions are compared, whichever they are."""

    margins: Margins = NO_MARGINS
    """Differences that don't matter."""
    languages: tuple[str, ...] = ()
    """In which the notes are compared."""
    everything: bool = False
    """List equal things too."""
    notes: NotesInUse = SHIPPED
    """Whose titles and claims the labs have."""


PLAIN = Terms()
"""Every difference matters, and equal things are counted."""


def compare_all(
    first: Version, others: Sequence[Version], terms: Terms = PLAIN, *, tool_version: str = ""
) -> Comparisons:
    """Compare the first version with each of the others. Arguments and errors as `compare`."""
    return Comparisons(
        tool_version=tool_version,
        level=statistics.LEVEL,
        comparisons=tuple(compare(first, other, terms) for other in others),
        together=together((first, *others)),
    )


def compare(a: Version, b: Version, terms: Terms = PLAIN) -> Comparison:
    """Compare two versions lab by lab.

    Args:
        a: the earlier or reference version.
        b: the one that is judged.
        terms: how.

    Raises:
        NothingToCompareError: no lab is in both.
        UsageError: a margin names a metric that is not there.
    """
    labs = [lab for lab in a.results if lab in b.results]
    if not labs:
        raise NothingToCompareError(
            f"Nothing to compare: {a.label} holds {_listed(a)}, {b.label} holds {_listed(b)}.\n"
            "Name two versions that hold a run of the same lab."
        )
    terms.margins.check({lab: [*measured(a.results[lab]), *measured(b.results[lab])] for lab in labs})
    return Comparison(
        a=a.side(),
        b=b.side(),
        labs=tuple(_lab(lab, a, b, terms) for lab in labs),
        only_a=tuple(lab for lab in a.results if lab not in b.results),
        only_b=tuple(lab for lab in b.results if lab not in a.results),
    )


def _lab(lab: str, a: Version, b: Version, terms: Terms) -> LabComparison:
    before, after = a.results[lab], b.results[lab]
    hindered = obstacles(before, after)
    belong = not hindered and paired(before, after)
    comparable = not hindered
    all_facts = facts(before, after)
    all_claims = claim_changes(before, after, terms.notes) if _finished(before, after) else ()
    text_changes, equal_texts = texts(before, after)
    text_changes = (*source_changes(lab, a.sources.get(lab), b.sources.get(lab)), *text_changes)
    changed_notes, equal_notes = (
        note_changes(a, b, lab, terms.languages, terms.notes, everything=terms.everything)
        if _finished(before, after)
        else ((), {})
    )
    return LabComparison(
        lab=lab,
        titles=terms.notes.titles(lab),
        everything=terms.everything,
        a=_run(before),
        b=_run(after),
        obstacles=hindered,
        remarks=(*remarks(before, after), *_one_sided(before, after)),
        paired=belong,
        metrics=metric_differences(before, after, paired=belong, comparable=comparable, margins=terms.margins),
        epochs=epoch_shift(before, after, paired=belong, comparable=comparable),
        predictions=predictions(before, after) if comparable else None,
        facts=tuple(fact for fact in all_facts if terms.everything or fact.changed),
        equal_facts=equal_facts(all_facts),
        texts=text_changes,
        equal_texts=equal_texts,
        claims=tuple(claim for claim in all_claims if terms.everything or claim.a != claim.b),
        equal_claims=sum(claim.a == claim.b for claim in all_claims),
        notes=changed_notes,
        equal_notes=equal_notes,
    )


def _one_sided(a: Result, b: Result) -> tuple[Reason, ...]:
    """Name the metrics that only one of the runs measured."""
    of_a, of_b = measured(a), measured(b)
    missing = (("A", [name for name in of_a if name not in of_b]), ("B", [name for name in of_b if name not in of_a]))
    return tuple(
        Reason(code="metrics_only", values={"side": side, "names": ", ".join(names)})
        for side, names in missing
        if names
    )


def _finished(a: Result, b: Result) -> bool:
    return a.status == b.status == "complete"


def _run(result: Result) -> ComparedRun:
    return ComparedRun(
        run_id=result.run_id,
        status=result.status,
        profile=result.profile,
        seeds=result.seeds,
        started=result.provenance.started,
        commit=result.provenance.git_commit,
        seconds=analysis.seconds(result),
        peak_memory_bytes=result.peak_memory_bytes,
    )


def _listed(version: Version) -> str:
    return ", ".join(version.results) or "no run"
