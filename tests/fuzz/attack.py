"""`make fuzz`: thousands of hostile inputs, and hundreds of programs killed at any moment; prints what it found.

Other inputs at each call. One that fails is put into `corpus/`, where the suite tries it from then on.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from hashlib import sha256
from pathlib import Path
from random import Random
from types import FrameType

from fuzz import kills, writers
from fuzz.targets import TARGETS, commands, tried
from fuzz.watch import bounded

CORPUS = Path(__file__).with_name("corpus")
SECONDS = 300
"""After which an answer is one too late."""


class TooLateError(BaseException):
    """A command gave no answer in time."""


def _late(number: int, frame: FrameType | None) -> None:
    raise TooLateError


def attacked(kind: str, seed: int, home: Path) -> str:
    """Try the input of a seed; return what is wrong, and put such an input into the corpus."""
    random = Random(seed)
    content = TARGETS[kind].make(random)
    words = random.choice(commands(kind, content))
    signal.alarm(SECONDS)
    try:
        wrong = tried(home, kind, content, words)
    except TooLateError:
        wrong = f"labreport {' '.join(words)!r}: no answer within {SECONDS} s"
    finally:
        signal.alarm(0)
    if wrong:
        place = CORPUS / kind / f"{sha256(content).hexdigest()[:12]}.input"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(content)
        print(f"{kind} {seed} {place.name}: {wrong}\n", flush=True)
    return wrong


def main() -> int:
    """Attack, and return how it went as an exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=500, help="of each kind")
    parser.add_argument("--minutes", type=float, default=60, help="after which a kind gets no more inputs")
    parser.add_argument("--kills", type=int, default=600)
    parser.add_argument("--writes", type=int, default=200, help="of each of the eight writers")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(5)))
    parser.add_argument("--kind", choices=TARGETS, action="append")
    order = parser.parse_args()
    signal.signal(signal.SIGALRM, _late)
    rows = []
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        home = Path(place)
        os.environ.update(HOME=place, XDG_CACHE_HOME=f"{place}/cache", MPLCONFIGDIR=f"{place}/mpl", TMPDIR=place)
        os.environ.pop("GITHUB_STEP_SUMMARY", None)
        tempfile.tempdir = place
        for kind in order.kind or TARGETS:
            begun = time.monotonic()
            found: Counter[str] = Counter()
            for number in range(order.inputs):
                if time.monotonic() - begun > order.minutes * 60:
                    break
                with bounded():
                    found[_sort(attacked(kind, order.seed + number, home))] += 1
            rows.append((kind, found.total(), *(found[sort] for sort in ("70", "outside", "late", "other"))))
            print(rows[-1], flush=True)
        killed = kills.killed(order.kills, home / "kills", Random(order.seed)) if order.kills else kills.Killed()
        several = writers.written(order.writes, home / "written", Random(order.seed)) if order.writes else None
    print("\n| kind | inputs | exit code 70 or traceback | written outside, connected | too late | other |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |")
    print(f"\n{killed}\n{several or ''}")
    return 1 if killed.faults or (several and several.faults) or any(sum(row[2:]) for row in rows) else 0


def _sort(wrong: str) -> str:
    if not wrong:
        return ""
    if "exit code 70" in wrong or "a traceback" in wrong:
        return "70"
    if "no answer" in wrong:
        return "late"
    return "outside" if any(sign in wrong for sign in ("open ", "os.", "socket", "written outside")) else "other"


if __name__ == "__main__":
    sys.exit(main())
