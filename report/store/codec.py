"""Records as JSON text and back, strictly checked.

Every float keeps all its digits. JSON has no word for not-a-number and infinity, so they are written explicitly as
`{"float": "NaN"}`, `{"float": "Infinity"}` or `{"float": "-Infinity"}`; a value missing is `null`. Keys are in the
order of the record, so that the same record gives the same bytes.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar, cast

import msgspec
from msgspec import UNSET

from labreport.experiments.errors import message_of
from labreport.experiments.result import FORMAT, GREATEST_SECONDS, Result
from labreport.report.errors import UnreadableError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
"""What may name a lab or a run: it becomes the name of a folder."""
MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading JSON raises that is none, is of another form, or is nested deeper than anything we write."""
_NAMES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
LEAST, GREATEST = 1e-100, 1e100
"""Sizes of measured numbers that can be worked with; a smaller one is read as zero, a greater one as infinite."""
_BITS = 64
"""Of a whole number; a greater one was not written by us, and is not a float."""

_WEIGHTS = {b",": 40, b"[": 130, b"{": 300, b'"': 28}
"""Bytes of memory that each mark of JSON costs at most once it is read: a number, a list, an object, half a text."""
_MOST_MEMORY = 240 * 1024 * 1024
"""Bytes that the values of one file may take: six million numbers."""

_ALONE = Lock()
"""Held while values take a type: msgspec 0.22 ends the program where two threads are the first to ask for one type."""

_FLOATS = {float}
"""The types of a list of measured numbers."""

Decoded = TypeVar("Decoded")


def encode(record: msgspec.Struct | tuple[msgspec.Struct, ...], kind: Any = None) -> bytes:
    """Return the record as indented JSON in UTF-8, ending in a newline.

    Args:
        record: or several of them, which become an array.
        kind: its type; where None, that of the record.

    Raises:
        msgspec.ValidationError: a field holds a value of another type than it declares.
    """
    # Records are not checked when they are made; here each value takes its declared type (5 becomes 5.0), or fails.
    checked = _converted(msgspec.to_builtins(record), kind or type(record))
    plain = _mark(msgspec.to_builtins(checked))
    return msgspec.json.format(msgspec.json.encode(plain), indent=1) + b"\n"


def decode(text: bytes, origin: str) -> Result:
    """Return the Result in `text`.

    Args:
        text: JSON as `encode` writes it.
        origin: where it came from, for the message of an error.

    Raises:
        UnreadableError: not JSON, not a Result, truncated, or of a newer format.
    """
    _check_size(text, origin)
    try:
        plain = msgspec.json.decode(text)
    except MALFORMED as error:
        raise UnreadableError(
            f"Can't read {origin}: not valid JSON ({message_of(error)}).\n"
            "The file is damaged or cut off; run the lab again."
        ) from error
    if isinstance(plain, dict) and "verdict" in plain:
        raise UnreadableError(
            f"Can't read {origin}: it is the verdict of a check, not the result of a run.\n"
            "Name a run, or the folder of a check that holds a report."
        )
    version = plain.get("format") if isinstance(plain, dict) else None
    if not isinstance(version, int):
        raise UnreadableError(f"Can't read {origin}: not a result of labreport (it has no format number).")
    if version > FORMAT:
        raise UnreadableError(
            f"Can't read {origin}: saved in format {version}; this version reads up to {FORMAT}.\n"
            "Update labreport, or run the lab again."
        )
    # As `labreport show --json` writes it: what was concluded then is concluded again.
    plain.pop("conclusions", None)
    try:
        plain = {key: _unmark(item, measured=key == "findings") for key, item in plain.items()}
        result: Result = _converted(plain, Result)
    except (msgspec.ValidationError, KeyError, RecursionError) as error:
        raise UnreadableError(
            f"Can't read {origin}: {message_of(error)}.\nRun the lab again, or restore the file."
        ) from error
    for name in (result.lab, result.run_id):
        # They become names of files: a forged result may not lead out of a folder.
        if not NAME.fullmatch(name):
            raise UnreadableError(f"Can't read {origin}: {name[:40]!r} is not a name of a lab or a run.")
    _check_facts(result, origin)
    return result


def is_time(text: str) -> bool:
    """Return whether a text is a time with its zone, in ISO 8601, that any zone can show."""
    try:
        return datetime.fromisoformat(text).utcoffset() is not None and 1 < int(text[:4]) < 9999
    except ValueError:
        return False


