"""Tables: their rows, their digits, and that foreign text stays text."""

from __future__ import annotations

import re
import tomllib

import msgspec
import pytest
from helpers.english import english_sentences
from helpers.hand_results import all_hand_results, hand_result
from markdown_it import MarkdownIt

from labreport.experiments.data import catalogue
from labreport.experiments.result import Result, Score
from labreport.report import languages
from labreport.report.chapters.tables import TABLES as KNOWN
from labreport.report.chapters.tables import TableData, TableError, table
from labreport.report.rendering import fonts
from labreport.report.words import LANGUAGES, Words

EN, ZH = Words("en"), Words("zh")

TABLES = {
    "tensors": ("data-card", "settings"),
    "workflow": ("settings", "layers-sequential", "layers-two_outputs"),
    "mnist": ("data-card", "scores", "class-accuracy", "confused-pairs", "settings", "layers-selection"),
    "imdb": ("data-card", "scores", "texts-example", "texts-confident_right", "texts-confident_wrong", "texts-unsure"),
    "reuters": ("data-card", "scores", "class-accuracy", "confused-pairs", "texts-confident_wrong", "texts-example"),
    "boston": ("data-card", "scores", "features", "folds", "settings", "layers-fold"),
    "remedies": ("remedies", "gains", "settings", "layers-dropout"),
    "convolution": ("scores", "layers-final"),
    "metrics": ("measures", "settings"),
    "uneven": ("measures", "class-scores"),
    "sequences": ("networks", "layers-lstm"),
}


def titles(content: TableData) -> list[str]:
    """Return the heads of a table."""
    return [column.title for column in content.columns]


def scored(result: Result) -> list[Score]:
    """Return the scores and baselines that are not those of a single fold."""
    return [score for score in (*result.findings.scores, *result.findings.baselines) if score.fold is None]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("lab", "name"), [(lab, name) for lab, names in TABLES.items() for name in names])
def test_every_table_has_rows_as_wide_as_its_head(lab: str, name: str, language: str) -> None:
    content = table(name, hand_result(lab), Words(language))
    assert content.rows
    assert all(len(row) == len(content.columns) for row in content.rows)
    fonts.check("".join(titles(content)) + "".join(cell for row in content.rows for cell in row), name)


def test_the_tests_ask_for_every_table_there_is() -> None:
    asked = {name for names in TABLES.values() for name in names}
    families = {
        "layers-ROLE" if n.startswith("layers-") else "texts-KIND" if n.startswith("texts-") else n for n in asked
    }
    of_runs_without_a_note = {
        "conditions-GROUP",
        "evaluations",
        "data-seen",
        "run",
        "trainings-GROUP",
    }  # test_automatic.py asks for them
    assert families | of_runs_without_a_note == set(KNOWN.names())


def test_scores_are_means_over_seeds_above_the_baselines() -> None:
    result = hand_result("imdb")
    content = table("scores", result, EN)
    values = [score.value for score in result.findings.scores if score.name == "test_accuracy"]
    place = titles(content).index("test accuracy (%)")
    assert titles(content)[place + 1] == "± standard deviation (3 runs)"
    assert content.rows[0][0] == "network, trained for the chosen epochs"
    assert [row[0] for row in content.rows][-2:] == ["linear model", "always the most frequent class"]
    assert content.rows[0][place] == f"{100 * sum(values) / 3:.2f}"
    assert content.rows[-1][place:] == ("50.00", "–", "–")


def test_a_single_seed_has_no_deviation() -> None:
    content = table("scores", hand_result("imdb", seeds=(0,)), EN)
    assert not any("deviation" in title for title in titles(content))


def test_a_score_that_is_not_perfect_is_never_shown_as_a_hundred() -> None:
    scores = tuple(
        msgspec.structs.replace(score, value=0.99996) if score.name == "test_accuracy" else score
        for score in hand_result("mnist", seeds=(0,)).findings.scores
    )
    content = table("scores", hand_result("mnist", seeds=(0,), scores=scores), EN)
    assert content.rows[0][titles(content).index("test accuracy (%)")] == "99.99"


