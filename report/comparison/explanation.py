"""What made the difference between two runs, as a record and as a report in any language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from labreport.experiments.result import Result, Split
from labreport.report import numbers
from labreport.report.comparison import wording
from labreport.report.comparison.untrusted import foreign
from labreport.report.document import Block, Chapter, Column, Cover, Figure, Prose, Report, Section, Table
from labreport.report.errors import NothingMeasuredError
from labreport.report.findings.attribution import LEAST_SEEDS, Attribution, Combination, Contribution, attributed
from labreport.report.findings.scores import Measured, Quantity
from labreport.report.findings.stand_ins import judged_by, judged_scores
from labreport.report.running.swapping import CODE, ENVIRONMENT, Design
from labreport.report.words import Words


class SwappedFactor(msgspec.Struct, frozen=True, kw_only=True):
    """A change that was swapped."""

    name: str
    a: str
    b: str


class MeasuredCell(msgspec.Struct, frozen=True, kw_only=True):
    """One combination of changes and what it measured."""

    switched: tuple[str, ...]
    """Factors as in B; the others as in A."""
    run: str
    values: tuple[float, ...]
    """One for each seed."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A difference taken apart."""

    tool_version: str
    lab: str
    titles: dict[str, str]
    """Title of the lab in each language."""
    a: str
    """Id of the run."""
    b: str
    seeds: tuple[int, ...]
    factors: tuple[SwappedFactor, ...]
    held: tuple[str, ...]
    """Inputs that differ between A and B and could not be swapped."""
    recorded: float | None
    """The difference of the two stored runs, B minus A; None where one lacks the score."""
    split: Split
    """Part of the data on which the score is measured: validation where nothing was tested."""
    attribution: Attribution
    cells: tuple[MeasuredCell, ...]

    @property
    def rest(self) -> float | None:
        """What of the recorded difference the swapped changes do not explain: other seeds, code, versions."""
        return None if self.recorded is None else self.recorded - self.attribution.difference


def explained(
    design: Design,
    results: Mapping[Combination, Result],
    *,
    metric: str | None,
    titles: Mapping[str, str],
    tool_version: str,
) -> Explanation:
    """Return the explanation of a difference.

    Args:
        design: what was swapped.
        results: of each combination, each with all seeds.
        metric: score to explain; None: the one by which a run is judged before any other.
        titles: of the lab in each language.
        tool_version: of labreport.

    Raises:
        NothingMeasuredError: a combination lacks the score, or a seed of it.
    """
    first = results[frozenset()]
    judged = judged_scores(first).get(metric) if metric else judged_by(first)
    if judged is None:
        known = ", ".join(judged_scores(first)) or "none"
        what = (
            f"no score {metric!r}"
            if metric
            else "neither a score on a test set nor a validation value that could stand in for one"
        )
        raise NothingMeasuredError(f"{design.a.lab} has {what}; its scores: {known}.")
    name = judged.first.name
    values = {cell: _values(result, name, design.seeds) for cell, result in results.items()}
    found = attributed(design.names, values, metric=name, unit=judged.first.unit, direction=judged.first.direction)
    stored = [judged_scores(one).get(name) for one in (design.a, design.b)]
    return Explanation(
        tool_version=tool_version,
        lab=design.a.lab,
        titles=dict(titles),
        a=design.a.run_id,
        b=design.b.run_id,
        seeds=design.seeds,
        factors=tuple(SwappedFactor(name=one.name, a=one.a, b=one.b) for one in design.factors),
        held=design.held,
        split=judged.first.split,
        recorded=stored[1].mean - stored[0].mean if stored[0] and stored[1] else None,
        attribution=found,
        cells=tuple(
            MeasuredCell(
                switched=tuple(one for one in design.names if one in cell), run=result.run_id, values=values[cell]
            )
            for cell, result in results.items()
        ),
    )


def _values(result: Result, name: str, seeds: Sequence[int]) -> tuple[float, ...]:
    found: Measured | None = judged_scores(result).get(name)
    by_seed = dict(zip(found.seeds, found.values, strict=True)) if found else {}
    if missing := [seed for seed in seeds if seed not in by_seed]:
        raise NothingMeasuredError(
            f"The run {result.run_id} has no {name} of seed {', '.join(map(str, missing))}: a script has to take the "
            "seeds that it is given."
        )
    return tuple(by_seed[seed] for seed in seeds)


