"""The files of `labreport compare`: every form in every language, the same bytes twice, the data inside."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from helpers.hand_reports import NEW, OLD, called, dated, stored
from helpers.hand_versions import findings
from helpers.pdf_text import pages

from labreport.report import cli
from labreport.report.figures import comparison
from labreport.report.store import embedded
from labreport.report.words import Words


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


def test_json_alone_stands_on_standard_output(capsys):
    stored(OLD, NEW)
    assert called("last:2", "last:1", "--json", "--to", "json,md", "--lang", "en", "-o", "out") == 0
    streams = capsys.readouterr()
    found = json.loads(streams.out)
    assert found["format"] == 1
    assert found["level"] == 0.95
    assert found == json.loads(Path("out/comparison.json").read_text("utf-8"))
    assert "out/comparison-en.md" in streams.err


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The comparison of two versions in every form and both languages, made once; to be read only."""
    folder = tmp_path_factory.mktemp("written")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "200")
        patch.setenv("SOURCE_DATE_EPOCH", "1767571200")
        stored(OLD, NEW)
        assert called("last:2", "last:1", "--to", "html,pdf,md,json", "-q", "-o", "out") == 0
    return folder / "out"


def test_reports_are_written_in_every_form_and_language_and_twice_alike(written, monkeypatch, capsys):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767571200")
    stored(OLD, NEW)
    assert called("last:2", "last:1", "--to", "html,pdf", "-o", "two") == 0
    assert "two/comparison-zh.html" in capsys.readouterr().out
    for name in (f"comparison-{language}.{form}" for language in ("zh", "en") for form in ("html", "pdf")):
        assert (written / name).read_bytes() == (Path("two") / name).read_bytes()
    page = (written / "comparison-zh.html").read_text("utf-8")
    assert "版本比较" in page
    assert "退化" in page
    assert "<script" not in page
    assert "**worse**" in (written / "comparison-en.md").read_text("utf-8")


def test_every_form_says_the_verdict_in_both_languages(written):
    made = {path.name for path in written.iterdir() if path.is_file()}
    assert made == {
        *(f"comparison-{language}.{form}" for language in ("zh", "en") for form in ("html", "pdf", "md")),
        "comparison.json",
    }
    for language, verdict in (("en", "worse"), ("zh", "退化")):
        text = (written / f"comparison-{language}.md").read_text("utf-8")
        assert verdict in (written / f"comparison-{language}.html").read_text("utf-8")
        assert verdict in text
        assert verdict in "".join(pages((written / f"comparison-{language}.pdf").read_bytes()))
        pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
        assert pictures
        assert all((written / name).is_file() for name in pictures)
    (lab,) = json.loads((written / "comparison.json").read_bytes())["comparisons"][0]["labs"]
    assert {one["name"]: one["verdict"] for one in lab["metrics"]}["test_accuracy"] == "worse"


def test_versions_trained_for_different_epochs_are_drawn_and_listed_with_dashes():
    longer = findings(
        NEW,
        trainings=tuple(
            msgspec.structs.replace(
                fit,
                epochs=fit.epochs * 3,
                history={key: values + (values[-1],) * (2 * len(values)) for key, values in fit.history.items()},
            )
            if fit.role == "selection"
            else fit
            for fit in NEW.findings.trainings
        ),
    )
    stored(OLD, longer)
    assert called("last:2", "last:1", "--to", "md", "--lang", "en", "-o", "out") == 0
    epochs = len(next(fit for fit in longer.findings.trainings if fit.role == "selection").history["loss"])
    drawn = comparison.curves_chart(OLD, longer, Words("en"))
    assert drawn.rows[-1][0] == str(epochs)
    side_a = [row[place] for row in drawn.rows for place, head in enumerate(drawn.columns) if head.startswith("A: ")]
    assert "–" in side_a
    assert "NaN" not in side_a
    assert comparison.curves_chart(longer, OLD, Words("zh")).rows[-1][0] == str(epochs)


def test_equal_curves_are_told_and_not_drawn():
    again = dated(msgspec.structs.replace(OLD), 2)
    stored(OLD, again)
    assert called("last:2", "last:1", "--to", "md", "--lang", "en", "-o", "out") == 0
    text = Path("out/comparison-en.md").read_text("utf-8")
    assert "The curves of A and B are equal to the last digit." in text
    assert "![" not in text


def test_the_report_of_a_comparison_carries_it_and_gives_it_back_byte_for_byte(written, capsys):
    stored(OLD, NEW)
    whole = (written / "comparison.json").read_bytes()
    for number, form in enumerate(("html", "pdf")):
        source = str(written / f"comparison-en.{form}")
        assert cli.main(["extract", source, "-o", f"got/{number}.json"]) == 0
        assert Path(f"got/{number}.json").read_bytes() == whole
        assert cli.main(["extract", source, "-o", f"got/{number}.json"]) == 2
        assert "overwrite it with --force" in capsys.readouterr().err
        assert cli.main(["extract", source, "--lab", "imdb", "-o", "got"]) == 2
        assert "leave --lab out" in capsys.readouterr().err
        assert called(source, "last:1") == 2
        assert "is the report of a comparison" in capsys.readouterr().err
    assert cli.main(["extract", str(written / "comparison-en.html"), "-o", "folder"]) == 0
    assert Path("folder/comparison.json").read_bytes() == whole


def test_a_changed_comparison_inside_a_report_is_refused(written, capsys):
    page = (written / "comparison-en.html").read_text("utf-8")
    data = embedded.packed({"imdb": (written / "comparison.json").read_bytes()})
    start, end = page.index("<template"), page.index("</template>")
    Path("forged.html").write_text(f'{page[:start]}<template data-name="labreport-comparison">{data}{page[end:]}')
    assert cli.main(["extract", "forged.html", "-o", "got"]) == 2
    assert "damaged" in capsys.readouterr().err