def test_errors_of_a_regression_have_their_unit_in_the_head() -> None:
    content = table("scores", hand_result("boston"), ZH)
    assert "测试 MAE（千\u2060美\u2060元）" in titles(content)
    assert [row[0] for row in content.rows][1:] == ["总是预测训练目标的平均值", "线性模型"]


def test_validation_scores_are_no_row_of_the_scores() -> None:
    content = table("scores", hand_result("reuters"), EN)
    assert len(content.rows) == 5
    assert not any("validation" in title for title in titles(content))


def retested(name: str, *values: float, **changes: object) -> tuple[Score, ...]:
    """Return a score of the hand-made IMDB run again under another name, with a value for each seed."""
    first = next(score for score in hand_result("imdb").findings.scores if score.name == "test_accuracy")
    return tuple(
        msgspec.structs.replace(first, name=name, seed=seed, value=value, **changes)
        for seed, value in enumerate(values)
    )


def test_two_scores_of_one_metric_are_two_columns_and_never_averaged() -> None:
    known = hand_result("imdb").findings.scores
    content = table("scores", hand_result("imdb", scores=(*known, *retested("test_top5_accuracy", 0.9, 0.9, 0.9))), EN)
    plain = table("scores", hand_result("imdb"), EN)
    place = titles(content).index("test top5 accuracy (%)")
    assert content.rows[0][place] == "90.00"
    assert [row[:place] + row[place + 1 :] for row in content.rows] == [tuple(row) for row in plain.rows]


def test_a_score_by_fold_is_averaged_inside_its_seed() -> None:
    folds = [retested("test_accuracy", low, high, 0.7, fold=fold) for fold, low, high in ((1, 0.6, 0.8), (2, 0.8, 0.6))]
    content = table("scores", hand_result("imdb", scores=tuple(one for fold in folds for one in fold)), EN)
    place = titles(content).index("test accuracy (%)")
    assert content.rows[0][place : place + 2] == ("70.00", "0.00")


def test_a_loss_that_went_both_ways_to_infinity_is_no_fault() -> None:
    inf = float("inf")
    content = table("scores", hand_result("imdb", scores=retested("test_loss", inf, -inf, 0.0, metric="loss")), EN)
    assert "NaN" in content.rows[0]


def test_the_data_card_of_a_sample_says_how_much_it_is_of_the_whole() -> None:
    card = hand_result("mnist").findings.data
    assert card is not None
    sample = msgspec.structs.replace(card, source="sample", train_samples=3000, test_samples=500)
    rows = {row[0]: row[1] for row in table("data-card", hand_result("mnist", data=sample), EN).rows}
    assert rows["training samples"] == "3\u202f000 of 60\u202f000"
    assert rows["used here"] == EN("tables.source_sample")
    assert rows["one sample"] == "28 × 28 grey values"
    assert rows["classes"] == "10 (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)"


def test_changed_settings_are_marked() -> None:
    result = hand_result("imdb", changed_settings=("units",))
    meanings = {row[0]: row[2] for row in table("settings", result, EN).rows}
    assert "differs" in meanings["units"]
    assert "differs" not in meanings["epochs"]
    assert {row[0]: row[1] for row in table("settings", result, EN).rows}["learning_rate"] == "0.001"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_feature_model_and_data_set_has_words(language: str) -> None:
    words = Words(language)
    for result in all_hand_results():
        assert all(words(f"tables.setting_{name}") for name in result.settings)
        assert all(words(f"tables.model_{s.model}") for s in scored(result))
        if result.findings.data is not None:
            assert words(f"tables.data_{result.findings.data.name}")
    for name in (*catalogue.BOSTON_FEATURES, *catalogue.CALIFORNIA_FEATURES):
        assert words(f"tables.feature_{name}")
    assert all(words(f"figures.class_{name}") for name in catalogue.SENTIMENTS)


