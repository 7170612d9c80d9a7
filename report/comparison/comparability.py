"""Whether two runs of a lab may be compared at all, and whether their seeds belong together.

Numbers measured on other data, after another length of training or by another version of the lab answer another
question; they are shown without a verdict. A difference of source, settings or versions does not prevent a comparison:
it is what a comparison is made for.
"""

from __future__ import annotations

from labreport.experiments.result import Result
from labreport.report.chapters.marks import is_sample
from labreport.report.comparison.record import Reason
from labreport.report.numbers import UNKNOWN

SAME_START = ("lab", "engine", "data", "keras", "tensorflow", "numpy")
"""Parts of a run's key on which initial weights and the order of samples depend, besides seeds, models and sizes."""


def obstacles(a: Result, b: Result) -> tuple[Reason, ...]:
    """Return why the numbers of two runs of a lab can't be compared; nothing where they can."""
    found = []
    for side, result in (("A", a), ("B", b)):
        if result.status != "complete":
            failure = result.failure
            message = f"{failure.kind}: {failure.message}" if failure else result.status
            found.append(Reason(code=result.status, values={"side": side, "message": message.partition("\n")[0]}))
    if a.lab_version != b.lab_version:
        found.append(_differ("lab_version", a.lab_version, b.lab_version))
    if a.profile != b.profile:
        found.append(_differ("profile", a.profile, b.profile))
    card_a, card_b = a.findings.data, b.findings.data
    if card_a is None or card_b is None:
        if card_a is not card_b and not found:
            found.append(_differ("data_name", card_a.name if card_a else UNKNOWN, card_b.name if card_b else UNKNOWN))
    elif card_a.name != card_b.name:
        found.append(_differ("data_name", card_a.name, card_b.name))
    elif card_a.source != card_b.source:
        found.append(_differ("data_source", card_a.source, card_b.source))
    elif hashes(a) != hashes(b):
        found.append(_differ("data_hash", ", ".join(sorted(hashes(a))), ", ".join(sorted(hashes(b)))))
    return tuple(found)


def hashes(result: Result) -> frozenset[str]:
    """Return the short hashes of the files that a run read."""
    card = result.findings.data
    return frozenset(file.sha256[:12] for file in card.files) if card else frozenset()


def paired(a: Result, b: Result) -> bool:
    """Return whether runs with equal seeds began with the same weights and saw the samples in the same order.

    That needs the same seeds, source of lab and engine, data and versions of the libraries that draw the numbers; the
    same models layer by layer; and for each training as many samples in batches of the same size. Settings that change
    neither (a learning rate, a number of epochs) may differ.
    """
    if set(a.seeds) != set(b.seeds) or not a.findings.models:
        return False
    if any(a.key_parts.get(part) != b.key_parts.get(part) for part in SAME_START):
        return False
    return _shapes(a) == _shapes(b) and _sizes(a) == _sizes(b)


def remarks(a: Result, b: Result) -> tuple[Reason, ...]:
    """Return what a reader should know of the two runs besides their differences."""
    found = []
    if a.run_id == b.run_id and a == b:
        found.append(Reason(code="same_run", values={"run": a.run_id}))
    elif a.key == b.key:
        found.append(Reason(code="same_key"))
    found += _of_sides("sample", is_sample(a), is_sample(b))
    found += _of_sides("quick", a.profile == "quick", b.profile == "quick")
    if a.findings.trainings and b.findings.trainings:
        count_a, count_b = len(a.seeds), len(b.seeds)
        if count_a == count_b == 1:
            found.append(Reason(code="single_runs", values={"a": str(a.seeds[0]), "b": str(b.seeds[0])}))
        elif count_a != count_b:
            found.append(Reason(code="seed_numbers", values={"a": str(count_a), "b": str(count_b)}))
    return tuple(found)


def _of_sides(code: str, a: bool, b: bool) -> list[Reason]:
    if a and b:
        return [Reason(code=f"{code}_both")]
    return [Reason(code=code, values={"side": side}) for side, holds in (("A", a), ("B", b)) if holds]


def _differ(code: str, a: str, b: str) -> Reason:
    return Reason(code=code, values={"a": a, "b": b})


def _shapes(result: Result) -> set[object]:
    return {
        (
            model.role,
            model.input_shape,
            tuple((layer.kind, layer.output_shape, layer.activation, layer.parameters) for layer in model.layers),
        )
        for model in result.findings.models
    }


def _sizes(result: Result) -> set[object]:
    return {(fit.role, fit.fold, fit.train_samples, fit.batch_size) for fit in result.findings.trainings}
