"""The findings of a watched process: trainings with their roles and groups, scores with their split, networks, data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from labreport.experiments.recording.directions import direction_of, is_metric, measured
from labreport.experiments.recording.observed import Event, Fit, Observed, joined, trained
from labreport.experiments.recording.series import Facts
from labreport.experiments.result import (
    Course,
    Fingerprint,
    Layer,
    Measure,
    Model,
    Score,
    Split,
    Training,
)

Grouping = Literal["fold", "seed", "fits"]

_SPLIT_OF: dict[str, Split] = {"whole": "train", "train": "train", "validation": "validation"}

_SHARES = ("accuracy", "acc", "auc", "precision", "recall", "prc", "f1", "iou", "dice", "specificity", "sensitivity")


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A training, and what evaluations are matched with it by."""

    training: Training
    model: int
    """Number of the network object."""
    layers: str
    fits: tuple[int, ...]
    """Places of its fits among those of the process, from 0."""


def trainings(
    seen: Observed, *, seed: int | None, ended: str, groups: Grouping | None = None, source: str = "watched"
) -> tuple[list[Training], list[Model], list[Trained]]:
    """Return the trainings of a process, the networks by role, and what evaluations are matched with.

    Args:
        seen: what was observed.
        seed: the seed that was given to the process; the script's own goes before it.
        ended: how a fit ended that was cut off with its process.
        groups: what tells alike trainings apart, if the user says it.
        source: where the numbers are from.
    """
    phases = [group for group in joined(seen.fits) if any(fit.columns or fit.error for fit in group)]
    roles = _roles(phases)
    models: dict[str, Model] = {}
    found: list[Training] = []
    matched: list[Trained] = []
    for role in dict.fromkeys(roles):
        alike = [group for group, of in zip(phases, roles, strict=True) if of == role]
        kind = groups or _kind([group[0] for group in alike]) if len(alike) > 1 else None
        for number, group in enumerate(alike, start=1):
            own = group[0].seed
            facts = Facts(
                role=role,
                seed=own if own is not None else seed,
                fold=number if kind in ("fold", "fits") else None,
                batch_size=group[-1].facts.get("batch"),
                train_samples=group[-1].facts.get("samples"),
                validation_samples=group[-1].facts.get("validation_samples"),
                seconds=sum((fit.end or {}).get("seconds", 0.0) for fit in group),
            )
            made = trained(group, facts, ended=ended, source=source)
            if kind is not None and isinstance(made.course, Course):
                made = msgspec.structs.replace(made, course=msgspec.structs.replace(made.course, group=kind))
            found.append(made)
            places = tuple(place for place, fit in enumerate(seen.fits) if any(fit is own for own in group))
            matched.append(
                Trained(training=made, model=group[-1].model, layers=_layers(group[-1].network), fits=places)
            )
            if role not in models and group[-1].network:
                models[role] = _model(role, group[-1].network, made)
    return found, list(models.values()), matched


def _roles(phases: Sequence[Sequence[Fit]]) -> list[str]:
    """Return a role for each training: one name for networks that are alike, trained alike, and measure the same."""
    rates: dict[int, float | None] = {}
    for group in phases:
        rates.setdefault(group[0].model, group[0].network.get("learning_rate"))
    kinds = [_likeness(group, rates[group[0].model]) for group in phases]
    names = {kind: f"fit-{number}" for number, kind in enumerate(dict.fromkeys(kinds), start=1)}
    return ["fit" if len(names) == 1 else names[kind] for kind in kinds]


def _likeness(group: Sequence[Fit], rate: float | None) -> str:
    """Return what networks have in common that are trained alike.

    Args:
        group: the phases of one training.
        rate: the learning rate with which its network began; a callback may have changed it later.
    """
    network, facts = group[0].network, group[0].facts
    keys = sorted({name for fit in group for name in fit.columns}) if not network else network.get("loss")
    how = [network.get("optimizer"), rate, facts.get("batch"), facts.get("weighted")]
    return json.dumps([_layers(network), keys, group[0].axis, how])


def _layers(network: Event) -> str:
    return json.dumps([(layer["kind"], layer["shape"], layer["parameters"]) for layer in network.get("layers", ())])


def _kind(fits: Sequence[Fit]) -> Grouping:
    """Say what tells alike trainings apart: their seeds, the folds of one data set, or nothing that is known."""
    seeds = [fit.seed for fit in fits]
    if None not in seeds and len(set(seeds)) == len(seeds):
        return "seed"
    held = [_hashes(fit.facts, "validation") for fit in fits]
    sizes = [fit.facts.get("validation_samples") or 0 for fit in fits]
    totals = {(fit.facts.get("samples") or 0) + size for fit, size in zip(fits, sizes, strict=True)}
    if all(held) and len(set(held)) == len(held) and len(totals) == 1 and sum(sizes) == totals.pop():
        return "fold"
    return "fits"


