"""Claims about networks that differ from a base network in one thing each: the lab on remedies against overfitting.

`helps-dropout` asks the family `helps-ROLE` about the network of the role `dropout`.
"""

from __future__ import annotations

from labreport.experiments.definitions import Answer, claim
from labreport.experiments.result import Result
from labreport.report.findings.analysis import MissingValueError, curves, mean_curve, model, turn
from labreport.report.findings.gains import BASE, gain, gains
from labreport.report.findings.scores import mean
from labreport.report.numbers import difference

CROSS_ENTROPY = "binary_crossentropy"
"""The loss without any penalty, as a metric."""
_TOLERANCE = 1e-3
"""Between two forms of the engine that do the same arithmetic in another order."""


@claim("helps-ROLE")
def helps(result: Result, role: str) -> Answer:
    """The network gets more test samples right than the base network, beyond chance."""
    found = gain(result, role)
    return Answer(
        holds=found.ahead,
        votes=found.found.votes,
        together=True,
        numbers={
            "network": found.score.mean,
            "base": found.base.mean,
            "difference": abs(found.found.difference),
            "p_holm": found.p,
        },
        details={"role": role, "equal": int(found.found.difference == 0)},
    )


@claim("rises_less-ROLE")
def rises_less(result: Result, role: str) -> Answer:
    """From its lowest point to the last epoch the validation cross-entropy rises less than that of the base network."""
    own, base = (turn(result, name, f"val_{CROSS_ENTROPY}") for name in (role, BASE))
    rise, base_rise = (difference(found.last, found.best) for found in (own, base))
    return Answer(
        holds=rise < base_rise,
        numbers={
            "best": own.best,
            "last": own.last,
            "rise": rise,
            "base_best": base.best,
            "base_last": base.last,
            "base_rise": base_rise,
        },
        details={"role": role, "lower": int(own.best < base.best)},
    )


@claim(neutral=True)
def remedies_counted(result: Result) -> Answer:
    """At least one of the networks is ahead of the base network beyond chance."""
    found = gains(result)
    best = max(found, key=lambda one: one.score.mean)
    counts = {"helped": True, "harmed": False, "open": None}
    return Answer(
        holds=any(one.ahead for one in found),
        together=True,
        votes=(any(one.ahead for one in found),),
        numbers={
            "tried": len(found),
            **{name: sum(one.ahead is verdict for one in found) for name, verdict in counts.items()},
            "highest": best.score.mean,
        },
        details={"role": best.role},
    )


@claim(certain=True)
def penalty_counts(result: Result) -> Answer:
    """The loss that Keras gives for the network with L2 holds the penalty: it exceeds the cross-entropy throughout."""
    whole, bare = (mean_curve(result, "l2", f"val_{key}") for key in ("loss", CROSS_ENTROPY))
    return Answer(
        holds=all(loss > entropy for loss, entropy in zip(whole, bare, strict=True)),
        numbers={
            "last_loss": whole[-1],
            "cross_entropy": bare[-1],
            "penalty": difference(whole[-1], bare[-1]),
            "epochs": len(whole),
        },
    )


@claim(certain=True)
def stopping_interrupts(result: Result) -> Answer:
    """Up to its last epoch the training that is stopped early has the validation loss of the base network.

    The tolerance is 1e-3: the two are trained by forms of the engine that add in another order.
    """
    pairs = list(zip(curves(result, "stopped", "val_loss"), curves(result, BASE, "val_loss"), strict=True))
    apart = max(abs(one - other) for short, long in pairs for one, other in zip(short, long, strict=False))
    lengths = [len(short) for short, _ in pairs]
    best = [1 + min(range(len(short)), key=short.__getitem__) for short, _ in pairs]
    return Answer(
        holds=apart <= _TOLERANCE and all(len(short) <= len(long) for short, long in pairs),
        numbers={
            "restored": mean(best),
            "stopped_at": mean(lengths),
            "epochs": max(len(long) for _, long in pairs),
            "difference": apart,
        },
    )


@claim(certain=True)
def dropout_adds_nothing(result: Result) -> Answer:
    """Dropout and L2 add no parameter to the network."""
    parameters = {role: model(result, role).parameters for role in (BASE, "l2", "dropout")}
    if not parameters[BASE]:
        raise MissingValueError("The base network has no parameters.")
    return Answer(holds=len(set(parameters.values())) == 1, numbers={"parameters": parameters[BASE]})
