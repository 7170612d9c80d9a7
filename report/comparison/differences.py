"""What differs between two runs besides their numbers: settings, data, versions, machine, listings, claims.

Equal things are counted, not listed, unless everything is asked for. Values become plain text here, so that the record
needs no types of its own for them.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from labreport.experiments.result import Example, Layer, Result
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.comparison.record import ClaimChange, Fact, TextChange
from labreport.report.findings import claims
from labreport.report.numbers import exact

GROUPS = ("setting", "seed", "data", "model", "source", "package", "tool", "machine", "git", "measure")
"""Groups of facts, in the order in which a reader wants them."""
_SHORT = 12
"""Digits of a hash that are shown."""


def facts(a: Result, b: Result) -> tuple[Fact, ...]:
    """Return every plain fact about two runs, equal or not, in the order of `GROUPS`."""
    found: list[Fact] = []
    for group in GROUPS:
        before, after = (dict(_FACTS[group](result)) for result in (a, b))
        found += [Fact(group=group, name=name, a=before.get(name), b=after.get(name)) for name in {**before, **after}]
    return tuple(found)


def equal_facts(found: Sequence[Fact]) -> dict[str, int]:
    """Return the number of equal facts in each group that has any."""
    return dict(Counter(fact.group for fact in found if not fact.changed))


def texts(a: Result, b: Result) -> tuple[tuple[TextChange, ...], int]:
    """Return the listings and examples that differ, as unified diffs, and the number of equal ones."""
    kinds: tuple[tuple[str, Callable[[Result], Mapping[str, str]]], ...] = (
        ("listing", lambda result: {item.name: item.source for item in result.findings.listings}),
        ("example", lambda result: {item.name: _printed(item) for item in result.findings.examples}),
    )
    found: list[TextChange] = []
    equal = 0
    for kind, texts_of in kinds:
        before, after = texts_of(a), texts_of(b)
        for name in {**before, **after}:
            if before.get(name) == after.get(name):
                equal += 1
                continue
            diff = unified(before.get(name, ""), after.get(name, ""))
            found.append(TextChange(kind="listing" if kind == "listing" else "example", name=name, diff=diff))
    return tuple(found), equal


def source_changes(lab: str, a: Mapping[str, str] | None, b: Mapping[str, str] | None) -> tuple[TextChange, ...]:
    """Return the source files of a lab that differ, as unified diffs; nothing where one side's are not kept."""
    if a is None or b is None:
        return ()
    return tuple(
        TextChange(kind="source", name=name or f"{lab}.py", diff=unified(a.get(name, ""), b.get(name, "")))
        for name in {**a, **b}
        if a.get(name) != b.get(name)
    )


def unified(before: str, after: str) -> str:
    """Return a unified diff with three lines of context and without a head, ending without a newline."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "A", "B", lineterm="")
    return "\n".join(list(lines)[2:])


def claim_changes(a: Result, b: Result, notes: NotesInUse) -> tuple[ClaimChange, ...]:
    """Return the verdict of every claim that a chapter of the runs makes and at least one of them can tell."""
    own = notes.own(a.lab).claims
    found = []
    for name in dict.fromkeys((*notes.made(a), *notes.made(b))):
        before, after = claims.state(name, a, own), claims.state(name, b, own)
        if before.verdict == after.verdict == "unknown":
            continue
        found.append(
            ClaimChange(
                name=name,
                a=before.verdict,
                b=after.verdict,
                holds_a=before.holds,
                runs_a=before.seeds,
                holds_b=after.holds,
                runs_b=after.seeds,
            )
        )
    return tuple(found)


def _printed(example: Example) -> str:
    output = "".join(f"\n# → {line}" for line in example.output.rstrip("\n").splitlines())
    return example.code.rstrip("\n") + output


def _settings(result: Result) -> Iterator[tuple[str, str]]:
    for name, value in result.settings.items():
        yield name, _shown(value)


def _seeds(result: Result) -> Iterator[tuple[str, str]]:
    yield "seeds", ", ".join(map(str, result.seeds))


def _data(result: Result) -> Iterator[tuple[str, str]]:
    card = result.findings.data
    if card is None:
        return
    yield "name", card.name
    yield "source", card.source
    yield "train_samples", str(card.train_samples)
    yield "test_samples", str(card.test_samples)
    for file in card.files:
        yield file.name, file.sha256[:_SHORT]


def _models(result: Result) -> Iterator[tuple[str, str]]:
    for model in result.findings.models:
        yield f"{model.role}: layers", " → ".join(_layer(layer) for layer in model.layers)
        yield f"{model.role}: parameters", str(model.parameters)
        yield f"{model.role}: optimizer", model.optimizer
        yield f"{model.role}: learning_rate", exact(model.learning_rate)
        yield f"{model.role}: loss", model.loss


def _layer(layer: Layer) -> str:
    inside = [*map(str, layer.output_shape[1:]), *([layer.activation] if layer.activation else [])]
    return f"{layer.kind}({', '.join(inside)})"


def _source(result: Result) -> Iterator[tuple[str, str]]:
    yield "lab_version", result.lab_version
    yield "profile", result.profile
    for part in ("lab", "engine"):
        if part in result.key_parts:
            yield part, result.key_parts[part][:_SHORT]
    if result.findings.engine:
        yield "training_engine", ", ".join(result.findings.engine)


def _packages(result: Result) -> Iterator[tuple[str, str]]:
    yield "python", result.provenance.python
    yield from sorted(result.provenance.packages.items())


def _tool(result: Result) -> Iterator[tuple[str, str]]:
    yield "labreport", result.provenance.tool_version


def _machine(result: Result) -> Iterator[tuple[str, str]]:
    machine = result.provenance.machine
    yield "system", machine.system
    yield "processor", machine.processor
    yield "logical_processors", str(machine.logical_processors)
    yield "threads", str(machine.threads)
    yield "deterministic", _shown(result.provenance.deterministic)


def _git(result: Result) -> Iterator[tuple[str, str]]:
    if result.provenance.git_commit is not None:
        yield "commit", result.provenance.git_commit[:_SHORT]
    if result.provenance.git_dirty is not None:
        yield "uncommitted_changes", _shown(result.provenance.git_dirty)


def _measures(result: Result) -> Iterator[tuple[str, str]]:
    """Measured numbers that no seed enters; those of single seeds differ by chance and have no test here."""
    for item in result.findings.measures:
        if item.seed is None:
            yield item.name, _shown(item.value)


def _shown(value: bool | int | float | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return exact(value) if isinstance(value, float) else str(value)


_FACTS: dict[str, Callable[[Result], Iterator[tuple[str, str]]]] = {
    "setting": _settings,
    "seed": _seeds,
    "data": _data,
    "model": _models,
    "source": _source,
    "package": _packages,
    "tool": _tool,
    "machine": _machine,
    "git": _git,
    "measure": _measures,
}
