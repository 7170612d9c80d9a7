"""What the site of the stored runs costs: ten thousand runs, twenty thousand questions, and a note that is saved.

    python tests/benchmarks/view_bench.py [--runs 10000] [--questions 20000] [--saves 500] [--only listing]

`labreport view` and `labreport preview` run as they do for a user, in processes of their own; this one asks, saves, and
reads how much memory they have. Prints the seconds from the command to its address, of the first listing and of pages,
also after the store has grown; the seconds from a saved note to its chapter; and the memory of the process that answers
while questions of every kind, saved notes, and reports that differ become more.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from helpers import browsed
from helpers.hand_history import entry, put, wobble
from helpers.hand_results import hand_result
from helpers.own_runs import seeds_run

from labreport.report.store.runs import Store

KEEP_ALIVE = 40
"""Questions of one connection, as a browser asks some on each."""


@dataclass(kw_only=True)
class Answering:
    """A command that answers in the browser."""

    program: subprocess.Popen[str]
    address: str
    seconds: float
    """From its start to its address."""
    asked: int = 0

    def __post_init__(self) -> None:
        place = urlsplit(self.address)
        assert place.hostname is not None
        self._path = place.path
        self._connection = HTTPConnection(place.hostname, place.port, timeout=600)

    def get(self, path: str) -> tuple[int, bytes]:
        """Return status and content of a page by its path behind the token."""
        if self.asked % KEEP_ALIVE == 0:
            self._connection.close()
        self.asked += 1
        self._connection.request("GET", self._path + path)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def took(self, path: str) -> float:
        """Return the seconds of a page, with its connection: one that waits for long is ended by the server."""
        self._connection.close()
        begun = time.perf_counter()
        status, _ = self.get(path)
        assert status == 200, (path, status)
        return time.perf_counter() - begun

    def resident(self) -> float:
        """Return the memory in MB of the process that answers: the command supervises it."""
        children = Path(f"/proc/{self.program.pid}/task/{self.program.pid}/children").read_text().split()
        status = Path(f"/proc/{children[-1] if children else self.program.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1000  # type: ignore[index]  # every process has one

    def watched(self, what: str, number: int, step: Callable[[int], None]) -> None:
        """Do something many times, and print the memory at some of them."""
        marks = sorted({max(1, number * part // 20) for part in (1, 5, 10, 15, 20)})
        first = 0.0
        for count in range(1, number + 1):
            step(count)
            if count in marks:
                first = first or self.resident()
                print(f"{count} {what}: {self.resident():.1f} MB ({self.resident() - first:+.1f})", flush=True)


@contextmanager
def answering(*words: str, folder: Path | None = None) -> Iterator[Answering]:
    """Run a command until the block ends, and give it as soon as it has printed its address."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "labreport", *words, "--lang", "en"]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder)
    try:
        assert program.stdout is not None
        yield Answering(program=program, address=program.stdout.readline().strip(), seconds=time.perf_counter() - begun)
    finally:
        program.terminate()
        program.wait(30)


def lay(root: Path, numbers: range) -> None:
    """Lay runs with an index line and no result of their own into a store."""
    for number in numbers:
        lab = ("imdb", "mnist", "wine")[number % 3]
        run_id = f"20260101T000000Z-{number:08x}"
        put(root, entry(lab=lab, day=number % 9000, value=0.88 + wobble(number), run_id=run_id))


def listing(runs: int) -> None:
    """Measure pages over a store of many runs, and over one that grows while it is looked at."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        lay(root, range(runs))
        for state in ("without an index", "with its index"):
            with answering("view", place) as site:
                print(f"{runs} runs {state}: to the address {site.seconds:.2f} s, first page {site.took('en/'):.2f} s")
        with answering("view", place) as site:
            site.get("en/")
            pages = {
                "first page": "en/",
                "second page": "en/?page=2",
                "last page": "en/?page=99999",
                "search": "en/?text=imdb%2000000f",
                "highest score first": "en/?sort=highest",
                "one lab": "en/?lab=imdb",
            }
            for name, path in pages.items():
                print(f"{runs} runs: {name} {site.took(path):.2f} s")
            lay(root, range(runs, runs + 1000))
            time.sleep(1.1)  # the store is looked at once a second
            print(f"{runs + 1000} runs, 1000 of them new: first page {site.took('en/'):.2f} s", end=", ")
            print(f"then {site.took('en/'):.2f} s; {site.resident():.0f} MB")


def questions(number: int) -> None:
    """Measure the memory over many questions to a small store."""
    kinds = browsed.kinds()
    with tempfile.TemporaryDirectory() as place:
        browsed.fill(Path(place) / "runs")
        with answering("view", f"{place}/runs") as site:
            site.watched("questions", number, lambda count: site.get(f"en/{kinds[count % len(kinds)]}") and None)


def different(number: int) -> None:
    """Measure the memory over the reports of many runs."""
    with tempfile.TemporaryDirectory() as place:
        store = Store(Path(place))
        for count in range(number):
            run = browsed.dated(seeds_run(), 1 + count % 28, f"20260101T000000Z-{count:08x}")
            scores = tuple(msgspec.structs.replace(one, value=one.value - count / 1e5) for one in run.findings.scores)
            store.save(msgspec.structs.replace(run, findings=msgspec.structs.replace(run.findings, scores=scores)))
        with answering("view", place) as site:
            address = "en/run/digits/20260101T000000Z-{:08x}/report"
            site.watched("reports", number, lambda count: site.get(address.format(count - 1)) and None)


def saved(times: int) -> None:
    """Measure the time from a saved note to its chapter, and the memory over many saves."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        note = folder / "notes" / "en" / "imdb.md"
        note.parent.mkdir(parents=True)
        shipped = Path(__file__).resolve().parents[2] / "templates" / "languages" / "en" / "notes" / "imdb.md"
        text = shipped.read_text("utf-8")
        note.write_text(text, "utf-8")
        Store(folder / "runs").save(hand_result("imdb", seeds=(0, 1)))
        (folder / "labreport.toml").write_text('notes = "notes"\n')
        spent = []
        with answering("preview", "imdb", folder=folder) as site:

            def save(count: int) -> None:
                word = "".join(chr(97 + int(digit)) for digit in str(count))
                begun = time.perf_counter()
                note.write_text(text.replace("\n## ", f"\nTake {word}.\n\n## ", 1), "utf-8")
                while f"Take {word}." not in site.get("en/imdb/page")[1].decode():
                    assert time.perf_counter() - begun < 60, site.get("en/imdb/faults")
                    time.sleep(0.02)
                spent.append(time.perf_counter() - begun)

            print(f"preview: to the address {site.seconds:.2f} s")
            site.watched("saved notes", times, save)
        print(f"from a saved note to its chapter: first {spent[0]:.2f} s, then {median(spent[1:]):.2f} s (median)")


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=20_000)
    parser.add_argument("--saves", type=int, default=500)
    parser.add_argument("--reports", type=int, default=200)
    parser.add_argument("--only", choices=("listing", "saved", "questions", "different"))
    given = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "listing": lambda: listing(given.runs),
        "saved": lambda: saved(given.saves),
        "questions": lambda: questions(given.questions),
        "different": lambda: different(given.reports),
    }
    for name, part in parts.items():
        if given.only in (None, name):
            part()


if __name__ == "__main__":
    main()
