"""Questions to a store: which runs, in which order, how many; from words of the user's to SQL with its values apart."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from labreport.report.errors import UsageError
from labreport.report.store.codec import NAME

STATUSES = ("complete", "failed", "interrupted")
COLUMNS = {"lab": "lab", "run": "run", "status": "status", "profile": "profile", "started": "started"}
"""What runs can be sorted by besides scores, settings, `seeds` and `seconds` -> its column."""
NEWEST_FIRST = "started DESC, run DESC"
TAG = re.compile(r"\w[\w.:+/-]{0,39}")
"""A word that a run can be given."""
_CONDITION = re.compile(
    r"\s*([^<>=!\"\s](?:[^<>=!\"]*[^<>=!\"\s])?)\s*(<=|>=|!=|==|=|<|>)\s*([^<>=!\s].*?)\s*", re.DOTALL
)
_AGO = re.compile(r"([0-9]{1,6})([dhw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A comparison of a score, a setting, `seeds` or `seconds` of a run with a value."""

    name: str
    operator: str
    """<, <=, =, !=, >= or >."""
    value: float | str


@dataclass(frozen=True, kw_only=True)
class Query:
    """A question to a store; a part that is left out lets every run through."""

    labs: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    profile: str | None = None
    source: str | None = None
    since: datetime | None = None
    tags: tuple[str, ...] = ()
    """A run has all of them."""
    where: tuple[Condition, ...] = ()
    """A run answers to all of them."""
    text: str = ""
    """Words, each of which stands in the run's id, lab, tags, settings, commit, machine, data or failure."""
    sort: str = "-started"
    """`lab`, `run`, `status`, `profile`, `started`, or the name of a score, a setting, `seeds` or `seconds`; after a
    minus the greatest first. Runs without a value come last, equal ones newest first."""
    limit: int | None = None
    """Runs at most; None: all."""
    offset: int = 0
    """Runs to leave out first."""

    @property
    def deep(self) -> bool:
        """Whether the answer depends on what stands in runs that it does not name."""
        chosen = self.statuses or self.profile or self.source or self.since or self.tags or self.where or self.text
        return bool(chosen) or self.sort != "-started" or self.limit is None

    def condition(self) -> tuple[str, list[object]]:
        """Return the condition of SQL that chooses the runs, and its values."""
        parts: list[str] = ["1"]
        values: list[object] = []

        def add(part: str, *given: object) -> None:
            parts.append(part)
            values.extend(given)

        for column, wanted in (("lab", self.labs), ("status", self.statuses)):
            if wanted:
                add(f"{column} IN ({', '.join('?' * len(wanted))})", *wanted)
        if self.profile is not None:
            add("profile = ?", self.profile)
        if self.source is not None:
            add("source = ?", self.source)
        if self.since is not None:
            add("moment >= ?", self.since.timestamp())
        for tag in self.tags:
            add("instr(tags, ?) > 0", f" {tag} ")
        for word in self.text.casefold().split():
            add("instr(words, ?) > 0", word)
        for one in self.where:
            kinds = "'text'" if isinstance(one.value, str) else "'integer', 'real'"
            path = _path(one.name)
            add(f"json_type(facts, ?) IN ({kinds}) AND json_extract(facts, ?) {one.operator} ?", path, path, one.value)
        return " AND ".join(parts), values

    def order(self) -> tuple[str, list[object]]:
        """Return the order of SQL, and its values."""
        name, falling = self.sort.removeprefix("-"), self.sort.startswith("-")
        direction = "DESC" if falling else "ASC"
        if name == "started":
            return f"started {direction}, run {direction}", []
        if name in COLUMNS:
            return f"{COLUMNS[name]} {direction}, {NEWEST_FIRST}", []
        found = "json_extract(facts, ?)"
        return f"{found} IS NULL, {found} {direction}, {NEWEST_FIRST}", [_path(name), _path(name)]


def parse_condition(text: str) -> Condition:
    """Return what words such as `test_accuracy<0.8`, `units=32` or `optimizer!=adam` mean.

    Raises:
        UsageError: no comparison, or one of the order of texts or with a number that is not finite.
    """
    match = _CONDITION.fullmatch(text)
    if not match or len(match.group(1)) > 200:
        raise UsageError(
            f"Can't read --where '{text[:80]}': write a name, one of < <= = != >= > and a value, "
            "such as test_accuracy<0.8."
        )
    name, operator, given = match.groups()
    value = _value(given)
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"Can't read --where '{text[:80]}': {given[:40]} is not a finite number.")
    operator = "=" if operator == "==" else operator
    if isinstance(value, str) and operator not in ("=", "!="):
        raise UsageError(f"Can't read --where '{text[:80]}': {given[:40]!r} is not a number; texts can be = or !=.")
    return Condition(name=name, operator=operator, value=value)


def parse_since(text: str, now: datetime) -> datetime:
    """Return the time that `7d`, `12h`, `2w`, a date, or a date with a time means; without a zone it is UTC.

    Raises:
        UsageError: none of them, or before the first or after the last year.
    """
    try:
        if match := _AGO.fullmatch(text.strip().lower()):
            return now - timedelta(hours=int(match.group(1)) * _HOURS[match.group(2)])
        found = datetime.fromisoformat(text.strip())
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        found.timestamp()  # some times can't be counted
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"Can't read --since '{text[:80]}': write 7d, 12h, 2w, or a date such as 2026-01-31."
        ) from error
    return found


def check_tag(word: str) -> str:
    """Return a word that a run can be given.

    Raises:
        UsageError: it is empty, too long, or has a space or another mark that no word has.
    """
    if not TAG.fullmatch(word):
        raise UsageError(
            f"Can't take '{word[:80]}' as a tag: write one word of up to 40 letters, digits and _ . : + / -."
        )
    return word


def check_labs(names: Sequence[str]) -> tuple[str, ...]:
    """Return names that labs can have.

    Raises:
        UsageError: one can't be the name of a lab.
    """
    for name in names:
        if not NAME.fullmatch(name):
            raise UsageError(f"{name[:40]!r} can't be the name of a lab.")
    return tuple(names)


def check_sort(text: str) -> str:
    """Return a name that runs can be sorted by.

    Raises:
        UsageError: it is empty, too long, or has a quotation mark.
    """
    name = text.removeprefix("-")
    if not name.strip() or '"' in name or len(name) > 200:
        raise UsageError(
            f"Can't sort by '{text[:80]}': write {', '.join(COLUMNS)}, seeds, seconds, a score or a setting; -NAME: "
            "the greatest first."
        )
    return text


def _value(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
        return text[1:-1] if quoted else text


def _path(name: str) -> str:
    return f'$."{name}"'
