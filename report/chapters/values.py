"""What a note may name: settings, data, scores, trainings, claims — each bound to the run.

A note is a Jinja2 template in a sandbox. The names below are all it sees; a name that the run does not have fails and
tells note and line. Numbers are formatted on their way out, so that text, table and figure write them alike; foreign
text (a word of a review, the name of a class) is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from jinja2 import StrictUndefined, Template, nodes
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from labreport.experiments import additions
from labreport.experiments.additions import Additions
from labreport.experiments.result import DataCard, Fold, Layer, Result
from labreport.report import numbers
from labreport.report.document import VERDICT_MARKS, escape
from labreport.report.findings import analysis, claims
from labreport.report.findings.analysis import MissingValueError, Quantity
from labreport.report.findings.claims import wording
from labreport.report.words import Language, Words


class Fragment(str):
    """Text that is Markdown already and must not be escaped."""

    __slots__ = ()


class Exact(float):
    """A number that was chosen, not measured: written in its shortest form (0.001), never rounded."""

    __slots__ = ()


@dataclass(frozen=True)
class Names:
    """Attributes read from a table; an unknown one is an error that lists the known ones."""

    kind: str
    table: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self.table[name]
        except KeyError:
            known = ", ".join(sorted(self.table))
            raise MissingValueError(f"No {self.kind} '{name}'; there are {known}.") from None


@dataclass(frozen=True)
class TrainingView:
    """A role's training as a note sees it."""

    result: Result
    role: str

    @cached_property
    def _first(self) -> Any:
        return analysis.trainings(self.result, self.role)[0]

    @cached_property
    def _turn(self) -> analysis.Turn:
        if self.role == "fold":
            return analysis.smoothed_turn(self.result)
        return analysis.turn(self.result, self.role)

    @property
    def epochs(self) -> int:
        """Epochs trained."""
        return int(self._first.epochs)

    @property
    def batch_size(self) -> int:
        """Samples in one batch."""
        return int(self._first.batch_size)

    @property
    def train_samples(self) -> int:
        """Samples trained on."""
        return int(self._first.train_samples)

    @property
    def validation_samples(self) -> int:
        """Samples held out."""
        return int(self._first.validation_samples)

    @property
    def steps(self) -> int:
        """Updates in one epoch; the last batch may be smaller."""
        return -(-self.train_samples // self.batch_size)

    @property
    def best_epoch(self) -> int:
        """Epoch of the minimum of the validation loss; in cross-validation of the smoothed validation MAE."""
        return self._turn.best_epoch

    @property
    def spread_low(self) -> float:
        """Least validation MAE of a fold at the last epoch."""
        return analysis.fold_spread(self.result)[0]

    @property
    def spread_high(self) -> float:
        """Greatest validation MAE of a fold at the last epoch."""
        return analysis.fold_spread(self.result)[1]

    def best(self, key: str) -> float:
        """Return the curve's value at its own best epoch: the smoothed curve's minimum in cross-validation."""
        if self.role == "fold" and key == "val_mae":
            return self._turn.best
        return analysis.turn(self.result, self.role, key).best

    def at_best(self, key: str) -> float:
        """Return a curve's value at the best epoch."""
        return analysis.mean_curve(self.result, self.role, key)[self.best_epoch - 1]

    def first(self, key: str) -> float:
        """Return a curve's value after the first epoch."""
        return analysis.mean_curve(self.result, self.role, key)[0]

    def last(self, key: str) -> float:
        """Return a curve's value after the last epoch."""
        return analysis.mean_curve(self.result, self.role, key)[-1]


@dataclass(frozen=True)
class ModelView:
    """A model as a note sees it."""

    result: Result
    role: str

    @property
    def parameters(self) -> int:
        """Trainable parameters."""
        return analysis.model(self.result, self.role).parameters

    @property
    def learning_rate(self) -> float:
        """Learning rate of the optimizer."""
        return Exact(analysis.model(self.result, self.role).learning_rate)

    def layer(self, position: int) -> Names:
        """Return a layer by position from 0: its parameters, its output size, its name."""
        layer: Layer = analysis.model(self.result, self.role).layers[position]
        return Names(
            "part of a layer",
            {"parameters": layer.parameters, "output": layer.output_shape[-1] or 0, "name": layer.name},
        )


@dataclass(frozen=True, kw_only=True)
class Said:
    """A claim as the report says it."""

    claim: claims.Claim
    text: str


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Something that a note asks for and only its lab could give, where that lab's source can't be had."""

    kind: str
    """claim, figure or table."""
    name: str


def evidence_id(lab: str, claim: str) -> str:
    """Return the id of a claim's row in the table of evidence."""
    return f"{lab}-claim-{claim}"


class Context:
    """Everything that a note of one run may name, and what it said.

    Args:
        result: the run.
        language: of the note.
        cited: whether a claim, where it is made first, is followed by a mark that leads to its evidence.
        own: what the lab defines for its own notes.
    """

    def __init__(
        self, result: Result, language: Language, *, cited: bool = False, own: Additions = additions.NOTHING
    ) -> None:
        self.result = result
        self.own = own
        self.missing: list[Missing] = []
        self._cited = cited
        self.language: Language = language
        self.words = Words(language)
        self.said: dict[str, Said] = {}
        self._environment = environment(language)

    def names(self) -> dict[str, Any]:
        """Return the names for the template."""
        result = self.result
        return {
            "settings": Names("setting", {name: _exact(value) for name, value in result.settings.items()}),
            "data": Names("entry of the data card", _data_names(result.findings.data)),
            "score": lambda name: analysis.score(result, name),
            "baseline": lambda name: analysis.baseline(result, name),
            "measure": self._measure,
            "series": lambda name: analysis.series(result, name),
            "training": lambda role: TrainingView(result, role),
            "model": lambda role: ModelView(result, role),
            "fold": self._fold,
            "seeds": len(result.seeds),
            "const": _constant,
            "claim": self.claim,
        }

    def claim(self, name: str) -> Fragment:
        """Return the sentence of a claim, worded by its verdict."""
        mark = ""
        if name not in self.said:
            if self.own.problem and not additions.CLAIMS.knows(name):
                return Fragment(self.lost("claim", name))
            stated = claims.state(name, self.result, self.own.claims)
            definition = claims.defined(name, self.own.claims)
            sentence = wording.sentence(definition, stated.verdict, self.language, self.result.lab)
            template = _compiled(self._environment, sentence)
            text = template.render(**stated.numbers, holds=stated.holds, seeds=stated.seeds)
            self.said[name] = Said(claim=stated, text=text)
            if self._cited:
                mark = f"[{VERDICT_MARKS[stated.verdict]}](#{evidence_id(self.result.lab, name)})"
        return Fragment(self.said[name].text + mark)

    def lost(self, kind: str, name: str) -> str:
        """Return the sentence in place of what only the lab could give, and remember that it is missing."""
        self.missing.append(Missing(kind=kind, name=name))
        return self.words(f"labs.missing_{kind}", name=escape(name))

    def _measure(self, name: str) -> int | float | bool | Quantity:
        found = analysis.measure(self.result, name)
        return found.values[0] if len(set(found.values)) == 1 else found

    def _fold(self, number: int) -> Names:
        folds = self.result.findings.folds
        if not 1 <= number <= len(folds):
            raise MissingValueError(f"No fold {number}; there are {len(folds)}.")
        found: Fold = folds[number - 1]
        return Names(
            "part of a fold",
            {
                "train_samples": found.train_samples,
                "validation_samples": found.validation_samples,
                "first": found.validation[0],
                "last": found.validation[1] - 1,
            },
        )


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 for notes that anybody may have written: expressions only, and none that can run or grow without end.

    There are no loops, macros or inclusions, so a note ends; products, powers and formats are limited, and nothing can
    be called but what is defined here (no method of a text, such as `center`): it stays small.
    """

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for statement in tree.find_all(nodes.Stmt):
            if not isinstance(statement, (nodes.Output, nodes.Assign)):
                kind = type(statement).__name__.lower()
                raise TemplateSyntaxError(
                    f"a note may not hold '{kind}'; only values, {{{{ … }}}}, and {{% set … %}}.", statement.lineno
                )
        # Joining texts could double them again and again; a note has no need of it.
        for joined in tree.find_all(nodes.Concat):
            raise TemplateSyntaxError("a note may not join texts with '~'.", joined.lineno)
        return tree

    def is_safe_callable(self, obj: Any) -> bool:
        """Return whether a note may call this: a name of the context, or a method of one of its views."""
        return getattr(obj, "__module__", None) == __name__ and super().is_safe_callable(obj)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Compute a sum, product, power or format, unless its result would be huge.

        Raises:
            SecurityError: it would.
        """
        if operator == "%" and isinstance(left, str):
            if re.search(r"\d{3}|\*", left) or len(left) > 100:
                raise SecurityError(f"the format {left[:40]!r} is too wide")
        elif not (isinstance(left, (int, float)) and isinstance(right, (int, float))):
            raise SecurityError(f"'{operator}' works on numbers only")
        elif operator == "**" and (abs(right) > 100 or abs(left) > _LARGEST):
            raise SecurityError("the power is too large")
        elif operator == "*" and isinstance(left, int) and max(abs(left), abs(right)) > _LARGEST:
            raise SecurityError("the product is too large")
        return super().call_binop(context, operator, left, right)


_LARGEST = 10**18
"""Numbers in a note stay below this; the largest one of our own is a count of bytes."""


@cache
def environment(language: Language) -> Sandbox:
    """Return the sandbox of the notes of one language."""
    words = Words(language)
    sandbox = Sandbox(
        undefined=StrictUndefined,
        autoescape=False,
        finalize=shown,
        keep_trailing_newline=True,
        # Jinja's own `{#` opens the id of a heading in the notes.
        comment_start_string="{##",
        comment_end_string="##}",
    )
    filters: dict[str, Callable[..., Any]] = {
        "percent": lambda value: Fragment(_percent(value)),
        "number": lambda value, digits=None: Fragment(numbers.number(_plain(value), _few(digits))),
        "integer": lambda value: Fragment(numbers.integer(_plain(value))),
        "points": lambda value: Fragment(words("labs.points", value=numbers.points(_plain(value)))),
        "bytes": lambda value: Fragment(numbers.size(_plain(value))),
        "dollars": lambda value: Fragment(words("labs.dollars", value=numbers.integer(_plain(value) * 1000))),
    }
    sandbox.filters = filters
    sandbox.globals.clear()
    return sandbox


@cache
def _compiled(sandbox: Sandbox, source: str) -> Template:
    return sandbox.from_string(source)


def _data_names(card: DataCard | None) -> dict[str, Any]:
    if card is None:
        return {}
    names = {field: getattr(card, field) for field in card.__struct_fields__}
    return names | {
        "classes": len(card.class_names),
        "features": len(card.feature_names) or (card.sample_shape[-1] if card.sample_shape else 0),
    }


def _constant(value: object) -> Fragment:
    """Mark a number as a constant of the text: it does not speak of the run."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise MissingValueError("const(…) takes a number or a text.")
    return Fragment(value if isinstance(value, str) else str(shown(_exact(value))))


def _few(digits: Any) -> int | None:
    if digits is None or (isinstance(digits, int) and 0 <= digits <= 20):
        return digits
    raise MissingValueError(f"number(…) takes 0 to 20 digits, not {digits!r}.")


def _exact(value: Any) -> Any:
    return Exact(value) if isinstance(value, float) else value


def _plain(value: Any) -> float:
    if isinstance(value, Quantity):
        return value.mean
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise MissingValueError(f"A number was expected, not {value!r}.")
    return value


def _percent(value: Any) -> str:
    return numbers.percent(_plain(value))


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
    return value
