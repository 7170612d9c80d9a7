"""What differs between two versions besides their scores, and the report that says so."""

from __future__ import annotations

import math

import msgspec
import pytest
from helpers.hand_parts import listing
from helpers.hand_results import hand_result
from helpers.hand_versions import LOWER, findings, lab_of, run, version
from helpers.sample_report import sample

from labreport.report.comparison import worddiff, wording
from labreport.report.comparison.compare import Terms, compare, compare_all
from labreport.report.comparison.margins import parse
from labreport.report.comparison.passages import of_text, plain
from labreport.report.comparison.record import Comparisons, Piece
from labreport.report.comparison.report import report
from labreport.report.comparison.version import Paragraph, Version
from labreport.report.document import Box, Chapter, Column, Exercise, Figure, LanguageTexts, Prose, Section, Table
from labreport.report.errors import UsageError
from labreport.report.store import codec, printed
from labreport.report.words import LANGUAGES, Words, load_table

# What else differs


def test_only_what_differs_is_listed_and_the_rest_is_counted():
    b = run(first_seed=20)
    provenance = msgspec.structs.replace(
        b.provenance, packages={**b.provenance.packages, "keras": "3.16.0"}, git_commit="f" * 40
    )
    b = msgspec.structs.replace(b, settings={**b.settings, "learning_rate": 0.01}, provenance=provenance)
    found = lab_of(run(), b)
    assert [(fact.group, fact.name, fact.a, fact.b) for fact in found.facts] == [
        ("setting", "learning_rate", "0.001", "0.01"),
        ("seed", "seeds", "0, 1, 2, 3, 4", "20, 21, 22, 23, 24"),
        ("package", "keras", "3.15.1", "3.16.0"),
        ("git", "commit", "0123456789ab", "f" * 12),
    ]
    assert found.equal_facts["setting"] == 11
    everything = lab_of(run(), b, everything=True)
    assert len(everything.facts) == len(found.facts) + sum(found.equal_facts.values())
    assert len(everything.claims) == found.equal_claims + len(found.claims)


def test_a_changed_listing_is_a_unified_diff():
    b = run(first_seed=20)
    changed = tuple(listing(item.name, item.source.replace("Dense(10)", "Dense(12)")) for item in b.findings.listings)
    found = lab_of(run(), findings(b, listings=changed))
    (text,) = found.texts
    assert (text.kind, text.name) == ("listing", "build_model")
    lines = text.diff.splitlines()
    assert lines[0].startswith("@@")
    assert next(line for line in lines if line.startswith("-")).endswith("Dense(10)])")
    assert next(line for line in lines if line.startswith("+")).endswith("Dense(12)])")
    assert found.equal_texts == len(b.findings.listings) - 1 + len(b.findings.examples)


def test_a_claim_whose_verdict_changed_is_listed():
    found = lab_of(run(), run(values=(0.8,) * 5, first_seed=20))
    changed = {claim.name: (claim.a, claim.b) for claim in found.claims}
    assert changed["beats_linear"] == ("true", "false")
    assert "overfits" not in changed
    assert found.equal_claims > 3


def test_images_and_texts_that_changed_their_prediction_are_found_by_split_and_position():
    a, b = hand_result("mnist"), hand_result("mnist")
    (said,) = b.findings.predictions
    first, second, *others = said.images
    images = (msgspec.structs.replace(first, predicted=7), msgspec.structs.replace(second, index=9999), *others)
    found = lab_of(a, findings(b, predictions=(msgspec.structs.replace(said, images=images),))).predictions
    assert found is not None
    assert [(piece.index, piece.label, piece.a, piece.b) for piece in found.changed] == [(100, "4", "9", "7")]
    assert (found.stored_on_both, found.only_a, found.only_b) == (len(images) - 1, 1, 1)

    a, b = hand_result("imdb"), hand_result("imdb")
    (said,) = b.findings.predictions
    texts = tuple(msgspec.structs.replace(t, predicted=1 - t.predicted, probability=0.75) for t in said.texts[:1])
    b = findings(b, predictions=(msgspec.structs.replace(said, texts=texts + said.texts[1:]),))
    found = lab_of(a, b).predictions
    assert found is not None
    (piece,) = found.changed
    assert (piece.label, piece.a, piece.b) == ("positive", "positive", "negative")
    assert piece.probability_b == pytest.approx(0.25)


