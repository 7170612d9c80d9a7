"""Numbers as text: rounding never lies, signs and groups are the same everywhere."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.report import numbers


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (0.9812, 1, "98.1%"),
        (1.0, 1, "100.0%"),
        (0.99996, 1, "99.9%"),
        (0.99996, 0, "99%"),
        (0.00001, 1, "<0.1%"),
        (0.0, 1, "0.0%"),
        (-0.021, 1, "−2.1%"),
    ],
)
def test_a_share_is_written_as_percent(share, digits, text):
    assert numbers.percent(share, digits) == text


@given(st.integers(1, 25_000), st.data())
def test_a_share_of_counts_prints_as_the_decimal_number_rounded_half_up(n, data):
    k = data.draw(st.integers(0, n))
    on_paper = (Decimal(k) * 100 / n).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if 0 < on_paper < 100:
        assert numbers.percent(k / n) == f"{on_paper}%"


@given(st.integers(1, 25_000), st.data())
def test_a_difference_of_shares_prints_as_the_difference_of_the_counts(n, data):
    k, less = data.draw(st.integers(0, n)), data.draw(st.integers(0, n))
    on_paper = (Decimal(abs(k - less)) * 100 / n).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert numbers.points(numbers.difference(k / n, less / n)).lstrip("\u2212") == f"{on_paper}"


def test_numbers_that_stand_side_by_side_can_be_subtracted_on_paper():
    assert [numbers.percent(share) for share in (0.9375, 0.9005, 0.1135)] == ["93.75%", "90.05%", "11.35%"]
    assert numbers.points(numbers.difference(0.9375, 0.9)) == "3.75"
    assert [numbers.number(value, 2) for value in (2.675, 1.005, -0.125)] == ["2.68", "1.01", "−0.13"]
    assert numbers.integer(2.5) == "3"


@given(st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True), st.integers(0, 3))
def test_a_share_that_is_neither_nothing_nor_all_is_never_written_so(share, digits):
    text = numbers.percent(share, digits)
    assert not text.startswith("100")
    assert text.startswith("<") or float(text.rstrip("%")) > 0


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (60000, None, "60\u202f000"),
        (0.27912, None, "0.2791"),
        (-1234.5, 1, "−1\u202f234.5"),
        (-0.0001, 2, "0.00"),
        (float("nan"), 2, "NaN"),
        (float("-inf"), 2, "−∞"),
        (3.2e-8, None, "3.2 × 10⁻⁸"),
        (0, None, "0"),
    ],
)
def test_a_number_is_grouped_and_has_a_real_minus_sign(value, digits, text):
    assert numbers.number(value, digits) == text


@pytest.mark.parametrize(("value", "text"), [(0.001, "0.001"), (1.0, "1"), (-0.5, "−0.5"), (12.25, "12.25")])
def test_a_chosen_number_is_written_as_it_was_chosen(value, text):
    assert numbers.exact(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0\u202fs"), (3.21, "3.2\u202fs"), (42.3, "42\u202fs"), (1263, "21.1\u202fmin"), (9000, "2.5\u202fh")],
)
def test_a_duration_has_a_fitting_unit(seconds, text):
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(12, "12\u202fB"), (2_000_000_000, "2.00\u202fGB"), (250_000_000, "250\u202fMB"), (999_900, "1.00\u202fMB")],
)
def test_a_number_of_bytes_has_a_fitting_unit(count, text):
    assert numbers.size(count) == text


@pytest.mark.parametrize(
    ("p", "text"), [(0.0001, "0.00010"), (0.4311, "0.43"), (1.0, "1.0"), (7.94e-57, "7.9 × 10⁻⁵⁷"), (0.0, "<10⁻³⁰⁰")]
)
def test_a_p_has_two_digits_and_is_never_zero(p, text):
    assert numbers.chance(p) == text
