"""Claims about arithmetic on tensors and about the structure of models."""

from __future__ import annotations

import math

from labreport.experiments.definitions import Answer, claim
from labreport.experiments.result import Result
from labreport.report.findings.analysis import measure, setting


def _value(result: Result, name: str) -> float:
    return measure(result, name).mean


@claim(certain=True)
def broadcast_as_expected(result: Result) -> Answer:
    """Adding a vector to a matrix repeats the vector along the first axis."""
    return Answer(holds=bool(_value(result, "broadcast_as_expected")))


@claim(certain=True)
def dot_product_as_expected(result: Result) -> Answer:
    """The dot product of [1, 2] and [[5], [6]] is 1·5 + 2·6."""
    value = _value(result, "dot_product")
    return Answer(holds=value == 1 * 5 + 2 * 6, numbers={"value": round(value)})


@claim(certain=True)
def reshape_keeps_elements(result: Result) -> Answer:
    """Reshaping keeps the number of elements."""
    before, after = _value(result, "elements_before_reshape"), _value(result, "elements_after_reshape")
    return Answer(holds=before == after, numbers={"before": round(before), "after": round(after)})


@claim(certain=True)
def reshape_is_not_transpose(result: Result) -> Answer:
    """Reshaping to the transposed shape is not the same as transposing."""
    return Answer(holds=not _value(result, "reshape_equals_transpose"))


@claim(certain=True)
def descent_reaches_minimum(result: Result) -> Answer:
    """Gradient descent ends within a hundredth of the way from its start to the minimum."""
    end, minimum = _value(result, "descent_end"), _value(result, "descent_minimum")
    start = float(setting(result, "descent_start"))
    return Answer(
        holds=abs(end - minimum) <= 0.01 * abs(start - minimum),
        numbers={
            "end": end,
            "minimum": minimum,
            "steps": int(setting(result, "descent_steps")),
            "first_loss": _value(result, "descent_first_loss"),
            "last_loss": _value(result, "descent_last_loss"),
        },
    )


@claim(certain=True)
def video_values_as_computed(result: Result) -> Answer:
    """The number of values of the video batch is the product of its axes."""
    frames = int(setting(result, "video_seconds")) * int(setting(result, "video_frames_per_second"))
    product = (
        math.prod(int(setting(result, name)) for name in ("video_batch", "video_height", "video_width")) * frames * 3
    )
    values = round(_value(result, "video_values"))
    return Answer(
        holds=values == product and round(_value(result, "video_frames")) == frames,
        numbers={"values": values, "frames": frames},
    )


@claim(certain=True)
def sequential_functional_agree(result: Result) -> Answer:
    """A Sequential and a functional model of the same layers have equal parameters and, with equal weights, outputs."""
    sequential, functional = _value(result, "sequential_parameters"), _value(result, "functional_parameters")
    difference = _value(result, "largest_output_difference")
    return Answer(
        holds=sequential == functional and difference <= 1e-6,
        numbers={"parameters": round(sequential), "difference": difference},
    )


@claim(certain=True)
def loss_is_weighted_sum(result: Result) -> Answer:
    """The loss of a model with two outputs is the weighted sum of its losses, not their average."""
    total, average = _value(result, "loss_total"), _value(result, "loss_average")
    deviation = _value(result, "largest_sum_deviation")
    return Answer(
        holds=deviation <= 1e-5 * max(1.0, abs(total)) and abs(total - average) > deviation,
        numbers={
            "total": total,
            "first": _value(result, "loss_first"),
            "second": _value(result, "loss_second"),
            "weight_first": float(setting(result, "loss_weight_first")),
            "weight_second": float(setting(result, "loss_weight_second")),
            "average": average,
            "deviation": deviation,
        },
    )


@claim(certain=True)
def mismatch_refused(result: Result) -> Answer:
    """A layer refuses an input of the wrong shape."""
    return Answer(holds=bool(_value(result, "mismatch_raised")))
