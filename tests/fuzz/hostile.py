"""Inputs that someone may have written badly, or with ill intent: made from good ones, or out of nothing, by a seed."""

from __future__ import annotations

import json
from copy import deepcopy
from random import Random
from typing import Any

WORDS = (
    "",
    "..",
    "../../evil",
    "/etc/passwd",
    "a" * 300,
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "\x00",
    "\x1b]0;x\x07",
    "<script>alert(1)</script>",
    "{{ 9 ** 9 ** 9 }}",
    "{% for a in b %}",
    "$\\limits$",
    "中文",
    "é" * 80,
    "NaN",
    "-1",
    "1e999",
    "%s%s%n",
    "=cmd()",
    "\n\n",
    "2026-13-45T99:99:99Z",
    "0001-01-01T00:00:00Z",
)
HARMLESS = tuple(word for word in WORDS if "/" not in word and word != "..")
"""Those that name no place outside the folder: what a user asks for is written where it was asked for."""
NUMBERS = (0, -1, 1, 2**31, 2**53, 2**63, 2**64, 10**30, 0.0, -0.0, 5e-324, 1e-320, 1e308, -1e308, 1.5, 1e17)
VALUES = (None, True, False, [], {}, [[]], [{}], {"float": "NaN"}, {"float": "-Infinity"}, {"float": "x"}, [1] * 50)
PIECES = (
    b"",
    b"\0",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"[" * 3000,
    b'{"a":' * 500,
    b"9" * 5000,
    b"\r",
    b"\xef\xbb\xbf",
    b"%PDF-",
)


def value(random: Random) -> Any:
    """Return any small value of JSON."""
    return deepcopy(random.choice(random.choice((WORDS, NUMBERS, VALUES))))


def changed_json(content: bytes, random: Random) -> bytes:
    """Return JSON in which a few places hold something else, or nothing."""
    tree = json.loads(content)
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        node, key = _somewhere(tree, random)
        if key is None:
            continue
        kind = random.randrange(5)
        if kind == 0:
            del node[key]
        elif kind == 1 and isinstance(node[key], str):
            node[key] = random.choice(WORDS)
        elif kind == 2 and isinstance(node, list):
            node.append(deepcopy(node[key]))
        elif isinstance(node[key], int | float) and not isinstance(node[key], bool) and random.random() < 0.8:
            node[key] = random.choice(NUMBERS)
        else:
            node[key] = value(random)
    return json.dumps(tree).encode("utf-8", "replace")


def _somewhere(tree: Any, random: Random) -> tuple[Any, Any]:
    node, key = None, None
    while isinstance(tree, dict | list) and tree:
        node = tree
        key = random.choice(list(tree)) if isinstance(tree, dict) else random.randrange(len(tree))
        tree = tree[key]
        if random.random() < 0.12:
            break
    return node, key


def changed_bytes(content: bytes, random: Random) -> bytes:
    """Return bytes of which some are others, missing, twice there, or cut off."""
    found = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 10))):
        place = random.randrange(len(found) + 1)
        other = random.randrange(len(found) + 1)
        kind = random.randrange(5)
        if kind == 0 and found:
            found[min(place, len(found) - 1)] = random.randrange(256)
        elif kind == 1:
            del found[place : place + random.choice((1, 7, 500))]
        elif kind == 2:
            found[place:place] = found[other : other + 200]
        elif kind == 3:
            found[place:place] = random.choice(PIECES)
        elif random.random() < 0.3:
            del found[place:]
    return bytes(found)


def changed(content: bytes, random: Random) -> bytes:
    """Return JSON or bytes that are no longer what they were."""
    return changed_json(content, random) if random.random() < 0.75 else changed_bytes(content, random)


def changed_lines(content: str, pieces: tuple[str, ...], random: Random) -> bytes:
    """Return a text of which lines are missing, twice there, or others, made of pieces that mean something in it."""
    lines = content.split("\n")
    for _ in range(random.choice((1, 2, 4))):
        place = random.randrange(len(lines) + 1)
        kind = random.randrange(4)
        if kind == 0 and lines:
            del lines[min(place, len(lines) - 1)]
        elif kind == 1 and lines:
            lines.insert(place, random.choice(lines))
        else:
            lines.insert(place, "".join(random.choice((*pieces, *HARMLESS)) for _ in range(random.randrange(1, 5))))
    text = "\n".join(lines).encode("utf-8", "replace")
    return text if random.random() < 0.9 else changed_bytes(text, random)
