"""A comparison on the terminal: what can't be compared, the table of scores, what else differs, in a few lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from labreport.report.comparison import predictions_section, sections, wording
from labreport.report.comparison.record import Comparison, Fact, LabComparison
from labreport.report.comparison.wording import MetricWords
from labreport.report.words import Words

Cells = tuple[str, ...]
"""A row of the table of scores."""
LONGEST_WORD = 12
"""Signs of a word for which a column of a table makes room in a narrow terminal."""


def before(pair: Comparison, words: Words, letter: str = "B") -> Iterator[str]:
    """Yield the lines above the table: the versions, and first of all what can't be compared.

    Args:
        pair: what was compared.
        words: of the language.
        letter: of the second version in the table of all versions, which stands above.
    """
    name = "B" if letter == "B" else words("compare.b_above", letter=letter)
    yield words("compare.labelled", name="A", text=pair.a.label)
    yield words("compare.labelled", name=name, text=pair.b.label)
    for lab in pair.labs:
        for found in lab.obstacles:
            text = wording.reason(found, words, kind="reason")
            yield words("compare.labelled", name=f"{lab.lab}: {words('compare.not_comparable_title')}", text=text)
    for remark in (*pair.a.remarks, *pair.b.remarks):
        yield plain(wording.reason(remark, words))
    for key, labs in (("only_a", pair.only_a), ("only_b", pair.only_b)):
        if labs:
            yield words(f"compare.{key}", labs=words("compare.list_separator").join(labs))


def heads(pair: Comparison, words: Words) -> Cells:
    """Return the heads of the table of scores."""
    level = wording.level(next((one.interval.level for lab in pair.labs for one in lab.metrics if one.interval), 0.95))
    names = ("lab", "metric", "a", "b", "difference", "interval", "improvement", "p", "verdict")
    return tuple(words(f"compare.head_{name}", level=level) for name in names)


def rows(pair: Comparison, words: Words) -> Iterator[Cells]:
    """Yield the rows of the table of scores; equal ones only where everything is asked for."""
    for lab in pair.labs:
        for metric in lab.metrics:
            if metric.verdict == "same" and not lab.everything:
                continue
            said = MetricWords(metric, words)
            verdict = said.with_detail(said.verdict, said.detail)
            yield (
                lab.lab,
                said.name,
                said.a,
                said.b,
                said.difference,
                said.interval,
                said.improvement,
                said.p,
                verdict,
            )


def common(pair: Comparison) -> tuple[Fact, ...]:
    """Return what differs in every lab alike, such as a version of a package, so that it is said once."""
    if len(pair.labs) < 2:
        return ()
    first, *others = (lab.facts for lab in pair.labs)
    return tuple(fact for fact in first if fact.changed and all(fact in facts for facts in others))


def after(lab: LabComparison, words: Words, *, common: Sequence[Fact] = (), verbose: bool = False) -> Iterator[str]:
    """Yield the lines on one lab below the table, without what is common to all labs."""
    for remark in lab.remarks:
        yield plain(wording.reason(remark, words))
    if lab.metrics and lab.comparable:
        yield from sections.tested(lab, words)
        if same := lab.count("same"):
            every = same == len(lab.metrics)
            key = "only_metric_same" if every else "same_metrics_one" if same == 1 else "same_metrics"
            yield words(f"compare.{key}", count=same)
    if lab.epochs is not None:
        yield wording.shift(lab.epochs, words)
    found = lab.predictions
    if found is not None and (found.changed or found.only_a or found.only_b):
        yield words(
            "compare.predictions_stored",
            both=found.stored_on_both,
            changed=len(found.changed),
            only_a=found.only_a,
            only_b=found.only_b,
        )
    if found is not None and found.values is not None and found.values.moved:
        yield predictions_section.moved(found.values, words)
    yield from _differences(lab, words, common)
    if not lab.everything and (counts := sections.equal_counts(lab, words)):
        yield words("compare.equal_counted", counts=counts)
    if verbose:
        for change in lab.texts:
            yield words("compare.labelled", name=change.name, text="")
            yield change.diff


def fact_line(fact: Fact, words: Words) -> str:
    """Return one fact as a line."""
    before, after = (words("compare.nothing") if value is None else value for value in (fact.a, fact.b))
    change = words("compare.between", a=before, b=after) if fact.changed else before
    return words("compare.labelled", name=f"{words(f'compare.group_{fact.group}')} {fact.name}", text=change)


def _differences(lab: LabComparison, words: Words, common: Sequence[Fact]) -> Iterator[str]:
    yield from (fact_line(fact, words) for fact in lab.facts if fact not in common)
    for claim in lab.claims:
        a, b = sections.claim_verdicts(claim, words)
        change = words("compare.between", a=a, b=b) if claim.a != claim.b else a
        yield words("compare.labelled", name=f"{words('compare.head_claim')} {claim.name}", text=change)
    if lab.texts:
        names = words("compare.list_separator").join(change.name for change in lab.texts)
        yield words("compare.labelled", name=words("compare.texts"), text=names)
    changed = [note for note in lab.notes if note.language == words.language and any(p.changed for p in note.pieces)]
    if changed:
        yield words("compare.notes_differ", count=len(changed))


def plain(text: str) -> str:
    """Return a remark without the marks of code that it may hold."""
    return text.replace("**", "").replace("`", "").replace("\\", "")


def print_rows(titles: Cells, lines: Sequence[Cells], texts: Sequence[int] = (0, 1, -1)) -> None:
    """Print a table of scores; columns but those of `texts` to the right, folded where the terminal is narrow."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for place, title in enumerate(titles):
        text = place in texts or place - len(titles) in texts
        # Words stay whole: where the terminal is narrow, a text is folded between them.
        longest = max(len(word) for row in (titles, *lines) for word in (row[place].split() or [""]))
        table.add_column(
            title, justify="left" if text else "right", overflow="fold", min_width=min(longest, LONGEST_WORD)
        )
    for line in lines:
        table.add_row(*(Text(cell) for cell in line))
    # A pipe has no width: no column is folded there.
    console = Console() if sys.stdout.isatty() else Console(width=240, no_color=True)
    console.print(table)
