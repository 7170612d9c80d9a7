"""Numbers as students write them: with commas, percent signs, powers of ten, full-width digits, units.

What a text may mean is returned with all its readings, because "1,234" is a number with three decimals in one country
and a thousand and more in another; the mark says which reading was taken.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_POWER = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+")
_DASHES = re.compile("[\u2212\u2012\u2013\u2014\ufe63]")
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)\s*(?P<digits>(?:\d[\d.,' ]*|[.,]\d+))"
    r"(?:\s*(?:e|[x*·×]\s*10\s*(?:\^|\*\*)\s*)\(?(?P<power>[+-]?\d{1,3})\)?)?",
    re.IGNORECASE,
)
_SCALES = {"百万": 1e6, "million": 1e6, "万": 1e4, "亿": 1e8}
UNITS = {
    "b": ("B", 1.0),
    "byte": ("B", 1.0),
    "bytes": ("B", 1.0),
    "字节": ("B", 1.0),
    "kb": ("B", 1e3),
    "mb": ("B", 1e6),
    "gb": ("B", 1e9),
    "kib": ("B", 2.0**10),
    "mib": ("B", 2.0**20),
    "gib": ("B", 2.0**30),
    "ms": ("s", 1e-3),
    "s": ("s", 1.0),
    "秒": ("s", 1.0),
    "min": ("s", 60.0),
    "分钟": ("s", 60.0),
    "h": ("s", 3600.0),
    "小时": ("s", 3600.0),
}
"""Units that can be converted: as they are written, in small letters -> what they measure, and how large they are."""
_LONGEST = 200
_MOST_POWERS = 250


class NumeralError(ValueError):
    """A text is not a number."""


@dataclass(frozen=True, kw_only=True)
class Numeral:
    """What a text says: a number, and what stands behind it."""

    readings: tuple[float, ...]
    """The likeliest first; of a percentage the number before the sign."""
    percent: bool = False
    unit: str = ""
    """What stands behind the number, as it was written."""


def read(text: str) -> Numeral:
    """Return what a text says.

    Raises:
        NumeralError: it is not a number, or more than one; the message quotes it.
    """
    said = text.strip()[:_LONGEST]
    plain = _POWER.sub(lambda found: "^" + found.group().translate(_SUPERSCRIPTS), said)
    plain = unicodedata.normalize("NFKC", plain)
    plain = re.sub(r"\s+", " ", _DASHES.sub("-", plain)).strip()
    plain = re.sub(r"^(?:[=≈~]|约|about)\s*", "", plain)
    found = _NUMBER.match(plain)
    if found is None:
        raise NumeralError(f"{said[:40]!r} is not a number")
    readings = _readings(found["digits"].strip(), said)
    exponent = int(found["power"] or 0)
    if abs(exponent) > _MOST_POWERS:
        raise NumeralError(f"{said[:40]!r} is too large or too small")
    power = 10.0**exponent
    behind = plain[found.end() :].strip().rstrip(".。").strip()
    if behind.startswith("/"):
        below = read(behind[1:])
        if below.readings[0] == 0:
            raise NumeralError(f"{said[:40]!r} divides by zero")
        readings, behind = tuple(value / below.readings[0] for value in readings), below.unit
        percent = below.percent
    else:
        percent = behind[:1] in ("%", "٪") or behind.casefold() in ("percent", "per cent", "个百分点")
        behind = behind[1:].strip() if behind[:1] in ("%", "٪") else "" if percent else behind
    scale = next((name for name in _SCALES if behind.casefold().startswith(name)), "")
    if scale:
        power, behind = power * _SCALES[scale], behind[len(scale) :].strip()
    if any(character.isdigit() for character in behind):
        raise NumeralError(f"{said[:40]!r} holds more than one number")
    sign = -1.0 if found["sign"] == "-" else 1.0
    values = tuple(sign * value * power for value in readings)
    if not all(abs(value) < float("inf") for value in values):
        raise NumeralError(f"{said[:40]!r} is too large")
    return Numeral(readings=values, percent=percent, unit=behind)


def _readings(digits: str, said: str) -> tuple[float, ...]:
    """Return what digits with points, commas and blanks may mean, the likeliest first."""
    digits = digits.rstrip("., '")
    if re.search(r"[ ']", digits):
        whole = re.split("[.,]", digits)[0]
        if not re.fullmatch(r"\d{1,3}([ ']\d{3})+", whole) or re.search(r"[ ']", digits[len(whole) :]):
            raise NumeralError(f"{said[:40]!r} holds more than one number")
        digits = re.sub(r"[ ']", "", digits)
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        decimal = max(".,", key=digits.rfind)
        group = "," if decimal == "." else "."
        whole, _, share = digits.rpartition(decimal)
        if digits.count(decimal) > 1 or not _grouped(whole, group):
            raise NumeralError(f"{said[:40]!r} is not a number")
        return (float(f"{whole.replace(group, '')}.{share}"),)
    if points > 1 or commas > 1:
        group = "." if points else ","
        if not _grouped(digits, group):
            raise NumeralError(f"{said[:40]!r} is not a number")
        return (float(digits.replace(group, "")),)
    if commas and _grouped(digits, ",") and not digits.startswith("0"):
        return float(digits.replace(",", "")), float(digits.replace(",", "."))
    return (float(digits.replace(",", ".")),)


def _grouped(digits: str, group: str) -> bool:
    return re.fullmatch(rf"\d{{1,3}}(\{group}\d{{3}})+", digits) is not None
