"""What is attacked: for each kind of input, how a hostile one is made, and which commands read it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from random import Random

from helpers.hand_labs import lab_source
from helpers.hand_reports import OLD, printed
from helpers.hand_results import hand_result

from fuzz import courses, databases, hostile, logs, pages
from fuzz.watch import called, watched
from labreport.report.store import codec, embedded, promotions
from labreport.report.store.baselines import Baselines
from labreport.report.store.entries import NOTED, RESULT
from labreport.report.store.printed import Printed, PrintedPassage
from labreport.report.store.runs import Store

LABS = ("tensors", "workflow", "mnist", "imdb", "boston")


@dataclass(frozen=True, kw_only=True)
class Target:
    """One kind of input."""

    make: Callable[[Random], bytes]
    lay: Callable[[Path, bytes], None]
    """Puts it into an empty folder, with what a user has besides."""
    commands: tuple[tuple[str, ...], ...]
    """One of them is called; `{}` stands for nothing but the files that `lay` wrote."""
    ask: Callable[[Path, bytes], str] | None = None
    """Asks in place of commands; returns what is wrong."""
    few: int = 5
    """How many inputs the tests try."""
    lost: Callable[[Path], str] | None = None
    """Looks at the folder afterwards; returns which file of others a command cost."""


@cache
def _results() -> dict[str, bytes]:
    return {lab: codec.encode(hand_result(lab, seeds=(0, 1))) for lab in LABS}


@cache
def _files() -> dict[str, bytes]:
    """Good inputs of each kind, made once."""
    with tempfile.TemporaryDirectory() as place:
        store = Store(Path(place))
        saved = store.save(OLD)
        store.tag(store.list().runs[0], "good")
        Baselines(store.root).set("main", [saved.path])
        (baseline,) = store.root.glob("baselines/main/*.json")
        promotions.move(Baselines(store.root), "set", Baselines(store.root).proposed("main", [saved.path]), reason="x")
        (promotion,) = (baseline.parent / promotions.FOLDER).iterdir()
        return {
            "index": (saved.path.parent / NOTED).read_bytes(),
            "result": saved.content,
            "baseline": baseline.read_bytes(),
            "promotion": promotion.read_bytes(),
            "baseline name": baseline.name.encode(),
        }


def _run(folder: Path, name: str, content: bytes, index: bytes | None = None) -> None:
    place = folder / "runs" / name
    place.mkdir(parents=True)
    (place / RESULT).write_bytes(content)
    if index is not None:
        (place / NOTED).write_bytes(index)


def _lay_result(folder: Path, content: bytes) -> None:
    found = json.loads(_results()["mnist"])
    try:  # in the folder of the run that it says it is
        tree = json.loads(content)
        name = f"{tree['lab']}/{tree['run_id']}" if codec.NAME.fullmatch(tree["run_id"]) else "mnist/x"
        name = name if codec.NAME.fullmatch(tree["lab"]) else "mnist/x"
    except (ValueError, TypeError, KeyError, RecursionError):
        name = f"mnist/{found['run_id']}"
    _run(folder, name, content)
    if not (folder / "runs" / OLD.lab / OLD.run_id).exists():
        _run(folder, f"{OLD.lab}/{OLD.run_id}", _files()["result"])
    (folder / "own.json").write_bytes(content)


def _lay_index(folder: Path, content: bytes) -> None:
    _run(folder, f"{OLD.lab}/{OLD.run_id}", _files()["result"], content)
    place = folder / "runs" / OLD.lab / OLD.run_id / RESULT
    try:  # with the stamp of its result, or it is only made again
        tree = json.loads(content)
        tree["stamp"] = [place.stat().st_size, place.stat().st_mtime_ns]
        place.with_name(NOTED).write_text(json.dumps(tree), "utf-8")
    except (ValueError, TypeError, RecursionError):
        pass


def _lay_baseline(folder: Path, content: bytes) -> None:
    _run(folder, f"{OLD.lab}/{OLD.run_id}", _files()["result"])
    place = folder / "runs" / "baselines" / "main"
    place.mkdir(parents=True)
    (place / _files()["baseline name"].decode()).write_bytes(content)


def _lay_database(folder: Path, content: bytes) -> None:
    stored = [hand_result(lab, seeds=(0, 1)) for lab in ("tensors", "mnist")]
    store = Store(folder / "runs")
    for result in (*stored, OLD):
        store.save(result)
    Store(folder / "others").save(stored[1])
    store.list()
    databases.change(store.root, content)


def _lost_run(folder: Path) -> str:
    gone = not (folder / "others" / "mnist" / hand_result("mnist", seeds=(0, 1)).run_id / RESULT).is_file()
    return "written outside the store: a run of another one is gone" if gone else ""


def _lay_promotion(folder: Path, content: bytes) -> None:
    _lay_baseline(folder, _files()["baseline"])
    place = folder / "runs" / "baselines" / "main" / promotions.FOLDER
    place.mkdir()
    (place / "20260101T000000.0-x.json").write_bytes(content)


def _lay_note(folder: Path, content: bytes) -> None:
    _run(folder, "tensors/a", _results()["tensors"].replace(_id("tensors"), b'"a"'))
    (folder / "labreport.toml").write_text('notes = "mine"\n')
    (folder / "mine" / "en").mkdir(parents=True)
    (folder / "mine" / "en" / "tensors.md").write_bytes(content)


@cache
def _id(lab: str) -> bytes:
    return json.dumps(json.loads(_results()[lab])["run_id"]).encode()


def _lay_course(folder: Path, content: bytes) -> None:
    _run(folder, "tensors/a", _results()["tensors"].replace(_id("tensors"), b'"a"'))
    courses.lay_course(folder, content, courses.ROSTER.encode())


def _lay_roster(folder: Path, content: bytes) -> None:
    _lay_course(folder, courses.COURSE.encode())
    (folder / "class.csv").write_bytes(content)


def _lay_ledger(folder: Path, content: bytes) -> None:
    _lay_course(folder, courses.COURSE.replace('roster = "class.csv"\n', "").encode())
    courses.lay_ledger(folder, content)


def _lay_configuration(folder: Path, content: bytes) -> None:
    _run(folder, f"{OLD.lab}/{OLD.run_id}", _files()["result"])
    (folder / "good.py").write_text(lab_source())
    (folder / "labreport.toml").write_bytes(content)


def _lay_words(folder: Path, content: bytes) -> None:
    _lay_configuration(folder, b'to = "md"\n[paths]\ngood = "good.py"\n')  # a PDF takes seconds
    (folder / "report.html").write_bytes(_report())


@cache
def _report() -> bytes:
    """What a report carries, in a page that holds nothing else: the rest of a report is never read."""
    content = {lab: _results()[lab] for lab in ("tensors", "boston")}
    text = Printed(languages={"en": {"boston": [PrintedPassage(section="", markdown="One & two.")]}})
    parts = embedded.elements(content, text).items()
    return "".join(f'<template data-name="{name}">{data}</template>' for name, data in parts).encode()


@cache
def _paper() -> bytes:
    return printed(**{OLD.lab: codec.encode(OLD)})


def _file(name: str) -> Callable[[Path, bytes], None]:
    def lay(folder: Path, content: bytes) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    return lay


def _pieces(text: str) -> tuple[str, ...]:
    return tuple(text.split(" ¦ "))


MANIFEST = b'{"format": 1, "inputs": "x", "files": {"a.html": "%s"}, "made": ["a.html"]}' % (b"0" * 64)
NOTE = "# Title\n\n{{ settings.descent_steps }}, {{ claim('loss-is-weighted-sum') }}.\n\n## More {#more}\n\n$x^2$\n"
NOTE_PIECES = _pieces(
    "{{  ¦  }} ¦ {%  ¦  %} ¦ {# ¦ settings.descent_steps ¦ score('x') ¦ measure('y') ¦ |number ¦ |percent ¦ "
    "claim('x') ¦  %  ¦  *  ¦  ~  ¦ [1,2] ¦ {'a': 1} ¦ 1e999 ¦ '%d' %  ¦ range(9) ¦ .__class__ ¦ set a =  ¦ "
    "if  ¦ else ¦ endif ¦ $ ¦ $$ ¦ \\frac{ ¦ } ¦ \\limits ¦ :::note ¦ ::: ¦ :::figure curves ¦ :::solution x ¦ "
    "```python ¦ ``` ¦ |a|b|\n|-|-| ¦ ![x](y) ¦ [x](y) ¦ <b> ¦ <!-- ¦ --> ¦ [^1] ¦ [^1]: x ¦ -  ¦ >  ¦ #  ¦ "
    "{#more} ¦ &amp; ¦ @key"
)
CONFIGURATION = '[paths]\ngood = "good.py"\n[settings.good]\nrounds = 3\n'
CONFIGURATION_PIECES = _pieces(
    "seeds ¦ labs ¦ lang ¦ to ¦ data ¦ profile ¦ output ¦ notes ¦ logo ¦ theme ¦ templates ¦ title ¦ cover ¦ "
    'date ¦ timezone ¦ jobs ¦ offline ¦ edition ¦ runs_dir ¦ data_dir ¦  =  ¦ "en" ¦ ["en", "zh"] ¦ '
    "[gate] ¦ [gate.good.x] ¦ [settings.imdb] ¦ [[paths]] ¦ {a = 1} ¦ 1979-05-27 ¦ true ¦ 1e400 ¦ "
    '0x7fffffffffffffffff ¦ a.b.c.d ¦ """ ¦ \' ¦ test = "margin" ¦ absolute =  ¦ nan'
)
WORDS = (
    *_pieces(
        "list ¦ show ¦ extract ¦ verify ¦ status ¦ gc ¦ schema ¦ doctor ¦ baseline ¦ set ¦ compare ¦ trend ¦ "
        "render ¦ check ¦ run ¦ import ¦ --json ¦ --lang ¦ en ¦ --to ¦ md ¦ -o ¦ out ¦ --runs-dir ¦ runs ¦ --keep ¦ "
        "1 ¦ 90d ¦ --yes ¦ --seeds ¦ 0-3 ¦ -P ¦ good.rounds=2 ¦ rounds=x ¦ --profile ¦ quick ¦ --data ¦ sample ¦ "
        "--offline ¦ --baseline ¦ main ¦ git:HEAD ¦ report.html ¦ runs ¦ good ¦ --force ¦ -q ¦ --help ¦ -- ¦ --lab ¦ "
        "--exit-code ¦ --split"
    ),
    OLD.lab,
    OLD.run_id,
)


