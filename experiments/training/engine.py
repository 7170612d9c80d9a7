"""The training engine: what the labs call. TensorFlow is imported when something is trained, not before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from labreport.experiments.errors import LabError
from labreport.experiments.training.backend import start
from labreport.experiments.training.fitting import OnEpoch, Request
from labreport.experiments.training.history import History
from labreport.experiments.training.plan import ChosenForm, plan_fit, plan_folds
from labreport.experiments.training.samples import Samples


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """What a training gave; the trained weights are in the model itself."""

    history: History
    plan: ChosenForm
    seconds: float
    """Wall time. Folds trained side by side share the time equally."""

    @property
    def epochs(self) -> int:
        """Epochs really trained."""
        return len(self.history.get("loss", ()))


Longer = Callable[[History, int], int]
"""Called with the history of a training and its last epoch; returns the last epoch that it is to have."""

OnFold = Callable[[int, Fitted], None]
"""Called with the number of a fold, from 1, and its training."""


def fit(
    model: Any,
    train: Samples,
    *,
    epochs: int,
    batch_size: int,
    seed: int,
    validation: Samples | None = None,
    on_epoch: OnEpoch | None = None,
    class_weight: dict[int, float] | None = None,
    callbacks: Sequence[Any] = (),
    after: Fitted | None = None,
    longer: Longer | None = None,
) -> Fitted:
    """Train a compiled Keras model as `model.fit` would, in the fastest form that can.

    Args:
        model: a compiled Keras model; it is trained in place.
        train: training samples.
        epochs: at least 1; those of `after` count.
        batch_size: 1 to the number of training samples; a last batch that is not full is trained on as well.
        seed: the batch order of each epoch follows from it; the initial weights are the model's own.
        validation: samples on which the metrics are computed after each epoch.
        on_epoch: called after each epoch.
        class_weight: weight of each label, as for `model.fit`.
        callbacks: Keras callbacks.
        after: an earlier training of this model with the same samples, batch size and seed, which this one
            continues: model, history and seconds come out as if it had been one training from the beginning.
        longer: asked when the epochs are trained; while it gives a later one, the training goes on to that.

    Raises:
        LabError: epochs, batch size or samples don't allow training, or the optimizer has replaced the weights by
            their averages, so that their training can't continue.
        DivergenceError: the loss is no longer finite; it holds the history up to then.
    """
    request = Request(
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        on_epoch=on_epoch,
        class_weight=class_weight,
        callbacks=tuple(callbacks),
        before={} if after is None else after.history,
    )
    request.check(train, validation)
    _ready(model, train)
    if after is not None:
        _refuse_averages(model)
    plan = plan_fit(model, train, request)
    begun = perf_counter()
    fit_on = _fitter(model, train, validation, request, plan)
    history = fit_on(request)
    while longer is not None and (goal := longer(history, request.epochs)) > request.epochs:
        _refuse_averages(model)
        request = replace(request, epochs=goal, before=history)
        history = fit_on(request)
    spent = 0.0 if after is None else after.seconds
    return Fitted(history=history, plan=plan, seconds=spent + perf_counter() - begun)


def fit_folds(
    models: Sequence[Any],
    trains: Sequence[Samples],
    validations: Sequence[Samples],
    *,
    epochs: int,
    batch_size: int,
    seed: int,
    on_epoch: OnEpoch | None = None,
    finished: Mapping[int, Fitted] = MappingProxyType({}),
    on_fold: OnFold | None = None,
) -> tuple[Fitted, ...]:
    """Train one model per fold, side by side where that can be done exactly, otherwise in turn.

    The validation metrics of a fold are computed on all its validation samples at once.

    Args:
        models: a compiled model for each fold, trained in place.
        trains: training samples of each fold.
        validations: validation samples of each fold.
        epochs: at least 1.
        batch_size: 1 to the number of training samples of a fold.
        seed: the batch order of each fold and epoch follows from it.
        on_epoch: called after each epoch of all folds together; where they are trained in turn, epochs count on.
        finished: folds that need not be trained again, by their numbers from 1; their models are left as they are.
            Folds that are trained side by side are left out only if all are finished.
        on_fold: called with the number of a fold, from 1, as soon as it has been trained.

    Raises:
        LabError: as `fit`, or the numbers of models and folds differ.
        DivergenceError: a fold's loss is no longer finite.
    """
    folds = len(models)
    if not folds or len(trains) != folds or len(validations) != folds:
        raise LabError(
            f"Each fold needs a model, training and validation samples: {folds}, {len(trains)}, {len(validations)}."
        )
    request = Request(
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        on_epoch=on_epoch,
    )
    for train, validation in zip(trains, validations, strict=True):
        request.check(train, validation)
    for model, train in zip(models, trains, strict=True):
        _ready(model, train)
    plan = plan_folds(models, trains, validations, request)
    found = {number: fitted for number, fitted in finished.items() if 1 <= number <= folds}
    if plan.form == "stack" and len(found) < folds:
        from labreport.experiments.training.stack import fit_in_stack

        begun = perf_counter()
        histories = fit_in_stack(models, trains, validations, request)
        seconds = (perf_counter() - begun) / folds
        found = {
            number: Fitted(history=history, plan=plan, seconds=seconds)
            for number, history in enumerate(histories, start=1)
        }
        for number, fitted in found.items():
            _tell(on_fold, number, fitted)
    for position, (model, train, validation) in enumerate(zip(models, trains, validations, strict=True)):
        if position + 1 in found:
            continue
        begun = perf_counter()
        own = replace(
            request,
            fold=position + 1,
            validation_batch_size=len(validation),
            on_epoch=_counted_on(request, position, folds),
        )
        history = _fitter(model, train, validation, own, plan)(own)
        found[own.fold] = Fitted(history=history, plan=plan, seconds=perf_counter() - begun)
        _tell(on_fold, own.fold, found[own.fold])
    return tuple(found[number] for number in range(1, folds + 1))


def _tell(on_fold: OnFold | None, number: int, fitted: Fitted) -> None:
    if on_fold is not None:
        on_fold(number, fitted)


def _ready(model: Any, train: Samples) -> None:
    """Give a model without an Input its variables, and refuse one that was not compiled."""
    start()
    if not model.compiled:
        raise LabError("The model must be compiled before it is trained.")
    if not model.built:
        from labreport.experiments.training.graphs import batch

        model(batch(train, [train.positions.start])[0])


def evaluate(model: Any, samples: Samples, *, batch_size: int) -> dict[str, float]:
    """Return loss and metrics over all samples by Keras' names, as `model.evaluate` does."""
    start()
    from labreport.experiments.training.loop import evaluate_in_loop

    return evaluate_in_loop(model, samples, batch_size)


def predict(model: Any, samples: Samples, *, batch_size: int) -> NDArray[Any]:
    """Return the outputs for all samples in their order, shape (n, …), as `model.predict` does."""
    start()
    from labreport.experiments.training.loop import predict_in_batches

    return predict_in_batches(model, samples, batch_size)


def _refuse_averages(model: Any) -> None:
    if model.optimizer.use_ema:
        raise LabError("The optimizer has replaced the weights by their averages: this training can't continue.")


def _fitter(
    model: Any, train: Samples, validation: Samples | None, request: Request, plan: ChosenForm
) -> Callable[[Request], History]:
    """Return what trains the model, and can be asked to go on."""
    if request.epochs == request.epochs_before:
        return lambda request: request.before
    if plan.form == "fit":
        from labreport.experiments.training.plain import fit_plainly

        return partial(fit_plainly, model, train, validation=validation)
    from labreport.experiments.training.loop import Loop

    return Loop(model, train, validation=validation, xla=plan.xla).fit


def _counted_on(request: Request, finished: int, folds: int) -> OnEpoch | None:
    on_epoch = request.on_epoch
    if on_epoch is None:
        return None
    return lambda epoch, epochs, values: on_epoch(finished * epochs + epoch, folds * epochs, values)
