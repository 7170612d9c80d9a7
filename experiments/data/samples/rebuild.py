"""Make the embedded samples from the full data sets, bit for bit the same each time.

    python -m labreport.experiments.data.samples.rebuild --data-dir DIR [-o DIR]

The rule, which needs no random numbers: each split is thinned separately to the size in `SIZES`. Each class gets its
share of it (largest remainders, at least one), and of the class, in the order that `load_data` gives, samples at equal
distances are taken: number i of k out of n is the one at position i·n // k. They stay in the order of the whole set.
Words beyond the 10 000 most frequent are replaced by 2, the mark of a word left out. Boston is taken whole.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labreport.experiments.data.catalogue import SETS
from labreport.experiments.data.encoding import limit_words
from labreport.experiments.data.sets import Dataset, Texts, load
from labreport.experiments.data.sources import MANIFEST
from labreport.experiments.errors import DataError

SIZES = {"mnist": (10_000, 2_000), "imdb": (5_000, 2_000), "reuters": (5_500, 1_375), "boston_housing": (404, 102)}
"""Training and test samples of each set."""

WORDS = 10_000
"""Word indices kept: 0 to 9 999, marks included, as in the labs."""

_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest date a zip file can hold, so that the bytes don't tell when they were made."""


def sample_positions(labels: NDArray[Any], size: int) -> NDArray[Any]:
    """Return the positions of a stratified sample, rising.

    Args:
        labels: integer class labels, shape (n,).
        size: samples wanted, from the number of classes to n.
    """
    classes, counts = np.unique(labels, return_counts=True)
    shares = _shares([int(count) for count in counts], size)
    chosen = []
    for label, count, share in zip(classes, counts, shares, strict=True):
        of_class = np.flatnonzero(labels == label)
        chosen.append(of_class[np.arange(share) * int(count) // share])
    return np.sort(np.concatenate(chosen))


def _shares(counts: Sequence[int], size: int) -> list[int]:
    """Divide `size` among classes in proportion to their counts, by largest remainders, at least one each."""
    total = sum(counts)
    shares = [max(1, size * count // total) for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda number: (-(size * counts[number] % total), number))
    for number in by_remainder:
        if sum(shares) < size and shares[number] < counts[number]:
            shares[number] += 1
    while sum(shares) > size:  # small classes lifted to one are paid for by the largest
        shares[shares.index(max(shares))] -= 1
    return shares


def sample_members(dataset: Dataset) -> dict[str, NDArray[Any]]:
    """Return the arrays of a set's sample file, by member name."""
    members: dict[str, NDArray[Any]] = {}
    splits = (
        ("train", dataset.train_inputs, dataset.train_targets, SIZES[dataset.card.name][0]),
        ("test", dataset.test_inputs, dataset.test_targets, SIZES[dataset.card.name][1]),
    )
    for split, inputs, targets, size in splits:
        if not dataset.card.class_names:
            members[f"{split}_inputs"], members[f"{split}_targets"] = np.asarray(inputs), targets
            continue
        positions = sample_positions(targets, size)
        members[f"{split}_targets"] = targets[positions].astype(np.uint8)
        if isinstance(inputs, Texts):
            texts = limit_words(inputs.take(positions), WORDS)
            members[f"{split}_inputs"] = texts.values.astype("<u2")
            members[f"{split}_offsets"] = texts.offsets.astype("<u4")
        else:
            members[f"{split}_inputs"] = inputs[positions]
    if dataset.vocabulary:
        words = "\n".join(dataset.vocabulary[:WORDS]).encode("utf-8")
        members["vocabulary"] = np.frombuffer(words, dtype=np.uint8)
    return members


def packed(members: dict[str, NDArray[Any]]) -> bytes:
    """Return the bytes of an `.npz` file with these members: fixed dates, strongest deflate, no pickle."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, values in members.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(values), version=(1, 0), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=_DATE)
            entry.create_system = 3  # Unix, also when made elsewhere
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, member.getvalue(), compress_type=zipfile.ZIP_DEFLATED, compresslevel=9)
    return target.getvalue()


def rebuild(data_dir: Path, output: Path) -> None:
    """Write all samples and the list of their checksums into a folder.

    Raises:
        DataError: a full set is missing or not Keras' own.
        OSError: the folder can't be written to.
    """
    lines = []
    for name in SIZES:
        content = packed(sample_members(load(name, source="full", data_dir=data_dir)))
        file_name = SETS[name].sample_file
        assert file_name is not None, "every set in SIZES has a sample"
        (output / file_name).write_bytes(content)
        lines.append(f"{hashlib.sha256(content).hexdigest()}  {file_name}\n")
    (output / MANIFEST).write_text("".join(lines), encoding="ascii")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code, 3 when the full data are missing."""
    parser = argparse.ArgumentParser(
        prog="python -m labreport.experiments.data.samples.rebuild", description="Make the embedded samples again."
    )
    parser.add_argument("--data-dir", type=Path, required=True, help="folder with the .npz files of keras.datasets")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path(__file__).parent, help="folder to write to (default: this package)"
    )
    options = parser.parse_args(arguments)
    try:
        rebuild(options.data_dir, options.output)
    except DataError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
