"""Notebooks: valid, the same twice, without a solution where there must be none, and their code runs top to bottom."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import os
import re
import subprocess
from base64 import b64decode
from datetime import UTC, datetime
from functools import cache

import msgspec
import nbformat
import pytest
from helpers.hand_measures import METRICS_LISTINGS
from helpers.hand_parts import listing
from helpers.hand_results import LABS, SETTINGS, hand_result
from helpers.places import HELPERS

from labreport.experiments.examples import body_source
from labreport.experiments.result import Example
from labreport.report.chapters import notes
from labreport.report.chapters.build import build
from labreport.report.chapters.notes_in_use import SHIPPED
from labreport.report.configuration import Configuration
from labreport.report.document import VERDICT_MARKS, Exercise
from labreport.report.errors import RenderingError
from labreport.report.findings.claims.record import defined
from labreport.report.findings.claims.wording import title
from labreport.report.rendering.notebook import notebooks, recipe
from labreport.report.words import LANGUAGES

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)
EDITIONS = ("student", "instructor")
CANARY = "CANARY-41f7"
ALLOWED = {"__future__", "keras", "matplotlib", "numpy", "os", "tensorflow", "textwrap", "types", "typing"}
LISTINGS = {
    "mnist": {"preprocess": "preprocess"},
    "reuters": {"build_sparse_model": "build_sparse_model", "build_bottleneck_model": "build_bottleneck_model"},
    "boston": {"standardise": "standardise", "fold_slices": "fold_slices"},
    "metrics": dict.fromkeys(METRICS_LISTINGS.split()[2:]),
    "uneven": dict.fromkeys(("class_weights", "class_scores", "macro_average")),
    "sequences": dict.fromkeys(("pad", "shuffled", "build_lstm", "build_convolution", "build_dense")),
}
FURTHER = ("metrics", "uneven", "sequences")
"""Labs that are not of the book and have code cells of their own."""
TINY = {
    "tensors": {},
    "workflow": {"units": 4},
    "mnist": {"units": 8, "epochs": 1, "validation_samples": 40},
    "imdb": {"words": 500, "units": 4, "epochs": 1, "batch_size": 100, "validation_samples": 40},
    "reuters": {"words": 500, "units": 8, "epochs": 1, "batch_size": 100, "validation_samples": 40},
    "boston": {"folds": 2, "units": 4, "epochs": 2, "batch_size": 70, "final_batch_size": 70},
    "metrics": {"words": 500, "units": 4, "epochs": 2, "batch_size": 100, "validation_samples": 40},
    "uneven": {"words": 500, "units": 8, "epochs": 1, "batch_size": 100, "validation_samples": 40},
    "sequences": {"words": 500, "length": 8, "units": 2, "epochs": 1, "batch_size": 100, "validation_samples": 40},
}


def _real_listings(lab):
    """The sources that a run of the lab puts on record."""
    module = importlib.import_module(f"experiments.{lab}")
    functions = {"build_model": "build_model", "fit": "plain_fit", **LISTINGS.get(lab, {})}
    found = {name: getattr(module, function or name, None) for name, function in functions.items()}
    return tuple(listing(name, inspect.getsource(function)) for name, function in found.items() if function)


def _real_examples(lab, settings):
    """The examples of the lab with the code that is really shown; what they print is left to the notebook."""
    module = importlib.import_module(f"experiments.{lab}")
    given = {**settings, "seed": 0, "n": 404, "k": 4}
    examples = []
    for name, function in vars(module).items():
        if name.startswith("example_"):
            plain = [f"{key} = {given[key]!r}\n" for key in inspect.signature(function).parameters if key in given]
            code = "".join([*plain, "\n" if plain else "", body_source(function)])
            examples.append(Example(name=name.removeprefix("example_"), code=code, output="as it was"))
    return tuple(examples)


@cache
def _result(lab):
    settings = {**SETTINGS[lab], **TINY[lab]}
    return hand_result(
        lab, settings=settings, listings=_real_listings(lab), examples=_real_examples(lab, settings), seeds=(0,)
    )


@cache
def _made(language, edition="student", labs=LABS):
    results = [_result(lab) for lab in labs]
    built = build(results, language, Configuration(edition=edition), moment=MOMENT, version="0.1.0")
    assert built.problems == ()
    return notebooks(built.report, results, edition=edition)


def _cells(content):
    return json.loads(content)["cells"]


def _code(content):
    return [(cell["id"], "".join(cell["source"])) for cell in _cells(content) if cell["cell_type"] == "code"]


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_lab_has_a_valid_notebook_of_moderate_size(language, edition):
    made = _made(language, edition)
    assert list(made) == [f"{lab}.ipynb" for lab in LABS]
    for content in made.values():
        node = nbformat.reads(content.decode(), as_version=4)
        nbformat.validate(node, relax_add_props=False)
        assert (node.nbformat, node.nbformat_minor) == (4, 5)
        ids = [cell.id for cell in node.cells]
        assert len(ids) == len(set(ids))
        assert len(content) < 400_000


def test_the_same_runs_give_the_same_bytes():
    labs = ("imdb", "tensors")
    assert _made.__wrapped__("en", labs=labs) == _made("en", labs=labs)


@pytest.mark.parametrize("edition", EDITIONS)
def test_both_languages_have_the_same_kinds_of_cells_and_the_same_code(edition):
    chinese, english = (_made(language, edition) for language in ("zh", "en"))
    for file in english:
        kinds = [[(cell["id"], cell["cell_type"]) for cell in _cells(made[file])] for made in (chinese, english)]
        assert kinds[0] == kinds[1]
        assert _code(chinese[file]) == _code(english[file])


def test_code_imports_nothing_but_keras_and_what_comes_with_it():
    for content in _made("en").values():
        for name, source in _code(content):
            for node in ast.walk(ast.parse(source)):
                modules = [item.name for item in node.names] if isinstance(node, ast.Import) else []
                modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert {module.split(".")[0] for module in modules} <= ALLOWED, name


def test_every_cell_of_every_lab_runs_top_to_bottom(tmp_path, warm_python):
    files = {lab: tmp_path / f"{lab}.json" for lab in (*LABS, *FURTHER)}
    made = {**_made("en"), **_made("en", labs=FURTHER)}
    for lab, file in files.items():
        cells = [(f"{lab}: {name}", source) for name, source in _code(made[f"{lab}.ipynb"])]
        file.write_text(json.dumps(cells), "utf-8")

    program = HELPERS / "notebook_prelude.py"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(program.parents[2])}
    command = [warm_python, program, *files.values()]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    left = {lab: json.loads(file.with_suffix(".left").read_text("utf-8")) for lab, file in files.items()}
    assert left["tensors"]["minimum"] == pytest.approx(3)
    assert left["workflow"]["total"] == pytest.approx(left["workflow"]["weighted_sum"], rel=1e-5)
    for lab in ("mnist", "imdb", "reuters"):
        assert 0 <= left[lab]["accuracy"] <= 1
        assert left[lab]["loss"] > 0
    for lab in ("imdb", "reuters", "boston"):
        assert 1 <= left[lab]["chosen_epochs"] <= TINY[lab]["epochs"]
    assert left["boston"]["mae"] > 0


def test_a_listing_is_in_the_notebook_as_it_ran():
    for lab in LABS[1:]:
        codes = [source for _, source in _code(_made("en")[f"{lab}.ipynb"])]
        assert _result(lab).findings.listings
        for item in _result(lab).findings.listings:
            assert item.source.strip("\n") in codes, (lab, item.name)


def test_the_examples_of_the_live_chapters_are_code_with_the_output_of_the_run():
    for lab in ("tensors", "workflow"):
        cells = [cell for cell in _cells(_made("en")[f"{lab}.ipynb"]) if cell["cell_type"] == "code"]
        for item in _result(lab).findings.examples:
            found = [cell for cell in cells if "".join(cell["source"]).endswith(item.code.strip("\n"))]
            assert len(found) == 1, item.name
            assert "".join(found[0]["outputs"][0]["text"]) == "as it was\n"


def test_a_notebook_says_of_which_run_it_speaks_and_that_another_may_differ():
    for lab in LABS:
        first = "".join(_cells(_made("en")[f"{lab}.ipynb"])[0]["source"])
        assert _result(lab).run_id in first
        assert "Expect other numbers" in first
        assert "一次运行" in "".join(_cells(_made("zh")[f"{lab}.ipynb"])[0]["source"])


def test_settings_that_would_take_too_long_are_cut_and_it_is_said():
    result = hand_result("boston", listings=_real_listings("boston"))
    built = build([result], "en", Configuration(), moment=MOMENT, version="0.1.0")
    cells = ["".join(cell["source"]) for cell in _cells(notebooks(built.report, [result])["boston.ipynb"])]
    assert any("    epochs=60,\n" in cell for cell in cells)
    assert any("which used 500: here it is 60" in cell for cell in cells)


@pytest.fixture
def canaries():
    """The solutions of the notes hold a word that nothing else holds."""
    shipped = notes.source

    def source(language, name):
        text, origin = shipped(language, name)
        lines = [f"{line}\n{CANARY}" if line.startswith(":::solution") else line for line in text.split("\n")]
        return "\n".join(lines), origin

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notes, "source", source)
        patch.setattr(notes, "stray_digits", lambda _text: [])
        yield


@pytest.mark.parametrize(("language", "labs"), [("zh", LABS[:3]), ("en", LABS[3:])])
@pytest.mark.usefixtures("canaries")
def test_no_solution_is_in_a_students_notebook(language, labs):
    """Each lab in one language, and each language with three labs: solutions are planted in both alike."""
    results = [_result(lab) for lab in labs]
    for built_for, editions in (
        ("student", {"student": False}),
        ("instructor", {"student": False, "instructor": True}),
    ):
        report = build(results, language, Configuration(edition=built_for), moment=MOMENT, version="0.1.0").report
        for edition, shown in editions.items():
            for content in notebooks(report, results, edition=edition).values():
                assert (CANARY.encode() in content) is shown
                drawings = [drawing for cell in _cells(content) for drawing in cell.get("attachments", {}).values()]
                assert not [one for one in drawings if CANARY.encode() in b64decode("".join(one["image/svg+xml"]))]


def test_a_student_has_a_place_for_every_answer():
    report = build([_result("imdb")], "en", Configuration(), moment=MOMENT, version="0.1.0").report
    exercises = [block for part in report.chapters[0].sections for block in part.blocks if isinstance(block, Exercise)]
    sources = ["".join(cell["source"]) for cell in _cells(_made("en", labs=("imdb",))["imdb.ipynb"])]
    assert sources.count("**Your answer:**") == sources.count("") == len(exercises) > 0
    for exercise in exercises:
        assert any(exercise.number in source and exercise.hint[:30] in source for source in sources)


def test_links_lead_to_a_place_in_a_notebook():
    made = _made("en")
    anchors = {file: content.decode() for file, content in made.items()}
    for file, content in made.items():
        for cell in _cells(content):
            text = "".join(cell["source"])
            for target in notebook_links(text):
                where, _, id_ = target.partition("#")
                assert (where or file) in made
                assert not id_ or f'<a id=\\"{id_}\\"></a>' in anchors[where or file], (file, target)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_mark_behind_a_claim_leads_to_the_row_of_its_evidence(language):
    for lab in LABS:
        sources = ["".join(cell["source"]) for cell in _cells(_made(language)[f"{lab}.ipynb"])]
        lines = "\n".join(sources).splitlines()
        marked = re.findall(rf"\[[{''.join(VERDICT_MARKS.values())}]\]\(#({lab}-claim-([\w-]+))\)", "\n".join(lines))
        assert {name for _, name in marked} == set(SHIPPED.claims(lab))
        for id_, name in marked:
            (row,) = (line for line in lines if f'<a id="{id_}"></a>' in line)
            assert title(defined(name), language) in row


def notebook_links(text):
    """Return the targets of links that don't lead out into the web."""
    parts = text.split("](")[1:]
    targets = [part.partition(")")[0] for part in parts]
    return [target for target in targets if target.startswith("#") or ".ipynb" in target]