class ExplainedWords:
    """The numbers and sentences of an explanation in one language.

    Args:
        found: the explanation.
        words: texts of the language.
        escaped: makes names of factors harmless where the sentences are Markdown.
    """

    def __init__(self, found: Explanation, words: Words, escaped: Callable[[str], str] = str) -> None:
        self._escaped = escaped
        self._found = found
        self._words = words
        self._share = found.attribution.unit == "share"
        spread = [one.high - one.mean for one in found.attribution.contributions if one.high is not None]
        sizes = [abs(one.mean) for one in found.attribution.contributions]
        self.scale = 100.0 if self._share else 1.0
        self._digits = numbers.digits_for(max([*spread, *sizes], default=0.0) * self.scale) + 1

    @property
    def unit(self) -> str:
        """Unit of the score in the record."""
        return self._found.attribution.unit

    @property
    def metric(self) -> str:
        """Name of the score with its unit."""
        attribution = self._found.attribution
        unit = self._words("compare.explain_points") if self._share else wording.unit(attribution.unit, self._words)
        name = wording.name(attribution.metric, self._words)
        return self._words("compare.named_unit", name=name, unit=unit) if unit else name

    @property
    def measured(self) -> str:
        """Name of the score with the unit of its values, which are in percent where differences are in points."""
        name = wording.name(self._found.attribution.metric, self._words)
        return self._words("compare.named_unit", name=name, unit="%") if self._share else self.metric

    def signed(self, value: float | None) -> str:
        """Return a difference with its sign, shares in percentage points; a dash where there is none."""
        if value is None:
            return self._words("compare.none_cell")
        return numbers.signed(value * self.scale, self._digits)

    def interval(self, one: Contribution) -> str:
        """Return the interval of a contribution."""
        if one.low is None or one.high is None:
            return self._words("compare.none_cell")
        return self._words("compare.interval", low=self.signed(one.low), high=self.signed(one.high))

    def p(self, one: Contribution) -> str:
        """Return the corrected p value of a contribution."""
        return self._words("compare.none_cell") if one.p is None else wording.p_value(one.p)

    def verdict(self, one: Contribution) -> str:
        """Return what is said of a contribution."""
        return self._words(f"compare.explain_{one.verdict.replace('-', '_')}")

    def name(self, one: Contribution) -> str:
        """Return the name of a factor, or of two."""
        return self._escaped(" × ".join(map(self.factor, one.factors)))

    def factor(self, name: str) -> str:
        """Return what a factor is called: as the user calls a setting, in words what has no name of the user's."""
        part = {CODE: "code", ENVIRONMENT: "environment"}.get(name)
        return self._words(f"compare.explain_part_{part}") if part else name

    def sentences(self) -> list[str]:
        """Return the answer in a few sentences."""
        words, found = self._words, self._found
        attribution = found.attribution
        lines = [
            words(
                "compare.explain_whole",
                metric=wording.name(attribution.metric, words),
                difference=self._amount(attribution.difference),
                seeds=len(found.seeds),
            )
        ]
        if found.split == "validation":
            lines.append(words("compare.explain_validation"))
        blamed = [one for one in attribution.contributions if one.verdict == "responsible"]
        lines += [
            words("compare.explain_blamed", factor=self.name(one), amount=self._amount(one.mean), share=self._part(one))
            for one in blamed
        ]
        if len(found.seeds) < LEAST_SEEDS:
            lines.append(words("compare.explain_too_few", least=LEAST_SEEDS))
        elif not blamed:
            lines.append(words("compare.explain_none"))
        rest = [self.name(one) for one in attribution.contributions if one.verdict == "not-shown"]
        if blamed and rest:
            lines.append(words("compare.explain_rest", factors=words("compare.list_separator").join(rest)))
        joint = [one for one in attribution.interactions if one.verdict == "responsible"]
        lines += [
            words("compare.explain_joint", factors=self.name(one), amount=self._amount(one.mean)) for one in joint
        ]
        if not attribution.interactions and len(found.factors) > 1:
            lines.append(words("compare.explain_no_interactions", amount=self._amount(attribution.unexplained)))
        if found.held:
            held = [words.get(f"compare.explain_part_{name}", name) for name in found.held]
            lines.append(words("compare.explain_held", parts=words("compare.list_separator").join(held)))
        if found.rest is not None and abs(found.rest) > 1e-12:
            lines.append(
                words(
                    "compare.explain_recorded",
                    recorded=self._amount(found.recorded or 0.0),
                    rest=self._amount(found.rest),
                )
            )
        return lines

    def _amount(self, value: float) -> str:
        shown = self.signed(value)
        return self._words("labs.points", value=shown) if self._share else shown

    def _part(self, one: Contribution) -> str:
        whole = self._found.attribution.difference
        return numbers.percent(one.mean / whole, 0) if whole else self._words("compare.none_cell")


