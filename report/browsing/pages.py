"""The pages of the site: what each shows, and how it is written.

A page is sealed as every page of labreport is; what it may do besides is ask the server it came from. Pages work
without script: forms ask by their address, and a page that changes is loaded again. A script, whose hash the policy
of the page states, only spares that.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import get_args

from markupsafe import Markup

from labreport.experiments.result import Result
from labreport.report import languages, numbers
from labreport.report.browsing.addresses import Addresses, Turning
from labreport.report.browsing.curves import HEIGHT, WIDTH, live_curves
from labreport.report.browsing.stock import SORTS, RunsQuery, Stock
from labreport.report.chapters import claim_words
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.chapters.offered import Offer
from labreport.report.document import VERDICT_MARKS
from labreport.report.errors import ReportError
from labreport.report.findings.analysis import MissingValueError
from labreport.report.findings.claims.histories import unseeded
from labreport.report.gate.verdict import GateOutcome
from labreport.report.look import Look
from labreport.report.rendering import fonts
from labreport.report.rendering.sealed import sealed
from labreport.report.rendering.typesetter import on_screen
from labreport.report.store.entries import Entry, Stored, load
from labreport.report.store.lines import ScoreLine
from labreport.report.store.live import LiveRun
from labreport.report.trend.chart import value_text, with_spread
from labreport.report.trend.page import shippable, title_of
from labreport.report.words import Words, load_table

SILENT = 120.0
"""Seconds without a sign of life after which a page says so."""
EVERYTHING = RunsQuery()
MOST_UNREADABLE = 20
"""Problems of the store that are named."""


class SitePage:
    """What the templates of the site may ask for.

    Args:
        language: of the page.
        addresses: where the other pages are.
        tongues: the languages of the site.
        clock: gives the seconds since 1970.
        zone: time zone in which times are written.
    """

    def __init__(
        self,
        language: str,
        addresses: Turning,
        tongues: Sequence[str],
        clock: Callable[[], float] = time.time,
        *,
        zone: str = "UTC",
    ) -> None:
        self.words = Words(language)
        self.zone = zone
        self.language_tag = self.words.record.tag
        self.others = [
            (addresses.same(other), Words(other).record.tag, Words(other).record.name)
            for other in tongues
            if other != language
        ]
        self._clock = clock

    def say(self, key: str, /, **values: object) -> str:
        """Return a text of the site, which may name the time zone."""
        return self.words(f"view.{key}", zone=self.zone, **values)

    def set(self, key: str) -> Markup:
        """Return a text of the site that holds code."""
        return on_screen(self.words.language).inline(self.say(key))

    def clean(self, text: object) -> str:
        """Return a text of the outside on one line, with code points for what no font here has."""
        return shippable(str(text))

    def line(self, text: str) -> str:
        """Return a line of source as it stands, with code points for what no font here has."""
        return fonts.printable(text.expandtabs(4))

    def lines(self, text: str) -> str:
        """Return some lines of source, as `line`."""
        return "\n".join(self.line(part) for part in text.split("\n"))

    def offered(self, offer: Offer) -> Markup | str:
        """Return what stands in a note where an offer is taken: values and claims as the note typesets them."""
        if offer.kind in ("value", "claim"):
            with contextlib.suppress(ReportError):
                return on_screen(self.words.language).inline(fonts.printable(offer.shown))
        return self.clean(offer.shown)

    def known(self, kind: str, value: str | None) -> str:
        """Return the word for a value of the listing, such as a status; the value itself where there is no word."""
        return self.words.get(f"view.{kind}_{value or 'none'}", shippable(value or ""))

    def verdict(self, outcome: str | None) -> str:
        """Return what the gate said of a run in words; nothing where it was not judged."""
        return self.words.get(f"gate.outcome_{outcome}", shippable(outcome)) if outcome else ""

    def minute(self, moment: str) -> str:
        """Return a stored time to the minute; what stands beside it names the zone."""
        return numbers.minute(moment, self.zone)

    def integer(self, count: int) -> str:
        """Return a whole number."""
        return numbers.integer(count)

    def duration(self, seconds: float | None) -> str:
        """Return a length of time; the sign for what is not known where it is None."""
        return numbers.duration(None if seconds is None else max(0.0, seconds))

    def rate(self, rate: float) -> str:
        """Return a rate."""
        return numbers.number(rate, 1 if rate < 100 else 0)

    def since(self, moment: float) -> float:
        """Return the seconds since a moment."""
        return self._clock() - moment

    def score(self, entry: Entry) -> tuple[str, str]:
        """Return name and value of the score that decides; two empty texts where there is none."""
        if entry.score is None:
            return "", ""
        name, mean = entry.score
        line = next((line for line in entry.scores if line.name == name), None)
        unit = line.unit if line else ""
        shown = spread(line) if line else value_text(mean, "")
        return title_of(name, "" if unit == "share" else unit, self.words), shown

    def commit(self, entry: Entry) -> str:
        """Return the commit of a run in short, with a mark where files differed from it."""
        return f"{shippable(entry.commit[:7])}{'+' if entry.dirty else ''}" if entry.commit else ""

    def mark(self, outcome: str | None) -> str:
        """Return the class of a verdict; none for what is not one."""
        return outcome if outcome and outcome in get_args(GateOutcome) else ""

    curves = staticmethod(live_curves)


class Site:
    """The pages about one store.

    Args:
        stock: the runs of the store.
        look: theme, templates and time zone.
        tongues: the languages in which the site is written.
    """

    def __init__(self, stock: Stock, look: Look, tongues: Sequence[str]) -> None:
        self.stock = stock
        self.look = look
        self.tongues = tuple(tongues)

    def page(self, language: str, addresses: Turning) -> SitePage:
        """Return what the templates of a page may ask for."""
        return SitePage(language, addresses, self.tongues, zone=self.look.zone)

    def runs(self, language: str, addresses: Addresses, query: RunsQuery, live: Sequence[LiveRun] = ()) -> str:
        """Return a page of the listing."""
        found = self.stock.page(query)
        listing = self.stock.listing()
        problems = [line.partition("\n")[0].replace(f"{self.stock.root}/", "") for line in listing.unreadable]
        return self.written(
            "runs",
            language,
            addresses,
            found=found,
            query=found.query,
            total=len(listing.runs),
            choices=self.stock.choices(),
            problems=problems[:MOST_UNREADABLE],
            live=live,
        )

    def run(self, language: str, addresses: Addresses, run: Stored, notes: NotesInUse) -> str:
        """Return the page of a run; what its result holds is left out where that can't be read."""
        page = self.page(language, addresses)
        entry = run.entry
        problem, result = "", None
        try:
            result = load(run.path)
        except ReportError as error:
            problem = str(error).replace(f"{self.stock.root}{os.sep}", "")
        before = self.stock.before(run) if entry.status == "complete" else None
        return self.written(
            "run",
            language,
            addresses,
            entry=entry,
            facts=_facts(page, entry, result),
            problem=problem,
            scores=[
                (title_of(line.name, "" if line.unit == "share" else line.unit, page.words), spread(line))
                for line in entry.scores
            ],
            claims=_claims(result, notes, language) if result else [],
            report=addresses.report(run) if result else "",
            before=addresses.comparison([before, run]) if before else "",
            trend=addresses.trend(entry.lab),
            tags=[(tag, addresses.runs(EVERYTHING, tag=tag) if addresses.served else "") for tag in entry.tags],
        )

    def message(self, language: str, addresses: Addresses, heading: str, *lines: str, here: str = "") -> str:
        """Return a page that says why something can't be shown; the bar marks the entry `here`."""
        return self.written("message", language, addresses, heading=heading, lines=lines, here=here)

    def written(self, name: str, language: str, addresses: Turning, *, here: str = "", **context: object) -> str:
        """Return a page of the site.

        Args:
            name: of its template in the folder `view`.
            language: of the page.
            addresses: where the other pages are.
            here: the entry of the bar that is marked; where empty, the one of that name.
            **context: what the template places besides.
        """
        page = self.page(language, addresses)
        return sealed(
            f"view/{name}.html.j2",
            look=self.look,
            languages=(language,),
            sheets=("content", "screen", "view"),
            rules="",
            used=lambda text: used(text, language),
            check=lambda _text: None,
            script=script(name if addresses.served else f"{name}-file"),
            served=addresses.served,
            page=page,
            at=addresses,
            here=here or name,
            fixed=Fixed(),
            **context,
        )

    def part(self, name: str, language: str, addresses: Turning, **context: object) -> str:
        """Return the part of a page that changes, to be put into a page that is open. Arguments as `written`."""
        from labreport.report.rendering.sheets import placed

        page = self.page(language, addresses)
        return placed(f"view/{name}.html.j2", self.look, page=page, at=addresses, here=name, fixed=Fixed(), **context)


