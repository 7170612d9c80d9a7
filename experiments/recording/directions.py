"""Whether a higher or a lower value of a metric is better, by its name alone.

A name is taken apart into words (`val_Digit_Accuracy_1` has digit and accuracy; `valBCELoss` has bce and loss); what
says where it was measured (val, train, test, eval, epoch) and Keras' running numbers fall away. The last known words
decide: of an output called `accuracy` the `loss` is still a loss. A name that holds no known word has no direction:
nothing is guessed, and no sentence says "better" of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from labreport.experiments.result import Direction

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
"""One word of a name in any spelling: snake_case, camelCase, ABBREVIATIONS, numbers, other scripts."""

_HIGHER = """
    acc accuracy auc auroc auprc prc roc_auc pr_auc average_precision ap map precision recall sensitivity specificity f1
    f2 fbeta f_score f1_score iou io_u mean_io_u dice r2 r2_score cosine_similarity kappa mcc psnr ssim bleu rouge
    rouge1 rouge2 rougel meteor ndcg mrr hit_rate reward return explained_variance likelihood log_likelihood
    true_positive_rate tpr true_negative_rate tnr top_k top_5 top5 exact_match
"""
_LOWER = """
    loss mae mse rmse msle mape smape rmsle mean_absolute_error mean_squared_error mean_squared_logarithmic_error
    mean_absolute_percentage_error root_mean_squared_error absolute_error squared_error error error_rate err wer cer
    crossentropy cross_entropy bce cce nll negative_log_likelihood log_loss hinge huber log_cosh logcosh
    kl_divergence kullback_leibler_divergence kld perplexity ppl brier brier_score poisson fid lpips deviance
    fp fn false_positives false_negatives false_positive_rate fpr false_negative_rate fnr mean_squared mean_absolute
"""
_NO_DIRECTION = "tp tn true_positives true_negatives"
"""Counts that say nothing alone: with more samples there are more of both."""

_NOT_METRICS = (
    "learning rate", "lr", "grad norm", "epoch", "step", "runtime", "time", "seconds", "samples per second",
)  # fmt: skip
"""What stands among the metrics in a log without measuring the network."""

DataPart = Literal["train", "validation", "test"]

_PARTS: dict[str, DataPart] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "eval", "evaluation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
_ANY = "|".join(_PARTS)
_BEFORE = re.compile(rf"(?:(?i:({_ANY}))[\W_]+|({_ANY})(?=[A-Z]))(.+)", re.DOTALL)
_AFTER = re.compile(rf"(.+?)[\W_]+((?i:{_ANY}))\W*", re.DOTALL)
_OF_EPOCH = re.compile(r"(?i)(?<=.)[\W_]+epoch$")
"""What Lightning adds to a value that is the mean of an epoch."""

_QUALIFIERS = {
    "macro", "micro", "weighted", "mean", "avg", "average", "class", "at", "k", "top", "score", "epoch", "train",
    "training", "val", "valid", "validation", "test", "eval", "evaluation", "binary", "total", "sum",
}  # fmt: skip
"""Words that may follow what is measured, besides numbers; after any other word (`loss_scale`) it is something else."""


def _table() -> dict[tuple[str, ...], Direction | None]:
    table: dict[tuple[str, ...], Direction | None] = {}
    directions: tuple[tuple[str, Direction | None], ...] = (
        (_HIGHER, "higher"),
        (_LOWER, "lower"),
        (_NO_DIRECTION, None),
    )
    for names, direction in directions:
        for name in names.split():
            table[words_of(name)] = direction
    return table


@dataclass(frozen=True, kw_only=True)
class MeasuredKey:
    """A key of a history, taken apart."""

    name: str
    """What was measured, as the key spells it."""
    part: DataPart | None
    """On which part of the data; None: the key does not say, as Keras' keys of the training part."""


def measured(key: str) -> MeasuredKey:
    """Return what a key measures and on which part of the data, in any usual spelling.

    Args:
        key: of a history, such as `val_loss`, `Train Loss`, `eval_f1`, `Loss/valid` or `train_loss_epoch`.
    """
    plain = _OF_EPOCH.sub("", key)
    if before := _BEFORE.fullmatch(plain):
        return MeasuredKey(name=before.group(3), part=_PARTS[(before.group(1) or before.group(2)).lower()])
    if after := _AFTER.fullmatch(plain):
        return MeasuredKey(name=after.group(1), part=_PARTS[after.group(2).lower()])
    return MeasuredKey(name=plain, part=None)


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a metric's name in lower case."""
    return tuple(word.lower() for word in _WORD.findall(name))


def is_metric(key: str) -> bool:
    """Return whether a key of a history measures the network; a learning rate, a step or a time does not."""
    spaced = " ".join(words_of(_OF_EPOCH.sub("", key)))
    return (
        not any(spaced == word or spaced.endswith(f" {word}") for word in _NOT_METRICS) and "per second" not in spaced
    )


def direction_of(name: str) -> Direction | None:
    """Return what is better for a metric, or None where the name does not say.

    Args:
        name: a key of a history such as `val_digit_accuracy`, `Validation/Dice-Score` or `fp_2`.
    """
    found = words_of(name)
    if not is_metric(name):
        return None
    # From the end: what a name is called last is what it measures. Of one end the longest known words count.
    for end in range(len(found), 0, -1):
        for start in range(end):
            if found[start:end] in _KNOWN:
                direction = _KNOWN[found[start:end]]
                return _OPPOSITE[direction] if direction and "neg" in found[:start] else direction
        if not found[end - 1].isdigit() and found[end - 1] not in _QUALIFIERS:
            return None
    return None


def directions_of(keys: list[str], given: dict[str, Direction] | None = None) -> dict[str, Direction | None]:
    """Return the direction of every key that is a metric, in order.

    Args:
        keys: of a history.
        given: what the user says, by a key or by the name of its measure without `val_`; it goes before the name.
    """
    said = given or {}
    found: dict[str, Direction | None] = {}
    for key in keys:
        plain = measured(key).name
        if key in said or plain in said:
            found[key] = said.get(key, said.get(plain))
        elif is_metric(key):
            found[key] = direction_of(key)
    return found


_KNOWN = _table()
_OPPOSITE: dict[Direction, Direction] = {"higher": "lower", "lower": "higher"}
