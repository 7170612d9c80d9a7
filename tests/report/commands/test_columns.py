"""Tables on the terminal: aligned, and whole in a terminal of any width."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import sys

import pytest
from rich.cells import cell_len

from labreport.report.commands.columns import print_table

HEADS = ("LAB", "CHECK", "NOW", "VERDICT", "BECAUSE")
REASON = "Worse by 5.00 percentage points (p = 0.003968, corrected 0.003968, level 0.05). Confirmed by 5 fresh seeds."
ROWS = (
    ("cellar", "test_accuracy", "85.20% (n = 5)", "FAILED", REASON),
    ("attic", "run", "–", "ERROR", "The lab failed: 灯灭了"),
)


@pytest.fixture
def in_terminal(monkeypatch):
    """Return a function that prints a table in a terminal with a number of columns, and gives back its lines."""

    def shown(width, heads, rows):
        ours, theirs = pty.openpty()
        with os.fdopen(theirs, "w") as terminal, monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", terminal)
            patch.setenv("COLUMNS", str(width))
            patch.setenv("TERM", "xterm")
            print_table(heads, rows)
        text = b""
        with contextlib.suppress(OSError):  # the end of what was written
            while part := os.read(ours, 1 << 16):
                text += part
        os.close(ours)
        return re.sub("\x1b\\[[0-9;]*m", "", text.decode()).replace("\r\n", "\n").splitlines()

    return shown


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_a_terminal_of_any_width_shows_every_value_whole(in_terminal, width):
    lines = in_terminal(width, HEADS, ROWS)
    assert max(map(cell_len, lines)) <= width
    for value in ("cellar", "test_accuracy", "85.20% (n = 5)", "FAILED", "attic", "ERROR"):
        assert any(value in line for line in lines), value
    said = " ".join(" ".join(lines).split())
    assert "…" not in said
    for word in REASON.split():
        assert word in said
    assert "灯灭了" in said


def test_a_reason_without_room_beside_its_row_stands_below_it(in_terminal):
    head, row, *reason = in_terminal(70, HEADS, ROWS)[:4]
    assert head.split() == [*HEADS[:-1]]
    assert row.split()[0] == "cellar"
    assert row.endswith("FAILED")
    assert [line[:5] for line in reason] == ["    W", "    l"]


def test_what_is_short_is_never_broken_by_us(in_terminal):
    rows = [("cellar", "20261127T100639Z-dd9a6b88-e9e3a2", "complete, auxiliary", "full", "test_accuracy 0.8520")]
    _, line = in_terminal(80, ("LAB", "RUN", "STATUS", "PROFILE", "SCORE"), rows)
    assert line.endswith("complete, auxiliary  full     test_accuracy 0.8520")


def test_numbers_with_a_sign_stand_to_the_right(capsys):
    print_table(("CHANGE", "CONTRIBUTION", "P"), [("bias", "−13.00", "<0.001"), ("rounds", "+0.20", "1.000")])
    head, first, second = capsys.readouterr().out.splitlines()
    assert len(head) == len(first) == len(second)


def test_a_pipe_has_one_line_for_each_row_and_none_ends_in_spaces(capsys):
    print_table(HEADS, ROWS)
    head, first, second = capsys.readouterr().out.splitlines()
    assert first.endswith(REASON)
    assert second.endswith("灯灭了")
    assert head.index("BECAUSE") == first.index(REASON)
    assert [line for line in (head, first, second) if line != line.rstrip()] == []