def spread(line: ScoreLine) -> str:
    """Return a score with its spread over the seeds."""
    if line.mean is None:
        return numbers.UNKNOWN
    if line.deviation is None:
        return value_text(line.mean, line.unit)
    return with_spread(line.mean, line.deviation, line.unit)


def _facts(page: SitePage, entry: Entry, result: Result | None) -> list[tuple[str, str]]:
    settings = ", ".join(f"{name} = {value}" for name, value in entry.changed_settings.items())
    commit = page.commit(entry)
    no_seed = page.say("seeds_none") if result and unseeded(result) else numbers.UNKNOWN
    return [
        (page.say("status"), page.known("status", entry.status)),
        (page.say("profile"), page.known("profile", entry.profile)),
        (page.say("data"), " ".join(filter(None, (page.clean(entry.data or ""), page.known("data", entry.source))))),
        (page.say("column_seeds"), ", ".join(map(str, entry.seeds)) or no_seed),
        (page.say("column_started"), page.minute(entry.started)),
        (page.say("column_time"), page.duration(entry.seconds)),
        (page.say("memory"), numbers.size(result.peak_memory_bytes) if result and result.peak_memory_bytes else ""),
        (page.say("column_commit"), f"{commit} ({page.say('dirty')})" if entry.dirty and commit else commit),
        (page.say("machine"), page.clean(entry.machine)),
        (page.say("settings"), page.clean(settings)),
        (page.say("outcome"), page.verdict(entry.outcome)),
    ]


