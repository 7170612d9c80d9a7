"""The date of a report, and the version of the program that made it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from labreport.report.errors import UsageError


def report_moment(ended: Sequence[str]) -> datetime:
    """Return the date of a report: SOURCE_DATE_EPOCH where set, otherwise the end of its newest run.

    So the same runs give the same bytes on any day.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is not a number of seconds.
    """
    return stated_moment() or max(datetime.fromisoformat(text).astimezone(UTC) for text in ended)


def stated_moment() -> datetime | None:
    """Return the date that SOURCE_DATE_EPOCH states; None where it is not set.

    Raises:
        UsageError: it is not a number of seconds.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return None
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"SOURCE_DATE_EPOCH must be whole seconds since 1970, not {epoch[:40]!r}.") from error


def tool_version() -> str:
    """Return the version of the installed labreport."""
    try:
        return version("labreport")
    except PackageNotFoundError:
        return "0+unknown"