def test_predicted_prices_that_moved_are_listed_the_largest_move_first():
    a, b = hand_result("boston"), hand_result("boston")
    (said,) = b.findings.predictions
    moves = {3: -6.5, 7: 2.0, 5: 0.25}
    values = tuple(value + moves.get(index, 0.0) for index, value in enumerate(said.predicted_values))
    moved = findings(b, predictions=(msgspec.structs.replace(said, predicted_values=values),))
    found = lab_of(a, moved).predictions
    assert found is not None
    assert found.values is not None
    assert [(one.index, pytest.approx(one.b - one.a)) for one in found.values.moved] == [(3, -6.5), (7, 2.0), (5, 0.25)]
    assert found.values.unit == "thousand dollars"
    assert found.values.mean_move == pytest.approx(8.75 / found.values.samples)
    assert found.values.nearer_a + found.values.nearer_b == 3
    same = lab_of(a, b).predictions
    assert same is not None
    assert same.values is not None
    assert same.values.moved == ()
    others = msgspec.structs.replace(said, true_values=tuple(value + 1 for value in said.true_values))
    assert lab_of(a, findings(b, predictions=(others,))).predictions is None
    lost = msgspec.structs.replace(said, predicted_values=(float("nan"), *said.predicted_values[1:]))
    assert lab_of(a, findings(b, predictions=(lost,))).predictions is None


def test_confusion_matrices_are_compared_cell_by_cell():
    a, b = hand_result("mnist"), hand_result("mnist")
    (said,) = b.findings.predictions
    rows = [list(row) for row in said.confusion]
    rows[3][5] += 6
    rows[3][3] -= 6
    rows[2][2] -= 1
    b = findings(b, predictions=(msgspec.structs.replace(said, confusion=tuple(map(tuple, rows))),))
    found = lab_of(a, b).predictions
    assert found is not None
    assert [(cell.true, cell.predicted, cell.b - cell.a) for cell in found.confusion] == [
        ("3", "3", -6),
        ("3", "5", 6),
        ("2", "2", -1),
    ]
    assert found.right_a is not None
    assert found.right_b == found.right_a - 7


# Notes


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "Validation loss is lowest at epoch 4 (0.279) and rises.",
            "Validation loss is lowest at epoch 11 (0.301) and rises.",
            [("4", "11"), ("0.279", "0.301")],
        ),
        (
            "验证损失在第 4 轮最低（0.279），此后上升。",
            "验证损失在第 12 轮最低（0.301），此后上升。",
            [("4", "12"), ("0.279", "0.301")],
        ),
        ("测试准确率为 97.9%，高于基线。", "测试准确率为 97.8%，低于基线。", [("97.9%", "97.8%"), ("高", "低")]),
        ("It needs 1\u202f000 steps.", "It needs 12\u202f500 steps.", [("1\u202f000", "12\u202f500")]),
        ("The same.", "The same.", []),
        ("网络过拟合。", "", [("网络过拟合。", "")]),
        (
            "First. At the last epoch the folds agree well.",
            "First. Nothing here is like it was before now.",
            [(" At the last epoch the folds agree well.", " Nothing here is like it was before now.")],
        ),
    ],
)
def test_words_and_chinese_characters_are_compared_one_by_one(before, after, expected):
    found = worddiff.pieces(before, after)
    assert [(piece.a, piece.b) for piece in found if piece.changed] == expected
    assert "".join(piece.a for piece in found) == before
    assert "".join(piece.b for piece in found) == after


def test_passages_that_were_put_in_or_taken_out_find_no_false_partner():
    old = ["Loss falls.", "The gap grows to 4 points.", "Done."]
    new = ["Loss falls.", "Something about quite other matters.", "The gap grows to 5 points.", "Done."]
    assert list(worddiff.aligned(old, new)) == [
        ("Loss falls.", "Loss falls."),
        ("", "Something about quite other matters."),
        ("The gap grows to 4 points.", "The gap grows to 5 points."),
        ("Done.", "Done."),
    ]


def test_notes_are_compared_in_each_language_with_the_numbers_of_each_run():
    found = lab_of(run(), run(values=LOWER, first_seed=20), languages=LANGUAGES)
    assert set(found.equal_notes) == {"en", "zh"}
    assert found.equal_notes["en"] > 20
    for language in LANGUAGES:
        changed = [piece for note in found.notes if note.language == language for piece in note.pieces if piece.changed]
        assert Piece(a="88.12%", b="86.12%") in changed


