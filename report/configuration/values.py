"""Reading single values of the configuration: lengths of time, lists of seeds, and what a table must be."""

from __future__ import annotations

import re
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from labreport.experiments.errors import unknown_name
from labreport.report.errors import UsageError

_TIME_PART = re.compile(r"(\d+(?:\.\d+)?)(d|h|min|m|s)")
_UNIT_SECONDS = {"d": 86400.0, "h": 3600.0, "min": 60.0, "m": 60.0, "s": 1.0}
_LONGEST = 1e9  # seconds, some thirty years


def parse_time(text: str, what: str, *, bare: Literal["s", "m"] = "s") -> float:
    """Return the seconds that "30m", "1h30m", "90s" or "2d" mean.

    Args:
        text: as it was given.
        what: for the error, such as `--timeout`.
        bare: the unit of a number without one.

    Raises:
        UsageError: not a length of time, or none at all.
    """
    plain = text.strip().lower().replace(" ", "")
    if re.fullmatch(r"\d+(\.\d+)?", plain):
        plain += bare
    parts = _TIME_PART.findall(plain)
    seconds = sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != plain or not 0 < seconds < _LONGEST:
        raise UsageError(f"{what}: {text[:40]!r} is not a length of time; write 90s, 30m, 1h30m or 2d.")
    return seconds


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds that "0-9", "3" or "0,2,5-7" names, in order, each once.

    Raises:
        UsageError: not numbers, a range that runs backwards, or more than a thousand seeds.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, separator, last = part.strip().partition("-")
        if not first.isdecimal() or (separator and not last.isdecimal()) or max(len(first), len(last)) > 10:
            raise UsageError(f"Can't read the seeds '{text}': write whole numbers such as 0, 0-9 or 0,2,5-7.")
        start, end = int(first), int(last) if separator else int(first)
        if end < start:
            raise UsageError(f"Can't read the seeds '{text}': the range {part.strip()} runs backwards.")
        if end - start >= 1000 or end >= 2**31:
            raise UsageError(f"Can't use the seeds '{text}': at most 1000 seeds, each below 2147483648.")
        seeds += range(start, end + 1)
        if len(seeds) > 1000:
            raise UsageError(f"Can't use the seeds '{text[:40]}…': at most 1000 seeds.")
    return tuple(dict.fromkeys(seeds))


TomlTable = TypeVar("TomlTable", bound=msgspec.Struct)
_EXPECTED = {
    bool: "true or false",
    str: "a text",
    int: "a whole number",
    float: "a number",
    dict: "a table",
    list: "a list of texts",
}


def converted(table: Any, kind: type[TomlTable], origin: str) -> TomlTable:
    """Return a table of the configuration as the record that it should be.

    Args:
        table: as TOML gives it.
        kind: a `msgspec.Struct`; its fields are the known keys, and a `Meta` of theirs describes what they may be.
        origin: where the table stands, for the message of an error.

    Raises:
        UsageError: an unknown key (names the nearest), or a value of the wrong type or range.
    """
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    values = {}
    for key, value in checked(table, dict[str, Any], origin).items():
        if key not in known:
            raise UsageError(f"{origin}: {unknown_name('key', key, known)}")
        values[known[key].name] = checked(value, known[key].type, f"{origin}.{key}")
    return kind(**values)


def checked(value: Any, kind: Any, origin: str) -> Any:
    """Return a value if it is of a type, strictly: a number is not a text, nor a text a number.

    Raises:
        UsageError: it is not; the message says what was expected.
    """
    if get_origin(kind) is dict and isinstance(value, dict):
        return {name: checked(item, get_args(kind)[1], f"{origin}.{name}") for name, item in value.items()}
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        plain = next((part for part in get_args(kind) if part is not type(None)), kind) if _is_union(kind) else kind
        if get_origin(plain) is Literal:
            raise UsageError(f"{origin}: {unknown_name('value', str(value), get_args(plain))}") from error
        described = [part.description for part in get_args(plain) if isinstance(part, msgspec.Meta)]
        expected = described[0] if described else _EXPECTED[get_origin(plain) or plain]
        raise UsageError(f"{origin} must be {expected}, not {value!r}.") from error


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType)
