"""Settings of a lab: from text on the command line to a checked, frozen dataclass.

A lab declares its settings as a frozen dataclass whose `__post_init__` checks the ranges. Here the words of the
user are given their types, so that a wrong name, a wrong type and a wrong range each give one clear line. The class of
a user's own lab is checked as well: a record holds plain values only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, fields
from math import isfinite
from typing import Any, TypeVar, get_type_hints

import msgspec

from labreport.experiments.errors import LabError, message_of, plain, unknown_name
from labreport.experiments.result import Setting

AnySettings = TypeVar("AnySettings")

_WORDS = {"yes": True, "on": True, "no": False, "off": False}
"""Further words for true and false."""
_EXPECTED = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}
_DIGITS = 18
"""Of a whole number: what every reader of a stored run can hold."""


class SettingError(LabError):
    """A setting is unknown, of the wrong type or out of its range."""


def parse_assignments(assignments: Iterable[str]) -> dict[str, str]:
    """Return the `key=value` words of the command line as a dictionary; the last of two equal keys stands.

    Raises:
        SettingError: a word has no `=` or no key before it.
    """
    parsed: dict[str, str] = {}
    for assignment in assignments:
        name, separator, value = assignment.partition("=")
        if not separator or not name.strip():
            raise SettingError(f"Can't read the setting {plain(assignment)!r}: write it as name=value, e.g. epochs=5.")
        parsed[name.strip()] = value.strip()
    return parsed


def resolve(
    settings_class: type[AnySettings],
    overrides: Mapping[str, Setting],
    *,
    profile_values: Mapping[str, Setting] | None = None,
    lab: str = "",
) -> AnySettings:
    """Return the lab's settings with the profile's values and then the user's put over the defaults.

    Args:
        settings_class: a frozen dataclass whose fields are bool, int, float or str, each with a default.
        overrides: the user's values by name; text is given the type of its field.
        profile_values: values of the chosen profile, e.g. fewer epochs for a quick run.
        lab: name for the message of an error.

    Raises:
        SettingError: unknown name (the nearest is named), wrong type, or refused by the dataclass' own check.
    """
    types = setting_types(settings_class)
    kind = f"setting of {lab}" if lab else "setting"
    values: dict[str, Setting] = {}
    for name, value in {**(profile_values or {}), **overrides}.items():
        if name not in types:
            raise SettingError(unknown_name(kind, name, types))
        values[name] = _typed(f"{lab}.{name}" if lab else name, value, types[name])
    try:
        settings = settings_class(**values)
    except ValueError as error:
        raise SettingError(f"{lab + ': ' if lab else ''}{message_of(error)}") from error
    except (Exception, SystemExit) as error:
        raise SettingError(
            f"The settings{f' of {lab}' if lab else ''} can't be made: {type(error).__name__}: {message_of(error)}"
        ) from error
    for name, expected in types.items():
        value = getattr(settings, name)
        if not _is_plain(value, expected):
            raise SettingError(_wrong(f"{lab}.{name}" if lab else name, value, expected))
    return settings


def setting_types(settings_class: type[Any]) -> dict[str, type]:
    """Return the type (bool, int, float or str) of each setting by name, in the order of the class.

    Raises:
        SettingError: the class has a field of another type, or one without a default, or one that can't be set.
    """
    try:
        hints = get_type_hints(settings_class)
    except Exception as error:
        raise SettingError(
            f"The types of the settings can't be read: {type(error).__name__}: {message_of(error)}"
        ) from error
    for field in fields(settings_class):
        if not any(hints[field.name] is kind for kind in _EXPECTED):
            declared = field.type if isinstance(field.type, str) else getattr(field.type, "__name__", field.type)
            raise SettingError(
                f"The setting {field.name} is declared as {plain(str(declared))}; use bool, int, float or str."
            )
        if not field.init or (field.default is MISSING and field.default_factory is MISSING):
            raise SettingError(f"The setting {field.name} needs a default, and must be one that can be set.")
    return {field.name: hints[field.name] for field in fields(settings_class)}


def as_record(settings: Any) -> dict[str, Setting]:
    """Return the settings as plain values by name, in the order of the class."""
    return {field.name: getattr(settings, field.name) for field in fields(settings)}


def changed_names(settings: Any) -> tuple[str, ...]:
    """Return the names of the settings that differ from their default, in the order of the class."""
    return tuple(field.name for field in fields(settings) if getattr(settings, field.name) != _default(field))


def require_range(
    settings: Any, *names: str, least: float | None = None, above: float | None = None, below: float | None = None
) -> None:
    """Check that each named setting is in its range; for use in `__post_init__`.

    Args:
        settings: the dataclass being made.
        names: the settings to check.
        least: smallest value allowed.
        above: the value must be greater than this.
        below: the value must be less than this.

    Raises:
        ValueError: a value is out of range; the message gives name, range and value.
    """
    for name in names:
        value = getattr(settings, name)
        if least is not None and value < least:
            raise ValueError(f"{name} must be at least {least}, not {value}.")
        if above is not None and value <= above:
            raise ValueError(f"{name} must be greater than {above}, not {value}.")
        if below is not None and value >= below:
            raise ValueError(f"{name} must be less than {below}, not {value}.")


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _is_plain(value: object, expected: type) -> bool:
    """Return whether a value is what its field declares, and can stand in a record."""
    if expected is float and type(value) is int:
        expected = int  # Python takes a whole number for a float
    if type(value) is not expected:
        return False
    if isinstance(value, str):
        return plain(value) == value
    if isinstance(value, float):
        return isfinite(value)
    return isinstance(value, int) and abs(value) < 10**_DIGITS


def _typed(name: str, value: object, expected: type) -> Setting:
    """Return `value` as the type of its field, converting text only where nothing is lost."""
    given = _WORDS.get(value.lower(), value) if expected is bool and isinstance(value, str) else value
    with suppress(msgspec.ValidationError, OverflowError):
        converted: Setting = msgspec.convert(given, expected, strict=False)
        if _is_plain(converted, expected) and converted != "" and not (expected is int and isinstance(given, float)):
            return converted
    raise SettingError(_wrong(name, value, expected))


def _wrong(name: str, value: object, expected: type) -> str:
    try:
        written = repr(value)
    except Exception:  # a number with too many digits for Python to write, or an object of a lab
        written = f"this {type(value).__name__}"
    shown = plain(written)
    too_great = expected is int and written.strip("'+-").isdecimal() and len(written) > _DIGITS
    limit = f" of at most {_DIGITS} digits" if too_great else ""
    return f"{name} must be {_EXPECTED[expected]}{limit}, not {shown}."
