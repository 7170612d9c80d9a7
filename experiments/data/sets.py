"""The data sets as arrays: exactly what `keras.datasets` gives, or the embedded sample of it.

`locate` finds a set, `obtained` downloads what is missing, `read` gives its arrays; `load` is all three. Order of the
sources of a full set: the folder the user named, Keras' cache, our own cache, a download. Keras' own `load_data` isn't
used: it refuses a path, deletes a local file whose checksum is wrong, and would import TensorFlow. The shuffles and
splits below are those of Keras 3.15 (`keras/src/datasets/*.py`), with its seed.
"""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labreport.experiments.data import sources
from labreport.experiments.data.catalogue import KnownSet, known_set
from labreport.experiments.data.sources import Announce
from labreport.experiments.errors import DataError
from labreport.experiments.result import DataCard, DataFile

if TYPE_CHECKING:
    from pathlib import Path

Source = Literal["auto", "full", "sample"]

_OFFLINE = "downloads are switched off"

_SEED = 113
"""Keras' seed of every shuffle."""

_TEST_SHARE = 0.2
_START = 1
_INDEX_FROM = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Texts:
    """Texts of different lengths as one flat array: far smaller than a list of lists, and quick to work on."""

    values: NDArray[np.uint32]
    """The word indices of all texts, one text after the other."""
    offsets: NDArray[np.int64]
    """Where each text begins, and where the last one ends: shape (n + 1,)."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> NDArray[np.uint32]:
        """Return one text's word indices; negative numbers count from the end."""
        position = range(len(self))[number]
        return self.values[self.offsets[position] : self.offsets[position + 1]]

    def __iter__(self) -> Iterator[NDArray[np.uint32]]:
        return (self[number] for number in range(len(self)))

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Word indices per text, marks included, shape (n,)."""
        return np.diff(self.offsets)

    def take(self, positions: NDArray[Any]) -> Texts:
        """Return the texts at these positions, in this order."""
        lengths = self.lengths[positions]
        offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        shift = np.repeat(self.offsets[:-1][positions] - offsets[:-1], lengths)
        return Texts(values=self.values[np.arange(offsets[-1]) + shift], offsets=offsets)


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """A data set in memory."""

    card: DataCard
    train_inputs: NDArray[Any] | Texts
    """Images uint8 (n, 28, 28), texts, or features float (n, features)."""
    train_targets: NDArray[Any]
    """Integer labels (n,), or prices in thousand dollars (n,)."""
    test_inputs: NDArray[Any] | Texts
    test_targets: NDArray[Any]
    vocabulary: tuple[str, ...] = ()
    """The word of each index; '' for the marks 0 (padding) and 1 (start), '?' for 2 and 3. Empty without texts."""

    @property
    def train_array(self) -> NDArray[Any]:
        """The training inputs of a set of images or features."""
        return _as_array(self.train_inputs)

    @property
    def test_array(self) -> NDArray[Any]:
        """The test inputs of a set of images or features."""
        return _as_array(self.test_inputs)

    @property
    def train_texts(self) -> Texts:
        """The training inputs of a set of texts."""
        return _as_texts(self.train_inputs)

    @property
    def test_texts(self) -> Texts:
        """The test inputs of a set of texts."""
        return _as_texts(self.test_inputs)


@dataclass(frozen=True, kw_only=True)
class Location:
    """Where a data set is read from."""

    name: str
    """mnist, imdb, reuters, boston_housing or california_housing."""
    source: Literal["full", "sample"]
    files: tuple[DataFile, ...]
    contents: tuple[bytes, ...] | None
    """The verified bytes of the files; None for a full set that must be downloaded."""
    wanted: bool = False
    """Whether the full set would be taken instead if a download brought it."""
    remarks: tuple[str, ...] = ()
    """What the user should know before the set is used."""


class Parts(NamedTuple):
    """The arrays of a set, before its card is written."""

    train_inputs: NDArray[Any] | Texts
    train_targets: NDArray[Any]
    test_inputs: NDArray[Any] | Texts
    test_targets: NDArray[Any]
    vocabulary: tuple[str, ...] = ()


def load(
    name: str,
    *,
    source: Source = "auto",
    data_dir: Path | None = None,
    offline: bool = False,
    announce: Announce = print,
) -> Dataset:
    """Read a data set into memory: `locate`, `obtained` and `read` in one.

    Args:
        name: mnist, imdb, reuters, boston_housing or california_housing.
        source: full demands the whole set; sample the embedded sample; auto takes the whole set where it can be had
            and otherwise the sample, saying so.
        data_dir: folder with Keras' own files; with it no other place is searched for the full set.
        offline: never try a download.
        announce: called with one line for everything the user should know.

    Raises:
        DataError: unknown set, missing or wrong files, or no sample of this set.
    """
    return read(obtained(locate(name, source=source, data_dir=data_dir, offline=offline), announce))


def locate(name: str, *, source: Source = "auto", data_dir: Path | None = None, offline: bool = False) -> Location:
    """Return where a data set is, with its verified bytes, but never unpickled, and without network.

    With auto, a set that would have to be downloaded counts as missing: the answer is the sample. With full it counts
    as downloaded, since the checksums are known beforehand; unless `offline`. The arguments, and what is raised, are
    those of `load`.
    """
    known = known_set(name)
    if source == "sample":
        return _sample(known)
    if data_dir is not None:
        return _full(known, sources.from_folder(known, data_dir))
    remarks: list[str] = []
    contents = sources.from_cache(known, remarks.append)
    if contents is not None:
        return _full(known, contents)
    if source == "full" or known.sample_file is None:
        if offline:
            raise _missing(known, _OFFLINE)
        return replace(_full(known, None), remarks=tuple(remarks))
    if offline:
        sample = _sample(known)
        return replace(sample, remarks=(*remarks, _instead(sample, _OFFLINE)))
    return replace(_sample(known), remarks=tuple(remarks), wanted=True)


def obtained(location: Location, announce: Announce = print) -> Location:
    """Return where a data set is after trying to download what is missing; unchanged where nothing is.

    Args:
        location: as `locate` has found it.
        announce: called with one line for everything the user should know.

    Raises:
        DataError: the full set is demanded and could not be downloaded.
    """
    for remark in location.remarks:
        announce(remark)
    location = replace(location, remarks=())
    if location.contents is not None and not location.wanted:
        return location
    known = known_set(location.name)
    try:
        return _full(known, sources.from_download(known, announce))
    except sources.DownloadError as error:
        if location.contents is None:
            raise _missing(known, str(error)) from error
        announce(_instead(location, str(error)))
        return replace(location, wanted=False)


def read(location: Location) -> Dataset:
    """Return the data set whose bytes were located; `obtained` has brought them.

    Args:
        location: with the bytes of its files.
    """
    known, contents = known_set(location.name), location.contents or ()
    parts = _READERS[known.name](contents) if location.source == "full" else read_sample(contents[0])
    return _dataset(known, location.source, location.files, parts)


def _full(known: KnownSet, contents: tuple[bytes, ...] | None) -> Location:
    files = tuple(DataFile(name=file.name, sha256=file.sha256) for file in known.files)
    return Location(name=known.name, source="full", files=files, contents=contents)


def _sample(known: KnownSet) -> Location:
    name, content, digest = sources.from_sample(known)
    files = (DataFile(name=name, sha256=digest),)
    return Location(name=known.name, source="sample", files=files, contents=(content,))


def _instead(sample: Location, reason: str) -> str:
    (content,) = sample.contents or (b"",)
    with np.load(io.BytesIO(content), allow_pickle=False) as file:  # one small array, not all that it holds
        whole = len(file["train_targets"]) == known_set(sample.name).train_samples
    instead = "copy, which is the whole set" if whole else "sample"
    return f"{sample.name}: Keras' own files are not here ({reason}); using the embedded {instead}."


def _missing(known: KnownSet, reason: str) -> DataError:
    names = " and ".join(file.name for file in known.files)
    them = "it" if len(known.files) == 1 else "them"
    sample = "" if known.sample_file is None else ", or use the embedded sample with --data sample"
    return DataError(
        f"The full data set {known.name} is not here: {reason}. Put {names} into {sources.cache_folders()[0]}, name a "
        f"folder that holds {them} with --data-dir{sample}."
    )


def _dataset(known: KnownSet, source: Literal["full", "sample"], files: tuple[DataFile, ...], parts: Parts) -> Dataset:
    """Write the data card from what was really loaded."""
    classes = len(known.class_names)
    features = parts.train_inputs if known.feature_names else None
    card = DataCard(
        name=known.name,
        source=source,
        files=files,
        train_samples=len(parts.train_targets),
        test_samples=len(parts.test_targets),
        full_train_samples=known.train_samples,
        full_test_samples=known.test_samples,
        sample_shape=known.sample_shape,
        class_names=known.class_names,
        train_class_counts=_class_counts(parts.train_targets, classes),
        test_class_counts=_class_counts(parts.test_targets, classes),
        feature_names=known.feature_names,
        feature_ranges=() if features is None else _ranges(_as_array(features)),
        citation=known.citation,
        licence=known.licence,
    )
    return Dataset(
        card=card,
        train_inputs=parts.train_inputs,
        train_targets=parts.train_targets,
        test_inputs=parts.test_inputs,
        test_targets=parts.test_targets,
        vocabulary=parts.vocabulary,
    )


def _class_counts(labels: NDArray[Any], classes: int) -> tuple[int, ...]:
    return tuple(int(count) for count in np.bincount(labels, minlength=classes)) if classes else ()


def _ranges(features: NDArray[Any]) -> tuple[tuple[float, float], ...]:
    lows, highs = features.min(axis=0), features.max(axis=0)
    return tuple((float(low), float(high)) for low, high in zip(lows, highs, strict=True))


def read_sample(content: bytes) -> Parts:
    """Return the arrays of an embedded sample's file; the package `samples` says how they are stored."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        members = {name: file[name] for name in file.files}
    if "vocabulary" not in members:
        return Parts(*(members[f"{split}_{kind}"] for split in ("train", "test") for kind in ("inputs", "targets")))
    train, test = (
        Texts(values=members[f"{split}_inputs"].astype(np.uint32), offsets=members[f"{split}_offsets"].astype(np.int64))
        for split in ("train", "test")
    )
    labels = (members[f"{split}_targets"].astype(np.int64) for split in ("train", "test"))
    words = members["vocabulary"].tobytes().decode("utf-8").split("\n")
    return Parts(train, next(labels), test, next(labels), tuple(words))


