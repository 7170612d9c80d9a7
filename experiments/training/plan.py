"""Which form of the engine trains a model, and why: decided before training, never by trying.

The fast forms are used for what they are known (and tested) to do exactly as `fit` does. Whatever isn't on the lists
below goes to a form that can, so an unusual model is trained more slowly, never differently.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, prod
from typing import Any, Literal

from labreport.experiments.training.fitting import Request
from labreport.experiments.training.samples import Samples

Form = Literal["stack", "loop", "fit"]

STACK_MEASURES = {
    "mse": "mean_squared_error",
    "mean_squared_error": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mean_absolute_error": "mean_absolute_error",
}
"""Losses and metrics the stack form knows, and the function of `keras.losses` that computes each per sample."""

_STACK_OPTIMIZERS = ("SGD", "RMSprop", "Adam")
"""They treat each number by itself, so that variables of several models may be stacked."""

OPTIMIZER_OPTIONS = (
    "weight_decay",
    "clipnorm",
    "clipvalue",
    "global_clipnorm",
    "use_ema",
    "loss_scale_factor",
    "gradient_accumulation_steps",
)
"""Options of an optimizer that look at a whole variable or model, or keep more state."""

_STACK_LAYERS = ("InputLayer", "Dense", "Activation", "ReLU", "Flatten", "Reshape", "Rescaling")
"""Layers without state, randomness or losses of their own."""

_STACK_ACTIVATIONS = ("linear", "relu", "elu", "selu", "gelu", "sigmoid", "tanh", "softplus", "softsign")

_STACK_BYTES = 256_000_000
"""The stack keeps the floats of all folds in memory."""

_XLA_PARAMETERS = 100_000
_XLA_STEPS = 10_000
"""Compiling takes seconds and makes wide dense layers slower; it pays for many steps of a small model."""


@dataclass(frozen=True, kw_only=True)
class ChosenForm:
    """The form chosen, and why."""

    form: Form
    xla: bool
    reasons: tuple[str, ...]
    """Codes, each of a form and a reason, some with a detail: `loop:wide`, `in-turn:layer=Dropout`.

    The report has words for them. The first part is `fit`, `loop` or `stack`, with `-xla` where the epoch is compiled;
    or `in-turn` where folds are trained one after the other, followed by the form in which that is done.
    """


def plan_fit(model: Any, train: Samples, request: Request) -> ChosenForm:
    """Choose the form for one model."""
    obstacle = _loop_obstacle(model, train, request)
    if obstacle:
        return _plan("fit", obstacle)
    if model.non_trainable_variables:
        return _plan("loop", "state")
    steps = request.epochs * ceil(len(train) / request.batch_size)
    if model.count_params() > _XLA_PARAMETERS:
        return _plan("loop", "wide")
    if steps < _XLA_STEPS:
        return _plan("loop", "few-steps")
    return _plan("loop", "many-steps", xla=True)


def plan_folds(
    models: Sequence[Any], trains: Sequence[Samples], validations: Sequence[Samples], request: Request
) -> ChosenForm:
    """Choose the form for the models of all folds: the stack where possible, otherwise one model after the other."""
    obstacle = _loop_obstacle(models[0], trains[0], request) or _stack_obstacle(models, trains, validations)
    if obstacle is None:
        return _plan("stack", f"folds={len(models)}", xla=True)
    single = plan_fit(models[0], trains[0], request)
    return replace(single, reasons=(f"in-turn:{obstacle}", *single.reasons))


def _plan(form: Form, reason: str, *, xla: bool = False) -> ChosenForm:
    return ChosenForm(form=form, xla=xla, reasons=(f"{form}{'-xla' if xla else ''}:{reason}",))


def _loop_obstacle(model: Any, train: Samples, request: Request) -> str | None:
    from keras import tree

    if len(tree.flatten(train.targets)) > 1:
        # Where a batch is not full, fit weighs the loss of each output otherwise than a graph of fixed sizes does.
        return "outputs"
    if request.callbacks:
        return "callbacks"
    if request.class_weight is not None:
        return "class-weights"
    if model.run_eagerly:
        return "eager"
    return None


def _stack_obstacle(models: Sequence[Any], trains: Sequence[Samples], validations: Sequence[Samples]) -> str | None:
    """Return the code of the reason why these models can't be trained as a stack; None where they can."""
    if len({len(part) for part in trains}) > 1 or len({len(part) for part in validations}) > 1:
        return "fold-sizes"
    for model in models:
        if obstacle := _model_obstacle(model) or _compile_obstacle(model):
            return obstacle
    if any(_structure(model) != _structure(models[0]) for model in models[1:]):
        return "models"
    if any(int(model.optimizer.iterations) for model in models):
        return "optimizer-used"
    return _samples_obstacle(models[0], trains)


