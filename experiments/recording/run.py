"""A run that the user's own code hands over: epochs, scores, predictions, figures, from any framework or loop.

    with record("digits", settings={"units": 64}, seed=0) as run:
        run.epoch(loss=0.31, val_loss=0.42)

The user's program never ends by a fault of ours: what can't be taken is a warning, and the training goes on.
"""

from __future__ import annotations

import functools
import inspect
import io
import secrets
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import msgspec

from labreport.experiments.errors import kind_of, message_of
from labreport.experiments.recording import assembled
from labreport.experiments.recording.directions import direction_of
from labreport.experiments.recording.observed import Fit, Observed
from labreport.experiments.recording.owned import made, names, names_from
from labreport.experiments.recording.series import KeyColumn, last_position
from labreport.experiments.recording.watching import networks
from labreport.experiments.recording.watching.events import CURRENT
from labreport.experiments.result import (
    Direction,
    Failure,
    Findings,
    Listing,
    Measure,
    OwnRun,
    Picture,
    Predictions,
    Result,
    Score,
    Setting,
    Split,
    Status,
)
from labreport.experiments.running import provenance

Save = Callable[[Result], Path]


Wrapped = TypeVar("Wrapped", bound=Callable[..., Any])


def _safe(method: Wrapped) -> Wrapped:
    """Let whatever a method raises be a warning; it then answers None."""

    @functools.wraps(method)
    def safe(run: Run, /, *arguments: Any, **named: Any) -> Any:
        try:
            return method(run, *arguments, **named)
        except Exception as error:
            run.warn(error)
            return None

    return cast(Wrapped, safe)


