"""The figure of this lab: the plane, coloured by what the network says, and the test points on it."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

import labreport
from labreport import Result

COLOURS = ("#1f5fa8", "#c2571a")


@labreport.figure(
    "border",
    needs=("series.grid", "series.x", "series.y", "series.moon"),
    en={
        "upper": "upper moon",
        "lower": "lower moon",
        "alt": "{points} test points in two interlocking half circles; a curved border separates them, and "
        "{wrong} points lie on the wrong side.",
        "moon": "moon",
        "points": "test points",
        "inside": "on the right side",
    },
    zh={
        "upper": "上月牙",
        "lower": "下月牙",
        "alt": "{points} 个测试点排成两个互相嵌套的半圆，一条弯曲的分界线把它们分开，其中 {wrong} 个点落在错误的一侧。",
        "moon": "月牙",
        "points": "测试点",
        "inside": "位于正确一侧",
    },
)
def border(result: Result, words: Any) -> labreport.Chart:
    """Draw where the probability of the lower moon is one half, and the test points."""
    x, y, moons, said = (np.array(labreport.series(result, name)) for name in ("x", "y", "moon", "said"))
    grid = np.array(labreport.series(result, "grid")).reshape(20, 28)
    figure = Figure(figsize=(4.6, 2.9), dpi=72)
    figure.patch.set_visible(False)
    axes = figure.add_axes((0.08, 0.1, 0.88, 0.82))
    across, upwards = np.linspace(x.min(), x.max(), 28), np.linspace(y.min(), y.max(), 20)
    axes.contour(across, upwards, grid, levels=[0.5], colors="#444444", linewidths=1.0)
    rows = []
    for moon, name in enumerate(("upper", "lower")):
        mine = moons == moon
        axes.plot(x[mine], y[mine], "os"[moon], color=COLOURS[moon], markersize=3, label=words(name))
        right = int(((said[mine] > 0.5) == moon).sum())
        rows.append((words(name), str(int(mine.sum())), str(right)))
    axes.legend(loc="upper right", frameon=False)
    wrong = len(x) - sum(int(right) for _, _, right in rows)
    return labreport.Chart(
        figure=figure,
        alt=words("alt", points=len(x), wrong=wrong),
        columns=(words("moon"), words("points"), words("inside")),
        rows=tuple(rows),
    )
