"""Whether what a lab found can be stored: records hold plain Python values, and a lab may return anything."""

from __future__ import annotations

import msgspec

from labreport.experiments.errors import LabError
from labreport.experiments.result import Findings


def checked(findings: object) -> Findings:
    """Return what a lab gave back, if it can be stored.

    Raises:
        LabError: it is something else than Findings, or holds a value that a record can't hold, such as a NumPy number
            or a whole number of more than 64 bits.
    """
    if not isinstance(findings, Findings):
        raise LabError(f"A lab's run must return Findings, not {type(findings).__name__}.")
    try:
        msgspec.convert(msgspec.to_builtins(findings), Findings)
        msgspec.msgpack.encode(findings)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise LabError(f"What the lab found can't be stored: {error}. Records hold plain Python values.") from error
    return findings
