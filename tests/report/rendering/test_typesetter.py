"""Markdown becomes safe HTML, set as each language wants it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers.sample_report import sample
from markdown_it.renderer import RendererHTML

from labreport.report.document import escape
from labreport.report.errors import RenderingError
from labreport.report.rendering import html
from labreport.report.rendering.markdown import markdown
from labreport.report.rendering.typesetter import Typesetter, on_screen

THIN = "\u2009"


def typesetter(language) -> Typesetter:
    return Typesetter(language, lambda tex, display: f"<math>{tex}</math>")


@pytest.fixture
def chinese() -> Typesetter:
    return typesetter("zh")


@pytest.fixture
def english() -> Typesetter:
    return typesetter("en")


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("使用Keras训练", f"使用{THIN}Keras{THIN}训练"),
        ("使用 Keras 训练", f"使用{THIN}Keras{THIN}训练"),
        ("第4轮，共20轮", f"第{THIN}4{THIN}轮，共{THIN}20{THIN}轮"),
        ("准确率 97.9 %的", f"准确率{THIN}97.9 %{THIN}的"),
        ("用`fit`训练", f"用{THIN}<code>fit</code>{THIN}训练"),
        ("用**Keras**训练", f"用{THIN}<strong>Keras</strong>{THIN}训练"),
        ("第$i$个", f"第{THIN}<math>i</math>{THIN}个"),
        ("见[图 4.2](#x)所示", f'见<a href="#x">图{THIN}4.2</a>{THIN}所示'),
        ("Keras，以及（RMSprop）。", "Keras，以及（RMSprop）。"),
    ],
)
def test_a_thin_space_stands_between_chinese_and_latin(chinese, markdown, html):
    assert chinese.inline(markdown) == html


def test_a_line_end_inside_a_chinese_paragraph_leaves_no_blank(chinese):
    assert chinese.prose("第一行\n第二行，\n第三行") == "<p>第一行第二行，第三行</p>"


def test_a_line_end_between_chinese_and_latin_is_a_thin_space(chinese):
    assert chinese.prose("使用\nKeras") == f"<p>使用{THIN}Keras</p>"


def test_emphasis_is_bold_in_chinese_and_italic_in_english(chinese, english):
    assert chinese.inline("*过拟合*") == "<strong>过拟合</strong>"
    assert english.inline("an *epoch*") == "an <em>epoch</em>"


def test_the_title_of_an_english_book_is_italic_in_chinese_too(chinese):
    assert chinese.inline("见*Deep Learning*一书") == f'见{THIN}<i lang="en">Deep Learning</i>{THIN}一书'


def test_straight_quotes_are_curled_in_english_only(chinese, english):
    assert english.inline('a "good" one, isn\'t it') == "a “good” one, isn’t it"
    assert chinese.inline('"x"') == '"x"'


def test_passages_in_the_other_language_are_marked(chinese, english):
    assert english.inline("The word 过拟合 means it") == 'The word <span lang="zh-CN">过拟合</span> means it'
    review = "this film was just brilliant"
    assert chinese.inline(review) == f'<span lang="en">{review}</span>'


def test_a_mark_that_touches_a_formula_is_tied_to_it(chinese, english):
    assert english.inline("($x$, $y$)") == "(\u2060<math>x</math>\u2060, <math>y</math>\u2060)"
    assert chinese.inline("参数$x$，") == f"参数{THIN}<math>x</math>\u2060，"


def test_a_number_with_a_power_of_ten_stays_on_one_line(chinese, english):
    for setter in (chinese, english):
        assert "2.8\u202f×\u202f10⁻¹⁰;" in setter.inline("p 2.8 × 10⁻¹⁰; 28 × 28")
        assert "28 × 28" in setter.inline("p 2.8 × 10⁻¹⁰; 28 × 28")


def test_sums_of_money_are_no_formulas(english):
    text = "from $21,400 to $35,000 ($13,600 more)"
    assert english.inline(text) == text


def test_lists_tables_and_code_blocks_are_set(english):
    html = english.prose("- one\n- two\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n```python\nx = 1\n```")
    assert "<li>one</li>" in html
    assert '<td class="right">2</td>' in html
    assert '<pre tabindex="0"><code>x = <span class="n">1</span></code></pre>' in html


def test_a_long_dotted_name_may_be_parted_at_its_dots(english):
    assert english.inline("`keras.config.image_data_format()`") == (
        "<code>keras.<wbr>config.<wbr>image_data_format()</code>"
    )


@pytest.mark.parametrize(
    "plain", ["a*b*c", "[x](y)", "`code`", "$x$ | y", "<b>", "a_b_c", "#1", "~~x~~", "\\", "&amp;"]
)
def test_escaped_text_is_shown_unchanged(english, plain):
    shown = english.inline(escape(plain)).unescape()
    assert shown == plain


@pytest.mark.parametrize(
    ("markdown", "message"),
    [
        ("<script>alert(1)</script>", "Raw HTML is not allowed.*<script>"),
        ('a <img src=x onerror="alert(1)">', "Raw HTML is not allowed"),
        ("<div>\nx\n</div>", "Raw HTML is not allowed"),
        ("![x](https://example.org/x.png)", "An image is not allowed.*example.org"),
        ("![x](data:image/png;base64,AAAA)", "An image is not allowed"),
        ("[x](file:///etc/passwd)", "link to 'file:///etc/passwd' is not allowed"),
        ("[x](javascript:alert(1))", "link to 'javascript:alert"),
        ("[x](JaVaScRiPt:alert(1))", "is not allowed"),
        ("[x](data:text/html;base64,AAAA)", "is not allowed"),
        ("[x](//example.org/)", "is not allowed"),
        ("[x][y]\n\n[y]: file:///etc/passwd", "is not allowed"),
        ("\ue000", "private use"),
    ],
)
def test_hostile_markdown_is_refused_with_a_clear_error(english, markdown, message):
    with pytest.raises(RenderingError, match=message):
        english.prose(markdown)


def test_a_comment_is_dropped(english):
    assert english.prose("<!-- facts: D1 -->\n\nText <!-- x -->here.") == "<p>Text here.</p>"


def test_links_to_pages_and_to_anchors_are_kept(english):
    assert english.inline("<https://keras.io> and [b](#c)") == (
        '<a href="https://keras.io">https://keras.io</a> and <a href="#c">b</a>'
    )


def test_what_is_set_for_the_screen_is_set_once(monkeypatch):
    report = sample("en")
    html.html(report)
    converted, usual = [], RendererHTML.render
    monkeypatch.setattr(RendererHTML, "render", lambda *arguments: converted.append(arguments) or usual(*arguments))
    html.html(report)
    markdown(report)
    assert converted == []


def test_every_formula_of_a_text_is_named():
    text = "See $a$ and\n\n$$\nb\n$$\n\nbut not `$c$`."
    assert [(tex.strip(), display) for tex, display in on_screen("en").formulas(text)] == [("a", False), ("b", True)]


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("**过拟合：**训练损失", "<strong>过拟合：</strong>训练损失"),
        ("他说**“过拟合”**了", "他说<strong>“过拟合”</strong>了"),
        ("损失**（验证）**上升", "损失<strong>（验证）</strong>上升"),
        ("*過擬合。*訓練", "<strong>過擬合。</strong>訓練"),
        ("~~错误。~~改正", "<s>错误。</s>改正"),
    ],
)
def test_emphasis_ends_beside_chinese_without_a_blank(chinese, markdown, html):
    assert chinese.inline(markdown) == html


def test_tasks_have_boxes(english):
    assert english.prose("- [ ] one\n- [x] two") == "<ul>\n<li>☐ one</li>\n<li>☑ two</li>\n</ul>"


def test_a_formula_before_a_digit_at_the_end_of_its_line_is_set(english):
    assert english.inline("$k$ is 4") == "<math>k</math> is 4"


def test_texts_that_are_set_at_the_same_time_keep_their_own_formulas():
    """As a server does, whose pages are made in several threads."""

    def slowly(tex: str, _display: bool) -> str:
        time.sleep(0.002)
        return f"<math>{tex}</math>"

    shared = Typesetter("en", slowly)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: shared.inline(f"It is $a_{number}$ and $b_{number}$."), range(80)))
    assert made == [f"It is <math>a_{n}</math> and <math>b_{n}</math>\u2060." for n in range(80)]


def test_a_typesetter_keeps_the_texts_it_set_last_and_no_more(monkeypatch):
    """Or a server that is open for a day would keep every text that was ever shown."""
    monkeypatch.setattr("labreport.report.rendering.typesetter.MOST", 3)
    formulas = []
    shared = Typesetter("en", lambda tex, _display: formulas.append(tex) or tex)
    for name in ("a", "b", "c", "c", "b", "d", "e", "b", "a"):
        shared.inline(f"It is ${name}$ here.")
    assert formulas == ["a", "b", "c", "d", "e", "a"]
