"""The embedded samples: real, small, stratified, without pickles, and made again bit for bit."""

from __future__ import annotations

import hashlib
import importlib.resources
import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.places import ROOT, SHARED
from numpy.typing import NDArray

from labreport.experiments.data import sets, sources
from labreport.experiments.data.catalogue import SETS
from labreport.experiments.data.samples import rebuild
from labreport.experiments.data.sets import Texts
from labreport.experiments.errors import DataError

FOLDER = ROOT / "experiments" / "data" / "samples"
DATA = SHARED / "data"
needs_full_sets = pytest.mark.skipif(not DATA.is_dir(), reason="the full data sets are not beside the repository")


def test_all_samples_together_stay_under_six_megabytes() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir() if file.is_file()) < 6_000_000


def test_every_sample_is_in_the_list_of_checksums_and_nothing_else_is() -> None:
    lines = (line.split("  ") for line in (FOLDER / sources.MANIFEST).read_text().splitlines())
    listed = {name: digest for digest, name in lines}
    assert set(listed) == {known.sample_file for known in SETS.values() if known.sample_file}
    for name, digest in listed.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest


def test_the_samples_are_found_as_resources_of_the_package() -> None:
    assert (importlib.resources.files("labreport.experiments.data.samples") / "mnist-sample.npz").is_file()


def test_a_damaged_sample_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / sources.MANIFEST).write_bytes((FOLDER / sources.MANIFEST).read_bytes())
    (tmp_path / "mnist-sample.npz").write_bytes(b"damaged")
    monkeypatch.setattr(importlib.resources, "files", lambda _package: tmp_path)
    with pytest.raises(DataError, match="damaged"):
        sets.load("mnist", source="sample")
    with pytest.raises(DataError, match="can't be read"):
        sets.load("imdb", source="sample")


@pytest.mark.parametrize("name", list(rebuild.SIZES))
def test_no_sample_holds_a_pickle(name: str) -> None:
    with np.load(FOLDER / f"{name}-sample.npz", allow_pickle=False) as file:
        for member in file.files:
            assert file[member].dtype != object


@pytest.mark.parametrize("name", ["mnist", "imdb", "reuters"])
def test_every_class_is_in_both_parts_of_a_sample(name: str) -> None:
    card = sets.load(name, source="sample").card
    assert min(card.train_class_counts) >= 1
    assert min(card.test_class_counts) >= 1
    assert (card.train_samples, card.test_samples) == rebuild.SIZES[name]


def test_boston_is_whole() -> None:
    card = sets.load("boston_housing", source="sample").card
    assert (card.train_samples, card.test_samples) == (card.full_train_samples, card.full_test_samples)


@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_the_texts_of_a_sample_use_ten_thousand_words_that_can_be_read(name: str) -> None:
    loaded = sets.load(name, source="sample")
    assert int(loaded.train_texts.values.max()) == 9_999
    assert len(loaded.vocabulary) == 10_000
    assert loaded.vocabulary[:5] == ("", "", "?", "?", "the")
    assert all(text[0] == 1 for text in loaded.test_texts)


def test_the_readme_states_origin_and_terms_of_every_sample_and_its_size() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name, (train, test) in rebuild.SIZES.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}-sample.npz`"))
        assert f"{train:,}".replace(",", " ") in row
        assert f"{test:,}".replace(",", " ") in row
        assert f"(`{name}-sample.npz`)" in text
    assert "Attribution-Share Alike" in text
    assert "for research purposes only" in text


def test_shares_add_up_and_leave_no_class_out() -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        counts = random.integers(1, 300, size=12).tolist()
        size = int(random.integers(12, sum(counts) + 1))
        labels = np.repeat(np.arange(12), counts)
        shares = np.bincount(labels[rebuild.sample_positions(labels, size)]).tolist()
        assert sum(shares) == size
        assert all(1 <= share <= count for share, count in zip(shares, counts, strict=True))


def test_a_stratified_sample_keeps_the_shares_of_the_classes_and_spreads_over_the_set() -> None:
    labels = np.array([0] * 60 + [1] * 30 + [2] * 10)
    positions = rebuild.sample_positions(labels, 20)
    assert np.bincount(labels[positions]).tolist() == [12, 6, 2]
    assert positions.tolist()[:3] == [0, 5, 10]


def test_packing_twice_gives_the_same_bytes() -> None:
    members: dict[str, NDArray[Any]] = {
        "train_inputs": np.arange(6, dtype=np.uint16),
        "vocabulary": np.frombuffer(b"a\nb", dtype=np.uint8),
    }
    assert rebuild.packed(members) == rebuild.packed(members)
    with np.load(io.BytesIO(rebuild.packed(members))) as file:
        assert file["train_inputs"].tolist() == [0, 1, 2, 3, 4, 5]


def test_rebuilding_without_the_full_sets_fails_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rebuild.main(["--data-dir", str(tmp_path), "-o", str(tmp_path)]) == 3
    assert "mnist.npz is not in the data folder" in capsys.readouterr().err


@needs_full_sets
def test_the_samples_are_rebuilt_bit_for_bit(tmp_path: Path) -> None:
    if "ng" in zlib.ZLIB_RUNTIME_VERSION:
        pytest.skip("this Python compresses with zlib-ng, whose bytes differ")
    assert rebuild.main(["--data-dir", str(DATA), "-o", str(tmp_path)]) == 0
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (FOLDER / file.name).read_bytes(), file.name


@needs_full_sets
@pytest.mark.parametrize("name", ["mnist", "reuters"])
def test_every_sample_is_a_sample_of_the_full_set(name: str) -> None:
    full, sample = sets.load(name, source="full", data_dir=DATA), sets.load(name, source="sample")
    positions = rebuild.sample_positions(full.test_targets, len(sample.test_targets))
    assert np.array_equal(full.test_targets[positions], sample.test_targets)
    if isinstance(sample.test_inputs, Texts):
        known = sample.test_texts[0] != 2
        whole = full.test_texts[int(positions[0])]
        assert np.array_equal(sample.test_texts[0][known], whole[known])
    else:
        assert np.array_equal(full.test_array[positions], sample.test_array)
