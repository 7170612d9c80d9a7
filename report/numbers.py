"""Numbers as text: one place decides digits, grouping and signs, for tables, figures and sentences.

Rounding has one rule: the decimal number that stands for a value (2.675, not the binary fraction beside it) is rounded
half up, away from zero. So a share of counts prints as it is worked out on paper, and so does a difference of two such
shares that `difference` has formed. Rounding never lies: 100% appears only for exactly 1, and 0% only for exactly 0.
Thousands are grouped by a narrow no-break space, the minus sign is U+2212; both languages write numbers alike, so a
value reads the same in each.
"""

from __future__ import annotations

import math
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from zoneinfo import ZoneInfo

GROUP = "\u202f"
MINUS = "\u2212"
SHARE_DIGITS = 2
"""Decimals of a percentage that was measured: they tell apart any two numbers of right answers out of 10 000."""
MOST_DECIMALS = 8
"""Decimals of a number at most."""
UNKNOWN = "–"
"""What stands where there is no value."""


def number(value: float, digits: int | None = None) -> str:
    """Return `value` with `digits` decimals, or with four significant digits where none are given.

    Not-a-number and infinity are written "NaN" and "∞".
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return f"{MINUS if value < 0 else ''}∞"
    if isinstance(value, int) and digits is None:
        return integer(value)
    if digits is None:
        return _significant(value, 4)
    return _signed(f"{abs(rounded(value, digits)):,.{digits}f}", value)


def rounded(value: float, digits: int, *, scale: int = 1) -> Decimal:
    """Return `value` times `scale`, rounded half up to that number of decimals: of the number that it prints as."""
    with localcontext(prec=400):
        return (Decimal(repr(float(value))) * scale).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def difference(value: float, less: float) -> float:
    """Return `value` minus `less` as it is worked out on paper: 0.9375 − 0.9 is 0.0375."""
    if not (math.isfinite(value) and math.isfinite(less)):
        return value - less
    exact = Decimal(repr(float(value))) - Decimal(repr(float(less)))
    # A float this large has no decimals to round.
    return float(exact if abs(exact) >= 10**12 else round(exact, 14))


def digits_for(size: float, *, least: int = 1, most: int = 4) -> int:
    """Return the decimals that show two digits of a number of this size, from `least` to `most`."""
    if not math.isfinite(size) or size == 0:
        return max(least, min(most, SHARE_DIGITS))
    return min(most, max(least, 1 - math.floor(math.log10(abs(size)))))


def share_digits(deviation: float, answers: int = 0) -> int:
    """Return the decimals of a percentage whose spread is known.

    Args:
        deviation: standard deviation of the share, 0 to 1; zero and not-a-number leave the usual decimals.
        answers: how many answers the share is counted from, over all seeds; 0 where that is not known.
    """
    digits = digits_for(deviation * 100)
    return min(digits, max(1, math.ceil(math.log10(answers)) - 2)) if answers else digits


def integer(value: float) -> str:
    """Return `value` rounded to a whole number with grouped thousands."""
    return _signed(f"{abs(int(rounded(value, 0)) if isinstance(value, float) else value):,d}", value)


def percent(share: float, digits: int = SHARE_DIGITS) -> str:
    """Return a share (0 to 1) as percent; a share that is not exactly 0 or 1 never rounds to 0% or 100%."""
    if math.isnan(share):
        return "NaN"
    if math.isinf(share):
        return f"{number(share)}%"
    text = f"{abs(rounded(share, digits, scale=100)):.{digits}f}"
    step = 10.0**-digits
    if float(text) >= 100 and abs(share) < 1:
        text = f"{100 - step:.{digits}f}"
    elif float(text) == 0 and share != 0:
        text = f"{step:.{digits}f}"
        return f"<{MINUS if share < 0 else ''}{text}%"
    return _signed(text, share) + "%"


def points(difference: float, digits: int = SHARE_DIGITS) -> str:
    """Return a difference of two shares in percentage points, as a bare number."""
    if not math.isfinite(difference):
        return number(difference)
    return _signed(f"{abs(rounded(difference, digits, scale=100)):,.{digits}f}", difference)


def signed(value: float, digits: int) -> str:
    """Return a number with its sign; zero has none."""
    shown = number(value, digits)
    return f"+{shown}" if value > 0 and any(digit in "123456789" for digit in shown) else shown


def exact(value: float) -> str:
    """Return a number in the shortest form that is read back as the same number, without exponent where it is short."""
    text = repr(float(value))
    return _signed(text.lstrip("-").removesuffix(".0"), value)


def duration(seconds: float | None) -> str:
    """Return a length of time in s, min or h with two or three significant digits; None is one that is not known."""
    if seconds is None:
        return UNKNOWN
    if seconds < 99.5:
        return f"{seconds:.1f}{GROUP}s" if seconds < 9.95 else f"{seconds:.0f}{GROUP}s"
    if seconds < 5970:
        return f"{seconds / 60:.1f}{GROUP}min"
    return f"{seconds / 3600:.1f}{GROUP}h"


def memory(peak: int) -> str:
    """Return the greatest memory of a run, of which 0 bytes are recorded where it is not known."""
    return size(peak) if peak else UNKNOWN


def size(count: float) -> str:
    """Return a number of bytes in B, kB, MB or GB (powers of 1000)."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale * 0.9995:
            return f"{_significant(float(f'{count / scale:.3g}'), 3)}{GROUP}{unit}"
    return f"{integer(count)}{GROUP}B"


def chance(p: float) -> str:
    """Return how often chance alone gives so much: two significant digits; no p is zero, only too small for a float."""
    return _significant(p, 2) if p > 1e-300 else "<10⁻³⁰⁰"


def _significant(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if exponent < -4 or exponent > 9:
        mantissa = value / 10.0**exponent
        return f"{number(mantissa, 1)} × 10{_superscript(exponent)}"
    return number(value, max(0, digits - 1 - exponent))


def _superscript(exponent: int) -> str:
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _signed(text: str, value: float) -> str:
    nonzero = any(character in "123456789" for character in text)
    return (MINUS if value < 0 and nonzero else "") + text.replace(",", GROUP)


def minute(moment: str, zone: str = "UTC") -> str:
    """Return a stored time to the minute in a time zone, such as "2026-03-01 09:30"; what stands round it names that.

    Args:
        moment: ISO 8601 with its offset, as records hold it.
        zone: by its name, such as "Asia/Shanghai".
    """
    return f"{_there(moment, zone):%Y-%m-%d %H:%M}"


def marked_minute(moment: str, zone: str = "UTC") -> str:
    """Return a stored time as `minute`, for where nothing stands round it that names the zone: in UTC it says so."""
    return minute(moment, zone) + (" UTC" if zone == "UTC" else "")


def day(moment: datetime | str, zone: str = "UTC") -> str:
    """Return the day of a time in a time zone, such as "2026-03-01"; in UTC it says so, since it may be yesterday's."""
    shown = f"{_there(moment, zone):%Y-%m-%d}"
    return f"{shown} UTC" if zone == "UTC" else shown


def _there(moment: datetime | str, zone: str) -> datetime:
    known = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return known.astimezone(ZoneInfo(zone))