def _claims(result: Result, notes: NotesInUse, language: str) -> list[tuple[str, Markup]]:
    """Return each claim that the chapter of a run makes: the mark of its verdict, and its sentence."""
    found = []
    with contextlib.suppress(ReportError):
        for claim in notes.stated(result) if result.status == "complete" else ():
            with contextlib.suppress(ReportError, MissingValueError):
                text = claim_words.sentence(claim, result, language)
                found.append((VERDICT_MARKS[claim.verdict], on_screen(language).inline(text)))
    return found


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """What every template of the site knows."""

    width: int = WIDTH
    """Of the drawing of a live curve."""
    height: int = HEIGHT
    silent: float = SILENT
    everything: RunsQuery = EVERYTHING
    """The query that lets all runs through."""
    sorts: tuple[str, ...] = tuple(SORTS)


@cache
def script(name: str) -> str:
    """Return the script of a page; nothing where it needs none."""
    parts = {
        "runs": ("live", "pick"),
        "live": ("live",),
        "runs-file": ("filter",),
        "run": ("offers",),
        "run-file": ("offers",),
        "preview": ("preview",),
        "offers": ("offers",),
    }
    folder = resources.files("labreport.templates") / "view"
    return "".join((folder / f"{part}.js").read_text("utf-8") for part in parts.get(name, ()))


def used(text: str, language: str) -> dict[fonts.FaceName, frozenset[str]]:
    """Return the characters of a page, with those that the site usually needs.

    So the pages of a language share their fonts, which take longest to make.
    """
    found = fonts.used(text)
    usual = _usual(language)
    needed: tuple[fonts.FaceName, ...] = ("regular", "bold", "mono")
    return {**found, **{name: found.get(name, frozenset()) | usual for name in needed}}


@cache
def _usual(language: str) -> frozenset[str]:
    texts = [
        text
        for lender in languages.lenders(language)
        for key, text in load_table(lender).items()
        if key.startswith(("view.", "gate.outcome", "trend.metric", "trend.unit"))
    ]
    tongues = "".join(Words(name).record.name for name in languages.names())
    return frozenset("".join(texts) + tongues + "…–—·×±−→✓✗◐ 、，。：") | frozenset(map(chr, range(32, 127)))


def runs_of(stock: Stock, named: Sequence[str]) -> tuple[Stored, ...]:
    """Return the runs that are named as LAB/RUN, each once, the oldest first; what is gone is left out."""
    found = {}
    for name in named:
        lab, _, run_id = name.partition("/")
        run = stock.find(lab, run_id)
        if run is not None:
            found[run.folder] = run
    return tuple(sorted(found.values(), key=lambda run: (run.entry.started, run.entry.run_id)))