def _hashes(facts: Event, role: str, part: str = "x") -> tuple[str, ...]:
    """Return the hashes of the inputs in a role; empty where one of them was not seen."""
    parts = [item for item in facts.get("data", ()) if item["role"] == role and item["part"].split(".")[0] == part]
    hashes = tuple(item.get("sha256") or "" for item in parts)
    return hashes if all(hashes) else ()


def _model(role: str, network: Event, made: Training) -> Model:
    return Model(
        role=role,
        input_shape=tuple(network.get("input_shape") or ()),
        layers=tuple(
            Layer(
                name=layer["name"],
                kind=layer["kind"],
                output_shape=tuple(layer["shape"] or ()),
                parameters=layer["parameters"],
                activation=layer["activation"],
            )
            for layer in network["layers"]
        ),
        parameters=network["parameters"],
        optimizer=network["optimizer"],
        learning_rate=network["learning_rate"] or 0.0,
        loss=network["loss"],
        metrics=tuple(key for key in made.history if not key.startswith("val_") and key != "loss" and is_metric(key)),
    )


def scores(seen: Observed, matched: Sequence[Trained]) -> tuple[list[Score], list[Measure]]:
    """Return what `evaluate` measured: as a score where split and direction are known, else as a plain measure.

    Which data an evaluation saw is known by their hashes: those of a training, of its validation data, or new ones,
    which are test data. Of several evaluations of one training on one split the last one counts. A network that was
    loaded from a file is that of the last training before it with the same layers.
    """
    known: dict[tuple[str, ...], Split] = {}
    for fit in seen.fits:
        for role, of in _SPLIT_OF.items():
            hashes = _hashes(fit.facts, role)
            if hashes:
                known.setdefault(hashes, of)
    found: dict[tuple[Any, ...], Score | Measure] = {}
    for before, event in seen.evaluations:
        place_of = _match(matched, before, event)
        made = matched[place_of].training if place_of is not None else None
        model = made.role if made else str((event.get("network") or {}).get("name") or "fit")
        hashes = _hashes(event, "test")
        split = event.get("split") or (known.get(hashes, "test") if hashes else None)
        for logged, value in event["logs"].items():
            key = measured(logged).name if event.get("split") else logged
            direction = direction_of(key)
            place = (model if place_of is None else place_of, split, key)
            name = f"{split or 'evaluated'}_{key}"
            found.pop(place, None)
            if split is None or direction is None:
                found[place] = Measure(name=name, value=value, seed=made.seed if made else None)
                continue
            found[place] = Score(
                name=name,
                model=model,
                metric=key,
                split=split,
                seed=made.seed if made else None,
                fold=made.fold if made else None,
                value=value,
                unit=unit_of(key, value),
                direction=direction,
            )
    values = list(found.values())
    return [v for v in values if isinstance(v, Score)], [v for v in values if isinstance(v, Measure)]


def _match(matched: Sequence[Trained], before: int, event: Event) -> int | None:
    """Return the place of the training whose network was evaluated after that number of fits."""
    last = {
        place: max((fit for fit in one.fits if fit < before), default=-1)
        for place, one in enumerate(matched)
        if one.model == event["model"]
    }
    if not last:
        layers = _layers(event.get("network") or {})
        last = {
            place: one.fits[-1] for place, one in enumerate(matched) if one.layers == layers and one.fits[-1] < before
        }
    found = max(last, key=last.__getitem__, default=None)
    return found if found is not None and last[found] >= 0 else None


def unit_of(key: str, value: float) -> str:
    """Return "share" for a metric that is a part of one; the unit of anything else is not known."""
    return "share" if any(word in key.lower() for word in _SHARES) and "loss" not in key and 0 <= value <= 1 else ""


def data(seen: Observed) -> tuple[Fingerprint, ...]:
    """Return each array that was given to a network, once for each role that it had."""
    found: dict[str, Fingerprint] = {}
    trained_on = {item.get("sha256") for fit in seen.fits for item in fit.facts.get("data", ())}
    events = [fit.facts for fit in seen.fits] + [event for _, event in seen.evaluations]
    for event in events:
        for item in event.get("data", ()):
            if item["role"] == "test" and item.get("sha256") and item["sha256"] in trained_on:
                continue
            made = msgspec.convert(item, Fingerprint)
            found.setdefault(repr(made), made)
    return tuple(found.values())