def test_a_link_to_a_lab_without_notebook_becomes_words():
    alone = _made("en", labs=("mnist",))["mnist.ipynb"].decode()
    assert "boston.ipynb" not in alone
    assert "boston.ipynb" in _made("en")["mnist.ipynb"].decode()


def test_a_run_without_a_needed_listing_loses_its_own_notebook_only():
    bare = msgspec.structs.replace(
        _result("boston"),
        findings=msgspec.structs.replace(
            _result("boston").findings,
            listings=tuple(item for item in _result("boston").findings.listings if item.name != "standardise"),
        ),
    )
    results = [_result("workflow"), bare]
    report = build(results, "en", Configuration(), moment=MOMENT, version="0.1.0").report
    problems = []
    assert list(notebooks(report, results, failed=problems.append)) == ["workflow.ipynb"]
    assert "'standardise'" in problems[0]
    assert "Run the lab again" in problems[0]
    with pytest.raises(RenderingError, match="standardise"):
        notebooks(report, results)


def test_a_recipe_that_names_a_place_that_is_not_there_is_a_mistake(monkeypatch):
    wrong = recipe.Recipe(cells=(recipe.RecipeStep(after="nowhere", code="pass"),))
    monkeypatch.setattr(recipe, "recipe", lambda _lab: wrong)
    results = [_result("workflow")]
    report = build(results, "en", Configuration(), moment=MOMENT, version="0.1.0").report
    with pytest.raises(RenderingError, match="no 'section nowhere'"):
        notebooks(report, results)


