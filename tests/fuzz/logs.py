"""Hostile logs of other programs: tables, JSON, folders of small texts, records of events, and databases.

An input is the files of one log, as JSON: name -> content, where the name of a log of one file is empty.
"""

from __future__ import annotations

import json
import sqlite3
import struct
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from random import Random

from fuzz import hostile
from labreport.experiments.recording.importers import tensorboard

TABLES = (
    "epoch,loss,val_loss\n0,1.0,2.0\n1,0.5,1.5\n2,0.25,1.25\n",
    "Step,run - loss,run - loss__MIN\n0,1.0,1.0\n1,0.5,0.5\n",
    "epoch,step,train_loss\n0,1,0.5\n1,2,0.25\n",
)
LINES = '{"epoch": 0, "loss": 1.0}\n{"epoch": 1, "loss": 0.5}\n{"epoch": 2, "loss": "NaN", "seed": 3}\n'
DOCUMENTS = (
    '{"loss": [1.0, 0.5], "val_loss": [2.0, 1.5], "test_loss": 0.5, "seed": 4}',
    '[{"epoch": 0, "loss": 1.0}, {"epoch": 1, "loss": 0.5, "lr": {"base": 0.1}}]',
    '{"log_history": [{"epoch": 1.0, "step": 1, "loss": 2.0}, {"epoch": 2.0, "step": 2, "loss": 1.0}], '
    '"num_train_epochs": 1}',
)
FOLDERS: tuple[dict[str, str], ...] = (
    {"meta.yaml": "run_id: a\n", "metrics/loss": "0 1.0 0\n1 0.5 1\n", "metrics/stopped_epoch": "0 1 0\n",
     "params/seed": "3", "params/epochs": "2"},
    {"plots/metrics/loss.tsv": "step\tloss\n0\t1.0\n1\t0.5\n", "params.yaml": "seed: 3\nnet: {units: 2}\n"},
    {"metrics.json": '{"loss": {"steps": [0, 1], "values": [1.0, 0.5], "timestamps": ["a", "b"]}}',
     "config.json": '{"seed": 9, "net": {"units": 3}}'},
    {"metrics.csv": TABLES[2], "hparams.yaml": "lr: 0.1\nseed: 4\n"},
)  # fmt: skip
PIECES = (
    *("1,2", ",", "nan", "inf", "1e999", "-1e999", '"', "\t", ";", "epoch", "step", "0 inf 1", "1 1 1e999", "seed: "),
    *("9" * 30, "2" * 12, "1" * 400, '{"a":' * 2000, '{"epoch": 1, ', "}", "[", "- ", ": ", "{", "&a", "*a"),
    *("x" * 140_000, "0,1,1", "0,1", "1,1,1", "2 2 2", "2\t2", "7,1,1\n3,1,1\n5,1,1"),
)
VALUES = ("null", "'x'", "x'ff'", "1e999", "-1e999", "9223372036854775807", "-1", "''", "1e15", "zeroblob(9)", "'[1]'")
SCHEMAS = {
    "trackio": (
        "create table metrics (id, run_id, run_name, step, metrics)",
        "create table configs (run_id, config)",
        "create table system_metrics (id)",
        """insert into metrics values (1, 'a', 'r', 0, '{"loss": 1.0}'), (2, 'a', 'r', 1, '{"loss": 0.5}')""",
        """insert into configs values ('a', '{"seed": 7}')""",
    ),
    "mlflow": (
        "create table metrics (key, value, timestamp, run_uuid, step, is_nan)",
        "create table params (key, value, run_uuid)",
        "insert into metrics values ('loss', 1.0, 0, 'r', 0, 0), ('loss', 0.5, 0, 'r', 1, 0)",
        "insert into params values ('seed', '4', 'r')",
    ),
}
COLUMNS = {
    "trackio": ("metrics.run_id", "metrics.run_name", "metrics.step", "metrics.metrics", "configs.config"),
    "mlflow": ("metrics.key", "metrics.value", "metrics.run_uuid", "metrics.step", "metrics.is_nan", "params.key",
               "params.value"),
}  # fmt: skip