def _check_size(content: bytes, origin: str) -> None:
    """Refuse a file whose values would fill the memory, before one of them is made: a list of nothing is two bytes."""
    if sum(content.count(mark) * weight for mark, weight in _WEIGHTS.items()) > _MOST_MEMORY:
        raise UnreadableError(f"Can't read {origin}: it holds more values than any result.")


def _check_facts(result: Result, origin: str) -> None:
    """Refuse what no run of ours says of itself, whatever it has measured."""
    if not result.seeds and result.findings.own is UNSET:
        raise UnreadableError(f"Can't read {origin}: a run without seeds.")
    for name, value in result.settings.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise UnreadableError(f"Can't read {origin}: the setting {name[:40]!r} can't be {value}.")
    pictures = [*result.findings.images, *(image for said in result.findings.predictions for image in said.images)]
    if any(image.height * image.width != len(image.pixels) for image in pictures):
        raise UnreadableError(f"Can't read {origin}: an image needs as many pixels as its height times its width.")
    for said in result.findings.predictions:
        if any(len(row) != len(said.confusion) for row in said.confusion):
            raise UnreadableError(f"Can't read {origin}: a confusion matrix needs as many columns as rows.")
    for text in (result.provenance.started, result.provenance.ended):
        if not is_time(text):
            raise UnreadableError(f"Can't read {origin}: {text[:40]!r} is not a time with its zone.")
    for stage, seconds in result.timings.items():
        if not 0 <= seconds <= GREATEST_SECONDS:
            raise UnreadableError(f"Can't read {origin}: the stage {stage[:40]!r} can't have taken {seconds} s.")


def parse(content: bytes, kind: type[Decoded], origin: str) -> Decoded:
    """Return the record in one of the small files beside the results, such as an index.

    Args:
        content: JSON.
        kind: type of the record.
        origin: where it came from, for the message of an error.

    Raises:
        UnreadableError: not JSON, or another record.
    """
    _check_size(content, origin)
    try:
        with _ALONE:
            return msgspec.json.decode(content, type=kind)
    except MALFORMED as error:
        raise UnreadableError(f"Can't read {origin}: {message_of(error)}.") from error


def schema(kind: Any = Result, title: str = "labreport result") -> dict[str, Any]:
    """Return the JSON Schema of a record, or of a tuple of records, with numbers in the form `encode` writes.

    Args:
        kind: type of what is written.
        title: of the schema.
    """
    published = cast(dict[str, Any], _number_reference(msgspec.json.schema(kind)))
    published["$defs"]["Number"] = {
        "description": "A number; not-a-number and infinity are objects.",
        "anyOf": [
            {"type": "number"},
            {
                "type": "object",
                "properties": {"float": {"enum": list(_NAMES)}},
                "required": ["float"],
                "additionalProperties": False,
            },
        ],
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **published}


def _converted(plain: Any, kind: Any) -> Any:
    with _ALONE:
        return msgspec.convert(plain, kind)


def _mark(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    if isinstance(value, dict):
        return {key: _mark(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        # Most of a record are curves: plain numbers, which are looked at together.
        plain = set(map(type, value)) == _FLOATS and all(map(math.isfinite, value))
        return value if plain else [_mark(item) for item in value]
    return value


def _unmark(value: Any, *, measured: bool) -> Any:
    if isinstance(value, float) and measured:
        # Of numbers beyond these no difference, square or share can be taken; they are read as what they stand for.
        size = abs(value)
        return (
            value if LEAST <= size <= GREATEST or not size else math.copysign(0.0 if size < LEAST else math.inf, value)
        )
    if isinstance(value, dict):
        if value.keys() == {"float"} and isinstance(value["float"], str):
            return _NAMES[value["float"]]
        return {key: _unmark(item, measured=measured) for key, item in value.items()}
    if isinstance(value, list):
        if set(map(type, value)) == _FLOATS and _usual(value):
            return value
        return [_unmark(item, measured=measured) for item in value]
    if isinstance(value, int) and value.bit_length() > _BITS:
        raise msgspec.ValidationError(f"a whole number has more than {_BITS} bits")
    return value


def _usual(values: list[float]) -> bool:
    """Return whether all numbers are zero or of a size with which anything can be worked out."""
    sizes = list(map(abs, values))
    return max(sizes) <= GREATEST and min(filter(None, sizes), default=LEAST) >= LEAST


def _number_reference(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get("type") == "number":
            rest = {key: item for key, item in value.items() if key == "description"}
            return {"$ref": "#/$defs/Number", **rest}
        return {key: _number_reference(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_number_reference(item) for item in value]
    return value
