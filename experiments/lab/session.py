"""What a lab is given: where its findings go, and the training of networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any, Literal, Protocol, TypeVar

from labreport.experiments.errors import LabError
from labreport.experiments.lab.draft import Draft
from labreport.experiments.lab.scores import score
from labreport.experiments.result import Direction, Split, Training
from labreport.experiments.selection import best_epoch
from labreport.experiments.training import (
    DivergenceError,
    Fitted,
    Samples,
    fit,
    fit_folds,
    in_memory,
    seed_everything,
)
from labreport.experiments.training.fitting import OnEpoch
from labreport.experiments.training.history import History

T = TypeVar("T")

PATIENCE = 10
"""Epochs without a lower validation loss after which a training that may be as long as it needs has passed its best."""

Profile = Literal["full", "quick"]

Progress = Callable[[str, int, int, dict[str, float]], None]
"""Called with the part being worked on, steps done, steps in all, and values to show (loss, epochs_per_second)."""


def silent(part: str, done: int, total: int, values: dict[str, float]) -> None:
    """A `Progress` that shows nothing."""


class Saved(Protocol):
    """Finished parts of a training, saved in case that the run is interrupted."""

    def found(self, name: str, kind: type[T]) -> T | None:
        """Return what was saved under this name; None where nothing usable was."""

    def save(self, name: str, record: Any) -> None:
        """Save a part; where that is not possible, nothing happens."""


class _Nowhere:
    """Saves nothing."""

    def found(self, name: str, kind: type[T]) -> T | None:
        return None

    def save(self, name: str, record: Any) -> None:
        pass


class Session:
    """What a lab is given besides its settings and data: for `introduce` one, for each seed another.

    Args:
        seeds: all seeds of the run, in order.
        seed: the seed that this session is for; None in `introduce`.
        progress: called with the progress of the work.
        profile: `full`, or `quick` for a smoke run.
        saved: where finished folds are saved until the seed is complete.
    """

    def __init__(
        self,
        *,
        seeds: tuple[int, ...] = (0,),
        seed: int | None = None,
        progress: Progress = silent,
        profile: Profile = "full",
        saved: Saved | None = None,
    ) -> None:
        self.seeds = seeds
        self.seed = seed
        self.progress = progress
        self.profile = profile
        self.draft = Draft()
        """Takes every part of the findings; `fit`, `score` and `measure` fill it for the usual ones."""
        self.timings: dict[str, float] = {}
        """Seconds of wall time per stage; a stage entered again adds to its time."""
        self.open_stages: list[str] = []
        """Stages not finished, the innermost last; after a failure the last one says where it happened."""
        self._saved: Saved = saved or _Nowhere()
        self._made: dict[Callable[..., Any], Any] = {}

    def for_seed(self, seed: int | None) -> Session:
        """Return a session for one seed, or for `introduce`, with nothing found yet; what `once` has made is shared."""
        session = Session(seeds=self.seeds, seed=seed, progress=self.progress, profile=self.profile, saved=self._saved)
        session._made = self._made
        return session

    @property
    def is_first(self) -> bool:
        """Whether this is the first seed of the run, for what one seed is enough to show."""
        return self.seed == self.seeds[0]

    def once(self, make: Callable[..., T], *arguments: Any) -> T:
        """Call a function, in each process for the first seed only, and return its value for all seeds.

        Args:
            make: gives what no seed changes, such as the encoded data.
            arguments: the same for every seed.
        """
        if make not in self._made:
            self._made[make] = make(*arguments)
        made: T = self._made[make]
        return made

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage of the work, also one that fails."""
        start = perf_counter()
        self.open_stages.append(name)
        try:
            yield
            self.open_stages.pop()
        finally:
            self.timings[name] = self.timings.get(name, 0.0) + perf_counter() - start

    def part(self, name: str) -> str:
        """Return the name under which to report progress; the seed is named where there are several."""
        return name if self.seed is None or len(self.seeds) == 1 else f"{name}, seed {self.seed}"

    def build(self, build: Callable[..., Any], *arguments: Any) -> Any:
        """Return the model that a function builds, with initial weights that depend on the seed alone."""
        seed_everything(self._seed())
        return build(*arguments)

    def fit(
        self,
        model: Any,
        inputs: Any,
        targets: Any = None,
        *,
        epochs: int,
        batch_size: int = 32,
        validation: Samples | tuple[Any, Any] | None = None,
        role: str = "final",
        class_weight: dict[int, float] | None = None,
        callbacks: Sequence[Any] = (),
        after: Fitted | None = None,
        most: int | None = None,
    ) -> Fitted:
        """Train a compiled Keras model as `model.fit` does, and record the training, also one that breaks down.

        Args:
            model: compiled; not yet trained, except in `after`.
            inputs: array of shape (n, …), a structure of arrays, or `Samples`, which hold their targets.
            targets: array of shape (n, …); leave it out for `Samples`.
            epochs: at least 1.
            batch_size: 1 to the number of samples.
            validation: inputs and targets on which the metrics are computed after each epoch.
            role: what the training is for; the report knows `final`, `selection`, `fold`, `linear` and `overtrained`,
                and a lab may invent others.
            class_weight: weight of each label, as for `model.fit`.
            callbacks: Keras callbacks, such as `EarlyStopping`.
            after: an earlier training of this model on these samples, which this one continues; its epochs count.
            most: train on in portions of `epochs` until the lowest validation loss lies `PATIENCE` epochs back, at
                most to this epoch; None: train `epochs` and no more.

        Returns:
            The history, one value per epoch for each Keras key, and the seconds taken.

        Raises:
            LabError: the samples don't allow this training.
            DivergenceError: the loss is no longer finite.
        """
        seed = self._seed()
        samples = _samples(inputs, targets)
        tested = None if validation is None else _samples(*_pair(validation))

        def record(history: History, seconds: float) -> None:
            self._record_training(
                role, history, seconds, batch_size=batch_size, train=samples, validation=tested, fold=None
            )

        def longer(history: History, trained: int) -> int:
            # The lowest validation loss is too recent to stop.
            recent = most is not None and trained - best_epoch(history["val_loss"]) < PATIENCE
            return min(trained + epochs, most or epochs) if recent else trained

        begun = perf_counter()
        with self.stage(role):
            try:
                fitted = fit(
                    model,
                    samples,
                    epochs=epochs,
                    batch_size=batch_size,
                    seed=seed,
                    validation=tested,
                    on_epoch=self._reporter(role, before=0 if after is None else after.epochs),
                    class_weight=class_weight,
                    callbacks=callbacks,
                    after=after,
                    longer=None if most is None else longer,
                )
            except DivergenceError as error:
                record(error.history, perf_counter() - begun + (0.0 if after is None else after.seconds))
                raise
        record(fitted.history, fitted.seconds)
        self.draft.engine += fitted.plan.reasons
        return fitted

    def fit_folds(
        self,
        models: Sequence[Any],
        trains: Sequence[Samples],
        validations: Sequence[Samples],
        *,
        epochs: int,
        batch_size: int,
        report_every: int = 1,
    ) -> list[History]:
        """Train one compiled model per fold, and record each training with the role `fold`.

        Folds that were finished before the run was interrupted are not trained again.

        Args:
            models: one for each fold, of the same build.
            trains: training samples of each fold.
            validations: validation samples of each fold.
            epochs: at least 1.
            batch_size: 1 to the number of training samples of a fold.
            report_every: epochs between two reports of progress.

        Returns:
            The history of each fold.

        Raises:
            LabError: the samples don't allow this training.
            DivergenceError: the loss of a fold is no longer finite; its history so far is recorded.
        """
        names = {number: f"seed-{self._seed()}-fold-{number}" for number in range(1, len(models) + 1)}
        saved = {number: self._saved.found(name, Fitted) for number, name in names.items()}

        def record(fold: int, history: History, seconds: float) -> None:
            self._record_training(
                "fold",
                history,
                seconds,
                batch_size=batch_size,
                train=trains[fold - 1],
                validation=validations[fold - 1],
                fold=fold,
            )

        begun = perf_counter()
        with self.stage("folds"):
            try:
                fitted = fit_folds(
                    models,
                    trains,
                    validations,
                    epochs=epochs,
                    batch_size=batch_size,
                    seed=self._seed(),
                    on_epoch=self._reporter("folds", report_every),
                    finished={number: one for number, one in saved.items() if one is not None},
                    on_fold=lambda number, one: self._saved.save(names[number], one),
                )
            except DivergenceError as error:
                record(error.fold or 1, error.history, perf_counter() - begun)
                raise
        self.draft.engine += fitted[0].plan.reasons
        for number, one in enumerate(fitted, start=1):
            record(number, one.history, one.seconds)
        return [one.history for one in fitted]

    def score(
        self,
        name: str,
        value: float,
        *,
        split: Split = "test",
        model: str = "final",
        fold: int | None = None,
        unit: str | None = None,
        direction: Direction | None = None,
    ) -> None:
        """Record a number by which a model of this seed is judged.

        Args:
            name: such as test_accuracy or fold_mae; its metric is the word in it that is known (accuracy, loss, mae,
                mse, …), or else the whole name.
            value: in its unit; shares from 0 to 1.
            split: on which samples it was measured.
            model: role of the training.
            fold: counted from 1; None outside cross-validation.
            unit: None: a share for an accuracy, nats for a loss, no unit for others.
            direction: whether a higher or a lower value is better; may be left out where the metric is a usual one.

        Raises:
            LabError: the direction is not known.
        """
        self.draft.scores.append(
            score(
                name,
                value,
                split=split,
                model=model,
                seed=self.seed,
                fold=fold,
                unit=unit,
                direction=direction,
            )
        )

    def measure(self, name: str, value: float | int | bool, *, unit: str = "") -> None:
        """Record one further number, of this seed or, in `introduce`, of the whole run."""
        self.draft.measure(name, value, seed=self.seed, unit=unit)

    def _seed(self) -> int:
        if self.seed is None:
            raise LabError("Networks are trained in the function train of a lab, once for each seed.")
        return self.seed

    def _record_training(
        self,
        role: str,
        history: History,
        seconds: float,
        *,
        batch_size: int,
        train: Samples,
        validation: Samples | None,
        fold: int | None,
    ) -> None:
        self.draft.trainings.append(
            Training(
                role=role,
                seed=self._seed(),
                fold=fold,
                epochs=len(history.get("loss", ())),
                batch_size=batch_size,
                train_samples=len(train),
                validation_samples=0 if validation is None else len(validation),
                history=history,
                seconds=seconds,
            )
        )

    def _reporter(self, role: str, every: int = 1, *, before: int = 0) -> OnEpoch:
        """Return a function that reports the progress of a training, with its rate.

        Args:
            role: what is being trained.
            every: epochs between two reports; the last epoch is always reported.
            before: epochs that were trained earlier, which say nothing of the rate.
        """
        begun = perf_counter()
        part = self.part(role)

        def report(epoch: int, epochs: int, values: dict[str, float]) -> None:
            if epoch % every == 0 or epoch == epochs:
                rate = (epoch - before) / max(perf_counter() - begun, 1e-9)
                self.progress(part, epoch, epochs, {**values, "epochs_per_second": rate})

        return report


def _samples(inputs: Any, targets: Any) -> Samples:
    return inputs if isinstance(inputs, Samples) else in_memory(inputs, targets)


def _pair(validation: Samples | tuple[Any, Any]) -> tuple[Any, Any]:
    return (validation, None) if isinstance(validation, Samples) else validation
