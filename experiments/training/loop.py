"""The loop form: Keras' own training step, run for a whole epoch inside one TensorFlow graph.

`model.fit` goes back to Python after every batch, which for small models takes far longer than the batch itself.
Here an epoch is one call (`graphs`), on data in memory and in an order given as positions. So every model, optimizer
and metric works that works in `fit`, including state such as dropout's and batch normalisation's, and the numbers are
the same to the bit.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from labreport.experiments.training.errors import DivergenceError
from labreport.experiments.training.fitting import Request
from labreport.experiments.training.graphs import build
from labreport.experiments.training.history import History, frozen
from labreport.experiments.training.order import batch_order
from labreport.experiments.training.samples import Samples
from labreport.experiments.training.sharing import graphs_for


class Loop:
    """What trains a model, however often the training goes on.

    Args:
        model: a compiled Keras model; it is trained in place.
        train: training samples; a last batch that is not full is trained on as well, as `fit` does.
        validation: samples on which the metrics are computed after each epoch.
        xla: whether to compile the epoch.
    """

    def __init__(self, model: Any, train: Samples, *, validation: Samples | None, xla: bool) -> None:
        build(model, train)
        self._model, self._train, self._validation, self._xla = model, train, validation, xla
        self._graphs = graphs_for(model, train, validation)

    def fit(self, request: Request) -> History:
        """Train the model and return its history.

        Args:
            request: epochs, batch sizes and seed.

        Raises:
            DivergenceError: the loss is no longer finite; nothing is trained after that step.
        """
        history = request.history()
        with self._graphs.working_for(self._model):
            for epoch in range(request.epochs_before + 1, request.epochs + 1):
                values = self._epoch(epoch, request, history)
                for name, value in values.items():
                    history.setdefault(name, []).append(value)
                request.report(epoch, values)
        # As fit does: averaged weights take the place of the weights, if there are any.
        self._model.optimizer.finalize_variable_values(self._model.trainable_variables)
        return frozen(history)

    def _epoch(self, epoch: int, request: Request, history: dict[str, list[float]]) -> dict[str, float]:
        order = batch_order(len(self._train), seed=request.seed, epoch=epoch, fold=request.fold)
        if broken_step := self._graphs.train(self._train, order, request.batch_size, xla=self._xla):
            raise DivergenceError(epoch=epoch, step=broken_step, history=frozen(history), fold=request.fold or None)
        values = self._graphs.measured()
        if self._validation is not None:
            tested = self._graphs.test(self._validation, request.test_size, xla=self._xla)
            values |= {f"val_{name}": value for name, value in tested.items()}
        return values


def evaluate_in_loop(model: Any, samples: Samples, batch_size: int) -> dict[str, float]:
    """Return loss and metrics over all samples, as `model.evaluate` does."""
    build(model, samples)
    graphs = graphs_for(model, samples)
    with graphs.working_for(model):
        return graphs.test(samples, batch_size)


def predict_in_batches(model: Any, samples: Samples, batch_size: int) -> NDArray[Any]:
    """Return the outputs for all samples in order, shape (n, …), as `model.predict` does."""
    graphs = graphs_for(model, samples)
    with graphs.working_for(model):
        return graphs.outputs(samples, batch_size)
