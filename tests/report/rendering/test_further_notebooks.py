"""The notebooks of the labs that run by name: the same cells in both languages, with the listings that ran."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import os
import subprocess
from datetime import UTC, datetime

import pytest
from helpers.hand_parts import listing
from helpers.hand_results import FURTHER, SETTINGS, hand_result
from helpers.places import HELPERS

from labreport.experiments.examples import body_source
from labreport.experiments.result import Example
from labreport.report.chapters.build import build
from labreport.report.configuration import Configuration
from labreport.report.rendering.notebook import notebooks
from labreport.report.words import LANGUAGES

LISTINGS = {"remedies": ("build_model", "build_callback"), "convolution": ("build_model", "build_dense_model")}
TINY = {
    "remedies": {
        "words": 50,
        "units": 2,
        "smaller_units": 1,
        "larger_units": 3,
        "epochs": 1,
        "validation_samples": 40,
    },
    "convolution": {"filters": 1, "units": 2, "dense_units": 2, "epochs": 1, "validation_samples": 40},
}


def _cells(lab, language):
    module = importlib.import_module(f"labreport.experiments.{lab}")
    sources = tuple(listing(name, inspect.getsource(getattr(module, name))) for name in LISTINGS[lab])
    examples = tuple(
        Example(name=name.removeprefix("example_"), code=body_source(function), output="as it was")
        for name, function in vars(module).items()
        if name.startswith("example_")
    )
    settings = {**SETTINGS[lab], **TINY[lab]}
    result = hand_result(lab, seeds=(0,), listings=sources, examples=examples, settings=settings)
    built = build([result], language, Configuration(), moment=datetime(2026, 1, 5, tzinfo=UTC), version="0.1.0")
    assert built.problems == ()
    (content,) = notebooks(built.report, [result]).values()
    return json.loads(content)["cells"], sources


def _code(cells):
    return [(cell["id"], "".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("lab", [lab for lab in FURTHER if lab in LISTINGS])
def test_both_languages_have_the_same_code_and_it_holds_the_listings(lab):
    made = [_cells(lab, language) for language in LANGUAGES]
    codes = [_code(cells) for cells, _ in made]
    assert all(code == codes[0] for code in codes)
    for one in made[0][1]:
        assert one.source.strip("\n") in [source for _, source in codes[0]]
    for _, source in codes[0]:
        ast.parse(source)


def test_every_cell_runs_top_to_bottom(tmp_path, warm_python):
    files = [tmp_path / f"{lab}.json" for lab in LISTINGS]
    for lab, file in zip(LISTINGS, files, strict=True):
        file.write_text(
            json.dumps([(f"{lab}: {name}", source) for name, source in _code(_cells(lab, "en")[0])]), "utf-8"
        )
    program = HELPERS / "notebook_prelude.py"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(program.parents[2])}
    done = subprocess.run(
        [warm_python, program, *files], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "moved:" in done.stdout
    assert "right alone:" in done.stdout
