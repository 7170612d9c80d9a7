"""Live examples: a few lines of code and what they really printed.

An example is written as a function, so that it is checked like all code, but only its body is shown and run. What is
shown is what is run: the body's text is cut out of the source and executed line for line in a namespace of its own,
as a student would type it. The names it defined are handed back, so that the next example can use them and a
measured number comes from the very example that prints it.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labreport.experiments.result import Example

_AFFIX = "example"


@dataclass(frozen=True, kw_only=True)
class Captured:
    """An example that has run."""

    example: Example
    values: Mapping[str, Any]
    """The names that the code defined, with their values at its end."""


def capture(function: Callable[..., None], **given: Any) -> Example:
    """Run an example and return its code with what it printed; see `run_example`."""
    return run_example(function, **given).example


def run_example(function: Callable[..., None], **given: Any) -> Captured:
    """Run the body of a function as an example.

    An error that the example is meant to show is caught and printed in its own code.

    Args:
        function: named `example_NAME` or `NAME_example` or `NAME`. Its body must not return; its docstring isn't
            shown. It may use the names of its module and of the function it is defined in.
        given: values of the function's parameters. Plain numbers and words are shown as assignments at the head of
            the code, since the reader would otherwise not know them; arrays and models are not.

    Raises:
        TypeError: the values given are not those that the function asks for.
        Exception: whatever the code raises, with the name of the example added.
    """
    inspect.signature(function).bind(**given)
    name = function.__name__.removeprefix(f"{_AFFIX}_").removesuffix(f"_{_AFFIX}")
    plain = [f"{key} = {value!r}\n" for key, value in given.items() if isinstance(value, bool | int | float | str)]
    code = "".join([*plain, "\n" if plain else "", body_source(function)])
    known = {**function.__globals__, **inspect.getclosurevars(function).nonlocals, **given}
    namespace = dict(known)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(code, f"<example {name}>", "exec", dont_inherit=True), namespace)
    except Exception as error:
        error.add_note(f"in the example {name!r} of {function.__module__}")
        raise
    defined = {key: value for key, value in namespace.items() if key not in known or value is not known[key]}
    return Captured(example=Example(name=name, code=code, output=printed.getvalue().rstrip("\n")), values=defined)


def body_source(function: Callable[..., Any]) -> str:
    """Return the dedented text of a function's body, comments included, without its docstring."""
    source = textwrap.dedent(inspect.getsource(function))
    lines = source.splitlines()
    definition = ast.parse(source).body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise TypeError(f"{function.__qualname__} is not written as a function with def")
    statements = definition.body
    first = statements[1] if ast.get_docstring(definition) is not None and len(statements) > 1 else statements[0]
    start = first.lineno
    while lines[start - 2].lstrip().startswith("#"):
        start -= 1
    return textwrap.dedent("\n".join(lines[start - 1 : definition.end_lineno]))
