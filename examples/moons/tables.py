"""The table of this lab: how many test points of each moon the network places rightly."""

from __future__ import annotations

from typing import Any

import labreport
from labreport import Result


@labreport.table(
    needs=("measures.right_upper", "measures.right_lower"),
    en={"moon": "moon", "right": "placed rightly", "upper": "upper", "lower": "lower"},
    zh={"moon": "月牙", "right": "判断正确", "upper": "上", "lower": "下"},
)
def each_moon(result: Result, words: Any) -> labreport.TableData:
    """List the share of rightly placed test points for each moon, averaged over the runs."""
    return labreport.TableData(
        columns=(
            labreport.Column(title=words("moon")),
            labreport.Column(title=words("right"), align="right", kind="number"),
        ),
        rows=tuple(
            (words(name), labreport.percent(labreport.measure(result, f"right_{name}").mean, 1))
            for name in ("upper", "lower")
        ),
    )
