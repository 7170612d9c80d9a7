"""The sections of a lab's chapter in a comparison. Each returns its blocks; none where there is nothing to say."""

from __future__ import annotations

from collections.abc import Iterable

from labreport.experiments.result import Result
from labreport.report.comparison import wording
from labreport.report.comparison.passage import passage
from labreport.report.comparison.predictions_section import Next
from labreport.report.comparison.record import ClaimChange, Fact, LabComparison, MetricDifference
from labreport.report.comparison.untrusted import foreign
from labreport.report.comparison.wording import MetricWords
from labreport.report.document import Block, Column, Figure, Prose, Table
from labreport.report.errors import RenderingError
from labreport.report.rendering.dialect import fenced
from labreport.report.rendering.fonts import printable
from labreport.report.words import Words

_SCORE_HEADS = ("metric", "a", "b", "difference", "interval", "improvement", "p", "verdict")
LISTED_NOTES = 30
"""Passages that are listed at most, unless everything is asked for."""


def scores(lab: LabComparison, next_: Next, words: Words) -> tuple[Block, ...]:
    """Return the table of metrics with the sentences on how they were tested."""
    if not lab.metrics:
        return (Prose(markdown=words("compare.no_metrics")),)
    shown = [metric for metric in lab.metrics if metric.verdict != "same"]
    same = len(lab.metrics) - len(shown)
    if not shown:
        return (Prose(markdown=words("compare.only_metric_same", count=same)),)
    blocks: list[Block] = []
    if lab.comparable:
        blocks += [Prose(markdown=line) for line in tested(lab, words)]
    heads = _SCORE_HEADS if lab.comparable else _SCORE_HEADS[:4]
    id_, number = next_("table", "table-scores")
    level = wording.level(next((metric.interval.level for metric in shown if metric.interval), 0.95))
    blocks.append(
        Table(
            id=id_,
            number=number,
            caption=words("compare.scores_caption" if lab.comparable else "compare.scores_caption_plain", level=level),
            columns=tuple(_score_column(head, level, words) for head in heads),
            rows=tuple(_score_row(metric, words)[: len(heads)] for metric in shown),
        )
    )
    if same:
        key = "compare.same_metrics_one" if same == 1 else "compare.same_metrics"
        blocks.append(Prose(markdown=words(key, count=same)))
    return tuple(blocks)


def tested(lab: LabComparison, words: Words) -> list[str]:
    """Return the sentences on how the metrics of a lab were tested."""
    lines: list[str] = []
    together = [metric for metric in lab.metrics if metric.test and metric.test.method != "corrected t"]
    if together:
        first = together[0]
        test = first.test
        assert test is not None
        key = "tested_paired" if test.method == "paired permutation" else "tested"
        key += "_one" if test.family < 2 else "_permutation"
        lines.append(
            words(
                f"compare.{key}",
                a=len(first.a),
                b=len(first.b),
                arrangements=wording.arrangements(test, words),
                family=test.family,
            )
        )
        if any(metric.interval and metric.interval.method == "welch" for metric in together):
            lines.append(words("compare.interval_welch"))
    few = [metric.reason for metric in lab.metrics if metric.reason is not None and metric.reason.code == "few"]
    lines += [words("compare.few_runs", **values) for values in _different(found.values for found in few)]
    over_folds = [metric for metric in lab.metrics if metric.test and metric.test.method == "corrected t"]
    if over_folds:
        names = words("compare.list_separator").join(wording.name(metric.name, words) for metric in over_folds)
        lines.append(words("compare.tested_corrected_t", metrics=foreign(names[:1].upper() + names[1:])))
    return lines


