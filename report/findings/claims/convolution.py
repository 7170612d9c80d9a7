"""Claims about a network of convolutions beside a dense one: the lab on convolution."""

from __future__ import annotations

from labreport.experiments.definitions import Answer, claim
from labreport.experiments.result import Result
from labreport.report.findings.analysis import measure, model, score
from labreport.report.findings.claims.scores import beyond_chance
from labreport.report.findings.paired import compared, shared
from labreport.report.numbers import difference


@claim()
def beats_dense(result: Result) -> Answer:
    """The convolutional network gets more test images right than the dense one, beyond chance."""
    own, dense = score(result, "test_accuracy"), score(result, "test_accuracy_dense")
    return beyond_chance(compared(result, own, dense), convolution=own.mean, dense=dense.mean)


@claim()
def beats_dense_moved(result: Result) -> Answer:
    """On test images that were moved it gets more right than the dense network, beyond chance."""
    own, dense = score(result, "test_accuracy_moved"), score(result, "test_accuracy_dense-moved")
    lost = [
        difference(score(result, name).mean, moved.mean)
        for name, moved in (("test_accuracy", own), ("test_accuracy_dense", dense))
    ]
    return beyond_chance(
        compared(result, own, dense), convolution=own.mean, dense=dense.mean, lost=lost[0], dense_lost=lost[1]
    )


@claim(neutral=True)
def fewer_parameters(result: Result) -> Answer:
    """The convolutional network has fewer parameters than the dense one."""
    own, dense = model(result, "final").parameters, model(result, "dense").parameters
    return Answer(
        holds=own < dense,
        votes=(own < dense,),
        numbers={"parameters": own, "dense_parameters": dense, "share": own / dense},
    )


@claim(neutral=True)
def mistakes_shared(result: Result) -> Answer:
    """Of the images that the dense network misreads, the convolutional one reads most."""
    own, dense = score(result, "test_accuracy"), score(result, "test_accuracy_dense")
    _, gained, lost, neither = shared(result, own, dense)
    return Answer(
        holds=gained > neither,
        votes=(gained > neither,),
        numbers={
            "dense_mistakes": gained + neither,
            "gained": gained,
            "neither": neither,
            "lost": lost,
            "mistakes": measure(result, "mistakes").mean,
        },
    )
