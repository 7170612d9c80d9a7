"""Settings of the tool: flags over environment over file over defaults, and no slip passes in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.report import configuration
from labreport.report.configuration import Configuration, parse_seeds
from labreport.report.errors import UsageError


def test_without_file_and_environment_the_defaults_hold(tmp_path):
    assert configuration.load(tmp_path, {}) == Configuration()


def test_the_environment_beats_the_file_and_a_flag_beats_both(tmp_path):
    (tmp_path / "labreport.toml").write_text('seeds = "0-4"\nlang = ["en"]\nprofile = "quick"\n')
    loaded = configuration.load(tmp_path, {"LABREPORT_SEEDS": "7", "HOME": "/x"})
    assert (loaded.seeds, loaded.lang, loaded.profile) == ("7", ("en",), "quick")
    assert configuration.override(loaded, seeds="9", lang=None).seeds == "9"
    assert configuration.override(loaded, seeds="9", lang=None).lang == ("en",)


def test_the_table_of_pyproject_is_read_where_there_is_no_own_file(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.labreport]\ncourse = "ML 101"\nruns-dir = "store"\n')
    loaded = configuration.load(tmp_path, {})
    assert loaded.course == {"zh": "ML 101", "en": "ML 101"}
    assert loaded.runs_dir == tmp_path / "store"


def test_settings_of_labs_and_paths_of_own_labs_come_from_the_file(tmp_path):
    (tmp_path / "labreport.toml").write_text('[settings.imdb]\nepochs = 3\n[paths]\nmine = "labs/mine.py"\n')
    loaded = configuration.load(tmp_path, {})
    assert loaded.settings == {"imdb": {"epochs": 3}}
    assert loaded.paths == {"mine": tmp_path / "labs" / "mine.py"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed = 3", "Did you mean 'seeds'"),
        ('profile = "fast"', "Known: full, quick"),
        ('lang = ["de"]', "Unknown language 'de'"),
        ('to = "docs"', "Unknown format 'docs'"),
        ("lang = []", "is empty"),
        ("offline = 3", "true or false"),
        ("output = 3", "must be a text"),
        ("labs = [1]", "must be a list of texts"),
        ('settings = "x"', "must be a table"),
        ("= broken", "Can't read labreport.toml"),
        ('runs_dir = ""', "runs_dir must be a text that is not empty"),
        ('logo = ""', "logo must be a text that is not empty"),
        ('paths = { mine = "" }', r"paths\.mine must be a text that is not empty"),
        ('course = "\\u0000"', "no text"),
        ("jobs = " + "9" * 30, "from 1 to 999999"),
        ("x = " + "[" * 5000, "Can't read labreport.toml"),
    ],
)
def test_a_slip_in_the_file_is_an_error_that_says_what_was_expected(tmp_path, text, message):
    (tmp_path / "labreport.toml").write_text(text)
    with pytest.raises(UsageError, match=message):
        configuration.load(tmp_path, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [("OUTPUT", ""), ("RUNS_DIR", ""), ("DATA_DIR", ""), ("JOBS", "9" * 5000), ("JOBS", "²"), ("COURSE", "\udc80")],
)
def test_rubbish_in_the_environment_is_an_error_that_names_the_variable(tmp_path, name, value):
    with pytest.raises(UsageError, match=f"LABREPORT_{name}"):
        configuration.load(tmp_path, {f"LABREPORT_{name}": value})


def test_a_date_may_be_written_as_one_and_a_mark_of_byte_order_is_passed_over(tmp_path):
    (tmp_path / "labreport.toml").write_text("\ufeffdate = 2026-03-01\n", "utf-8")
    assert configuration.load(tmp_path, {}).date == "2026-03-01"


@pytest.mark.parametrize("name", ["labreport.toml", "pyproject.toml"])
def test_a_configuration_that_is_no_file_or_no_text_is_not_passed_over(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(UsageError, match=f"Can't read {name}: Is a directory"):
        configuration.load(tmp_path, {})
    (tmp_path / name).rmdir()
    (tmp_path / name).symlink_to("gone")
    with pytest.raises(UsageError, match=f"Can't read {name}: it is a link that leads nowhere"):
        configuration.load(tmp_path, {})
    (tmp_path / name).unlink()
    (tmp_path / name).write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=f"Can't read {name}: 'utf-8'"):
        configuration.load(tmp_path, {})


def test_an_unknown_variable_of_the_environment_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="LABREPORT_SEDS: Unknown key 'seds'"):
        configuration.load(tmp_path, {"LABREPORT_SEDS": "1"})


@pytest.mark.parametrize(
    ("text", "seeds"), [("0", (0,)), ("0-3", (0, 1, 2, 3)), ("0,2,5-7", (0, 2, 5, 6, 7)), ("3,3,1", (3, 1))]
)
def test_seeds_are_numbers_and_ranges(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "5-1", "-1", "0-", "1.5", "0-99999", "1,,2", "4294967296"])
def test_seeds_that_make_no_sense_are_refused(text):
    with pytest.raises(UsageError, match="seeds"):
        parse_seeds(text)


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=20, unique=True))
def test_any_list_of_seeds_is_read_back(seeds):
    assert parse_seeds(",".join(map(str, seeds))) == tuple(seeds)


def test_the_defaults_write_below_the_current_folder():
    assert {Configuration().runs_dir, Configuration().output} == {Path("runs"), Path("reports")}