def _read_mnist(contents: tuple[bytes, ...]) -> Parts:
    with np.load(io.BytesIO(contents[0]), allow_pickle=False) as file:
        return Parts(file["x_train"], file["y_train"], file["x_test"], file["y_test"])


def _read_imdb(contents: tuple[bytes, ...]) -> Parts:
    # The reviews are lists of numbers in pickles; by now these bytes are known to be Keras' own.
    with np.load(io.BytesIO(contents[0]), allow_pickle=True) as file:
        train, train_labels = _texts(file["x_train"]), file["y_train"]
        test, test_labels = _texts(file["x_test"]), file["y_test"]
    # One generator for both parts, the training part first, as in Keras.
    generator = np.random.RandomState(_SEED)
    train_order, test_order = _shuffled(len(train), generator), _shuffled(len(test), generator)
    return Parts(
        train.take(train_order),
        train_labels[train_order],
        test.take(test_order),
        test_labels[test_order],
        _vocabulary(contents[1]),
    )


def _read_reuters(contents: tuple[bytes, ...]) -> Parts:
    with np.load(io.BytesIO(contents[0]), allow_pickle=True) as file:
        texts, labels = _texts(file["x"]), file["y"]
    order = _shuffled(len(texts), np.random.RandomState(_SEED))
    train, test = np.split(order, [int(len(order) * (1 - _TEST_SHARE))])
    return Parts(texts.take(train), labels[train], texts.take(test), labels[test], _vocabulary(contents[1]))


