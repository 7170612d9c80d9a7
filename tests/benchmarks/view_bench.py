"""What the site of the stored runs costs: ten thousand runs, ten thousand questions, and a note that is saved.

    python tests/benchmarks/view_bench.py [--runs 10000] [--questions 10000]

Prints the seconds of the first listing and of pages, the memory before and after the questions, and the seconds from a
saved note to its chapter. Memory counts from the first thousand questions on: until then caches fill.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from helpers import browsed
from helpers.browsed import KEY, NEW, OLD, TOKEN
from helpers.hand_history import entry, put, wobble
from helpers.hand_results import hand_result

from labreport.report.browsing.stock import Stock
from labreport.report.browsing.workshop import Workshop
from labreport.report.configuration import Configuration, override
from labreport.report.store.runs import Store

EN = f"/{TOKEN}/en/"


def resident() -> float:
    """Return the memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def listing(runs: int) -> None:
    """Measure pages over a store of many runs."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        for number in range(runs):
            put(
                root,
                entry(
                    lab=("imdb", "mnist", "wine")[number % 3],
                    day=number % 9000,
                    value=0.88 + wobble(number),
                    run_id=f"20260101T000000Z-{number:08x}",
                ),
            )
        begun = time.perf_counter()
        Stock(root).listing()
        print(f"{runs} runs: listed, before the address is printed: {time.perf_counter() - begun:.2f} s")
        site = browsed.client(root, lang=("en",))
        site.get(f"{EN}trend?lab=none")  # lists, as the command does before it answers
        for name, path in (
            ("first page", ""),
            ("second page", "?page=2"),
            ("search", "?text=imdb%2000000f&sort=highest"),
            ("last page", "?page=99999"),
        ):
            begun = time.perf_counter()
            assert site.get(EN + path).status_code == 200
            print(f"{runs} runs: {name}: {time.perf_counter() - begun:.2f} s")


def questions(number: int) -> None:
    """Measure the memory over many questions to a small store."""
    with tempfile.TemporaryDirectory() as place:
        site = browsed.client(browsed.fill(Path(place) / "runs"), lang=("en",))
        paths = (
            "",
            "?page=2",
            "?text=wine",
            f"run/digits/{NEW}",
            "gate",
            "live/part",
            f"live/imdb/{KEY}/part",
            "trend",
            f"run/digits/{OLD}/report",
            f"compare?run=digits/{OLD}&run=digits/{NEW}",
            "none",
        )
        before = 0.0
        for count in range(number):
            site.get(EN + paths[count % len(paths)])
            if count in (number // 10, number // 2, number - 1):
                gc.collect()
                before = before or resident()
                print(f"{count + 1} questions: {resident():.0f} MB ({resident() - before:+.1f})")


def saved(times: int = 12) -> None:
    """Measure the time from a saved note to its chapter."""
    with tempfile.TemporaryDirectory() as place:
        notes = Path(place) / "notes" / "en"
        notes.mkdir(parents=True)
        shipped = Path(__file__).resolve().parents[2] / "templates" / "languages" / "en" / "notes" / "imdb.md"
        text = shipped.read_text("utf-8")
        stored = Store(Path(place) / "runs").save(hand_result("imdb", seeds=(0, 1)))
        configuration = override(Configuration(), notes=notes.parent, runs_dir=Path(place) / "runs")
        workshop = Workshop([stored], configuration)
        spent = []
        for number in range(times):
            (notes / "imdb.md").write_text(text.replace("\n## ", f"\nTake {'x' * number}.\n\n## ", 1), "utf-8")
            workshop.changed([str(notes / "imdb.md")])
            begun = time.perf_counter()
            assert workshop.proof("imdb", "en").is_good
            spent.append(time.perf_counter() - begun)
        print(f"a saved note: first {spent[0]:.2f} s, then {median(spent[1:]):.2f} s (median of {times - 1})")


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=10_000)
    given = parser.parse_args()
    listing(given.runs)
    saved()
    questions(given.questions)


if __name__ == "__main__":
    main()
