"""Where the data come from, that only known files are opened, and that the arrays are those of Keras."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import io
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.places import ROOT

from labreport.experiments.data import catalogue, download, sets, sources
from labreport.experiments.data.sets import Texts
from labreport.experiments.errors import DataError

SAMPLED = ("mnist", "imdb", "reuters", "boston_housing")


@pytest.fixture(autouse=True)
def no_data_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches of this user are empty folders, and the storage refuses every connection."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "STORAGE", "http://127.0.0.1:9/")
    monkeypatch.setattr(download, "_unreachable", [])


class Storage:
    """A small stand-in for Keras' public storage."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """A server on this machine that the downloads go to."""
    stored = Storage()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.lstrip("/")
            stored.asked.append(name)
            content = stored.files.get(name)
            self.send_response(404 if content is None else 200)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setattr(download, "STORAGE", f"http://127.0.0.1:{server.server_port}/")
    yield stored
    server.shutdown()
    server.server_close()


@pytest.fixture
def tiny_boston(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Ten made-up tracts that count as Keras' own file; returns its bytes."""
    packed = io.BytesIO()
    np.savez(packed, x=np.arange(130.0).reshape(10, 13), y=np.arange(10.0))
    content = packed.getvalue()
    known = catalogue.SETS["boston_housing"]
    file = catalogue.KnownFile(name=known.files[0].name, sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(catalogue.SETS, known.name, dataclasses.replace(known, files=(file,)))
    return content


def keras_cache() -> Path:
    return Path(os.environ["KERAS_HOME"]) / "datasets"


def hostile_npz(marker: Path) -> bytes:
    """An `.npz` whose unpickling would make the file `marker`."""

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (marker,)

    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, {"descr": "|O", "fortran_order": False, "shape": ()})
    member.write(pickle.dumps(Trap()))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("x_train", "y_train", "x_test", "y_test"):
            archive.writestr(f"{name}.npy", member.getvalue())
    return packed.getvalue()


def silent(_line: str) -> None:
    pass


# Which source is taken


@pytest.mark.parametrize("name", SAMPLED)
def test_without_any_full_set_auto_takes_the_sample_and_says_so_in_one_line(name: str) -> None:
    lines: list[str] = []
    loaded = sets.load(name, announce=lines.append)
    assert loaded.card.source == "sample"
    assert len(lines) == 1
    assert ("whole set" if name == "boston_housing" else "sample") in lines[0]
    assert name in lines[0]


def test_a_sample_that_was_asked_for_needs_no_announcement_and_no_data_folder(tmp_path: Path) -> None:
    lines: list[str] = []
    loaded = sets.load("boston_housing", source="sample", data_dir=tmp_path / "nowhere", announce=lines.append)
    assert loaded.card.source == "sample"
    assert lines == []


@pytest.mark.parametrize("offline", [True, False])
def test_full_without_the_files_is_an_error_that_says_how_to_get_them(offline: bool) -> None:
    with pytest.raises(DataError, match=r"imdb\.npz and imdb_word_index\.json .* --data-dir"):
        sets.load("imdb", source="full", offline=offline, announce=silent)


@pytest.mark.parametrize("source", ["auto", "full", "sample"])
def test_california_has_no_sample_to_fall_back_on(source: sets.Source) -> None:
    with pytest.raises(DataError, match="california_housing"):
        sets.load("california_housing", source=source, announce=silent)


def test_an_unknown_set_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(DataError, match="mnist"):
        sets.load("minst")


def test_the_cache_of_keras_is_used_before_a_download(tiny_boston: bytes, storage: Storage) -> None:
    keras_cache().mkdir(parents=True)
    (keras_cache() / "boston_housing.npz").write_bytes(tiny_boston)
    assert sets.load("boston_housing", announce=silent).card.source == "full"
    assert storage.asked == []


def test_a_data_folder_goes_before_the_cache(tiny_boston: bytes, tmp_path: Path) -> None:
    keras_cache().mkdir(parents=True)
    (keras_cache() / "boston_housing.npz").write_bytes(tiny_boston)
    with pytest.raises(DataError, match="not in the data folder"):
        sets.load("boston_housing", data_dir=tmp_path, announce=silent)


# Only known files are opened


def test_a_missing_data_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not there"):
        sets.load("mnist", data_dir=tmp_path / "nowhere", announce=silent)


def test_an_unreadable_file_of_the_data_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mnist.npz").mkdir()
    with pytest.raises(DataError, match="Can't read"):
        sets.load("mnist", data_dir=tmp_path, announce=silent)


def test_a_word_index_that_is_missing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "imdb.npz").write_bytes(b"reviews")
    known = catalogue.SETS["imdb"]
    reviews = dataclasses.replace(known.files[0], sha256=hashlib.sha256(b"reviews").hexdigest())
    monkeypatch.setitem(catalogue.SETS, "imdb", dataclasses.replace(known, files=(reviews, known.files[1])))
    with pytest.raises(DataError, match=r"imdb_word_index\.json is not in"):
        sets.load("imdb", data_dir=tmp_path, announce=silent)


