"""What a note may name: settings, data, scores, trainings, claims — each bound to the run.

A note is a Jinja2 template in a sandbox. The names below are all it sees; a name that the run does not have fails and
names note and line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from labreport.experiments.definitions import CLAIMS
from labreport.experiments.registry import additions
from labreport.experiments.registry.additions import Additions
from labreport.experiments.result import DataCard, Fold, Layer, Result
from labreport.report.chapters import automatic
from labreport.report.chapters.claim_words import Said, evidence_id, reason, sentence
from labreport.report.chapters.sandbox import RUN, Chance, Exact, Fragment, exact, shown
from labreport.report.chapters.variants import Variant
from labreport.report.document import VERDICT_MARKS, escape
from labreport.report.findings import analysis, claims
from labreport.report.findings.analysis import MissingValueError
from labreport.report.findings.digits import Decimals
from labreport.report.findings.earlier import settings_of
from labreport.report.findings.scores import Quantity
from labreport.report.words import Words

WITHIN = "within_directive"
"""Name by which a note that is being filled says where it is."""


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
        return analysis.turn_of_role(self.result, self.role)

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
        """Least validation MAE of a fold at the best epoch."""
        return Chance(min(analysis.fold_errors(self.result).values()))

    @property
    def spread_high(self) -> float:
        """Greatest validation MAE of a fold at the best epoch."""
        return Chance(max(analysis.fold_errors(self.result).values()))

    def best(self, key: str) -> float:
        """Return the curve's value at its own best epoch: the smoothed curve's minimum in cross-validation."""
        if self.role == analysis.FOLD and key == "val_mae":
            return Chance(self._turn.best)
        return Chance(analysis.turn(self.result, self.role, key).best)

    def at_best(self, key: str) -> float:
        """Return a curve's value at the best epoch."""
        return Chance(analysis.value_at(self.result, self.role, key, self.best_epoch))

    def first(self, key: str) -> float:
        """Return a curve's value after the first epoch."""
        return Chance(analysis.mean_curve(self.result, self.role, key)[0])

    def last(self, key: str) -> float:
        """Return a curve's value after the last epoch."""
        return Chance(analysis.mean_curve(self.result, self.role, key)[-1])


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
class Missing:
    """Something that a note asks for and only its lab could give, where that lab's source can't be had."""

    kind: str
    """claim, figure or table."""
    name: str


class Context:
    """Everything that a note of one run may name, and what it said.

    Args:
        result: the run.
        language: of the note.
        cited: whether a claim is followed by a mark that leads to its evidence.
        own: what the lab defines for its own notes.
        variant: whose numbers the exercises have, such as the number of a student; empty: those of the book.
    """

    def __init__(
        self,
        result: Result,
        language: str,
        *,
        cited: bool = False,
        own: Additions = additions.NOTHING,
        variant: str = "",
    ) -> None:
        self.result = result
        self.variant = Variant(name=variant, lab=result.lab)
        self.own = own
        self.missing: list[Missing] = []
        self._cited = cited
        self.language = language
        self.words = Words(language)
        self.said: dict[str, Said] = {}

    def names(self) -> dict[str, Any]:
        """Return the names for the template."""
        result = self.result
        return {
            RUN: Decimals(result),
            "settings": Names("setting", {name: exact(value) for name, value in settings_of(result).items()}),
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
            "own": Names("fact of a run of one's own", automatic.facts(result)),
            "claim": self.claim,
            "drawn": self._drawn,
            "answer": self._answer,
            WITHIN: self._within,
        }

    def claim(self, name: str) -> Fragment:
        """Return the sentence of a claim, worded by its verdict; at its first place with why a record can't answer."""
        why = ""
        if name not in self.said:
            if self.own.problem and not CLAIMS.knows(name):
                return Fragment(self.lost("claim", name))
            stated = claims.state(name, self.result, self.own.claims)
            text = sentence(stated, self.result, self.language, explained=False)
            self.said[name] = Said(claim=stated, text=text)
            why = reason(stated, self.language)
        said = self.said[name]
        mark = f"[{VERDICT_MARKS[said.claim.verdict]}](#{evidence_id(self.result.lab, name)})" if self._cited else ""
        return Fragment(said.text + why + mark)

    def _drawn(self, name: str, first: float, last: float, step: float = 1) -> int | float:
        return self.variant.drawn(name, first, last, step)

    def _answer(
        self,
        value: float,
        *,
        part: str = "",
        tolerance: float | None = None,
        unit: str = "",
        digits: int | None = None,
    ) -> Fragment:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise MissingValueError("answer(…) takes a number.")
        return Fragment(self.variant.answer(value, part=part, tolerance=tolerance, unit=unit, digits=digits))

    def _within(self, kind: str, exercise: str) -> Fragment:
        """Note which directive of which exercise is filled next; the reader of notes writes this, no author does."""
        self.variant.kind, self.variant.exercise = kind, exercise
        return Fragment("")

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
    return Fragment(value if isinstance(value, str) else str(shown(exact(value))))