def test_two_finished_pages_are_compared_as_they_were_printed():
    a, b = run(), run(values=LOWER, first_seed=20)
    pages = [{"en": {"imdb": (Paragraph(section="Results", text=text),)}} for text in ("It learns.", "It fails.")]
    versions = [
        Version(label=label, kind="report", results={"imdb": result}, pages=page)
        for label, result, page in zip("AB", (a, b), pages, strict=True)
    ]
    (note,) = compare(*versions, Terms(languages=("en",))).labs[0].notes
    assert note.section == "Results"
    assert [piece.b for piece in note.pieces if piece.changed]


def test_the_text_that_a_report_carries_is_read_paragraph_by_paragraph():
    title = LanguageTexts({"zh": "结果", "en": "Results"})
    blocks = (
        Prose(markdown=LanguageTexts({"zh": "一**二**\n\n- 项\n- 目", "en": "One **two**\n\n- item\n- other"})),
        Exercise(id="e", number="1", points=1, task="Alike.", hint="", solution="No one reads this."),
        Table(
            id="t",
            number="1",
            caption="Scores",
            columns=(Column(title="n"), Column(title="code", kind="code"), Column(title="m")),
            rows=(("9", "a*b*", LanguageTexts({"zh": "**好**", "en": "**good**"})), ("8", "", "")),
        ),
        Figure(id="f", number="1", caption="", svg="", alt="", width_mm=1, height_mm=1, data=_curve()),
    )
    chapter = Chapter(
        id="imdb",
        number="1",
        title="IMDB",
        opening=(Prose(markdown="```text\ncode\n```\n\nStart\n\n~~~\nnever closed"),),
        sections=(Section(id="s", title=title, blocks=blocks),),
    )
    report = msgspec.structs.replace(sample("zh"), others=("en",), chapters=(chapter,))
    text = printed.decode(printed.encode(printed.printed(report, ["imdb"])))
    found = {language: [(part.section, part.text) for part in labs["imdb"]] for language, labs in of_text(text).items()}
    assert found == {
        "zh": [
            ("", "Start"),
            *(("结果", line) for line in ("一二", "项", "目", "Alike.", "Scores", "9 · a*b* · 好", "8")),
        ],
        "en": [
            ("", "Start"),
            *(("Results", line) for line in ("One two", "item", "other", "Alike.", "Scores", "9 · a*b* · good", "8")),
        ],
    }


def _curve() -> Table:
    """What a figure shows, which its run holds as well."""
    return Table(id="f-data", number="1", caption="", columns=(Column(title="epoch"),), rows=(("1",),))


def test_a_cell_that_was_printed_otherwise_is_a_change_of_the_text():
    def printed_with(cell: str) -> Version:
        table = Table(
            id="t", number="1", caption="", columns=(Column(title="a"), Column(title="b")), rows=(("x", cell),)
        )
        chapter = Chapter(id="imdb", number="1", title="IMDB", sections=(Section(id="s", title="S", blocks=(table,)),))
        report = msgspec.structs.replace(sample("en"), chapters=(chapter,))
        pages = of_text(printed.printed(report, ["imdb"]))
        return Version(label=cell, kind="report", results={"imdb": run()}, pages=pages)

    (lab,) = compare(printed_with("nine words"), printed_with("ten words"), Terms(languages=("en",))).labs
    (note,) = lab.notes
    assert [(piece.a, piece.b) for piece in note.pieces if piece.changed] == [("nine", "ten")]
    assert note.section == "S"


def test_markdown_is_compared_by_its_words():
    assert plain("See [](#figure-curves) and **bold** `code` [Keras](https://keras.io) \\[x\\] 2\\*.") == (
        "See … and bold code Keras [x] 2*."
    )


# Margins


def test_the_most_specific_margin_counts():
    margins = parse(["0.5", "test_loss=0.1", "imdb.test_loss=2%"])
    assert margins.of("mnist", "test_accuracy", 0.9) == 0.5
    assert margins.of("mnist", "test_loss", 0.9) == 0.1
    assert margins.of("imdb", "test_loss", 0.3) == pytest.approx(0.006)
    assert parse([]).of("imdb", "test_loss", 0.3) is None