@pytest.mark.parametrize("file", ["figures.toml", "tables.toml"])
def test_both_languages_have_the_same_words_with_the_same_values(file: str) -> None:
    import re

    texts = [tomllib.loads(languages.text(language, f"words/{file}")) for language in LANGUAGES]
    assert list(texts[0]) == list(texts[1])
    for key, text in texts[0].items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", texts[1][key])), key


def test_features_have_their_range_and_what_they_mean() -> None:
    rows = {row[0]: row[1:] for row in table("features", hand_result("boston"), EN).rows}
    assert len(rows) == 13
    assert rows["CRIM"][1:] == ("0.00632", "88.98")
    assert "Black residents" in rows["B"][0]


def test_folds_stand_beside_those_of_the_faulty_listing() -> None:
    content = table("folds", hand_result("boston"), EN)
    assert [row[1:3] for row in content.rows] == [("303", "101")] * 4
    assert [row[4:] for row in content.rows] == [("0", "404"), ("404", "0"), ("404", "0"), ("404", "0")]
    assert len(table("folds", hand_result("boston", series=()), EN).columns) == 4


def test_the_error_of_a_fold_is_its_mean_absolute_error_whatever_else_was_measured_there() -> None:
    result = hand_result("boston")
    squared = tuple(
        msgspec.structs.replace(item, name="fold_mse", metric="mse", value=1000.0)
        for item in result.findings.scores
        if item.fold is not None
    )
    assert squared
    of_training = tuple(msgspec.structs.replace(item, name="fold_train_mae", metric="mae") for item in squared)
    both = hand_result("boston", scores=(*result.findings.scores, *squared, *of_training))
    assert table("folds", both, Words("en")) == table("folds", result, Words("en"))


def test_decoded_texts_are_escaped_markdown() -> None:
    rows = table("texts-confident_wrong", hand_result("imdb"), EN).rows
    html = MarkdownIt("commonmark").renderInline(rows[0][0])
    assert "&lt;b&gt; &amp; cried …" in html
    assert "<b>" not in html
    right = table("texts-confident_right", hand_result("imdb"), EN).rows[1][0]
    assert "dull | and the acting * worse" in MarkdownIt("commonmark").renderInline(right)


def test_texts_name_true_and_predicted_class_and_the_probability() -> None:
    content = table("texts-unsure", hand_result("imdb"), ZH)
    assert titles(content) == ["还原出的开头", "真实类别", "预测类别", "“正面”的概率"]
    assert content.rows[0][1:] == ("正面", "负面", "49.9%")
    assert titles(table("texts-confident_wrong", hand_result("reuters"), EN))[-1] == "probability"


def test_a_probability_that_was_rounded_to_one_is_not_printed_as_certainty() -> None:
    first = hand_result("imdb").findings.texts[0]
    sure = msgspec.structs.replace(first, kind="unsure", predicted=1, probability=1.0)
    assert table("texts-unsure", hand_result("imdb", texts=(sure,)), EN).rows[0][-1] == "99.9%"


def test_a_long_text_is_cut_between_words() -> None:
    first = hand_result("imdb").findings.texts[0]
    long = msgspec.structs.replace(first, words="several words again " * 40, length=120)
    cell = table("texts-example", hand_result("imdb", texts=(long,)), EN).rows[0][1]
    assert len(cell) < 210
    assert cell.endswith(("several …", "words …", "again …"))
    whole = msgspec.structs.replace(first, words="a short text", length=3)
    assert table("texts-example", hand_result("imdb", texts=(whole,)), EN).rows[0][1] == "a short text"


def test_confused_pairs_begin_with_the_most_frequent() -> None:
    content = table("confused-pairs", hand_result("reuters"), EN)
    counts = [int(row[2]) for row in content.rows]
    assert content.rows[0] == ("earn", "acq", "20", "2.5%")
    assert counts == sorted(counts, reverse=True)


