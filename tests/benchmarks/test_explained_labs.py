"""The table of planted changes, from measurements written by hand: what is found, and what is blamed without cause."""

from __future__ import annotations

import json

import pytest
from benchmarks.explained_labs import CASES, SEEDS, table

from labreport.report.findings.attribution import cells


def written(folder, *, effect, idle):
    """Write two trials of every case: each planted change has the effect, each other one what `idle` says."""
    lines = []
    for case in CASES:
        for trial in range(2):
            values = []
            for cell in cells(tuple(case.changed)):
                worth = sum(effect if name in case.planted else idle for name in cell)
                worth += effect * (case.joint and set(case.planted) <= cell)
                values.append([sorted(cell), [worth + 0.01 * (seed * 7 % 5) * len(cell) for seed in range(SEEDS)]])
            about = {"lab": case.lab, "case": case.name, "trial": trial, "metric": "mae", "unit": ""}
            lines.append(json.dumps({**about, "cells": values}))
    path = folder / "trials.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("effect", "idle", "kept", "first", "none"),
    [
        (1.0, -0.02, True, "2 of 2 | 0 of 2", "– | 0 of 2"),
        (0.0, -0.02, False, "0 of 2 | 0 of 2", "– | 0 of 2"),
        (1.0, 1.0, False, "2 of 2 | 2 of 2", "– | 2 of 2"),
    ],
)
def test_the_table_counts_what_is_found_and_what_is_blamed_without_cause(
    tmp_path, capsys, effect, idle, kept, first, none
):
    assert table(written(tmp_path, effect=effect, idle=idle)) is kept
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == f"| Boston | one change | `features` | {first} |"
    assert lines[5] == f"| Boston | none | – | {none} |"
    assert len(lines) == 2 + len(CASES)
