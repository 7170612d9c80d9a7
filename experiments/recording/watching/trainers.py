"""Lightning's and Hugging Face's trainers, watched where the script imports them."""

from __future__ import annotations

import itertools
from time import perf_counter
from typing import Any

import wrapt

from labreport.experiments.errors import kind_of, message_of
from labreport.experiments.recording.watching.events import Events, numbers

_fits = itertools.count(10_001)
"""Numbers of fits, apart from those of Keras."""


def watch(events: Events, seed: int | None) -> None:
    """Watch the trainers from the moment when they are imported."""
    for name in ("lightning.pytorch", "pytorch_lightning"):
        wrapt.register_post_import_hook(lambda module: events.guarded(_lightning)(module, events), name)
    wrapt.register_post_import_hook(
        lambda module: events.guarded(_transformers)(module, events), "transformers.trainer"
    )


def _lightning(module: Any, events: Events) -> None:
    class Watch(module.Callback):  # type: ignore[misc]
        """Notes the metrics of each epoch; validation comes before the end of its epoch."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

        def on_train_epoch_end(self, trainer: Any, network: Any) -> None:
            logs = numbers(trainer.callback_metrics)
            events.write("epoch", fit=self.number, epoch=int(trainer.current_epoch) + 1, logs=logs)

    def fit(wrapped: Any, trainer: Any, arguments: Any, named: Any) -> Any:
        number = next(_fits)
        # Last in the list, so that every other callback has logged before.
        events.guarded(trainer.callbacks.append)(Watch(number))
        planned = trainer.max_epochs if isinstance(trainer.max_epochs, int) and trainer.max_epochs > 0 else None
        return _timed(events, number, planned, wrapped, arguments, named)

    def test(wrapped: Any, trainer: Any, arguments: Any, named: Any) -> Any:
        answer = wrapped(*arguments, **named)
        watch = next((one for one in reversed(trainer.callbacks) if isinstance(one, Watch)), None)
        for logs in answer or ():
            number = watch.number if watch else 0
            events.guarded(events.write)("evaluate", model=number, data=[], logs=numbers(logs), split="test")
        return answer

    wrapt.wrap_function_wrapper(module.Trainer, "fit", fit)
    wrapt.wrap_function_wrapper(module.Trainer, "test", test)


def _transformers(module: Any, events: Events) -> None:
    class Watch(module.TrainerCallback):  # type: ignore[misc]
        """Notes each entry of the trainer's log: an epoch's evaluation, or the loss of some steps."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
            events.write("log", fit=self.number, epoch=state.epoch, step=state.global_step, logs=numbers(logs))

    def train(wrapped: Any, trainer: Any, arguments: Any, named: Any) -> Any:
        number = next(_fits)
        events.guarded(trainer.add_callback)(Watch(number))
        return _timed(events, number, int(trainer.args.num_train_epochs), wrapped, arguments, named)

    wrapt.wrap_function_wrapper(module.Trainer, "train", train)


def _timed(events: Events, number: int, planned: int | None, wrapped: Any, arguments: Any, named: Any) -> Any:
    events.write("fit", fit=number, model=number, epochs=planned, initial=0, data=[], callbacks=[], stopping=None)
    begun = perf_counter()
    try:
        answer = wrapped(*arguments, **named)
    except BaseException as error:
        events.write("raised", fit=number, type=kind_of(error), message=message_of(error))
        raise
    events.write("end", fit=number, seconds=perf_counter() - begun, stopped=False, stopping=None)
    return answer
