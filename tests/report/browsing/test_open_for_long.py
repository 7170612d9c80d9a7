"""A browser that stays open for a day: what was asked and shown is not kept, and a connection that is dropped is gone.

Objects are counted, which needs no time and no measure of memory: one that a question leaves behind shows at once.
"""

from __future__ import annotations

import gc
import inspect
import socket
import sys
import weakref
from collections import Counter
from functools import _lru_cache_wrapper
from http.client import HTTPConnection
from threading import Thread
from urllib.parse import urlsplit

import pytest
from helpers import browsed
from helpers.browsed import TOKEN
from helpers.own_runs import seeds_run
from helpers.waiting import until

from labreport.experiments.system.memory import collect_seldom
from labreport.report.browsing.application import application
from labreport.report.browsing.previewing import previews
from labreport.report.browsing.server import Door, listening, serve
from labreport.report.browsing.stock import Stock
from labreport.report.browsing.workshop import Workshop
from labreport.report.configuration import Configuration, override
from labreport.report.store.runs import Store

FEW = 80
"""Objects that come and go with timers and connections; a question or a chapter that leaves one behind makes more."""


def _empty_caches() -> None:
    """Empty what remembers only a certain number of things, so that it need not be filled before it grows no more."""
    modules = [module for name, module in list(sys.modules.items()) if name.startswith("labreport.")]
    for one in (*(value for module in modules for value in vars(module).values()), *gc.get_objects()):
        if isinstance(one, _lru_cache_wrapper) and (one.cache_parameters()["maxsize"] or 2000) < 2000:
            one.cache_clear()


def _objects() -> Counter[str]:
    """Return how many objects there are of each type."""
    _empty_caches()
    gc.collect()
    return Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())


def _stays(before: Counter[str], after: Counter[str]) -> None:
    """Make sure that there is nothing of ours that was not there before, and hardly anything else."""
    grown = {name: (before[name], count) for name, count in after.items() if count > before[name]}
    assert {name: counts for name, counts in grown.items() if name.startswith("labreport.")} == {}
    assert after.total() - before.total() < FEW, grown


@pytest.fixture
def desk(tmp_path):
    """A preview of one run, and its note."""
    stored = Store(tmp_path / "runs").save(seeds_run())
    note = tmp_path / "notes" / "en" / "digits.md"
    note.parent.mkdir(parents=True)
    note.write_text("# Digits\n", "utf-8")
    configuration = override(Configuration(), runs_dir=tmp_path / "runs", notes=tmp_path / "notes", lang=("en",))
    return Workshop([stored], configuration), note


def test_as_many_questions_of_every_kind_again_leave_no_more_behind(store):
    door = Door(token=TOKEN)
    site = application(Stock(store, size=10), override(Configuration(), runs_dir=store, lang=("en",)), door)
    with browsed.serving(site, door) as address:
        place = urlsplit(address)
        connection = HTTPConnection(place.hostname, place.port, timeout=600)
        paths = browsed.kinds()

        def ask(times: int) -> Counter[str]:
            for path in paths * times:
                connection.request("GET", f"{place.path}en/{path}")
                answer = connection.getresponse()
                answer.read()
                assert answer.status == (404 if path == "none" else 200)
            return _objects()

        assert len(paths) >= 11
        ask(2)
        _stays(ask(8), ask(8))
        connection.close()


def test_a_note_that_is_saved_again_and_again_leaves_no_chapter_behind(desk):
    workshop, note = desk

    def save(first: int, last: int) -> Counter[str]:
        for number in range(first, last):
            word = "".join(chr(97 + int(digit)) for digit in str(number))  # a typed number would be a fault
            note.write_text(f"# Digits\n\n## All {{#all}}\n\nTake {word} of it.\n", "utf-8")
            workshop.changed([str(note)])
            assert f"Take {word} of it" in workshop.proof("digits", "en").page
        return _objects()

    save(100, 103)
    _stays(save(200, 216), save(300, 316))


def test_a_server_lets_what_is_of_no_use_go_although_other_commands_seldom_look_for_it(desk):
    class Drawing:
        def __init__(self) -> None:
            self.axes = self  # as drawings and pages hold each other

    there: weakref.WeakSet[Drawing] = weakref.WeakSet()
    most = []

    def started(_address: str) -> None:
        for _ in range(12_000):
            there.add(Drawing())
        most.append(len(there))
        most.append(gc.get_freeze_count())
        raise KeyboardInterrupt

    before = gc.get_threshold()
    try:
        collect_seldom()
        door = Door(token=TOKEN)
        # In a thread of its own: in this one the loop of a browser that other tests drive may be at work.
        server = Thread(target=serve, args=(previews(desk[0], door), door, listening(door.host, 0), started))
        server.start()
        server.join()
        assert gc.get_threshold()[0] > 10_000
    finally:
        gc.set_threshold(*before)
    assert most[0] < 5_000
    # What the program is made of is not counted: else the old is looked at only when a quarter of that is of no use.
    assert most[1] > 10_000
    assert gc.get_freeze_count() == 0


def test_a_browser_that_drops_its_question_for_changes_leaves_nothing_waiting(desk):
    workshop, _ = desk

    def waiting() -> int:
        return sum(inspect.iscoroutine(one) and one.__name__ == "changes" for one in gc.get_objects())

    door = Door(token=TOKEN)
    with browsed.serving(previews(workshop, door), door) as address:
        place = urlsplit(address)
        asked = f"GET {place.path}en/changes?since=1 HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode()
        browsers = [socket.create_connection((place.hostname, place.port)) for _ in range(30)]
        for browser in browsers:
            browser.sendall(asked)
        until(lambda: waiting() == 30)
        for browser in browsers:
            browser.close()
        until(lambda: waiting() == 0)  # long before the question would be answered without a change
