"""The same runs give the same bytes, no matter who renders them, where, when and in which language of the machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers.hand_results import hand_result

from labreport.report.store.runs import Store

LAB = "workflow"
"""The lab with the shortest chapter. That Matplotlib's drawings are the same is looked at where figures are tested."""
CALLS = (
    ("zh", "md,ipynb", "student"),
    ("en", "md,ipynb", "instructor"),
    ("bilingual", "html,pdf,md", "student"),
)
"""Languages, forms and editions that are rendered; pages and paper are those of the report in both languages."""
PROGRAM = "import json, sys; from labreport.report.cli import main; sys.exit(max(map(main, json.loads(sys.argv[1]))))"
"""Renders all of them in one process, which loads fonts and Matplotlib once."""
TURKISH = "tr_TR.UTF-8"
"""The classical trap: a small i without its dot, a comma before decimals."""
COURSE = 'glossary = false\ninstitution = { zh = "某大学", en = "A University" }\nlecturer = "İ. Öğretmen"\n'


def _locales(folder):
    """Return two different environments: a Turkish one where it can be made, and one that knows ASCII alone."""
    turkish = {"LC_ALL": "C.UTF-8"}
    tool, sources = shutil.which("localedef"), Path("/usr/share/i18n/locales/tr_TR")
    if tool and sources.exists():
        made = subprocess.run([tool, "-i", "tr_TR", "-f", "UTF-8", folder / TURKISH], capture_output=True, check=False)
        if made.returncode in (0, 1):  # 1: with warnings
            turkish = {"LC_ALL": TURKISH, "LOCPATH": str(folder)}
    plain = {"LC_ALL": "C", "LANG": "zh_CN.GB18030", "LANGUAGE": "ja", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    return turkish, plain


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """Two folders with every form, language and edition, made by different processes in different surroundings."""
    base = tmp_path_factory.mktemp("machines")
    turkish, plain = _locales(base)
    machines = (
        ("a", "reports", turkish | {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "1"}),
        ("b with blanks", "deep/down/out", plain | {"TZ": "America/St_Johns", "PYTHONHASHSEED": "4294967295"}),
    )

    def work(machine):
        name, output, surroundings = machine
        folder = base / name
        folder.mkdir()
        (folder / "labreport.toml").write_text(COURSE, "utf-8")
        Store(folder / "runs").save(hand_result(LAB, seeds=(0, 1)))
        kept = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT") if key in os.environ}
        environment = {**kept, "HOME": str(folder), "PYTHONPATH": os.pathsep.join(sys.path), **surroundings}
        calls = [
            ["render", "-q", "-o", output, "--lang", languages, "--to", forms, "--edition", edition]
            for languages, forms, edition in CALLS
        ]
        command = [sys.executable, "-P", "-c", PROGRAM, json.dumps(calls)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
        return folder / output

    with ThreadPoolExecutor(2) as pool:
        return tuple(pool.map(work, machines))


def _files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_machines_make_the_same_files_byte_for_byte(rendered):
    here, there = map(_files, rendered)
    assert set(here) == set(there)
    assert [name for name in here if here[name] != there[name]] == []


def test_every_form_language_and_edition_is_among_them(rendered):
    names = set(_files(rendered[0]))
    for name in ("labreport-zh", "labreport-en-instructor", "labreport-bilingual"):
        assert f"{name}.md" in names
        assert f"{name}-figures/{LAB}-figure-network-sequential.svg" in names
        assert (f"{name}-notebooks/{LAB}.ipynb" in names) is (name != "labreport-bilingual")
    assert {"labreport-bilingual.html", "labreport-bilingual.pdf", "manifest.json"} <= names
