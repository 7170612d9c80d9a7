"""A small file that unpacks to gigabytes is refused before it is unpacked: in one line, and with little memory."""

from __future__ import annotations

import base64
import bz2
import json
import lzma
import struct
import subprocess
import sys
import zlib

import pytest

from labreport.report.store import embedded

MEMORY = 300 * 1024
"""KiB that refusing may take in all, with Python and the command line."""
SECONDS = 60
"""Of processor time for all of them together."""

RUN = """
import re, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
from labreport.report.cli import main
for path in sys.argv[1:]:
    code = main(["extract", path, "-o", "out"]) if not path.endswith("json") else main(["show", path])
    # Not ru_maxrss: a new process inherits that of the one that started it.
    print(path, code, re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1], flush=True)
"""


def _html(data: bytes, *, old: bool = False) -> bytes:
    code = ' data-code="85"' if old else ""
    return b'<template data-name="%s"%s>%s</template>' % (embedded.ELEMENT.encode(), code.encode(), data)


def _xz(content: bytes) -> bytes:
    return lzma.compress(content, check=lzma.CHECK_CRC32, preset=0)


def _old(content: bytes) -> bytes:
    return base64.b85encode(_xz(content)).translate(bytes.maketrans(b"<>&", b".:,"))


def _deflated(head: bytes, filler: bytes, millions: int) -> bytes:
    """What zlib makes of a beginning and millions of one byte, without going through all of them."""
    stream, million = zlib.compressobj(1), filler * 1_000_000
    packed = stream.compress(head) + stream.flush(zlib.Z_FULL_FLUSH)
    packed += (stream.compress(million) + stream.flush(zlib.Z_FULL_FLUSH)) * millions
    check = zlib.adler32(head)
    for _ in range(millions):
        check = zlib.adler32(million, check)
    return packed + b"\x03\x00" + struct.pack(">I", check)


def _pdf(body: bytes, filters: bytes, count: int = 1) -> bytes:
    """A PDF by hand: attachments of one raw stream."""
    names = b"".join(b"(lab%d-result.json) 4 0 R " % number for number in range(count))
    parts = [
        b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[%s]>>>>>>" % names,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        b"<</Type/Filespec/F(a)/UF(a)/EF<</F 5 0 R>>>>",
        b"<</Type/EmbeddedFile/Filter %s/Length %d>>stream\n%s\nendstream" % (filters, len(body), body),
    ]
    return _written(parts)


def _written(parts: list[bytes]) -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return out + end % (len(parts) + 1, table, len(parts) + 1, len(out))


def _object_stream() -> bytes:
    """A PDF whose catalogue lies in a stream of objects that unpacks to gigabytes."""
    body = _deflated(b"1 0 <</Type/Catalog/Pages 2 0 R>>", b" ", 250)
    out = b"%PDF-1.7\n"
    first = len(out)
    out += b"5 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj\n" % (
        len(body),
        body,
    )
    start = len(out)
    rows = b"".join(
        struct.pack(">BIB", *row)
        for row in ((0, 0, 255), (2, 5, 0), (0, 0, 0), (0, 0, 0), (1, start, 0), (1, first, 0))
    )
    head = b"4 0 obj<</Type/XRef/W[1 4 1]/Size 6/Root 1 0 R/Length %d>>stream\n%s\nendstream endobj\n"
    return out + head % (len(rows), rows) + b"startxref\n%d\n%%%%EOF" % start


@pytest.fixture(scope="module")
def bombs(tmp_path_factory):
    place = tmp_path_factory.mktemp("bombs")
    once = _deflated(b"", b"\0", 100)
    lists = b'{"mnist":[' + b"[]," * 3_000_000 + b"[]]}"
    marks = 12_000_000
    many = b"labreport 2\n" + struct.pack("<II", marks, 100_000_000) + b"\x01" * marks
    fits = b"labreport 2\n" + struct.pack("<II", 3_000_001, 3_000_000) + b"\x01" * 3_000_001 + b"\0" * 12_000_000
    huge = json.dumps({"mnist": {"sha256": "0", "result": " " * 60_000_000}}).encode()
    files = {
        "spaces.html": _html(base64.b64encode(_xz(huge))),
        "lists.html": _html(base64.b64encode(_xz(lists))),
        "marks.html": _html(_old(many), old=True),
        "numbers.html": _html(_old(fits), old=True),
        "text.html": b'<template data-name="labreport-text">%s</template>' % base64.b64encode(bz2.compress(huge, 1)),
        "flate.pdf": _pdf(once, b"/FlateDecode"),
        "double.pdf": _pdf(zlib.compress(once, 9), b"[/FlateDecode/FlateDecode]"),
        "many.pdf": _pdf(_deflated(b"", b" ", 20), b"/FlateDecode", 50),
        "predictor.pdf": _pdf(once, b"/FlateDecode/DecodeParms<</Predictor 12/Columns 4>>"),
        "lzw.pdf": _pdf(once, b"/LZWDecode"),
        "objects.pdf": _object_stream(),
        "lists.json": b'{"format": 1, "lab": [' + b"[]," * 3_000_000 + b"[]]}",
        "objects.json": b'{"format": 1, "lab": [' + b"{}," * 1_000_000 + b"{}]}",
    }
    with (place / "long.json").open("wb") as file:
        file.truncate(150_000_000)
    for name, content in files.items():
        (place / name).write_bytes(content)
    return place


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the memory of a process is read from /proc")
def test_bombs_are_refused_with_little_memory_and_in_a_line_each(bombs):
    names = sorted(path.name for path in bombs.iterdir())
    command = [sys.executable, "-c", RUN.format(seconds=SECONDS), *names]
    done = subprocess.run(command, cwd=bombs, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = {words[0]: words[1:] for line in done.stdout.splitlines() if (words := line.split())}
    assert {name: code for name, (code, _) in found.items()} == dict.fromkeys(names, "2")
    assert {name: int(peak) for name, (_, peak) in found.items() if int(peak) > MEMORY} == {}
    assert "Traceback" not in done.stderr
    assert done.stderr.count("Error: ") == len(names)
    assert not (bombs / "out").exists()
