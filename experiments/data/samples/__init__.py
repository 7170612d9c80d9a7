"""Small real samples of the data sets, for everyone without the full ones.

One `.npz` per set without any pickle. Members: train_inputs, train_targets, test_inputs, test_targets; for texts the
inputs are the word indices of all texts in one flat array, with train_offsets and test_offsets (n + 1 each) telling
where each text begins; vocabulary holds the words of the indices in UTF-8, one per line. `README.md` states origin and
terms of use, `rebuild.py` makes the files again, `SHA256SUMS` is checked at every load.
"""
