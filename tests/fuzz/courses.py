"""Hostile files of a course: its own, the roster, the answers and the key, and the record of what was made before.

The course is small, and only what the file asks for is made; still, sheets are set in pages, which takes its time.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from random import Random

from fuzz import hostile
from labreport.report.course import key
from labreport.report.course.key import KeyEntry
from labreport.report.rendering.answers import ExpectedAnswer

NOTE = """# Short

Body.

## Tasks {#exercises}

:::exercise own 2 sum
{% set units = drawn("units", 4, 400, 4) %}
Take {{ units }} units.
:::

:::solution own
Twice that is {{ answer(2 * units, part="a") }}, a tenth {{ answer(units / 10, part="b", unit="KB", digits=1) }}.
:::
"""
COURSE = """name = "ml"
title = { zh = "机器学习", en = "Machine <learning>" }
labs = ["tensors"]
lang = ["en"]
forms = ["exercises"]
editions = ["student"]
to = ["md"]
lms = []
slides = false
notebooks = false
data = false
variants = 1
roster = "class.csv"
[dates]
tensors = 2026-10-12
"""
ROSTER = 'name,学号,Group\n王珺,1,A\n"=HYPERLINK(""http://x"")",2,*B*\n'
ANSWERS = (
    "number,3.8a,3.8b\n1,100,90%\n2,101,0.91\n3,\n",
    "学号;3.8 (a);３．８（Ｂ）\n1;1.234,5;9.6 × 10⁻⁴\n2;3/4;148万\n",
    "id,exercise,part,answer\n1,3.8,a,100\n2,own,b,91 KB\n",
)
CELLS = ("1", "2", ",", ";", "\t", '"', '""', "'", "\ufeff", "\r", "name", "学号", "id", "姓名", "name,id")
NUMERALS = (
    "1e308",
    "1e250/1e-250",
    "10^999",
    "9" * 200,
    "1/0",
    "1/" * 90,
    "%",
    "٣",
    "½",
    "²",
    "-",
    ".",
    "1.2.3",
    "1'234",
    "万",
    "亿亿",
    "KB",
    "−",
    "×10^",
    "３．８",
    "number",
    "exercise",
    "part",
    "answer",
    "3.8a",
    "nan",
    "inf",
    "1_000",
)
KEYS = (
    'name = "',
    "name = ",
    "title = ",
    "labs = ",
    "lang = ",
    "forms = ",
    "editions = ",
    "to = ",
    "lms = ",
    "variants = ",
    "roster = ",
    "[dates]",
    "tensors = ",
    "[title]",
    "en = ",
    '"tensors"',
    '["tensors", "mnist"]',
    '["sheet", "chapter"]',
    '["moodle"]',
    '"class.csv"',
    '"../class.csv"',
    '"/dev/zero"',
    '"."',
    "true",
    "0",
    "1e400",
    "nan",
    "2026-10-12T00:00:00Z",
    "12:00:00",
    "{}",
    "[]",
    "[[x]]",
    "=",
    '"',
    "'",
    '"""',
)
APART = b"\x1e"
"""Stands between the answers and the key of an input; where it is missing, the key is the good one."""


def roster(random: Random) -> bytes:
    """Make a roster of a few students: each sheet takes a second."""
    content = hostile.changed_lines(ROSTER, (*CELLS, "/", "../x", "*B*", "<b>", "$x$", "{{ 1 }}"), random)
    return content.decode("utf-8", "replace").encode("gb18030", "replace") if random.random() < 0.05 else content


def course(random: Random) -> bytes:
    """Make a file of a course: a key that is given something else, or lines that are missing or others."""
    lines = COURSE.split("\n")
    for _ in range(random.choice((0, 1, 1, 2))):
        place = random.randrange(len(lines))
        name, _, value = lines[place].partition(" = ")
        words = (*KEYS, *map(json.dumps, hostile.HARMLESS), f'"{random.choice(hostile.HARMLESS)}"', f"[{value}]")
        lines[place] = f"{name} = {random.choice(words)}"
    text = "\n".join(lines)
    return text.encode("utf-8", "replace") if random.random() < 0.5 else hostile.changed_lines(text, KEYS, random)


def answers(random: Random) -> bytes:
    """Make answers, and sometimes a key."""
    content = hostile.changed_lines(random.choice(ANSWERS), (*CELLS, *NUMERALS, *NUMERALS), random)
    if random.random() < 0.6:
        return content
    pieces = (*CELLS, *map(repr, hostile.NUMBERS), "nan", "inf", *NUMERALS)
    return content + APART + hostile.changed_lines(_key().decode("utf-8"), pieces, random)


def ledger(random: Random) -> bytes:
    """Make a record of what was made the last time, as anyone may have written it."""
    names = ("../mine.txt", "own", "students", "link/mine.txt", "mine.txt", "/etc/passwd", "index.html", *hostile.WORDS)
    table = {
        random.choice(names): random.choice((["a", "b"], ["a", 1], [[], {}], [None, None], hostile.value(random)))
        for _ in range(random.randrange(1, 6))
    }
    return hostile.changed(json.dumps(table).encode(), random)


@cache
def _key() -> bytes:
    """Return the key of three students."""
    entries = [
        KeyEntry(
            number=str(number),
            name=name,
            answers=tuple(
                ExpectedAnswer(
                    exercise="own",
                    number="3.8",
                    part=part,
                    value=90.0 + number,
                    tolerance=0.01,
                    unit=unit,
                    points=1.5,
                    shown=f"{90 + number}{unit}",
                )
                for part, unit in (("a", ""), ("b", "%"), ("c", "KB"))
            ),
        )
        for number, name in enumerate(("Anna", "=cmd()", "王珺"), 1)
    ]
    return key.encode(entries)


def lay_course(folder: Path, file: bytes, roster: bytes) -> None:
    """Put a course with notes of its own into a folder; the run is there."""
    (folder / "mine" / "en").mkdir(parents=True)
    (folder / "mine" / "en" / "tensors.md").write_text(NOTE, "utf-8")
    (folder / "labreport.toml").write_text('notes = "mine"\n', "utf-8")
    (folder / "course.toml").write_bytes(file)
    (folder / "class.csv").write_bytes(roster)


def lay_ledger(folder: Path, content: bytes) -> None:
    """Put such a record into the folder of a course, with files of others and a link out of it."""
    (folder / "ml").mkdir()
    for name in KEPT:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("years of work")
    (folder / "ml" / "link").symlink_to("../others")
    (folder / "ml" / ".made.json").write_bytes(content)


KEPT = ("mine.txt", "others/mine.txt")
"""Files beside the course that no record may cost."""


def lay_answers(folder: Path, content: bytes) -> None:
    """Put answers and a key into a folder."""
    given, _, other = content.partition(APART)
    (folder / "answers.csv").write_bytes(given)
    (folder / "key.csv").write_bytes(other or _key())


def lost(folder: Path) -> str:
    """Return what is wrong with a folder after a command: which file of others it cost."""
    gone = [name for name in KEPT if not (folder / name).is_file()]
    return f"written outside the course: {gone} gone" if gone else ""
