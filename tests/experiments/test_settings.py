"""Settings from the words of a command line, and the errors that name what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass
from typing import Any, Literal

import pytest

from labreport.experiments import registry
from labreport.experiments.settings import (
    SettingError,
    as_record,
    changed_names,
    parse_assignments,
    require_range,
    resolve,
    setting_types,
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    units: int = 16
    learning_rate: float = 0.001
    shuffled: bool = True
    dataset: str = "mnist"

    def __post_init__(self) -> None:
        require_range(self, "units", least=1)
        require_range(self, "learning_rate", above=0, below=10)


def test_words_become_values_of_the_type_of_their_setting():
    settings = resolve(Settings, {"units": "32", "learning_rate": "1e-2", "shuffled": "no", "dataset": "imdb"})
    assert settings == Settings(units=32, learning_rate=0.01, shuffled=False, dataset="imdb")


def test_values_of_a_configuration_file_are_taken_as_they_are():
    assert resolve(Settings, {"units": 32, "learning_rate": 1, "shuffled": False}).learning_rate == 1.0


def test_the_users_values_go_over_those_of_the_profile():
    settings = resolve(Settings, {"units": "4"}, profile_values={"units": 2, "learning_rate": 0.5})
    assert (settings.units, settings.learning_rate) == (4, 0.5)
    assert changed_names(settings) == ("units", "learning_rate")
    assert as_record(settings) == {"units": 4, "learning_rate": 0.5, "shuffled": True, "dataset": "mnist"}


def test_an_unknown_setting_is_refused_and_the_nearest_named():
    with pytest.raises(SettingError, match=r"Unknown setting of mnist 'unit'\. Did you mean 'units'\? Known: units, "):
        resolve(Settings, {"unit": "3"}, lab="mnist")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("units", "many", "a whole number"),
        ("units", "3.5", "a whole number"),
        ("units", 3.0, "a whole number"),
        ("units", True, "a whole number"),
        ("learning_rate", "fast", "a number"),
        ("learning_rate", "nan", "a number"),
        ("learning_rate", "inf", "a number"),
        ("shuffled", "perhaps", "true or false"),
        ("dataset", "", "a word"),
        ("dataset", 3, "a word"),
    ],
)
def test_a_value_of_another_type_is_refused(name, value, expected):
    with pytest.raises(SettingError, match=f"mnist.{name} must be {expected}, not"):
        resolve(Settings, {name: value}, lab="mnist")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("units", "0", "mnist: units must be at least 1, not 0"),
        ("learning_rate", "0", "learning_rate must be greater than 0, not 0.0"),
        ("learning_rate", "10", "learning_rate must be less than 10, not 10.0"),
    ],
)
def test_a_value_out_of_range_is_refused(name, value, message):
    with pytest.raises(SettingError, match=message):
        resolve(Settings, {name: value}, lab="mnist")


def test_assignments_are_split_at_the_first_equals_sign_and_the_last_one_stands():
    assert parse_assignments(["units=3", "dataset=a=b", "units = 4"]) == {"units": "4", "dataset": "a=b"}
    for wrong in ("units", "=3"):
        with pytest.raises(SettingError, match="write it as name=value"):
            parse_assignments([wrong])


@pytest.mark.parametrize("name", ["mnist", "imdb", "reuters", "boston"])
def test_every_numeric_setting_of_the_labs_refuses_nonsense(name):
    lab = registry.load(name)
    for setting, kind in setting_types(lab.settings).items():
        if kind in (int, float):
            with pytest.raises(SettingError, match=setting):
                resolve(lab.settings, {setting: "-1"}, lab=name)


def test_the_lab_on_house_prices_checks_settings_that_depend_on_each_other():
    lab = registry.load("boston")
    with pytest.raises(SettingError, match="of 11 epochs at least 2 must remain"):
        resolve(lab.settings, {"epochs": "11"}, lab="boston")
    with pytest.raises(SettingError, match=r"Unknown dataset 'paris'\. Known: boston_housing, california_housing"):
        resolve(lab.settings, {"dataset": "paris"}, lab="boston")
    assert resolve(lab.settings, {"epochs": "1", "dropped_epochs": "0"}).epochs == 1


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, None, "9" * 5000, 10**18, -(10**18), float("inf")])
def test_what_is_no_value_of_a_setting_is_refused_in_a_short_line(value):
    for name, expected in (("units", "a whole number"), ("dataset", "a word")):
        if name == "units" or not isinstance(value, str):
            with pytest.raises(SettingError, match=f"mnist.{name} must be {expected}") as caught:
                resolve(Settings, {name: value}, lab="mnist")
            assert len(str(caught.value)) < 1200


def test_a_whole_number_that_no_file_can_hold_is_told_how_long_it_may_be():
    with pytest.raises(SettingError, match="a whole number of at most 18 digits, not"):
        resolve(Settings, {"units": "1" + "0" * 18})
    assert resolve(Settings, {"units": "9" * 18}).units == 10**18 - 1


@pytest.mark.parametrize(
    ("kind", "default", "message"),
    [
        (Settings, Settings(), "units is declared as Settings; use bool, int, float or str"),
        (list[int], field(default_factory=list), r"declared as list\[int\]|declared as list"),
        (int | None, None, "declared as int | None"),
        (Literal["a", "b"], "a", "declared as"),
        (Any, 3, "declared as"),
        ("Nowhere", 3, "name 'Nowhere' is not defined"),
        (int, field(), "needs a default"),
        (int, field(default=3, init=False), "one that can be set"),
    ],
)
def test_a_class_of_settings_that_no_record_can_hold_is_refused(kind, default, message):
    odd = make_dataclass("Odd", [("units", kind, default)], frozen=True, kw_only=True)
    with pytest.raises(SettingError, match=message):
        resolve(odd, {})


@pytest.mark.parametrize("default", ["many", True, 10**5000, [3]], ids=["text", "bool", "huge", "list"])
def test_a_default_of_another_type_than_declared_is_refused(default):
    odd = make_dataclass("Odd", [("units", int, field(default_factory=lambda: default))], frozen=True, kw_only=True)
    with pytest.raises(SettingError, match=r"mine\.units must be a whole number"):
        resolve(odd, {}, lab="mine")


def test_a_default_that_is_made_anew_each_time_is_no_change():
    made = make_dataclass("Made", [("units", int, field(default_factory=lambda: 3))], frozen=True, kw_only=True)
    assert changed_names(resolve(made, {})) == ()
    assert changed_names(resolve(made, {"units": 4})) == ("units",)


@pytest.mark.parametrize("error", [TypeError("boo"), ZeroDivisionError(), SystemExit(0), KeyError("x")])
def test_a_check_of_settings_that_breaks_is_told_as_such(error):
    def check(self: Any) -> None:
        raise error

    odd = make_dataclass("Odd", [("units", int, 3)], frozen=True, namespace={"__post_init__": check})
    with pytest.raises(SettingError, match=f"The settings of mine can't be made: {type(error).__name__}"):
        resolve(odd, {}, lab="mine")