def make(random: Random) -> bytes:
    """Make a log."""
    return json.dumps(
        {name: content.decode("latin-1") for name, content in random.choice(KINDS)(random).items()}
    ).encode()


def lay(folder: Path, content: bytes) -> None:
    """Write the files of a log: `log`, or those of the folder `log`."""
    for name, text in json.loads(content).items():
        path = folder / "log" / name if name else folder / "log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("latin-1"))


def _table(random: Random) -> dict[str, bytes]:
    return {"": hostile.changed_lines(random.choice((*TABLES, LINES)), PIECES, random)}


def _document(random: Random) -> dict[str, bytes]:
    return {"": hostile.changed(random.choice(DOCUMENTS).encode(), random)}


def _folder(random: Random) -> dict[str, bytes]:
    files = {name: text.encode() for name, text in random.choice(FOLDERS).items()}
    for _ in range(random.choice((1, 1, 2))):
        name = random.choice(list(files))
        whole = name.endswith(".json") and random.random() < 0.7
        with suppress(ValueError):
            files[name] = (
                hostile.changed(files[name], random)
                if whole
                else hostile.changed_lines(files[name].decode("utf-8", "replace"), PIECES, random)
            )
    return files


def _database(random: Random) -> dict[str, bytes]:
    kind = random.choice(list(SCHEMAS))
    changes = []
    for _ in range(random.choice((0, 1, 1, 2))):
        table, column = random.choice(COLUMNS[kind]).split(".")
        where = random.choice(("", " where rowid = 1"))
        changes.append(f"update {table} set {column} = {random.choice(VALUES)}{where}")
    if random.random() < 0.1:
        changes += [
            f"update {COLUMNS[kind][0].split('.')[0]} set {COLUMNS[kind][0].split('.')[1]} = 'b' where rowid = 1"
        ]
    found = database(kind, *changes)
    return {"": hostile.changed_bytes(found, random) if random.random() < 0.4 else found}


@cache
def database(kind: str, *changes: str) -> bytes:
    """Return a database of a program after some changes."""
    with tempfile.TemporaryDirectory() as place, closing(sqlite3.connect(f"{place}/a.db")) as base:
        for line in ("pragma page_size = 512", *SCHEMAS[kind], *changes):
            base.execute(line)
        base.commit()
        return Path(place, "a.db").read_bytes()


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def _part(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _events(random: Random) -> dict[str, bytes]:
    """Make a file of TensorBoard: what is wrong lies behind checksums that are right, mostly."""
    framed = b""
    steps = (0, 1, 2, 3, 2**31, 2**63, 2**64 - 1, 2**70)
    for number in range(4):
        step = number if random.random() < 0.8 else random.choice(steps)
        tag = random.choice((b"epoch_loss", b"epoch_loss", b"loss", b"\xff", b"", b"x" * 300))
        value = _part(1, tag) + b"\x15" + struct.pack("<f", random.choice((1.0, 0.5, float("nan"), float("inf"))))
        if random.random() < 0.3:
            tensor = b"\x08" + _varint(random.choice((1, 2, 3, 9, 77))) + _part(random.choice((4, 5, 6)), b"\0" * 8)
            value += _part(8, tensor)
        event = b"\x10" + _varint(step) + _part(5, _part(1, value))
        event = hostile.changed_bytes(event, random) if random.random() < 0.5 else event
        head = struct.pack("<Q", len(event) if random.random() < 0.95 else random.choice((0, 1, 2**29, 2**63)))
        framed += head + struct.pack("<I", vars(tensorboard)["_checksum"](head)) + event + b"\0\0\0\0"
    name = random.choice(("events.out.tfevents.1", "train/events.out.tfevents.1"))
    return {name: hostile.changed_bytes(framed, random) if random.random() < 0.2 else framed}


KINDS: tuple[Callable[[Random], dict[str, bytes]], ...] = (
    _table,
    _table,
    _document,
    _folder,
    _folder,
    _database,
    _events,
)
