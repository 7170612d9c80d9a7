"""What the server answers: which page is meant by an address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from labreport.report.browsing import gate_pages
from labreport.report.browsing.addresses import ServedAddresses
from labreport.report.browsing.documents import MOST_COMPARED, MOST_DRAWN, Documents, drawn
from labreport.report.browsing.pages import Site, runs_of
from labreport.report.browsing.server import Door, preferred
from labreport.report.browsing.stock import RunsQuery, Stock
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.configuration import Configuration
from labreport.report.errors import FAULT, explained
from labreport.report.store import live, verdicts
from labreport.report.words import Words

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

Reply = Callable[["Question"], "Response"]


class Question:
    """One question: the language, where other pages are, what stands in the address.

    Args:
        request: as the server got it.
        door: of the server.
    """

    def __init__(self, request: Request, door: Door) -> None:
        self.request = request
        self.language: str = request.path_params["language"]
        behind = request.url.path.split("/", 3)[3] if request.url.path.count("/") > 2 else ""
        query = f"?{request.url.query}" if request.url.query else ""
        self.addresses = ServedAddresses(token=door.token, language=self.language, here=behind + query)

    @property
    def query(self) -> Mapping[str, str]:
        """What stands behind the question mark, each name once."""
        return self.request.query_params

    def part(self, name: str) -> str:
        """Return a part of the path."""
        found: str = self.request.path_params[name]
        return found


class Answers:
    """The pages of the site, each by its address.

    Args:
        stock: the runs of the store.
        configuration: languages, theme, templates and notes.
        door: of the server.
    """

    def __init__(self, stock: Stock, configuration: Configuration, door: Door) -> None:
        self.stock = stock
        self.documents = Documents(configuration)
        self.site = Site(stock, configuration.look, configuration.lang)
        self.notes = NotesInUse.of(configuration)
        self.door = door

    def runs(self, asked: Question) -> Response:
        """Reply with a page of the listing."""
        query = RunsQuery.read(asked.query)
        return _html(self.site.runs(asked.language, asked.addresses, query, live.under_way(self.stock.root)))

    def run(self, asked: Question) -> Response:
        """Reply with the page of a run."""
        run = self.stock.find(asked.part("lab"), asked.part("run"))
        if run is None:
            return self.missing(asked)
        return _html(self.site.run(asked.language, asked.addresses, run, self.notes))

    def report(self, asked: Question) -> Response:
        """Reply with the report of a run."""
        run = self.stock.find(asked.part("lab"), asked.part("run"))
        if run is None:
            return self.missing(asked)
        return _html(self.documents.report(run, asked.language))

    def compare(self, asked: Question) -> Response:
        """Reply with the comparison of the runs that are ticked, below the bar of the site."""
        runs = runs_of(self.stock, asked.request.query_params.getlist("run"))
        page = self.site.page(asked.language, asked.addresses)
        if not 2 <= len(runs) <= MOST_COMPARED:
            key = "compare_too_few" if len(runs) < 2 else "compare_too_many"
            return self._message(asked, page.say("compare_title"), page.say(key, most=MOST_COMPARED))
        if len(labs := sorted({run.entry.lab for run in runs})) > 1:
            said = page.say("compare_labs", labs=page.words("compare.list_separator").join(labs))
            return self._message(asked, page.say("compare_title"), said, status=409)
        self.documents.comparison(runs, asked.language)  # so that what is wrong is said here
        return self._framed(asked, "compare_title", asked.addresses.comparison(runs, alone=True))

    def comparison(self, asked: Question) -> Response:
        """Reply with a comparison by itself."""
        runs = runs_of(self.stock, asked.request.query_params.getlist("run"))
        return _html(self.documents.comparison(runs, asked.language))

    def trend(self, asked: Question) -> Response:
        """Reply with the trend, below the bar of the site."""
        lab = asked.query.get("lab", "")
        page = self.site.page(asked.language, asked.addresses)
        runs = drawn(self.stock.listing(), lab)
        if not runs:
            return self._message(asked, page.say("trend_title"), page.say("trend_none"), here="trend")
        remark = page.say("trend_cut", number=page.integer(MOST_DRAWN)) if len(runs) == MOST_DRAWN else ""
        return self._framed(asked, "trend_title", asked.addresses.trend(lab, alone=True), remark, here="trend")

    def history(self, asked: Question) -> Response:
        """Reply with the trend by itself."""
        lab = asked.query.get("lab", "")
        return _html(self.documents.trend(self.stock.listing(), lab, asked.language, asked.addresses))

    def gate(self, asked: Question) -> Response:
        """Reply with the verdicts of the gate."""
        return _html(gate_pages.history(self.site, asked.language, asked.addresses))

    def verdict(self, asked: Question) -> Response:
        """Reply with one verdict and its checks."""
        found = next((one for one in verdicts.read(self.stock.root) if one.stem == asked.part("verdict")), None)
        if found is None:
            return self.missing(asked)
        return _html(gate_pages.verdict(self.site, asked.language, asked.addresses, found))

    def live_list(self, asked: Question) -> Response:
        """Reply with the runs that are under way, to be put into the list."""
        runs = live.under_way(self.stock.root)
        return _html(self.site.part("live-list", asked.language, asked.addresses, live=runs))

    def live_run(self, asked: Question) -> Response:
        """Reply with the page of a run that is under way."""
        run = self._live(asked)
        address = asked.addresses.live(run, part=True) if run else ""
        lab = asked.part("lab")
        return _html(self.site.written("live", asked.language, asked.addresses, run=run, lab=lab, address=address))

    def live_part(self, asked: Question) -> Response:
        """Reply with what changes of a run that is under way."""
        return _html(self.site.part("live-part", asked.language, asked.addresses, run=self._live(asked)))

    def missing(self, asked: Question) -> Response:
        """Reply that there is no such page."""
        page = self.site.page(asked.language, asked.addresses)
        return self._message(asked, page.say("not_found"), page.say("not_found_text"), status=404)

    def answered(self, answer: Reply, request: Request) -> Response:
        """Reply a question; what can't be shown is said on a page, and ends nothing."""
        if request.path_params["language"] not in self.site.tongues:
            return _redirect(f"/{self.door.token}/")
        asked = Question(request, self.door)
        try:
            return answer(asked)
        except Exception as error:
            # A run may be deleted or cut off while it is looked at; and no fault, ours neither, ends the server.
            code, said = explained(error)
            page = self.site.page(asked.language, asked.addresses)
            private = f"{self.stock.root}/"
            return self._message(
                asked, page.say("cannot"), *said.replace(private, "").split("\n"), status=500 if code == FAULT else 409
            )

    def _live(self, asked: Question) -> live.LiveRun | None:
        wanted = asked.part("lab"), asked.part("key")
        return next((run for run in live.under_way(self.stock.root) if (run.lab, run.key) == wanted), None)

    def _framed(self, asked: Question, title: str, address: str, remark: str = "", here: str = "framed") -> Response:
        heading = Words(asked.language)(f"view.{title}")
        return _html(
            self.site.written(
                "framed", asked.language, asked.addresses, heading=heading, address=address, remark=remark, here=here
            )
        )

    def _message(self, asked: Question, heading: str, *lines: str, status: int = 200, here: str = "") -> Response:
        return _html(self.site.message(asked.language, asked.addresses, heading, *lines, here=here), status)


