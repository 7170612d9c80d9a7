"""Folders of TensorBoard events, read directly: neither TensorFlow nor TensorBoard is needed.

A file is a row of records (length, checksum, message, checksum), each an `Event` in the wire form of Protocol Buffers;
of it only step, tag and value are read. `train/` and `validation/` of Keras are one run.

Source: tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto, framework/summary.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from labreport.experiments.recording.importers.log import Importer, Log, checked, fault, files_below, reading_on
from labreport.experiments.recording.series import KeyColumn, KeyColumns
from labreport.experiments.system import reading

_SPLITS = {"train": "", "training": "", "validation": "val_", "val": "val_", "valid": "val_", "eval": "val_"}
_LARGEST = 512_000_000
_ON = 4096
"""Records after which those who wait learn how much is read."""
_FLOAT, _DOUBLE, _INT32, _INT64 = 1, 2, 3, 9
"""Types of a tensor."""

_FORMS = {_FLOAT: ("<f", 4), _DOUBLE: ("<d", 8), _INT32: ("<i", 4), _INT64: ("<q", 8)}


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if "tfevents" in path.name else []
    return [file for file in files_below(path) if "tfevents" in file.name] if path.is_dir() else []


def read(path: Path) -> Log:
    """Read a folder of events of one run.

    Epochs count from 0 in Keras' tags `epoch_…`; `evaluation_…_vs_iterations` counts batches and is left out. The tags
    of others are counted by steps.
    """
    files = _files(path)
    places = {file.parent for file in files}
    runs = {place.parent if place.name in _SPLITS else place for place in places}
    if len(runs) > 1:
        shown = ", ".join(str(run) for run in sorted(runs)[:4])
        raise fault(path, f"holds {len(runs)} runs; give the folder of one: {shown}, …")
    epochs: KeyColumns = {}
    steps: KeyColumns = {}
    for file in sorted(files, key=lambda file: (file.parent.name not in ("train", "training"), file.name)):
        prefix = _SPLITS.get(file.parent.name, "")
        for step, tag, value in _scalars(file):
            if tag.startswith("epoch_"):
                name = tag.removeprefix("epoch_")
                key = name if name == "learning_rate" else f"{prefix}{name}"
                epochs.setdefault(key, KeyColumn()).add(step + 1, value)
            elif not (tag.startswith("evaluation_") and tag.endswith("_vs_iterations")):
                steps.setdefault(f"{prefix}{tag}", KeyColumn()).add(step, value)
    log = Log(columns=epochs or steps, axis="epoch" if epochs else "step", files=files)
    if epochs and steps:
        log.remarks.append(f"values counted by steps were left out: {', '.join(list(steps)[:6])}")
    return checked(log, path)


def _scalars(path: Path) -> Iterator[tuple[int, str, float]]:
    for event in _records(path):
        step, summaries = 0, []
        for field, kind, value in _fields(event, path):
            if field == 2 and kind == 0:
                step = int(value)
            elif field == 5 and kind == 2:
                summaries.append(bytes(value))
        for summary in summaries:
            for field, kind, item in _fields(summary, path):
                if field == 1 and kind == 2:
                    tag, number = _value(bytes(item), path)
                    if number is not None:
                        yield step, tag, number


def _records(path: Path) -> Iterator[bytes]:
    try:
        size = path.stat().st_size
        if size == 0:
            raise fault(path, "the file is empty")
        with reading.opened(path) as file:
            number = 0
            while head := file.read(12):
                number += 1
                if number % _ON == 0:
                    reading_on(path, file.fileno())
                if len(head) < 12:
                    raise fault(path, f"is cut off in record {number}")
                (length,) = struct.unpack("<Q", head[:8])
                if struct.unpack("<I", head[8:])[0] != _checksum(head[:8]) or length > _LARGEST:
                    raise fault(path, f"is damaged, or is not a file of events: record {number}")
                data = file.read(length)
                if len(data) < length or len(file.read(4)) < 4:
                    raise fault(path, f"is cut off in record {number}")
                yield data
            reading_on(path, file.fileno())
    except OSError as error:
        raise fault(path, error.strerror or str(error)) from error


def _checksum(data: bytes) -> int:
    """Return the masked CRC-32C (Castagnoli) of a few bytes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _fields(message: bytes, path: Path) -> Iterator[tuple[int, int, int | bytes]]:
    """Return number, wire type and value of each field of a message."""
    place = 0
    try:
        while place < len(message):
            tag, place = _varint(message, place)
            kind = tag & 7
            if kind == 0:
                value, place = _varint(message, place)
                yield tag >> 3, kind, value
                continue
            if kind == 2:
                length, place = _varint(message, place)
            else:
                length = {1: 8, 5: 4}[kind]
            if place + length > len(message):
                raise IndexError
            yield tag >> 3, kind, message[place : place + length]
            place += length
    except (IndexError, KeyError) as error:
        raise fault(path, "holds a record that is not an event") from error


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return (value - (1 << 64) if value >= 1 << 63 else value), place
        shift += 7


def _value(message: bytes, path: Path) -> tuple[str, float | None]:
    tag, found = "", None
    for field, kind, value in _fields(message, path):
        if field == 1 and kind == 2:
            tag = bytes(value).decode("utf-8", "replace")
        elif field == 2 and kind == 5:
            found = float(struct.unpack("<f", bytes(value))[0])
        elif field == 8 and kind == 2:
            found = _tensor(bytes(value), path)
    return tag, found


def _tensor(message: bytes, path: Path) -> float | None:
    """Return the value of a tensor of one number; None for any other."""
    kind_of, content, dimensions = 0, b"", 0
    for field, kind, value in _fields(message, path):
        if field == 1 and kind == 0:
            kind_of = int(value)
        elif field == 2 and kind == 2:
            dimensions = sum(1 for number, _, _ in _fields(bytes(value), path) if number == 2)
        elif field in (4, 5, 6) and kind in (1, 2, 5):
            content = bytes(value)
    form, size = _FORMS.get(kind_of, ("", -1))
    return float(struct.unpack(form, content)[0]) if dimensions == 0 and len(content) == size else None


importer = Importer(
    name="tensorboard", title="TensorBoard events", recognises=lambda path: bool(_files(path)), read=read
)
