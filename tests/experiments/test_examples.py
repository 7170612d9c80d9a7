"""Live examples: what is shown is what ran, and what it printed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from labreport.experiments.examples import body_source, capture, run_example

FACTOR = 7


def example_sum() -> None:
    """Not shown."""
    # shown
    x = 1 + 1
    if x:
        print("sum", x)


def test_the_code_is_the_body_dedented_with_comments_and_without_docstring() -> None:
    example = capture(example_sum)
    assert example.code == '# shown\nx = 1 + 1\nif x:\n    print("sum", x)'


def test_the_output_is_what_the_code_printed_and_nothing_reaches_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert capture(example_sum).output == "sum 2"
    assert capsys.readouterr().out == ""


def test_the_name_loses_the_word_example() -> None:
    def padding_example() -> None:
        print()

    assert capture(example_sum).name == "sum"
    assert capture(padding_example).name == "padding"


def test_plain_values_given_are_shown_as_assignments_and_arrays_are_not() -> None:
    def given(words: int, values: NDArray[Any]) -> None:
        print(values.sum() * words)

    example = capture(given, words=3, values=np.array([1, 2]))
    assert example.code == "words = 3\n\nprint(values.sum() * words)"
    assert example.output == "9"


def test_the_code_shown_runs_by_itself_to_the_same_output(capsys: pytest.CaptureFixture[str]) -> None:
    example = capture(example_sum)
    exec(example.code, {})
    assert capsys.readouterr().out.rstrip("\n") == example.output


def test_the_names_that_the_code_defined_are_handed_back() -> None:
    def squares(count: int) -> None:
        squares = [number * number for number in range(count)]
        print(squares)

    values = run_example(squares, count=3).values
    assert values["squares"] == [0, 1, 4]
    assert "count" not in values


def test_names_of_the_module_and_of_the_function_around_are_known() -> None:
    local = 6

    def product() -> None:
        print(local * FACTOR)

    assert capture(product).output == "42"


def test_an_example_leaves_its_module_as_it_was() -> None:
    capture(example_sum)
    assert "x" not in globals()


def test_an_error_that_the_example_does_not_catch_names_the_example() -> None:
    def broken() -> None:
        print(1 / 0)

    with pytest.raises(ZeroDivisionError) as raised:
        capture(broken)
    assert any("broken" in note for note in raised.value.__notes__)


def test_a_missing_or_superfluous_value_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        capture(example_sum, words=3)


def test_a_body_on_several_lines_keeps_its_inner_indentation() -> None:
    def loop() -> None:
        for number in range(2):
            # within
            print(number)

    assert body_source(loop) == "for number in range(2):\n    # within\n    print(number)"