@pytest.mark.parametrize("text", ["", "much", "-1", "test_loss=", "=0.1", "inf", "nan%"])
def test_a_margin_that_is_no_number_is_refused(text):
    with pytest.raises(UsageError, match="Can't read the margin"):
        parse([text])


def test_a_margin_for_an_unknown_metric_names_the_nearest():
    with pytest.raises(UsageError, match="Did you mean 'test_accuracy'"):
        lab_of(run(), run(first_seed=20), margins=parse(["test_acuracy=0.01"]))
    with pytest.raises(UsageError, match="Unknown lab 'imbd'"):
        lab_of(run(), run(first_seed=20), margins=parse(["imbd.test_loss=0.01"]))


# The report


def _compared(a: Version, *others: Version) -> Comparisons:
    return compare_all(a, others, Terms(languages=LANGUAGES), tool_version="0.1.0")


@pytest.fixture(scope="module")
def differing():
    """Two versions of three labs, one of which can't be compared, and what differs, which is in every language."""
    a = version(run(), hand_result("boston", seeds=range(5)), hand_result("mnist", source="sample"), label="a_1")
    b = version(run(values=LOWER, first_seed=20), hand_result("boston", seeds=range(5, 10)), hand_result("mnist"))
    return [a, b], _compared(a, b)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_comparison_becomes_a_report_of_the_usual_kind(differing, language):
    versions, found = differing
    made = report(found, versions, language, date="2026-01-05")
    assert [chapter.id for chapter in made.chapters] == ["imdb", "boston", "mnist"]
    assert isinstance(made.summary.opening[0], Box)  # what can't be compared comes first
    assert made.cover.facts[0][1] == "a\\_1"
    blocks = [block for chapter in made.chapters for section in chapter.sections for block in section.blocks]
    figures = [block for block in blocks if isinstance(block, Figure)]
    assert {figure.id for figure in figures} >= {"imdb-figure-curves", "boston-figure-curves"}
    scores = next(block for block in blocks if isinstance(block, Table) and block.id == "imdb-table-scores")
    assert scores.rows[0][-1] == f"**{Words(language)('compare.verdict_worse')}**"
    plain_scores = next(block for block in blocks if isinstance(block, Table) and block.id == "mnist-table-scores")
    assert len(plain_scores.columns) == 4

    from labreport.report.rendering import html

    assert Words(language)("compare.title") in html.html(made)


def test_several_versions_become_chapters_of_their_own():
    a, b, c = (version(run(first_seed=seed), label=label) for seed, label in ((0, "a"), (10, "b"), (20, "c")))
    made = report(_compared(a, b, c), [a, b, c], "en", date="2026-01-05")
    assert [chapter.id for chapter in made.chapters] == ["imdb-1", "imdb-2"]
    assert made.chapters[1].title.endswith(": c")


def test_a_foreign_word_without_a_glyph_does_not_stop_the_report():
    b = run(values=LOWER, first_seed=20)
    machine = msgspec.structs.replace(b.provenance.machine, processor="Ünïçødé \U0001f600 | *CPU*")
    b = msgspec.structs.replace(b, provenance=msgspec.structs.replace(b.provenance, machine=machine))
    versions = [version(run()), version(b, label="B")]
    from labreport.report.rendering import html

    text = html.html(report(_compared(*versions), versions, "en", date="2026-01-05"))
    assert "‹U+1F600› | *CPU*" in text


def test_a_comparison_is_written_as_json_and_read_back():
    found = _compared(version(run()), version(run(values=(math.nan,) * 5, first_seed=20), label="B"))
    text = codec.encode(found)
    assert b'"verdict": "undefined"' in text
    assert b'"float": "NaN"' in text


def test_rounding_puts_no_p_on_the_other_side_of_the_level():
    assert wording.p_value(0.04996) == "0.050"
    assert wording.p_value(0.0504) == "0.0504"
    assert wording.p_value(0.05) == "0.050"
    assert wording.p_value(0.00793) == "0.008"
    assert wording.p_value(0.0001) == "<0.001"


def test_both_languages_have_the_same_words():
    keys = [{key for key in load_table(language) if key.startswith("compare.")} for language in LANGUAGES]
    assert keys[0] == keys[1]
    assert len(keys[0]) > 100
