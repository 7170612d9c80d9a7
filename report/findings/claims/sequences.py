"""Claims about networks that read words in their order."""

from __future__ import annotations

from labreport.experiments.definitions import Answer, claim
from labreport.experiments.result import Result
from labreport.report.findings.analysis import baseline, measure, model, score
from labreport.report.findings.claims.scores import beyond_chance
from labreport.report.findings.paired import compared


def _ending(role: str) -> str:
    return "" if role == "final" else f"_{role}"


@claim(certain=True)
def mask_skips_padding(result: Result) -> Answer:
    """With its mask, an LSTM gives the same for a review whether it is padded or not, to float32 tolerance."""
    masked, unmasked = (measure(result, f"difference_{name}").mean for name in ("masked", "unmasked"))
    return Answer(holds=masked <= 1e-5 < unmasked, numbers={"masked": masked, "unmasked": unmasked})


@claim("beats_multi_hot-ROLE")
def beats_multi_hot(result: Result, role: str) -> Answer:
    """A network that reads in order beats the one on multi-hot vectors."""
    own, dense = score(result, f"test_accuracy{_ending(role)}"), baseline(result, "dense_accuracy")
    return beyond_chance(
        compared(result, own, dense),
        network=own.mean,
        dense=dense.mean,
        parameters=model(result, "lstm" if role == "final" else role).parameters,
    )


@claim("order_matters-ROLE")
def order_matters(result: Result, role: str) -> Answer:
    """A network that reads in order does worse on reviews whose words are shuffled."""
    own, mixed = score(result, f"test_accuracy{_ending(role)}"), score(result, f"test_accuracy_{role}-shuffled")
    return beyond_chance(compared(result, own, mixed), network=own.mean, shuffled=mixed.mean)
