"""Tables of the chapters that are made without a note: what ran, the data seen, the trainings one by one."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence

from msgspec import UNSET

from labreport.experiments.definitions import table
from labreport.experiments.result import Fingerprint, OwnRun, Result
from labreport.report import numbers
from labreport.report.chapters.tables.content import TableData, TableError
from labreport.report.document import Column, escape
from labreport.report.findings import analysis
from labreport.report.findings.claims.histories import unseeded
from labreport.report.findings.groups import Best, MeasuredGroup, Member, group_named
from labreport.report.numbers import UNKNOWN
from labreport.report.words import Words

MOST_TRAININGS = 60
"""Trainings that are listed."""
MOST_ARRAYS = 12
"""Arrays that are listed one by one."""
MOST_RATES = 6
"""Learning rates of one training that are listed."""


@table()
def run(result: Result, words: Words) -> TableData:
    """List what ran: the program or the log, its arguments, its seeds, and how it ended."""
    own = None if result.findings.own is UNSET else result.findings.own
    rows = [*(_program(own, words) if own else ()), ("seeds", _seeds(result, own, words))]
    rows += [("state", words(f"own.status_{result.status}")), ("duration", numbers.duration(analysis.seconds(result)))]
    return TableData(
        columns=(Column(title=words("tables.item")), Column(title=words("tables.content"))),
        rows=tuple((words(f"own.{key}"), text) for key, text in rows),
    )


@table()
def data_seen(result: Result, words: Words) -> TableData:
    """List the arrays that were given to the network, each with its fingerprint."""
    own = result.findings.own
    if own is UNSET or not own.data:
        raise TableError("no data were seen")
    return TableData(
        columns=(
            Column(title=words("own.part")),
            Column(title=words("own.array"), kind="code"),
            Column(title=words("own.shape"), kind="code"),
            Column(title=words("own.dtype"), kind="code"),
            Column(title=words("own.fingerprint"), kind="code"),
        ),
        rows=tuple(_seen(alike, words) for alike in _alike(own.data)),
    )


@table("trainings-GROUP")
def trainings(result: Result, words: Words, name: str) -> TableData:
    """List the trainings of a group: epochs, the best one, the watched value there and at the end, and how it ended."""
    group = group_named(result, name)
    key = escape(group.watched.key) if group.watched else ""
    watched = (
        (words(f"own.best_{group.axis}"), words("own.best_of", key=key), words("own.last_of", key=key)) if key else ()
    )
    heads = (words(f"own.{group.axis}s"), *watched)
    names = [_name(member, group) for member in group.members]
    if len(set(names)) < len(names):  # the folds of several seeds
        names = [
            words("own.of_seed", name=name, seed=UNKNOWN if member.training.seed is None else member.training.seed)
            for name, member in zip(names, group.members, strict=True)
        ]
    rows = [
        (name, *_values(member, best, bool(key)), _ending(member, words))
        for name, member, best in zip(names, group.members, group.each_best(), strict=True)
    ]
    return TableData(
        columns=(
            Column(title=words(f"own.kind_{group.kind or 'one'}")),
            *(Column(title=head, align="right", kind="number") for head in heads),
            Column(title=words("own.ending")),
        ),
        rows=tuple(rows[:MOST_TRAININGS]),
    )


@table()
def evaluations(result: Result, words: Words) -> TableData:
    """List what was measured and is not a score: its data could not be seen, or it is not known what is better."""
    values: dict[str, list[float]] = {}
    for measure in result.findings.measures:
        values.setdefault(measure.name, []).append(measure.value)
    if not values:
        raise TableError("nothing was measured besides scores")
    rows = [(escape(name), numbers.number(math.fsum(found) / len(found))) for name, found in values.items()]
    return TableData(
        columns=(
            Column(title=words("own.measured")),
            Column(title=words("tables.value"), align="right", kind="number"),
        ),
        rows=tuple(rows),
    )


@table("conditions-GROUP")
def conditions(result: Result, words: Words, name: str) -> TableData:
    """List how the trainings of a group were done, as far as it is known: what was compiled, the samples, the plan."""
    rows = [(words(f"own.{key}"), text) for key, text in known_conditions(result, group_named(result, name), words)]
    if not rows:
        raise TableError("nothing is known of how it was trained")
    return TableData(
        columns=(Column(title=words("tables.item")), Column(title=words("tables.content"))), rows=tuple(rows)
    )


def known_conditions(result: Result, group: MeasuredGroup, words: Words) -> list[tuple[str, str]]:
    """Return what is known of how the trainings of a group were done: the key of its word, and the text."""
    trainings = [member.training for member in group.members]
    model = next((model for model in result.findings.models if model.role == group.role), None)
    course = group.members[0].course
    rows: list[tuple[str, str]] = []
    if model is not None:
        rows += [("optimizer", escape(model.optimizer)), ("loss", escape(model.loss))]
    rates = _rates(group)
    phases = course.phases if course else ()
    if rates:
        rows.append(("rate", rates))
    elif model is not None and model.learning_rate and not phases:
        rows.append(("rate", numbers.exact(_float32(model.learning_rate))))
    for key, values in (
        ("batch", [training.batch_size for training in trainings]),
        ("train_samples", [training.train_samples for training in trainings]),
        ("validation_samples", [training.validation_samples for training in trainings]),
    ):
        if all(values):
            rows.append((key, _span([value for value in values if value])))
    if course and course.planned:
        rows.append(("planned", numbers.integer(course.planned)))
    if phases:
        rows.append(("phases", " + ".join(map(numbers.integer, phases))))
    if course and course.stopping:
        stopping = course.stopping
        restored = words("own.restored") if stopping.restore_best_weights else ""
        patience = UNKNOWN if stopping.patience is None else numbers.integer(stopping.patience)
        rows.append(
            ("stopping", words("own.stopping_rule", key=f"`{_code(stopping.monitor)}`", patience=patience) + restored)
        )
    return [(key, text) for key, text in rows if text]


def _rates(group: MeasuredGroup) -> str:
    """Return the learning rates in the order in which a callback set them; nothing where none is in the history."""
    curve = next((one for key in ("learning_rate", "lr") if (one := group.members[0].curve(key))), None)
    if curve is None:
        return ""
    seen = list(dict.fromkeys(numbers.exact(_float32(value)) for value in curve.finite().values))
    return " → ".join(seen if len(seen) <= MOST_RATES else [*seen[:2], "…", seen[-1]])


def _float32(value: float) -> float:
    """Return a number as it was given before a network kept it in 32 bits: 0.01, not 0.00999999978."""
    return float(f"{value:.6g}")


def _span(values: list[int]) -> str:
    low, high = numbers.integer(min(values)), numbers.integer(max(values))
    return low if low == high else f"{low}–{high}"


def _program(own: OwnRun, words: Words) -> list[tuple[str, str]]:
    rows = []
    if own.script is not None:
        rows.append(("script", f"`{_code(own.script.name)}`"))
        if own.script.arguments:
            rows.append(("arguments", f"`{_code(shlex.join(own.script.arguments))}`"))
        if own.script.exit_code is not None:
            rows.append(("exit_code", escape(str(own.script.exit_code))))
    if own.form:
        rows.append(("format", escape(own.form)))
    if own.files:
        rows.append(("files", words("figures.comma").join(f"`{_code(file.name)}`" for file in own.files)))
    return rows


def _seeds(result: Result, own: OwnRun | None, words: Words) -> str:
    if own and own.seeding:
        calls = words("figures.comma").join(f"{escape(call.library)} {call.value}" for call in own.seeding)
        return words("own.seeded_by_script", calls=calls)
    none = words("own.not_set") if unseeded(result) else UNKNOWN
    return words("figures.comma").join(map(str, result.seeds)) or none


def _alike(data: Sequence[Fingerprint]) -> list[list[Fingerprint]]:
    """Return the arrays one by one, or, where there are many (those of each fold), together with others like them."""
    if len(data) <= MOST_ARRAYS:
        return [[item] for item in data]
    found: dict[tuple[object, ...], list[Fingerprint]] = {}
    for item in data:
        found.setdefault((item.role, item.part, item.shape, item.dtype, item.kind), []).append(item)
    return list(found.values())


def _seen(alike: Sequence[Fingerprint], words: Words) -> tuple[str, ...]:
    item = alike[0]
    shape = f"({', '.join(map(str, item.shape))}{',' if len(item.shape) == 1 else ''})" if item.shape else UNKNOWN
    if len(alike) > 1:
        mark = words("own.arrays", count=len(alike))
    elif item.sha256 is None:
        mark = words("own.not_seen")
    else:
        mark = item.sha256[:16] + (words("own.sampled") if item.sampled else "")
    return words(f"own.role_{item.role}"), item.part, shape, item.dtype or item.kind, mark


def _name(member: Member, group: MeasuredGroup) -> str:
    training = member.training
    if group.kind == "seed" and training.seed is not None:
        return str(training.seed)
    return str(training.fold or member.number)


def _values(member: Member, best: Best | None, watched: bool) -> tuple[str, ...]:
    epochs = numbers.integer(member.training.epochs)
    if not watched:
        return (epochs,)
    if best is None:
        return epochs, UNKNOWN, UNKNOWN, UNKNOWN
    return epochs, numbers.integer(best.epoch), numbers.number(best.value), numbers.number(best.last)


def _ending(member: Member, words: Words) -> str:
    text = words(f"own.ending_{member.ending}")
    broken = member.broken_at()
    return words("own.from_epoch", text=text, epoch=numbers.integer(broken)) if broken else text


def _code(text: str) -> str:
    return text.replace("`", "'").replace("\n", " ")