def application(stock: Stock, configuration: Configuration, door: Door) -> Starlette:
    """Return what answers the questions to the site.

    Args:
        stock: the runs of the store.
        configuration: languages, theme, templates and notes.
        door: of the server; the guard before the application keeps it.
    """
    answers = Answers(stock, configuration, door)
    pages = {
        "": answers.runs,
        "run/{lab}/{run}": answers.run,
        "run/{lab}/{run}/report": answers.report,
        "compare": answers.compare,
        "compare/page": answers.comparison,
        "trend": answers.trend,
        "trend/page": answers.history,
        "gate": answers.gate,
        "gate/{verdict}": answers.verdict,
        "live/part": answers.live_list,
        "live/{lab}/{key}": answers.live_run,
        "live/{lab}/{key}/part": answers.live_part,
        "{anything:path}": answers.missing,
    }
    return routed({path: partial(answers.answered, answer) for path, answer in pages.items()}, configuration, door)


def routed(pages: Mapping[str, Callable[[Request], Any]], configuration: Configuration, door: Door) -> Starlette:
    """Return an application that answers below its token and a language; without a language it asks the browser's.

    Args:
        pages: what answers, by the path behind the language.
        configuration: names the languages.
        door: of the server.
    """
    from starlette.applications import Starlette
    from starlette.routing import Route

    def entrance(request: Request) -> Response:
        tags = [Words(name).record.tag for name in configuration.lang]
        language = preferred(request.headers.get("accept-language", ""), configuration.lang, tags)
        return _redirect(f"/{door.token}/{language}/")

    routes = [Route(f"/{door.token}/{{language}}/{path}", answer) for path, answer in pages.items()]
    return Starlette(routes=[Route(f"/{door.token}/", entrance), Route(f"/{door.token}", entrance), *routes])


def _html(content: str | bytes, status: int = 200) -> Response:
    from starlette.responses import HTMLResponse

    return HTMLResponse(content, status)


def _redirect(address: str) -> Response:
    from starlette.responses import RedirectResponse

    return RedirectResponse(address, 303)