class Run:
    """What is being recorded; made by `labreport.record`, and stored at the end of its block.

    Args:
        name: of the run, as that of a lab.
        settings: what was chosen: numbers, texts, yes or no.
        seed: that was set; None: none was.
        save: stores the Result and returns its file.
    """

    def __init__(self, name: str, *, settings: Mapping[str, Setting] | None, seed: int | None, save: Save) -> None:
        """Begin with nothing measured."""
        self.name = name
        try:
            self._named = names(name)
        except Exception as fault:  # what is trained under a wrong name is not to be lost for it
            self._named = names_from(str(name))
            self.warn(fault, f"; it is stored as '{self._named[0]}'")
        self.seed = seed
        self.path: Path | None = None
        """The stored file, once the block has ended."""
        self._save = save
        self._settings: dict[str, Setting] = {}
        self._seen = Observed()
        self._loop: Fit | None = None
        self._scores: list[Score] = []
        self._measures: list[Measure] = []
        self._predictions: list[Predictions] = []
        self._listings: list[Listing] = []
        self._notes: list[str] = []
        self._started, self._begun = datetime.now(UTC), perf_counter()
        self.settings(**(settings or {}))

    def __enter__(self) -> Self:
        """Begin to record."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Store what was measured, also where the block was left by an error; the error goes on."""
        try:
            self.path = self._save(self._result(error))
            for events in CURRENT:
                events.write("stored", path=str(self.path))
        except Exception as fault:
            self.warn(fault)

    def warn(self, error: Exception, instead: str = "") -> None:
        """Say that something could not be recorded, and what was done instead."""
        what = f"{type(error).__name__}: {message_of(error)}{instead}"
        warnings.warn(f"labreport could not record this: {what}", stacklevel=3)

    @_safe
    def settings(self, **values: Setting) -> None:
        """Add settings, or change them."""
        for name, value in values.items():
            plain = value.item() if hasattr(value, "item") else value
            self._settings[name] = plain if isinstance(plain, (bool, int, float, str)) else str(plain)

    @_safe
    def epoch(self, **values: float) -> None:
        """Note the values of one epoch; called once an epoch, epochs count from 1."""
        if self._loop is None:
            self._loop = Fit(number=0, model=0, end={})
            self._seen.fits.append(self._loop)
        at = last_position(self._loop.columns) + 1
        for name, value in {name: float(value) for name, value in values.items()}.items():
            self._loop.columns.setdefault(name, KeyColumn()).add(at, value)

    @_safe
    def callback(self) -> Any:
        """Return a callback for `fit` of Keras; each is a training of its own."""
        import keras  # the user's own; not needed for anything else

        number = 1 + sum(1 for fit in self._seen.fits if fit.number)
        seen, warn = self._seen, self.warn
        current: list[Fit] = []

        class Watch(keras.callbacks.Callback):  # type: ignore[misc]
            def on_train_begin(self, logs: Any = None) -> None:
                fit = Fit(number=number, model=number, facts={"epochs": self.params.get("epochs")})
                current[:] = [fit]
                seen.fits.append(fit)
                try:
                    fit.network = networks.described(self.model)
                except Exception as error:
                    warn(error)

            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                try:
                    fit = current[-1]
                    if not fit.columns:
                        fit.facts["initial"] = epoch
                    for name, value in (logs or {}).items():
                        fit.columns.setdefault(name, KeyColumn()).add(epoch + 1, float(value))
                except Exception as error:
                    warn(error)

            def on_train_end(self, logs: Any = None) -> None:
                current[-1].end = {"stopped": bool(getattr(self.model, "stop_training", False))}

        return Watch()

    @_safe
    def score(
        self, name: str, value: float, *, split: Split = "test", direction: Direction | None = None, unit: str = ""
    ) -> None:
        """Note a number by which the model is judged.

        Args:
            name: of the metric, such as accuracy.
            value: in its unit; a share runs from 0 to 1.
            split: the data it was measured on: train, validation or test.
            direction: "higher" or "lower" is better; known by the name of usual metrics.
            unit: of the value, for a report.
        """
        number, better = float(value), direction or direction_of(name)
        if split not in ("train", "validation", "test"):
            raise ValueError(f"split is train, validation or test, not {split!r}")
        if better is None:
            self._measures.append(Measure(name=f"{split}_{name}", value=number, seed=self.seed, unit=unit))
            return
        self._scores.append(
            Score(
                name=f"{split}_{name}",
                model="fit",
                metric=name,
                split=split,
                seed=self.seed,
                value=number,
                unit=unit or assembled.unit_of(name, number),
                direction=better,
            )
        )

    @_safe
    def predictions(self, true: Sequence[Any], predicted: Sequence[Any], *, classes: Sequence[str] = ()) -> None:
        """Note what a model said of the test set.

        Args:
            true: a label or a value for each sample, shape (samples,).
            predicted: the same of the model; or probabilities, shape (samples, classes).
            classes: name of each class in label order; empty: values of a regression.
        """
        right, said = _plain(true), _plain(predicted)
        if len(right) != len(said):
            raise ValueError(f"{len(right)} true values and {len(said)} predictions")
        if classes:
            said = [max(range(len(row)), key=row.__getitem__) if isinstance(row, list) else int(row) for row in said]
            counts = [[0] * len(classes) for _ in classes]
            for label, answer in zip(right, said, strict=True):
                counts[int(label)][answer] += 1
            self._settings["classes"] = ", ".join(map(str, classes))
            found = Predictions(model="fit", seed=self.seed, confusion=tuple(map(tuple, counts)))
        else:
            found = Predictions(
                model="fit",
                seed=self.seed,
                true_values=tuple(map(float, right)),
                predicted_values=tuple(float(row[0] if isinstance(row, list) else row) for row in said),
            )
        self._predictions.append(found)

    @_safe
    def listing(self, part: Callable[..., Any]) -> None:
        """Keep the source of a function or class."""
        source = provenance.without_secrets(inspect.getsource(part), code=True)
        digest = sha256(source.encode()).hexdigest()
        self._listings.append(Listing(name=getattr(part, "__name__", "source"), source=source, sha256=digest))

    @_safe
    def figure(self, figure: Any, caption: str) -> None:
        """Keep a figure of Matplotlib with its caption."""
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=100)
        self._seen.pictures.append((caption, buffer.getvalue()))

    @_safe
    def note(self, text: str) -> None:
        """Keep a remark in your own words."""
        self._notes.append(provenance.without_secrets(str(text)))

    def _result(self, error: BaseException | None) -> Result:
        status: Status = "complete"
        failure = None
        if error is not None:
            status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            failure = Failure(kind=kind_of(error), message=provenance.scrub(message_of(error)) or "(without a message)")
            for fit in self._seen.fits:
                if fit.end is None:
                    fit.error, fit.interrupted = f"{failure.kind}: {failure.message}", status == "interrupted"
        trainings, models, _ = assembled.trainings(self._seen, seed=self.seed, ended="failed", source="told")
        pictures = tuple(Picture(name=name, png=png) for name, png in self._seen.pictures)
        findings = Findings(
            trainings=tuple(trainings),
            models=tuple(models),
            scores=tuple(self._scores),
            measures=tuple(self._measures),
            predictions=tuple(self._predictions),
            listings=tuple(self._listings),
            own=OwnRun(door="api", pictures=pictures, notes=tuple(self._notes)),
        )
        spoken = {name: provenance.scrub_words([f"--{name}={value}"])[0] for name, value in self._settings.items()}
        settings = {
            name: provenance.HIDDEN if spoken[name].endswith(provenance.HIDDEN) else value
            for name, value in self._settings.items()
        }
        token = secrets.token_hex(16)
        name, title = self._named
        built = made(
            name=name,
            title=title,
            findings=findings,
            inputs={"run": token},
            settings=settings,
            status=status,
            failure=failure,
            started=self._started,
            seconds=perf_counter() - self._begun,
            peak=provenance.peak_memory_bytes(),
            command=sys.argv,
            token=token[:6],
        )
        return built if built.seeds or self.seed is None else msgspec.structs.replace(built, seeds=(self.seed,))


def _plain(values: Any) -> list[Any]:
    """Return labels, values or rows of them as plain lists."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    rows = list(values.tolist() if hasattr(values, "tolist") else values)
    return [row[0] if isinstance(row, list) and len(row) == 1 else row for row in rows]