def _model_obstacle(model: Any) -> str | None:
    import keras

    if type(model) is not keras.Sequential:
        return "model-kind"
    if model.non_trainable_variables:
        return "state"
    for layer in model.layers:
        kind = type(layer).__name__
        if kind not in _STACK_LAYERS or type(layer) is not getattr(keras.layers, kind):
            return f"layer={kind}"
        if layer.compute_dtype != "float32":
            return f"layer-type={layer.compute_dtype}"
        for option, value in layer.get_config().items():
            if option.endswith(("regularizer", "constraint")) and value is not None:
                return f"layer-option={option}"
            if option == "activation" and value not in _STACK_ACTIVATIONS:
                return f"activation={value if isinstance(value, str) else type(value).__name__}"
    return "own-losses" if model.losses else None


def _compile_obstacle(model: Any) -> str | None:
    import keras

    kind = type(model.optimizer).__name__
    if kind not in _STACK_OPTIMIZERS or type(model.optimizer) is not getattr(keras.optimizers, kind):
        return f"optimizer={kind}"
    settings = model.optimizer.get_config()
    for option in OPTIMIZER_OPTIONS:
        if settings.get(option):
            return f"optimizer-option={option}"
    compiled = model.get_compile_config()
    if compiled["loss_weights"] is not None or compiled["weighted_metrics"] is not None:
        return "weighted"
    metrics = compiled["metrics"] or []
    if not isinstance(metrics, list) or len(metrics) > len({str(metric) for metric in metrics}):
        return "metrics"
    for measure in (compiled["loss"], *metrics):
        if not isinstance(measure, str) or measure not in STACK_MEASURES:
            return f"measure={measure if isinstance(measure, str) else _class_name(measure)}"
    return None


def _class_name(part: Any) -> str:
    """Name of a loss or metric given as an object, which Keras writes down as a dictionary."""
    return str(part["class_name"]) if isinstance(part, dict) and "class_name" in part else type(part).__name__


def _samples_obstacle(model: Any, trains: Sequence[Samples]) -> str | None:
    inputs, targets = trains[0].inputs, trains[0].targets
    if not hasattr(inputs, "shape") or not hasattr(targets, "shape"):
        return "arrays"
    if prod(targets.shape[1:]) != prod(model.output_shape[1:]):
        return "shapes"
    if 4 * len(trains) * len(trains[0]) * prod(inputs.shape[1:]) > _STACK_BYTES:
        return "size"
    return None


def _structure(model: Any) -> Any:
    """All that makes a model, except names and how its weights began."""

    def essential(config: dict[str, Any]) -> dict[str, Any]:
        return {
            option: value for option, value in config.items() if option != "name" and not option.endswith("initializer")
        }

    layers = [(type(layer), essential(layer.get_config())) for layer in model.layers]
    compiled = {**model.get_compile_config(), "optimizer": type(model.optimizer)}
    return type(model), layers, compiled, essential(model.optimizer.get_config()), model.input_shape
