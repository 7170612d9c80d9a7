"""The language of notes: Jinja2 in a sandbox, and how a value becomes text on its way out.

Notes may be written by anybody, so an expression can read and compute, and neither run anything nor grow without end.
Numbers are formatted here, so that text, table and figure write them alike; text from elsewhere (a word of a review,
the name of a class) is escaped.
"""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, cast

from jinja2 import StrictUndefined, Template, Undefined, nodes, pass_context
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.runtime import Context as TemplateContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from labreport.report import numbers
from labreport.report.document import escape
from labreport.report.findings.analysis import MissingValueError
from labreport.report.findings.scores import Measured, Quantity
from labreport.report.words import LANGUAGES, Words

VIEWS = "labreport.report.chapters.values"
"""Module whose functions and methods a note may call; nothing else can be called."""
COMMENTS: Mapping[str, Any] = {"comment_start_string": "{##", "comment_end_string": "##}"}
"""Of what is put into a note by Jinja2, whose own `{#` opens the id of a heading there."""
_DOLLARS = "thousand dollars"
_LARGEST = 10**18
"""Numbers in a note stay below this; the largest one that labreport itself puts in is a count of bytes."""


class Fragment(str):
    """Text that is Markdown already and must not be escaped."""

    __slots__ = ()


class Exact(float):
    """A number that was chosen, not measured: written in its shortest form (0.001), never rounded."""

    __slots__ = ()


class Chance(float):
    """A number into which chance enters, such as the mean of a score: its decimals are those of its run.

    What is computed from one is one, so that a lead that is worked out in a solution is written as in the table.
    """

    __slots__ = ()


RUN = "the run"
"""Under this name, which no note can write, a template gets the `Decimals` of its run."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 for notes that anybody may have written: expressions only, and none that can run or grow without end.

    There are no loops, macros or inclusions, so a note ends. It stays small: products and powers are limited, a format
    takes numbers only, no list or table can be made of others, and nothing can be called but what is defined
    here (no method of a text, such as `center`).
    """

    lists = False
    """Whether lists of values may be made: in the wordings of claims, which come with a lab or a language."""
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        written = list(tree.find_all(nodes.Node))  # once: to walk the tree costs as much as to read it
        for statement in written:
            if isinstance(statement, nodes.Stmt) and not isinstance(statement, (nodes.Output, nodes.Assign)):
                kind = type(statement).__name__.lower()
                raise TemplateSyntaxError(
                    f"a note may not hold '{kind}'; only values, {{{{ … }}}}, and {{% set … %}}.", statement.lineno
                )
        # Each could be doubled again and again; a note has no need of them.
        for values in written:
            listed = isinstance(values, (nodes.List, nodes.Tuple, nodes.Dict)) and not self.lists
            if listed and any(values.find_all(nodes.Name)):
                raise TemplateSyntaxError("a list or table may hold numbers and texts only, no names.", values.lineno)
        for constant in written:
            value = constant.value if isinstance(constant, nodes.Const) else None
            if isinstance(value, float) and not math.isfinite(value):
                raise TemplateSyntaxError("the number is too large.", constant.lineno)
        for joined in written:
            if isinstance(joined, nodes.Concat):
                raise TemplateSyntaxError("a note may not join texts with '~'.", joined.lineno)
        _check_claims(written)
        return tree

    def is_safe_callable(self, obj: Any) -> bool:
        """Return whether a note may call this: a name of the context, or a method of one of its views."""
        return getattr(obj, "__module__", None) == VIEWS and super().is_safe_callable(obj)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Compute a sum, product, power or format, unless its result would be huge.

        Raises:
            SecurityError: it would.
        """
        if operator == "%" and isinstance(left, str):
            if re.search(r"\d{3}|\*", left) or len(left) > 100:
                raise SecurityError(f"the format {left[:40]!r} is too wide")
            if not all(isinstance(part, (int, float)) for part in (right if isinstance(right, tuple) else (right,))):
                raise SecurityError("a format takes numbers only")
        elif not (isinstance(left, (int, float)) and isinstance(right, (int, float))):
            raise SecurityError(f"'{operator}' works on numbers only")
        elif operator == "**" and (abs(right) > 100 or abs(left) > _LARGEST):
            raise SecurityError("the power is too large")
        elif operator == "*" and isinstance(left, int) and max(abs(left), abs(right)) > _LARGEST:
            raise SecurityError("the product is too large")
        if operator == "-" and not (isinstance(left, int) and isinstance(right, int)):
            found: Any = numbers.difference(left, right)
        else:
            found = super().call_binop(context, operator, left, right)
        by_chance = isinstance(left, Chance) or isinstance(right, Chance)
        return Chance(found) if by_chance and isinstance(found, float) else found

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an attribute; the mean of what was measured is a number by chance."""
        found = super().getattr(obj, attribute)
        return Chance(found) if isinstance(obj, Quantity) and isinstance(found, float) else found


def _check_claims(written: Sequence[nodes.Node]) -> None:
    """Refuse claims that are named or made only in some runs: gate and comparison ask a note what it claims."""
    written_out = {id(call.node) for call in _claim_calls(written)}
    for name in written:
        if isinstance(name, nodes.Name) and name.name == "claim" and id(name) not in written_out:
            raise TemplateSyntaxError('a claim is made by its name, claim("…"), written out.', name.lineno)
    for choice in written:
        if isinstance(choice, (nodes.CondExpr, nodes.And, nodes.Or)) and any(_claim_calls(choice.find_all(nodes.Call))):
            raise TemplateSyntaxError(
                "a claim can't depend on a condition: its wording follows the run.", choice.lineno
            )


