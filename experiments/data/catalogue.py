"""What is known beforehand about each data set: its files, their checksums, names, makers and terms of use.

The files are the ones that `keras.datasets` reads; the checksums of the `.npz` files are those written in Keras'
source (`keras/src/datasets/*.py`, version 3.15), where the word indexes only have an MD5: their SHA-256 was
computed from files with that MD5. Nothing here opens a file.
"""

from __future__ import annotations

from dataclasses import dataclass

from labreport.experiments.errors import DataError, unknown_name

DIGITS = tuple(str(digit) for digit in range(10))

SENTIMENTS = ("negative", "positive")

# The order of `keras.datasets.reuters.get_label_names()`.
TOPICS = (
    "cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing", "money-supply", "coffee", "sugar",
    "trade", "reserves", "ship", "cotton", "carcass", "crude", "nat-gas", "cpi", "money-fx", "interest", "gnp",
    "meal-feed", "alum", "oilseed", "gold", "tin", "strategic-metal", "livestock", "retail", "ipi", "iron-steel",
    "rubber", "heat", "jobs", "lei", "bop", "zinc", "orange", "pet-chem", "dlr", "gas", "silver", "wpi", "hog",
    "lead",
)  # fmt: skip

# The columns in StatLib's order. B is computed from the share of Black residents.
BOSTON_FEATURES = (
    "CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS", "RAD", "TAX", "PTRATIO", "B", "LSTAT",
)  # fmt: skip

CALIFORNIA_FEATURES = (
    "Longitude", "Latitude", "HouseAge", "TotalRooms", "TotalBedrooms", "Population", "Households", "MedInc",
)  # fmt: skip
"""Columns of the file as it is: those of StatLib, not those that Keras' documentation lists (keras issue 21886)."""


@dataclass(frozen=True, kw_only=True)
class KnownFile:
    """A file of Keras' public storage."""

    name: str
    sha256: str
    """In hexadecimal."""
    bytes: int | None = None
    """Size, where it is known."""


@dataclass(frozen=True, kw_only=True)
class KnownSet:
    """One data set as Keras publishes it."""

    name: str
    files: tuple[KnownFile, ...]
    """The `.npz` file, then the word index where there is one."""
    train_samples: int
    test_samples: int
    sample_shape: tuple[int, ...] = ()
    """Shape of one sample; empty for texts of any length."""
    class_names: tuple[str, ...] = ()
    """In label order; empty for a regression."""
    feature_names: tuple[str, ...] = ()
    citation: str
    licence: str
    sample_file: str | None
    """Name of the embedded sample's file; None where the project ships none."""


_SETS = (
    KnownSet(
        name="mnist",
        files=(
            KnownFile(
                name="mnist.npz",
                sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
                bytes=11_490_434,
            ),
        ),
        train_samples=60_000,
        test_samples=10_000,
        sample_shape=(28, 28),
        class_names=DIGITS,
        citation=(
            "Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits; Y. LeCun, L. Bottou, "
            "Y. Bengio, P. Haffner, “Gradient-based learning applied to document recognition”, Proceedings of the "
            "IEEE 86(11), 2278–2324, 1998. Derived from NIST's Special Databases 1 and 3."
        ),
        licence="Copyright Yann LeCun and Corinna Cortes; CC BY-SA 3.0 according to Keras' documentation.",
        sample_file="mnist-sample.npz",
    ),
    KnownSet(
        name="imdb",
        files=(
            KnownFile(
                name="imdb.npz",
                sha256="69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
                bytes=17_464_789,
            ),
            KnownFile(
                name="imdb_word_index.json",
                sha256="027313fe9a320280f3bf0fac5baf58c4a683cf39a7ed9c3d3d3912bde4284cf6",
                bytes=1_641_221,
            ),
        ),
        train_samples=25_000,
        test_samples=25_000,
        class_names=SENTIMENTS,
        citation=(
            "Large Movie Review Dataset v1.0. A. L. Maas, R. E. Daly, P. T. Pham, D. Huang, A. Y. Ng, C. Potts, "
            "“Learning Word Vectors for Sentiment Analysis”, Proceedings of ACL-HLT 2011, 142–150."
        ),
        licence=(
            "No licence stated; the makers ask for a citation of their paper. The reviews were written by users of "
            "IMDb."
        ),
        sample_file="imdb-sample.npz",
    ),
    KnownSet(
        name="reuters",
        files=(
            KnownFile(
                name="reuters.npz",
                sha256="d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
                bytes=2_110_848,
            ),
            KnownFile(
                name="reuters_word_index.json",
                sha256="9b56000edc4b34a32e89fd5a23b2605594682c74efcf7d8f4e2a5514b771e633",
                bytes=550_378,
            ),
        ),
        train_samples=8_982,
        test_samples=2_246,
        class_names=TOPICS,
        citation="D. D. Lewis, Reuters-21578, Distribution 1.0: newswires of 1987.",
        licence=(
            "Copyright Reuters Ltd; “Reuters Ltd. and Carnegie Group, Inc. have agreed to allow the free "
            "distribution of this data for research purposes only.”"
        ),
        sample_file="reuters-sample.npz",
    ),
    KnownSet(
        name="boston_housing",
        files=(
            KnownFile(
                name="boston_housing.npz",
                sha256="f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
                bytes=57_026,
            ),
        ),
        train_samples=404,
        test_samples=102,
        sample_shape=(13,),
        feature_names=BOSTON_FEATURES,
        citation=(
            "D. Harrison, D. L. Rubinfeld, “Hedonic housing prices and the demand for clean air”, Journal of "
            "Environmental Economics and Management 5, 81–102, 1978; kept in StatLib, Carnegie Mellon University."
        ),
        licence=(
            "No licence stated. Caution: the column B was computed from the share of Black residents, on the "
            "assumption that segregation affects prices."
        ),
        sample_file="boston_housing-sample.npz",
    ),
    KnownSet(
        name="california_housing",
        files=(
            KnownFile(
                name="california_housing.npz",
                sha256="1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
            ),
        ),
        train_samples=16_512,
        test_samples=4_128,
        sample_shape=(8,),
        feature_names=CALIFORNIA_FEATURES,
        citation=(
            "R. K. Pace, R. Barry, “Sparse spatial autoregressions”, Statistics & Probability Letters 33(3), "
            "291–297, 1997; from the United States census of 1990; kept in StatLib, Carnegie Mellon University."
        ),
        licence=(
            "No licence stated. Caution: a sample is a block group of the census of 1990, not a house; prices are "
            "capped at 500 001 dollars; and neighbouring block groups resemble each other, so a split at random "
            "flatters."
        ),
        sample_file=None,
    ),
)

SETS: dict[str, KnownSet] = {known.name: known for known in _SETS}
"""The known data sets by name."""


def known_set(name: str) -> KnownSet:
    """Return what is known about a data set.

    Raises:
        DataError: there is no data set of that name.
    """
    if name in SETS:
        return SETS[name]
    raise DataError(unknown_name("data set", name, SETS))
