"""Hostile questions to the site of the stored runs and to the preview of a note, about hostile runs and notes.

An input holds what lies in the store besides good runs, and some questions: method, address, headers. Every question is
answered by a page, and by none of a fault; no answer lets a script of theirs run, or shows a file.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, quote_from_bytes, unquote, urlencode

from helpers.hand_results import hand_result

from fuzz import hostile
from labreport.experiments.running.checkpoints import SAVED, encode
from labreport.report.browsing import previewing
from labreport.report.browsing.application import application
from labreport.report.browsing.previewing import previews
from labreport.report.browsing.server import Door, Guard
from labreport.report.browsing.stock import SORTS, Stock
from labreport.report.browsing.workshop import Workshop
from labreport.report.configuration import Configuration, override
from labreport.report.errors import ReportError
from labreport.report.store import codec, live, verdicts
from labreport.report.store.entries import RESULT, read
from labreport.report.store.runs import Store

TOKEN, HOST = "token", "127.0.0.1:8000"
ANSWERS = {200, 303, 307, 404, 405, 409, 421}
SCRIPT = "<script>alert("
"""Of `hostile.WORDS`: what must never stand in a page as it is."""
OUTSIDE = "root:x:0:0"
"""Beginning of a file that no page shows."""
NAMES = ("lab", "status", "profile", "data", "outcome", "tag", "text", "sort", "page", "run", "since", "x")
HEADERS = ("host", "accept-language", "cookie", "origin", "referer", "if-none-match", "range", "x-forwarded-host")
PLACES = ("runs", "baselines", ".index", "..", "%2e%2e", "%2f", "%00", "%ff", "%ed%a0%80", "tensors", "imdb", "page")


@cache
def good() -> dict[str, bytes]:
    """Return good content of the files that a page reads besides results."""
    run = live.LiveRun(lab="tensors", key="a" * 64, profile="full", seeds=(0,), started=1.0, updated=4e9)
    part = live.LivePart(name="seed 0", done=2, total=5, at=(1, 2), values={"loss": (1.0, 0.5)}, rate=1.5)
    verdict = verdicts.KeptVerdict(
        outcome="regressed",
        baseline="main",
        moment="2026-01-02T00:05:00Z",
        runs=(("tensors", hand_result("tensors", seeds=(0, 1)).run_id),),
        failed=(("tensors", "x"),),
    )
    return {
        "live": codec.encode({"run": run, "parts": [part]}),
        "verdict": codec.encode(verdict),
        "note": b"# Title\n\n{{ settings.descent_steps }}.\n\n## More {#more}\n\n$x^2$\n",
    }


def make(random: Random, kinds: dict[str, Callable[[Random], bytes]]) -> bytes:
    """Make an input.

    Args:
        random: decides.
        kinds: makes the hostile content of a run and of a note.
    """
    kind = random.choice((*kinds, "live", "verdict", "", ""))
    content = kinds[kind](random) if kind in kinds else hostile.changed_json(good()[kind], random) if kind else b""
    questions = [_question(random) for _ in range(4)]
    tree = {"kind": kind, "content": content.decode("latin-1"), "questions": questions}
    return json.dumps(tree).encode("utf-8", "replace")


def _question(random: Random) -> dict[str, Any]:
    runs = [f"{lab}/{hand_result(lab, seeds=(0, 1)).run_id}" for lab in ("tensors", "workflow")]
    path = random.choice(
        (
            "",
            f"run/{runs[0]}",
            f"run/{runs[0]}/report",
            "gate",
            "trend",
            "trend/page",
            "compare",
            "compare/page",
            f"live/tensors/{'a' * 64}",
            f"live/tensors/{'a' * 64}/part",
            "live/part",
            "tensors/page",
            "tensors/faults",
            "tensors/offers",
            "changes",
        )
    )
    language = random.choice(("en", "en", "en", "zh", "xx", *PLACES))
    if random.random() < 0.4:
        pieces = path.split("/")
        pieces[random.randrange(len(pieces))] = random.choice((*PLACES, *map(_quoted, hostile.WORDS)))
        path = "/".join(pieces)
    query: list[tuple[str, str]] = []
    for _ in range(random.randrange(4)):
        name = random.choice(NAMES)
        usual = {"run": runs, "sort": list(SORTS), "page": ["1", "2", "0", "99999999", "²", "٣"]}.get(name, ["tensors"])
        query.append((name, random.choice((*usual, *hostile.WORDS))))
    headers = [(random.choice(HEADERS), random.choice(hostile.WORDS)) for _ in range(random.choice((0, 0, 1, 3)))]
    token = TOKEN if random.random() < 0.95 else random.choice(("", "%74oken", "token%00", "TOKEN"))
    return {
        "site": random.choice(("runs", "runs", "preview")),
        "method": "GET" if random.random() < 0.9 else random.choice(("HEAD", "POST", "OPTIONS", "\u00e9", "GET\r\n")),
        "path": f"/{token}/{language}/{path}" if random.random() < 0.95 else random.choice(("", "*", "//", "/token")),
        "query": urlencode(query, errors="replace") if random.random() < 0.9 else random.choice(("&&&", "%", "=")),
        "headers": headers,
    }


def _quoted(word: str) -> str:
    return quote(word, safe="")


def lay(folder: Path, content: bytes, lays: dict[str, Callable[[Path, bytes], None]]) -> None:
    """Put good runs into a folder, and what the input has besides."""
    try:
        tree = json.loads(content)
        kind, hidden = tree["kind"], tree["content"].encode("latin-1")
    except (ValueError, TypeError, KeyError, AttributeError):
        return
    store = Store(folder / "runs")
    if kind in lays:
        lays[kind](folder, hidden)
    for lab in ("tensors", "workflow"):
        result = hand_result(lab, seeds=(0, 1))
        if not (folder / "runs" / lab / result.run_id).exists():
            store.save(result)
    if kind == "verdict":
        (store.root / verdicts.FOLDER).mkdir(parents=True)
        (store.root / verdicts.FOLDER / "20260102T000500-x.json").write_bytes(hidden)
    elif kind == "live":
        found = json.loads(hidden)
        run = {**found["run"], "parts": found.get("parts")} if isinstance(found.get("run"), dict) else found
        place = store.kept("tensors") / ("a" * 64)
        place.mkdir(parents=True)
        (place / f"{live.LIVE}{SAVED}").write_bytes(_packed(run))
    if not (folder / "mine" / "en").is_dir():
        (folder / "mine" / "en").mkdir(parents=True)
        (folder / "mine" / "en" / "tensors.md").write_bytes(good()["note"])


def _packed(record: Any) -> bytes:
    try:
        return encode(record)
    except (OverflowError, ValueError, TypeError):  # a number that this form can't hold
        return b""


def asked(folder: Path, content: bytes) -> str:
    """Ask the questions of an input; return what is wrong with an answer, or nothing."""
    try:
        questions = json.loads(content)["questions"]
    except (ValueError, TypeError, KeyError):
        return ""
    door = Door(token=TOKEN)
    languages = ("en", "zh")
    configuration = override(Configuration(), runs_dir=folder / "runs", notes=folder / "mine", lang=languages)
    sites: dict[str, Any] = {}
    # A question for changes is answered at once; other tests of the same process wait as long as ever.
    with patch.object(previewing, "WAITING", 0.1):
        for question in questions:
            name = question["site"]
            if name not in sites:
                try:
                    sites[name] = Guard(_site(name, folder, configuration, door), door)
                except ReportError:
                    continue  # the command says so, and no page is shown
            if wrong := _wrong(sites[name], question):
                return f"{question['method']} {question['path']}?{question['query']} {question['headers']}: {wrong}"
    return ""


def _site(name: str, folder: Path, configuration: Configuration, door: Door) -> Any:
    if name == "runs":
        return application(Stock(folder / "runs"), configuration, door)
    run = folder / "runs" / "tensors" / hand_result("tensors", seeds=(0, 1)).run_id / RESULT
    return previews(Workshop([read(run)], configuration), door)


def _wrong(app: Any, question: dict[str, Any]) -> str:
    # In a thread of its own: in this one a browser's loop may be at work, if tests of pages came before.
    with ThreadPoolExecutor(1) as pool:
        status, headers, body = pool.submit(asyncio.run, _answer(app, question)).result()
    text = body.decode("utf-8", "replace")
    if status not in ANSWERS:
        return f"exit code 70: answer {status}: {text[-1500:]}"
    if "Traceback" in text:
        return f"a traceback: {text[-1500:]}"
    if SCRIPT in text:
        return f"a script of theirs: {text[max(0, text.index(SCRIPT) - 200) :][:400]}"
    if OUTSIDE in text:
        return "a file of the machine"
    if any(sign in value for _, value in headers for sign in (b"\r", b"\n")):
        return f"a header of theirs: {headers}"
    location = dict(headers).get(b"location", b"").decode("latin-1")
    if location and not location.startswith((f"/{TOKEN}", f"http://{HOST}/{TOKEN}")):
        return f"a way out: {location}"
    known = {name.lower() for name, _ in headers}
    if not {b"x-content-type-options", b"content-type"} <= known and status in (200, 404, 409):
        return f"no header that keeps the page in its place: {headers}"
    if status in (404, 421) and not unquote(question["path"]).startswith(f"/{TOKEN}/") and TOKEN in text:
        return "the token"
    return ""


async def _answer(app: Any, question: dict[str, Any]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Ask as a server does that has read a question from the network."""
    raw = question["path"].encode("utf-8", "replace")
    given = [(name.encode("latin-1"), value.encode("utf-8", "replace")) for name, value in question["headers"]]
    if all(name != b"host" for name, _ in given):
        given.append((b"host", HOST.encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 9),
        "scheme": "http",
        "method": question["method"],
        "root_path": "",
        "path": unquote(quote_from_bytes(raw, safe="/%")),
        "raw_path": raw,
        "query_string": question["query"].encode("utf-8", "replace"),
        "headers": given,
        "state": {},
    }
    got: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        got.append(message)

    await app(scope, receive, send)
    start = next(message for message in got if message["type"] == "http.response.start")
    body = b"".join(message.get("body", b"") for message in got if message["type"] == "http.response.body")
    return start["status"], list(start.get("headers", [])), body