def _words(random: Random) -> bytes:
    """Make a command line; what trains is given the quick lab of the user alone."""
    words = [
        random.choice(WORDS[:16]),
        *(random.choice((*WORDS[16:], *hostile.HARMLESS)) for _ in range(random.randrange(6))),
    ]
    if words[0] in ("run", "check"):
        words = ["run", "good", *(word for word in words[1:] if word not in LABS)]
    return "\x1f".join(words).encode("utf-8", "replace")


TARGETS = {
    "result": Target(
        make=lambda random: hostile.changed(_results()[random.choice(LABS)], random),
        lay=_lay_result,
        commands=(
            ("list",),
            ("trend", "-o", "out"),
            ("show", "own.json"),
            ("compare", "own.json", OLD.lab),
            ("render", "own.json", "--lang", "en", "--to", "md"),
            ("check", "--baseline", "own.json", "--no-report"),
            ("gc", "--keep", "1", "--yes"),
        ),
    ),
    "index": Target(
        make=lambda random: hostile.changed(_files()["index"], random),
        lay=_lay_index,
        commands=(
            ("list",),
            ("list", "--json"),
            ("trend", "-o", "out"),
            ("show", OLD.lab),
            ("gc", "--keep", "1", "--yes"),
        ),
    ),
    "baseline": Target(
        make=lambda random: hostile.changed(_files()["baseline"], random),
        lay=_lay_baseline,
        commands=(
            ("baseline", "list"),
            ("baseline", "show", "main"),
            ("check", "--baseline", "main", "--no-report"),
            ("gc", "--keep", "1", "--yes"),
        ),
    ),
    "database": Target(
        make=databases.make,
        lay=_lay_database,
        commands=(
            ("list",),
            ("list", "mnist", "--json"),
            ("show", "tensors"),
            ("tag", "tensors", "seen"),
            ("trend", "-o", "out"),
            ("gc", "--keep", "1", "--yes"),
            ("gc", "--keep", "0d", "--yes"),
        ),
        lost=_lost_run,
    ),
    "promotion": Target(
        make=lambda random: hostile.changed(_files()["promotion"], random),
        lay=_lay_promotion,
        commands=(
            ("baseline", "history", "main"),
            ("baseline", "history", "main", "--json"),
            ("baseline", "undo", "main"),
            ("baseline", "set", "main", OLD.lab, "--force"),
            ("gc", "--keep", "1", "--yes"),
        ),
    ),
    "manifest": Target(
        make=lambda random: hostile.changed(MANIFEST, random),
        lay=_file("out/manifest.json"),
        commands=(("verify", "out"),),
    ),
    "html": Target(
        make=lambda random: hostile.changed_bytes(_report(), random),
        lay=_file("x.html"),
        commands=(("extract", "x.html", "-o", "out"), ("compare", "x.html", "x.html")),
    ),
    "pdf": Target(
        make=lambda random: hostile.changed_bytes(_paper(), random),
        lay=_file("x.pdf"),
        commands=(("extract", "x.pdf", "-o", "out"), ("compare", "x.pdf", "x.pdf")),
    ),
    "note": Target(
        make=lambda random: hostile.changed_lines(NOTE, NOTE_PIECES, random),
        lay=_lay_note,
        commands=(("render", "tensors", "--lang", "en", "--to", "md"),),
    ),
    "configuration": Target(
        make=lambda random: hostile.changed_lines(CONFIGURATION, CONFIGURATION_PIECES, random),
        lay=_lay_configuration,
        commands=(("status", "good"), ("list",), ("run", "good")),
    ),
    "log": Target(make=logs.make, lay=logs.lay, commands=(("import", "log", "--name", "mine"),)),
    "roster": Target(
        make=courses.roster,
        few=2,
        lay=_lay_roster,
        commands=(("course", "-q"), ("render", "tensors", "--lang", "en", "--to", "pdf", "--roster", "class.csv")),
    ),
    "course": Target(make=courses.course, lay=_lay_course, commands=(("course", "-q"),)),
    "ledger": Target(make=courses.ledger, lay=_lay_ledger, commands=(("course", "-q"),), lost=courses.lost),
    "answers": Target(
        make=courses.answers,
        lay=courses.lay_answers,
        commands=(
            ("grade", "answers.csv", "--key", "key.csv", "-o", "marks.csv"),
            ("grade", "answers.csv", "--key", "key.csv", "-o", "marks.json", "--json"),
        ),
    ),
    "words": Target(make=_words, lay=_lay_words, commands=()),
}
_SHOWN = ("result", "index", "note")
"""What the pages in the browser show."""
TARGETS["page"] = Target(
    make=lambda random: pages.make(random, {kind: TARGETS[kind].make for kind in _SHOWN}),
    lay=lambda folder, content: pages.lay(folder, content, {kind: TARGETS[kind].lay for kind in _SHOWN}),
    commands=(("view",),),
    ask=pages.asked,
)

_number = count()


def commands(kind: str, content: bytes) -> tuple[tuple[str, ...], ...]:
    """Return the commands that read an input; where the input is a command line, that one."""
    return TARGETS[kind].commands or (tuple(content.decode("utf-8", "replace").split("\x1f")),)


def tried(home: Path, kind: str, content: bytes, words: tuple[str, ...]) -> str:
    """Try one input with one command below a folder, in which all may be written; return what is wrong, or nothing."""
    folder = home / "work" / str(next(_number))
    folder.mkdir(parents=True)
    try:
        TARGETS[kind].lay(folder, content)
        if (ask := TARGETS[kind].ask) is not None:
            return watched(lambda: ask(folder, content), folder, within=home)
        answer = called(words, folder, within=home)
        fault = answer.fault or ((lost := TARGETS[kind].lost) and lost(folder))
        return f"labreport {' '.join(words)!r}: {fault}" if fault else ""
    finally:
        shutil.rmtree(folder)