def _read_boston(contents: tuple[bytes, ...]) -> Parts:
    with np.load(io.BytesIO(contents[0]), allow_pickle=False) as file:
        features, prices = file["x"], file["y"]
    order = _shuffled(len(features), np.random.RandomState(_SEED))
    train, test = np.split(order, [int(len(order) * (1 - _TEST_SHARE))])
    return Parts(features[train], prices[train], features[test], prices[test])


def _read_california(contents: tuple[bytes, ...]) -> Parts:
    parts = _read_boston(contents)  # Keras reads, shuffles and splits both sets alike
    # Its prices are in dollars; one unit for both sets keeps the lab the same.
    return parts._replace(train_targets=parts.train_targets / 1000, test_targets=parts.test_targets / 1000)


_READERS: dict[str, Callable[[tuple[bytes, ...]], Parts]] = {
    "mnist": _read_mnist,
    "imdb": _read_imdb,
    "reuters": _read_reuters,
    "boston_housing": _read_boston,
    "california_housing": _read_california,
}


def _shuffled(size: int, generator: np.random.RandomState) -> NDArray[Any]:
    positions = np.arange(size)
    generator.shuffle(positions)
    return positions


def _texts(lists: NDArray[Any]) -> Texts:
    """Return raw lists of word indices as texts: each begins with the start mark, and every index is raised by 3."""
    lengths = np.fromiter((len(one) for one in lists), dtype=np.int64, count=len(lists))
    raw = np.fromiter(itertools.chain.from_iterable(lists), dtype=np.uint32, count=int(lengths.sum()))
    offsets = np.concatenate(([0], np.cumsum(lengths + 1))).astype(np.int64)
    values = np.full(int(offsets[-1]), _START, dtype=np.uint32)
    is_word = np.ones(len(values), dtype=np.bool_)
    is_word[offsets[:-1]] = False
    values[is_word] = raw + np.uint32(_INDEX_FROM)
    return Texts(values=values, offsets=offsets)


def _vocabulary(content: bytes) -> tuple[str, ...]:
    """Return the word of every index of a text; `Dataset.vocabulary` says what stands at the marks."""
    places: dict[str, int] = json.loads(content)
    words = ["", "", "?"] + ["?"] * (max(places.values()) + _INDEX_FROM - 2)
    for word, place in places.items():
        words[place + _INDEX_FROM] = word
    return tuple(words)


def _as_array(inputs: NDArray[Any] | Texts) -> NDArray[Any]:
    if isinstance(inputs, Texts):
        raise TypeError("this data set holds texts, not arrays")
    return inputs


def _as_texts(inputs: NDArray[Any] | Texts) -> Texts:
    if not isinstance(inputs, Texts):
        raise TypeError("this data set holds arrays, not texts")
    return inputs