def test_a_lab_without_recipe_gets_a_notebook_of_text(monkeypatch):
    monkeypatch.setattr(recipe, "recipe", lambda _lab: None)
    results = [_result("workflow")]
    report = build(results, "en", Configuration(edition="instructor"), moment=MOMENT, version="0.1.0").report
    cells = _cells(notebooks(report, results, edition="instructor")["workflow.ipynb"])
    assert {cell["cell_type"] for cell in cells} == {"markdown"}
    assert any("def build_model" in "".join(cell["source"]) for cell in cells)


def test_every_recipe_belongs_to_a_lab_and_is_read_strictly():
    for lab in LABS:
        assert recipe.recipe(lab) is not None
    assert recipe.recipe("shared") is None
    assert recipe.recipe("mine") is None


def test_notebooks_for_a_class_can_be_without_what_the_run_printed():
    result = hand_result("workflow")
    report = build([result], "en", Configuration(), moment=MOMENT, version="1").report
    shown, stripped = (
        json.loads(notebooks(report, [result], outputs=outputs)["workflow.ipynb"])["cells"] for outputs in (True, False)
    )
    assert any(cell.get("outputs") for cell in shown)
    assert not any(cell.get("outputs") for cell in stripped)
    assert [cell["source"] for cell in shown] == [cell["source"] for cell in stripped]