@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_a_file_with_the_wrong_checksum_in_the_data_folder_is_never_unpickled(name: str, tmp_path: Path) -> None:
    marker = tmp_path / "unpickled"
    (tmp_path / f"{name}.npz").write_bytes(hostile_npz(marker))
    with pytest.raises(DataError, match="not Keras' own file"):
        sets.load(name, data_dir=tmp_path, announce=silent)
    assert not marker.exists()


def test_the_hostile_file_of_these_tests_would_do_harm(tmp_path: Path) -> None:
    with np.load(io.BytesIO(hostile_npz(tmp_path / "unpickled")), allow_pickle=True) as file:
        _ = file["x_train"]
    assert (tmp_path / "unpickled").exists()


def test_a_wrong_file_in_the_cache_is_told_of_left_alone_and_never_unpickled(tmp_path: Path) -> None:
    marker = tmp_path / "unpickled"
    wrong = hostile_npz(marker)
    keras_cache().mkdir(parents=True)
    (keras_cache() / "imdb.npz").write_bytes(wrong)
    lines: list[str] = []
    assert sets.load("imdb", offline=True, announce=lines.append).card.source == "sample"
    assert not marker.exists()
    assert "wrong checksum" in lines[0]
    assert (keras_cache() / "imdb.npz").read_bytes() == wrong


# Downloads


def test_a_download_is_verified_and_kept_in_the_cache_of_keras(tiny_boston: bytes, storage: Storage) -> None:
    storage.files["boston_housing.npz"] = tiny_boston
    lines: list[str] = []
    first = sets.load("boston_housing", announce=lines.append)
    assert first.card.source == "full"
    assert "Downloading boston_housing.npz" in lines[0]
    assert [path.name for path in keras_cache().iterdir()] == ["boston_housing.npz"]
    sets.load("boston_housing", announce=silent)
    assert storage.asked == ["boston_housing.npz"]


def test_a_download_with_a_wrong_checksum_is_thrown_away(tiny_boston: bytes, storage: Storage) -> None:
    storage.files["boston_housing.npz"] = tiny_boston + b"more"
    lines: list[str] = []
    assert sets.load("boston_housing", announce=lines.append).card.source == "sample"
    assert "wrong checksum" in lines[-1]
    assert list(keras_cache().iterdir()) == []


def test_nothing_is_written_into_a_read_only_cache(tiny_boston: bytes, storage: Storage, tmp_path: Path) -> None:
    storage.files["boston_housing.npz"] = tiny_boston
    keras_cache().mkdir(parents=True)
    keras_cache().chmod(0o555)
    assert sets.load("boston_housing", announce=silent).card.source == "full"
    assert list(keras_cache().iterdir()) == []
    assert (sources.cache_folders()[1] / "boston_housing.npz").read_bytes() == tiny_boston


def test_offline_never_asks_the_storage(tiny_boston: bytes, storage: Storage) -> None:
    storage.files["boston_housing.npz"] = tiny_boston
    assert sets.load("boston_housing", offline=True, announce=silent).card.source == "sample"
    assert storage.asked == []


def test_a_server_that_does_not_answer_is_waited_for_once_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "START_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setattr(download, "STORAGE", f"http://127.0.0.1:{mute.getsockname()[1]}/")
        lines: list[str] = []
        start = time.monotonic()
        for name in SAMPLED:
            assert sets.load(name, announce=lines.append).card.source == "sample"
        assert time.monotonic() - start < 4
    assert len(lines) == len(SAMPLED)
    monkeypatch.setattr(download, "START_SECONDS", 60)  # a second wait would now be long
    assert sets.load("mnist", announce=silent).card.source == "sample"


def test_a_file_that_the_storage_lacks_does_not_stop_other_downloads(tiny_boston: bytes, storage: Storage) -> None:
    storage.files["boston_housing.npz"] = tiny_boston
    assert sets.load("mnist", announce=silent).card.source == "sample"
    assert sets.load("boston_housing", announce=silent).card.source == "full"


def test_a_connection_gets_ten_seconds_to_start() -> None:
    assert download.START_SECONDS == 10


# Locating