def test_the_accuracy_of_many_classes_stands_in_two_halves() -> None:
    content = table("class-accuracy", hand_result("reuters"), EN)
    assert len(content.rows) == 23
    assert titles(content)[:4] == titles(content)[4:]
    assert content.rows[3][:4] == ("3", "earn", "813", "95.1%")
    assert content.rows[0][4:6] == ("23", "alum")


def test_a_class_without_test_samples_has_no_accuracy() -> None:
    said = hand_result("mnist").findings.predictions[0]
    empty = msgspec.structs.replace(said, confusion=((0,) * 10, *said.confusion[1:]))
    content = table("class-accuracy", hand_result("mnist", predictions=(empty,)), EN)
    assert content.rows[0] == ("0", "0", "–")


def test_layers_end_with_their_sum() -> None:
    content = table("layers-selection", hand_result("imdb"), EN)
    assert content.rows[0] == ("1\xa0Dense", "(n, 16)", "relu", "160\u202f016")
    assert content.rows[-1] == ("**all layers**", "", "", "**160\u202f305**")


def test_a_layer_is_named_by_its_place_and_by_no_number_that_keras_gave_it() -> None:
    result = hand_result("imdb")
    (model,) = result.findings.models
    renamed = tuple(
        msgspec.structs.replace(layer, name=f"dense_{number}") for number, layer in enumerate(model.layers, 3)
    )
    named = (*renamed[:-1], msgspec.structs.replace(renamed[-1], name="sold"))
    findings = msgspec.structs.replace(result.findings, models=(msgspec.structs.replace(model, layers=named),))
    content = table("layers-selection", msgspec.structs.replace(result, findings=findings), EN)
    assert [row[0] for row in content.rows[:-1]] == ["1\xa0Dense", "2\xa0Dense", "3\xa0Dense `sold`"]


def carded(name: str, **changes: str) -> Result:
    """Return the hand-made IMDB run with the origin and the terms of a known set, as a lab records them."""
    result, known = hand_result("imdb"), catalogue.SETS[name]
    texts = {"name": name, "citation": known.citation, "licence": known.licence} | changes
    card = msgspec.structs.replace(result.findings.data, **texts)
    return msgspec.structs.replace(result, findings=msgspec.structs.replace(result.findings, data=card))


@pytest.mark.parametrize("name", catalogue.SETS)
def test_origin_and_terms_of_every_known_set_are_chinese_in_the_chinese_edition(name: str) -> None:
    origin, terms = (text for _, text in table("data-card", carded(name), ZH).rows[-2:])
    for text in (re.sub("“.*?”", "", origin), terms):
        assert re.search("[一-鿿]", text)
        assert not english_sentences(re.sub(r"Proceedings of [\w -]+|Journal of [\w ]+|Statistics.*?33", "", text))


def test_the_warning_about_race_is_chinese_and_terms_that_a_lab_changed_stay_its_own() -> None:
    assert "种族隔离" in table("data-card", carded("boston_housing"), ZH).rows[-1][1]
    own = carded("boston_housing", licence="Ask the city.")
    assert table("data-card", own, ZH).rows[-1][1] == "Ask the city."


@pytest.mark.parametrize(
    ("lab", "name", "absent"),
    [
        ("imdb", "scores", {"scores": (), "baselines": ()}),
        ("imdb", "data-card", {"data": None}),
        ("imdb", "features", {}),
        ("imdb", "texts-nothing", {}),
        ("mnist", "confused-pairs", {"predictions": ()}),
        ("boston", "folds", {"folds": ()}),
        ("boston", "layers-nothing", {}),
    ],
)
def test_missing_data_are_an_error_that_names_table_and_lab(lab: str, name: str, absent: dict[str, object]) -> None:
    with pytest.raises(TableError, match=f"'{name}' of {lab} can't be made: .+"):
        table(name, hand_result(lab, **absent), EN)


def test_an_unknown_table_lists_the_known_ones() -> None:
    with pytest.raises(TableError, match=r"Unknown table 'score'. Did you mean 'scores'\? Known: .*texts-KIND"):
        table("score", hand_result("imdb"), EN)
