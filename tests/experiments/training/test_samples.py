"""Samples in memory: refused where they can't be trained on, as small as they come, and exact as network input."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.small_models import classifier, labelled, priced

from labreport.experiments.errors import LabError
from labreport.experiments.training import (
    FromBits,
    aligned_empty,
    as_shares_of_255,
    evaluate,
    fit,
    in_memory,
    predict,
)


def test_samples_that_are_missing_or_not_finite_are_refused():
    inputs, prices = priced(12)
    with pytest.raises(LabError, match=r"equally many samples, not \[11, 12\]"):
        in_memory(inputs, prices[:11])
    with pytest.raises(LabError, match="no samples"):
        in_memory(inputs[:0], prices[:0])
    broken = inputs.copy()
    broken[[3, 7], 1] = np.nan
    with pytest.raises(LabError, match="inputs of 2 samples hold NaN or infinity, first sample 3"):
        in_memory(broken, prices)
    with pytest.raises(LabError, match="targets of 1 samples"):
        in_memory(inputs, np.where(np.arange(12) == 5, np.inf, prices))
    with pytest.raises(LabError, match="only 12"):
        in_memory(inputs, prices).first(13)


def test_large_arrays_are_used_where_they_lie_and_parts_share_their_memory():
    array = aligned_empty((2_000, 1_000), np.uint8)
    array[...] = 1
    samples = in_memory(array, np.zeros(2_000))
    array[0, 0] = 7
    assert int(samples.inputs[0, 0]) == 7
    assert samples.after(5).inputs is samples.inputs
    assert samples.with_targets(np.ones(2_000)).inputs is samples.inputs
    unaligned = aligned_empty((2_000, 1_001), np.uint8)[:, 1:]
    unaligned[...] = 2
    assert int(in_memory(unaligned, np.zeros(2_000)).inputs[3, 3]) == 2


def test_bytes_become_shares_of_255_as_numpy_divides():
    import tensorflow as tf

    codes = np.arange(256, dtype=np.uint8)
    shares = codes.astype("float32") / 255
    assert (as_shares_of_255(codes).numpy() == shares).all()
    for compiled in (False, True):
        graph = tf.function(as_shares_of_255, autograph=False, jit_compile=compiled)
        # Codes that do not fill the vectors of a processor go another way than those that do.
        for count in (256, 255, 7, 1):
            assert (graph(tf.constant(codes[-count:])).numpy() == shares[-count:]).all()


@pytest.mark.parametrize("width", [1, 8, 20])
def test_bits_become_the_zeros_and_ones_that_they_were(width):
    inputs, labels = labelled(30, features=max(width, 12))
    inputs = inputs[:, :width]
    plain, bits = in_memory(inputs, labels), in_memory(np.packbits(inputs, axis=1), labels, prepare=FromBits(width))
    assert FromBits(width)(bits.inputs).numpy().tolist() == inputs.tolist()
    model = classifier(features=width)
    assert evaluate(model, bits, batch_size=7) == evaluate(model, plain, batch_size=7)
    assert predict(model, bits, batch_size=7).tolist() == predict(model, plain, batch_size=7).tolist()


def test_bits_validate_a_training_on_the_zeros_and_ones_that_they_were():
    inputs, labels = labelled(30)
    plain, bits = in_memory(inputs, labels), in_memory(np.packbits(inputs, axis=1), labels, prepare=FromBits(20))
    model = classifier()
    history = fit(model, plain, epochs=1, batch_size=7, seed=0, validation=bits.first(9)).history
    assert evaluate(model, plain.first(9), batch_size=7)["loss"] == history["val_loss"][0]