@pytest.mark.parametrize("name", SAMPLED)
def test_locate_names_the_files_that_load_reads(name: str) -> None:
    location = sets.locate(name, offline=True)
    card = sets.load(name, offline=True, announce=silent).card
    assert (location.source, location.files) == (card.source, card.files)


def test_locate_never_asks_the_storage(storage: Storage) -> None:
    assert sets.locate("mnist").source == "sample"
    assert sets.locate("mnist", source="full").source == "full"
    assert storage.asked == []


def test_locate_refuses_what_load_refuses(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        sets.locate("mnist", data_dir=tmp_path)
    with pytest.raises(DataError):
        sets.locate("mnist", source="full", offline=True)


def test_locate_prefers_the_data_folder(tiny_boston: bytes, tmp_path: Path) -> None:
    (tmp_path / "boston_housing.npz").write_bytes(tiny_boston)
    location = sets.locate("boston_housing", data_dir=tmp_path)
    assert location.source == "full"
    assert location.files[0].sha256 == hashlib.sha256(tiny_boston).hexdigest()


# What is loaded


@pytest.mark.parametrize("name", SAMPLED)
def test_the_card_counts_what_was_loaded(name: str) -> None:
    loaded = sets.load(name, source="sample")
    card = loaded.card
    assert card.train_samples == len(loaded.train_inputs) == len(loaded.train_targets)
    assert card.test_samples == len(loaded.test_inputs) == len(loaded.test_targets)
    if card.class_names:
        assert sum(card.train_class_counts) == card.train_samples
        assert len(card.train_class_counts) == len(card.test_class_counts) == len(card.class_names)
        assert card.train_class_counts[0] == int((loaded.train_targets == 0).sum())
    assert card.citation
    assert card.licence


def test_the_card_of_a_regression_gives_the_range_of_each_training_feature() -> None:
    loaded = sets.load("boston_housing", source="sample")
    assert loaded.card.feature_names[0] == "CRIM"
    assert loaded.card.feature_names[-1] == "LSTAT"
    lows = [low for low, _ in loaded.card.feature_ranges]
    assert lows == loaded.train_array.min(axis=0).tolist()


def test_california_is_given_in_thousand_dollars_and_without_pickles() -> None:
    packed = io.BytesIO()
    np.savez(packed, x=np.zeros((10, 8)), y=np.full(10, 180_000.0))
    loaded = sets.read(sets.Location(name="california_housing", source="full", files=(), contents=(packed.getvalue(),)))
    assert loaded.train_targets.tolist() == [180.0] * 8
    assert len(loaded.test_targets) == 2


def test_texts_are_reached_by_number_from_both_ends() -> None:
    texts = Texts(values=np.array([1, 5, 1, 7, 8], dtype=np.uint32), offsets=np.array([0, 2, 5]))
    assert [text.tolist() for text in texts] == [[1, 5], [1, 7, 8]]
    assert texts[-1].tolist() == [1, 7, 8]
    with pytest.raises(IndexError):
        texts[2]


def test_taking_texts_gives_them_in_the_order_asked_for() -> None:
    texts = Texts(values=np.array([1, 5, 1, 7, 8, 1], dtype=np.uint32), offsets=np.array([0, 2, 5, 6]))
    taken = texts.take(np.array([2, 0, 1, 0]))
    assert [text.tolist() for text in taken] == [[1], [1, 5], [1, 7, 8], [1, 5]]


def test_asking_a_set_of_images_for_texts_is_a_mistake() -> None:
    loaded = sets.load("boston_housing", source="sample")
    with pytest.raises(TypeError):
        _ = loaded.train_texts


def test_raw_lists_become_texts_with_the_start_mark_and_raised_indices() -> None:
    lists = np.empty(5, dtype=object)
    lists[:] = [[1, 9], [4], [1], [2, 3], [5]]
    packed = io.BytesIO()
    np.savez(packed, x=lists, y=np.arange(5))
    words = json.dumps({"the": 1, "film": 9}).encode()
    loaded = sets.read(sets.Location(name="reuters", source="full", files=(), contents=(packed.getvalue(), words)))
    texts = [*loaded.train_texts, *loaded.test_texts]
    targets = [*loaded.train_targets, *loaded.test_targets]
    found = {int(target): text.tolist() for target, text in zip(targets, texts, strict=True)}
    assert found == {0: [1, 4, 12], 1: [1, 7], 2: [1, 4], 3: [1, 5, 6], 4: [1, 8]}
    assert loaded.vocabulary[12] == "film"


def test_reading_the_data_imports_neither_tensorflow_nor_keras() -> None:
    code = (
        "import sys; from labreport.experiments.data.sets import load; load('imdb', source='sample');"
        "print([name for name in ('tensorflow', 'keras', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