def _different(items: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for item in items:
        if item not in found:
            found.append(item)
    return found


def verdict_cell(metric: MetricDifference, words: Words) -> str:
    """Return the verdict with what belongs to it, as inline Markdown."""
    said = MetricWords(metric, words)
    verdict = f"**{said.verdict}**" if metric.verdict in ("better", "worse") else said.verdict
    return said.with_detail(verdict, foreign(said.detail))


def curves(lab: LabComparison, results: tuple[Result, Result], next_: Next, words: Words) -> tuple[Block, ...]:
    """Return the curves of both versions one over the other, with the shift of the overfitting epoch."""
    if lab.epochs is None:
        return ()
    shift = wording.shift(lab.epochs, words)
    if _histories(results[0]) == _histories(results[1]):
        return (Prose(markdown=words.record.between_sentences.join((words("compare.same_curves"), shift))),)
    from labreport.report.figures import comparison

    try:
        drawing = comparison.curves(*results, words)
    except RenderingError:
        return (Prose(markdown=shift),)
    if max(len(lab.epochs.per_run_a), len(lab.epochs.per_run_b)) > 1:
        shift = words.record.between_sentences.join((shift, words("compare.bands")))
    caption = words("compare.curves_caption_smoothed" if lab.epochs.smoothed else "compare.curves_caption", shift=shift)
    id_, number = next_("figure", "figure-curves")
    data = Table(id=f"{id_}-data", number=number, caption="", columns=drawing.columns, rows=drawing.rows)
    return (
        Figure(
            id=id_,
            number=number,
            caption=caption,
            svg=drawing.svg,
            alt=drawing.alt,
            width_mm=drawing.width_mm,
            height_mm=drawing.height_mm,
            data=data,
        ),
    )


def _histories(result: Result) -> list[object]:
    """Return every curve of a run, in an order of its own."""
    fits = sorted(result.findings.trainings, key=lambda fit: (fit.role, fit.seed, fit.fold or 0))
    # As text, in which not-a-number is equal to itself.
    return [(fit.role, fit.seed, fit.fold, repr(fit.history)) for fit in fits]


def differences(lab: LabComparison, next_: Next, words: Words) -> tuple[Block, ...]:
    """Return the table of settings, versions and other facts that differ, and the number of equal ones."""
    blocks: list[Block] = []
    if lab.facts:
        id_, number = next_("table", "table-differences")
        nothing = words("compare.nothing")
        rows = []
        for fact in lab.facts:
            values = [nothing if value is None else foreign(value) for value in (fact.a, fact.b)]
            if lab.everything and fact.changed:
                values = [f"**{value}**" for value in values]
            rows.append((item(fact, words), *values))
        blocks.append(
            Table(
                id=id_,
                number=number,
                caption=words("compare.differences_caption_all" if lab.everything else "compare.differences_caption"),
                columns=tuple(Column(title=words(f"compare.head_{head}")) for head in ("item", "a", "b")),
                rows=tuple(rows),
            )
        )
    else:
        blocks.append(Prose(markdown=words("compare.differences_none")))
    counts = "" if lab.everything else equal_counts(lab, words)
    if counts:
        blocks.append(Prose(markdown=words("compare.equal_counted", counts=counts)))
    return tuple(blocks)


def item(fact: Fact, words: Words) -> str:
    """Return what a fact is about: its kind and its name."""
    return words("compare.labelled", name=words(f"compare.group_{fact.group}"), text=foreign(fact.name))


def equal_counts(lab: LabComparison, words: Words) -> str:
    """Return how many settings, versions, listings, claims and passages are equal, as a list in words."""
    counts = [
        words("compare.count_of", group=words(f"compare.group_{group}"), count=count)
        for group, count in lab.equal_facts.items()
    ]
    others = (
        ("texts", lab.equal_texts),
        ("claims", lab.equal_claims),
        ("notes", lab.equal_notes.get(words.language, 0)),
    )
    counts += [words(f"compare.count_{kind}", count=count) for kind, count in others if count]
    return words("compare.list_separator").join(counts)


def texts(lab: LabComparison, words: Words) -> tuple[Block, ...]:
    """Return listings and examples that differ as unified diffs."""
    if not lab.texts:
        return ()
    blocks: list[Block] = []
    for change in lab.texts:
        blocks.append(Prose(markdown=words(f"compare.text_{change.kind}", name=change.name.replace("`", ""))))
        blocks.append(Prose(markdown=fenced(printable(change.diff), "diff")))
    return tuple(blocks)


def claims(lab: LabComparison, next_: Next, words: Words) -> tuple[Block, ...]:
    """Return the claims whose verdict differs."""
    if not lab.claims:
        return ()
    id_, number = next_("table", "table-claims")
    return (
        Table(
            id=id_,
            number=number,
            caption=words("compare.claims_caption_all" if lab.everything else "compare.claims_caption"),
            columns=(
                Column(title=words("compare.head_claim"), kind="code"),
                Column(title=words("compare.head_a")),
                Column(title=words("compare.head_b")),
            ),
            rows=tuple((claim.name, *claim_verdicts(claim, words)) for claim in lab.claims),
        ),
    )


def claim_verdicts(claim: ClaimChange, words: Words) -> tuple[str, str]:
    """Return the verdict of a claim in both versions."""
    return (
        words(f"compare.claim_{claim.a}", holds=claim.holds_a, runs=claim.runs_a),
        words(f"compare.claim_{claim.b}", holds=claim.holds_b, runs=claim.runs_b),
    )


def notes(lab: LabComparison, words: Words) -> tuple[Block, ...]:
    """Return the passages of the notes that read differently in the report's language."""
    changes = [change for change in lab.notes if change.language == words.language]
    shown = changes if lab.everything else changes[:LISTED_NOTES]
    lines = [f"- {text}" for change in shown if (text := passage(change, words))]
    if not lines:
        return ()
    text = words("compare.notes_text_all" if lab.everything else "compare.notes_text")
    blocks = [Prose(markdown=text), Prose(markdown="\n".join(lines))]
    if len(changes) > len(shown):
        blocks.append(Prose(markdown=words("compare.notes_more", count=len(changes) - len(shown))))
    return tuple(blocks)


def _score_column(head: str, level: str, words: Words) -> Column:
    text = head in ("metric", "verdict")
    return Column(
        title=words(f"compare.head_{head}", level=level),
        align="left" if text else "right",
        kind="text" if text else "number",
    )


def _score_row(metric: MetricDifference, words: Words) -> tuple[str, ...]:
    said = MetricWords(metric, words)
    return (
        foreign(said.name),
        said.a,
        said.b,
        said.difference,
        said.interval,
        said.improvement,
        said.p,
        verdict_cell(metric, words),
    )