def report(found: Explanation, language: str, *, date: str) -> Report:
    """Return the report of an explanation.

    Args:
        found: the explanation.
        language: of the report.
        date: of the report, as its cover prints it.

    Raises:
        RenderingError: the figure can't be drawn.
    """
    words = Words(language)
    said = ExplainedWords(found, words, foreign)
    return Report(
        language=language,
        date=date.removesuffix(" UTC"),
        cover=Cover(
            title=words("compare.explain_title"),
            subtitle=foreign(found.titles.get(language, found.lab)),
            facts=(
                (words("compare.version_a"), found.a),
                (words("compare.version_b"), found.b),
                (words("compare.explain_seeds"), ", ".join(map(str, found.seeds))),
                (words("labs.cover_date"), date),
                (words("labs.cover_version"), f"labreport {found.tool_version}".strip()),
            ),
        ),
        summary=Chapter(
            id="summary",
            number="",
            title=words("compare.explain_summary"),
            opening=(
                Prose(markdown="\n".join(f"- {line}" for line in said.sentences())),
                _figure(found, said, words),
                _contributions(found.attribution.contributions, "explain_table", "contributions-table", said, words),
            ),
        ),
        chapters=(_details(found, said, words),),
        provenance=Chapter(
            id="provenance",
            number="",
            title=words("compare.provenance"),
            opening=(Prose(markdown=words("compare.explain_method").strip()),),
        ),
    )


def _figure(found: Explanation, said: ExplainedWords, words: Words) -> Figure:
    from labreport.report.figures.contributions import Bar, contributions

    bars = [
        Bar(
            name=" × ".join(map(said.factor, one.factors)),
            value=one.mean * said.scale,
            low=None if one.low is None else one.low * said.scale,
            high=None if one.high is None else one.high * said.scale,
            shown=said.signed(one.mean),
            strong=one.verdict == "responsible",
        )
        for one in found.attribution.contributions
    ]
    drawing = contributions(bars, words("compare.explain_axis", metric=said.metric), words, found.lab)
    data = Table(id="contributions-data", number="", caption="", columns=drawing.columns, rows=drawing.rows)
    return Figure(
        id="contributions-figure",
        number="",
        caption=words("compare.explain_figure"),
        svg=drawing.svg,
        alt=drawing.alt,
        width_mm=drawing.width_mm,
        height_mm=drawing.height_mm,
        data=data,
    )


def _contributions(listed: Sequence[Contribution], caption: str, id_: str, said: ExplainedWords, words: Words) -> Table:
    heads = ("factor", "contribution", "interval", "p", "verdict")
    return Table(
        id=id_,
        number="",
        caption=words(f"compare.{caption}", metric=said.metric),
        columns=tuple(
            Column(
                title=words(f"compare.explain_head_{head}"),
                align="right" if head in ("contribution", "interval", "p") else "left",
                kind="number" if head in ("contribution", "interval", "p") else "text",
            )
            for head in heads
        ),
        rows=tuple(
            (said.name(one), said.signed(one.mean), said.interval(one), said.p(one), said.verdict(one))
            for one in listed
        ),
    )


def _details(found: Explanation, said: ExplainedWords, words: Words) -> Chapter:
    factors = Table(
        id="factors-table",
        number="",
        caption=words("compare.explain_factors_caption"),
        columns=tuple(Column(title=words(f"compare.explain_head_{head}")) for head in ("factor", "a", "b")),
        rows=tuple((foreign(said.factor(one.name)), foreign(one.a), foreign(one.b)) for one in found.factors),
    )
    cells = Table(
        id="cells-table",
        number="",
        caption=words("compare.explain_cells_caption", metric=said.measured),
        columns=(
            Column(title=words("compare.explain_head_switched")),
            Column(title=words("compare.explain_head_mean"), align="right", kind="number"),
            Column(title=words("compare.explain_head_deviation"), align="right", kind="number"),
            Column(title=words("compare.head_run"), kind="code"),
        ),
        rows=tuple(_cell(one, len(found.factors), said, words) for one in found.cells),
    )
    blocks: list[Block] = [factors]
    if found.attribution.interactions:
        blocks.append(
            _contributions(found.attribution.interactions, "explain_interactions", "interactions-table", said, words)
        )
    blocks.append(cells)
    return Chapter(
        id="measured",
        number="1",
        title=words("compare.explain_measured"),
        sections=(Section(id="measured-cells", title=words("compare.explain_runs"), blocks=tuple(blocks)),),
    )


def _cell(one: MeasuredCell, factors: int, said: ExplainedWords, words: Words) -> tuple[str, ...]:
    if not one.switched:
        name = words("compare.explain_all_a")
    elif len(one.switched) == factors:
        name = words("compare.explain_all_b")
    else:
        name = foreign(words("compare.list_separator").join(map(said.factor, one.switched)))
    measured_values = Quantity(values=one.values, unit=said.unit)
    spread = measured_values.deviation
    deviation = words("compare.none_cell") if spread is None else numbers.number(spread * said.scale, 3)
    return name, numbers.number(measured_values.mean * said.scale, 3), deviation, one.run
