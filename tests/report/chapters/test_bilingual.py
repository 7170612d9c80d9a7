"""One report in two languages: every unit beside its counterpart, what both say alike once."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pikepdf
import pytest
from helpers.hand_results import LABS, all_hand_results
from helpers.sample_report import CODE, sample
from helpers.shared_chapters import built

from labreport.report.chapters import bilingual
from labreport.report.configuration import Configuration, load, override
from labreport.report.document import Chapter, Column, Exercise, Figure, LanguageTexts, Prose, Table
from labreport.report.errors import RenderingError, UsageError
from labreport.report.rendering import columns, html, pdf
from labreport.report.rendering.markdown import markdown
from labreport.report.rendering.page import ReportPage
from labreport.report.words import beside

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def both():
    return bilingual.merged(sample("zh"), sample("en"))


@pytest.fixture(scope="module")
def page(both) -> str:
    return html.html(both)


def test_paragraphs_follow_each_other_each_in_its_language(both, page):
    prose = both.chapters[1].sections[0].blocks[0]
    assert prose.markdown.by_language["zh"] == sample("zh").chapters[1].sections[0].blocks[0].markdown
    section = page[page.index('id="imdb-question">') :]
    section = section[: section.index("</section>")]
    kinds = re.findall(r'<(?:p|ul|ol|table)( class="tr" lang="en")?>', section)
    assert kinds == ["", ' class="tr" lang="en"'] * (len(kinds) // 2)
    assert len(kinds) >= 2
    assert '<html lang="zh-CN">' in page


def test_code_numbers_and_drawings_are_there_once(both, page):
    assert page.count("build_model") == html.html(sample("zh")).count("build_model")
    assert len(re.findall(r"<svg role", page)) == len(re.findall(r"<svg role", html.html(sample("en"))))
    assert both.chapters[1].sections[2].blocks[4].code == CODE


@pytest.mark.parametrize(
    ("chinese", "english", "both"),
    [
        ("轮次", "epoch", "轮次 epoch"),
        ("第 4 轮", "epoch 4", "第 4 轮 · epoch 4"),
        ("272 个参数", "272 parameters", "272 个参数 parameters"),
        ("Dense，16 个单元", "Dense, 16 units", "Dense，16 个单元 units"),
        ("图像 1", "image 1", "图像 image 1"),
        ("真实 8，判为 4", "true 8, read as 4", "真实 8，判为 4 · true 8, read as 4"),
        ("特征\n（轴 2）", "features\n(axis 2)", "特征\n（轴 2）\nfeatures\n(axis 2)"),
        ("sigmoid", "sigmoid", "sigmoid"),
    ],
)
def test_a_label_in_both_languages_says_once_what_is_alike(chinese, english, both):
    assert beside(chinese, english) == both


@pytest.fixture(scope="module")
def whole():
    return built(all_hand_results(), "bilingual")


def test_labels_of_figures_are_in_both_languages_and_descriptions_in_their_own(whole):
    (curves,) = (
        block
        for section in whole.report.chapters[LABS.index("imdb")].sections
        for block in section.blocks
        if isinstance(block, Figure) and block.id == "imdb-figure-curves"
    )
    shown = re.findall(r"<text[^>]*>([^<]+)</text>", curves.svg)
    assert {"轮次 epoch", "第 4 轮 · epoch 4", "损失 loss", "验证", "validation"} <= set(shown)
    chinese, english = curves.alt.by_language.values()
    assert "验证损失从" in chinese
    assert "epoch" not in chinese
    assert "validation loss falls from" in english
    assert "轮" not in english
    assert curves.data.columns[0].title == LanguageTexts({"zh": "轮次", "en": "epoch"})
    assert "第 4 轮 · epoch 4 · " in whole.report.cover.strip[LABS.index("imdb")].svg


def test_captions_and_heads_are_in_both_languages(page):
    assert "<b>图 2.1</b>" in page
    assert re.search(r'<span class="tr" lang="en"><b>Figure 2.1</b>\. ', page)
    assert '准确率（%） <span class="tr" lang="en">Accuracy (%)</span>' in page
    assert "<summary>本图数据 <span" in page


def test_a_paragraph_that_both_languages_share_is_there_once(both):
    code = "```python\nx = 1\n```"
    text = LanguageTexts({"zh": f"一段。\n\n{code}\n\n两段。", "en": f"One.\n\n{code}\n\nTwo."})
    assert ReportPage(both, "screen").paired(text) == [
        ("zh", "一段。"), ("en", "One."), ("zh", code), ("zh", "两段。"), ("en", "Two."),
    ]  # fmt: skip


def test_where_the_numbers_of_paragraphs_differ_one_language_follows_the_other(both):
    text = LanguageTexts({"zh": "一\n\n二", "en": "one"})
    assert [language for language, _ in ReportPage(both, "screen").paired(text)] == ["zh", "zh", "en"]


def test_reports_of_different_shape_are_refused_with_the_place():
    english = sample("en")
    shorter = msgspec.structs.replace(english.chapters[1], sections=english.chapters[1].sections[:-1])
    with pytest.raises(RenderingError, match="do not match at chapter 'imdb', section"):
        bilingual.merged(sample("zh"), msgspec.structs.replace(english, chapters=(english.chapters[0], shorter)))
    other = Chapter(id="x", number="", title="X", opening=(Prose(markdown="a"),))
    with pytest.raises(RenderingError, match="do not match at chapter 'x': en has text \\(prose\\) that en lacks"):
        bilingual.merged(
            msgspec.structs.replace(english, summary=other),
            msgspec.structs.replace(
                english,
                summary=msgspec.structs.replace(
                    other, opening=(Exercise(id="e", number="1", points=1, task="a", hint=""),)
                ),
            ),
        )


def test_rows_with_ids_meet_their_counterparts_in_whatever_order():
    def table(*names):
        return Table(
            id="t",
            number="1",
            caption="c",
            columns=(Column(title=""),),
            rows=tuple((f"row {n}",) for n in names),
            row_ids=names,
        )

    def with_table(found):
        return msgspec.structs.replace(sample("en"), summary=Chapter(id="s", number="", title="S", opening=(found,)))

    (merged,) = bilingual.merged(with_table(table("a", "b")), with_table(table("b", "a"))).summary.opening
    assert merged == table("a", "b")


def test_a_cell_of_two_lines_is_as_wide_as_the_wider():
    assert columns.length(LanguageTexts({"zh": "过拟合", "en": "overfits"})) == len("overfits")


def test_the_whole_report_of_all_labs_can_be_set(whole):
    assert whole.problems == ()
    text = html.html(whole.report)
    assert text.count('class="tr" lang="en"') > 1000
    written, _ = markdown(whole.report)
    assert "### 问题 / The question" in written


def test_paper_tells_the_language_of_each_passage(both):
    short = msgspec.structs.replace(both, chapters=both.chapters[1:])
    empty = Chapter(id="s", number="", title="S")
    content = pdf.pdf(msgspec.structs.replace(short, summary=empty), source_date=MOMENT)
    with pikepdf.open(io.BytesIO(content)) as document:
        assert str(document.Root.Lang) == "zh-CN"
        languages = {str(item.get("/Lang", "")) for item in document.objects if isinstance(item, pikepdf.Dictionary)}
        assert "en" in languages
        assert str(document.docinfo["/Title"]) == " · ".join(sample(key).cover.title for key in ("zh", "en"))


def test_the_command_line_takes_a_document_in_both_languages():
    both = override(Configuration(), lang=("bilingual",))
    assert both.documents == ("bilingual",)
    assert both.lang == ("zh", "en"), "what exists in one language only is made in each"
    one = override(Configuration(), lang=("en", "bilingual"))
    assert (one.documents, one.lang) == (("en", "bilingual"), ("en",))
    with pytest.raises(UsageError, match="bilingul"):
        load(Path("/nonexistent"), {"LABREPORT_LANG": "bilingul"})
    assert load(Path("/nonexistent"), {"LABREPORT_LANG": "bilingual"}).documents == ("bilingual",)
