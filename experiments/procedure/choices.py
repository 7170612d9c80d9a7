"""What students may vary in the network of a lab, by name: activation, loss and optimizer.

A name that Keras would take, but with which a lab makes no sense (softmax in a hidden layer, a loss of another task),
is refused, and the message names the nearest one that fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labreport.experiments.errors import unknown_name
from labreport.experiments.settings import require_range

ACTIVATIONS = ("relu", "tanh", "sigmoid", "elu", "selu", "gelu", "silu", "softplus", "softsign", "linear")
"""Of hidden layers, as Keras calls them."""
OPTIMIZERS = ("rmsprop", "adam", "adamw", "nadam", "adamax", "adagrad", "sgd")
"""As Keras calls them; each with the learning rate of the lab's settings and else its own defaults."""
BINARY_LOSSES = ("binary_crossentropy", "mse", "mae")
CLASS_LOSSES = ("categorical_crossentropy", "mse", "mae")
PRICE_LOSSES = ("mse", "mae", "huber", "log_cosh")
"""Losses of networks with one probability, with a probability for each class, and with a price as output."""
MOST_LAYERS = 10


def require_known(settings: Any, name: str, known: Sequence[str]) -> None:
    """Check that a setting is one of some names; for use in `__post_init__`.

    Args:
        settings: the dataclass being made.
        name: the setting to check.
        known: the names that are allowed.

    Raises:
        ValueError: it is another one; the message lists the names allowed and the nearest.
    """
    value = getattr(settings, name)
    if value not in known:
        raise ValueError(unknown_name(name, value, known))


def require_network(settings: Any, losses: Sequence[str] = ()) -> None:
    """Check those settings of a network that a lab has: layers, activation, optimizer, dropout, l2 and loss.

    Args:
        settings: the dataclass being made.
        losses: the losses that fit the task.

    Raises:
        ValueError: a name that is not known, or a number out of its range.
    """
    for name, known in (("activation", ACTIVATIONS), ("loss", losses), ("optimizer", OPTIMIZERS)):
        if hasattr(settings, name):
            require_known(settings, name, known)
    if hasattr(settings, "layers"):
        require_range(settings, "layers", least=1, below=MOST_LAYERS + 1)
    if hasattr(settings, "dropout"):
        require_range(settings, "dropout", least=0, below=1)
    if hasattr(settings, "l2"):
        require_range(settings, "l2", least=0)


def optimizer_of(settings: Any) -> Any:
    """Return the optimizer of a lab's settings, for models whose listing is not printed."""
    import keras

    optimizer = keras.optimizers.get(settings.optimizer)
    optimizer.learning_rate = settings.learning_rate
    return optimizer


def unit_of(loss: str) -> str:
    """Return the unit of a loss of a classifier: nats of a cross-entropy, none of others."""
    return "nats" if loss.endswith("crossentropy") else ""