def _claim_calls(written: Iterable[nodes.Node]) -> Iterator[nodes.Call]:
    for call in written:
        if not isinstance(call, nodes.Call):
            continue
        named = isinstance(call.node, nodes.Name) and call.node.name == "claim" and len(call.args) == 1
        if named and isinstance(call.args[0], nodes.Const) and isinstance(call.args[0].value, str):
            yield call


def claimed(text: str) -> tuple[str, ...]:
    """Return the names of the claims that the text of a note makes, each once, in order.

    Raises:
        TemplateSyntaxError: the text is not one that a note may hold.
    """
    try:
        calls = list(_claim_calls(environment(LANGUAGES[0]).parse(text).find_all(nodes.Call)))
    except RecursionError:
        raise TemplateSyntaxError("an expression is nested too deeply.", 1) from None
    return tuple(dict.fromkeys(cast(nodes.Const, call.args[0]).value for call in calls))


@cache
def environment(language: str, *, lists: bool = False) -> Sandbox:
    """Return the sandbox of the notes of one language, or with `lists` of its wordings of claims."""
    words = Words(language)
    sandbox = Sandbox(
        undefined=StrictUndefined,
        autoescape=False,
        finalize=_finalized,
        keep_trailing_newline=True,
        **COMMENTS,
    )
    filters: dict[str, Callable[..., Any]] = {
        "percent": pass_context(lambda run, value: Fragment(numbers.percent(_plain(value), _digits(run, value)))),
        "number": pass_context(lambda run, value, digits=None: Fragment(_number(run, value, _few(digits)))),
        "code": lambda value: Fragment(f"`{str(value).replace('`', '')}`"),
        "integer": lambda value: Fragment(numbers.integer(_plain(value))),
        "points": pass_context(
            lambda run, value: Fragment(words("labs.points", value=numbers.points(_plain(value), _digits(run, value))))
        ),
        "bytes": lambda value: Fragment(numbers.size(_plain(value))),
        "dollars": pass_context(
            lambda run, value: Fragment(
                words("labs.dollars", value=numbers.number(_plain(value), _digits(run, value, _DOLLARS)))
            )
        ),
    }
    sandbox.filters = filters
    sandbox.globals.clear()
    sandbox.lists = lists
    return sandbox


@cache
def compiled(sandbox: Sandbox, source: str) -> Template:
    """Return a short template, such as the sentence of a claim, ready to be filled."""
    return sandbox.from_string(source)


@lru_cache(maxsize=32)
def compiled_note(sandbox: Sandbox, source: str) -> Template:
    """Return a note ready to be filled; one is often filled again, for each student with other numbers."""
    return sandbox.from_string(source)


def _few(digits: Any) -> int | None:
    if digits is None or (isinstance(digits, int) and 0 <= digits <= 20):
        return digits
    raise MissingValueError(f"number(…) takes 0 to 20 digits, not {named(digits)}.")


def exact(value: Any) -> Any:
    """Return a number of a setting as one that was chosen, everything else as it is."""
    return Exact(value) if isinstance(value, float) else value


def _plain(value: Any) -> float:
    if isinstance(value, Quantity):
        return value.mean
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise MissingValueError(f"A number was expected, not {named(value)}.")
    return value


def named(value: Any) -> str:
    """Return a value as an error names it: short, and without an address in memory."""
    if value is None or isinstance(value, (bool, int, float, str, tuple, list, dict)):
        return reprlib.repr(value)
    return f"a {type(value).__name__}" if not callable(value) else "a name that must be called, with ( )"


def _digits(context: TemplateContext, value: Any, unit: str = "share") -> int:
    """Return the decimals of a number: two, or over several seeds those that their spread supports."""
    decimals = context.get(RUN)
    found = decimals.by_spread(unit) if decimals and isinstance(value, (Chance, Quantity)) else None
    return numbers.SHARE_DIGITS if found is None else found


def _number(context: TemplateContext, value: Any, digits: int | None) -> str:
    """Return a number with as many digits as were asked for, or a score with those of the table of scores.

    A note asks for digits of what a single run gives; how many a mean over several seeds has, its spread says.
    """
    decimals = context.get(RUN)
    if decimals and isinstance(value, Measured):
        found = decimals.by_spread(value.unit, value.first.metric)
        digits = digits if found is None else found
    return numbers.number(_plain(value), digits)


@pass_context
def _finalized(context: TemplateContext, value: Any) -> Any:
    return _number(context, value, None) if isinstance(value, Measured) else shown(value)


def shown(value: Any) -> Any:
    """Turn what an expression gives into text: the last station of every value."""
    if isinstance(value, Fragment):
        return value
    if isinstance(value, Quantity):
        return numbers.number(value.mean)
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, bool) or value is None:
        raise MissingValueError(f"{value!r} can't stand in a text.")
    if isinstance(value, int):
        return numbers.integer(value)
    if isinstance(value, Exact):
        return numbers.exact(value)
    if isinstance(value, float):
        return numbers.number(value)
    if isinstance(value, Undefined):
        return value  # says itself what is missing
    if isinstance(value, (tuple, list)):
        return escape(str(value))
    raise MissingValueError(f"{named(value)} can't stand in a text.")
