"""Formulas: TeX to MathML and to a drawing; what TeX does not know is an error."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from labreport.report.errors import RenderingError
from labreport.report.rendering import fonts, mathematics

FORMULAS = [
    r"p_c = \frac{e^{z_c}}{\sum_{k=1}^{N} e^{z_k}}",
    r"\begin{pmatrix} 2 & 2 \\ 1 & 1 \end{pmatrix} + \begin{pmatrix} 3 & 3 \end{pmatrix}",
    r"L = -\frac{1}{n} \sum_{i=1}^{n} \left[ y_i \log p_i + (1 - y_i) \log (1 - p_i) \right]",
    r"\mathrm{relu}(z)=\max(0,z)",
    r"w \leftarrow w - \eta \, \frac{dL}{dw}",
    r"\sqrt{p(1-p)/n} \approx 0.013",
    "a < b",
]


@pytest.mark.parametrize("tex", FORMULAS)
def test_a_formula_becomes_well_formed_mathml_without_inline_styles(tex):
    markup = mathematics.mathml(tex, display=True)
    ElementTree.fromstring(markup)
    assert markup.startswith("<math")
    assert "style=" not in markup


@pytest.mark.parametrize("tex", FORMULAS)
def test_a_formula_becomes_a_drawing_of_outlines_with_its_depth(tex):
    picture = mathematics.picture(tex, display=True)
    ElementTree.fromstring(picture.svg)
    assert "<text" not in picture.svg
    assert 0 < picture.depth < picture.height
    assert picture.width > 0
    assert '"var(--ink)"' in picture.svg


def test_an_upright_name_is_one_word():
    assert "<mi>relu</mi>" in mathematics.mathml(r"\mathrm{relu}(z)")


def test_a_function_is_set_apart_from_its_argument():
    assert "<mi>log</mi><mspace" in mathematics.mathml(r"\log p")


@pytest.mark.parametrize("tex", ["(0, {}1)", "L = {}x", r"\begin{pmatrix} 1 & {}1 \\ {}2 & 2 \end{pmatrix}"])
def test_a_sign_is_drawn_close_to_its_number_and_a_minus_is_not(tex):
    sign, minus = (mathematics.picture(tex.replace("{}", text)).width for text in ("-", "0-"))
    zero = mathematics.picture(tex.replace("{}", "0")).width - mathematics.picture(tex.replace("{}", "")).width
    assert sign < minus - zero - 0.2


def test_a_logarithm_is_drawn_apart_from_its_argument_and_its_factor():
    apart = mathematics.picture(r"y \ln p").width
    assert apart > sum(mathematics.picture(part).width for part in ("y", r"\mathrm{ln}", "p")) + 0.25


@pytest.mark.parametrize(
    ("tex", "message"),
    [
        (r"\foo x", r"\\foo, which is not a known TeX command"),
        (r"\input{/etc/passwd}", r"\\input, which is not"),
        (r"\frac{1}{", "not valid TeX"),
        ("x^{", "not valid TeX"),
        (r"\left( a", "not valid TeX"),
        (r"\text{α}", r"'α' \(U\+03B1\)"),
        (r"\text{<script>}", "holds '<' or '&'"),
        (r"\text{<b>x</b>}", "holds the element 'b'"),
        (r"\href{file:x}{y}", "asks for href='file:x'"),
        (r"\style{color:red}{y}", "asks for style="),
        ("x" * 3000, "longer than 2000 characters"),
    ],
)
def test_an_unknown_command_or_a_broken_formula_is_an_error_in_both_forms(tex, message):
    for render in (mathematics.mathml, mathematics.picture):
        with pytest.raises(RenderingError, match=message):
            render(tex)


@pytest.mark.parametrize(("tex", "text"), [("0.5", "0.5"), ("-12", "−12"), ("x", None), ("2 + 3", None)])
def test_a_bare_number_is_set_as_text(tex, text):
    assert mathematics.plain_number(tex) == text


@pytest.mark.parametrize("tex", [r"\text{准确率} = a", "准确率 = a", r"\mathrm{准确率} = a", r"x_{\text{准确率}}"])
def test_chinese_in_a_formula_is_set_in_the_font_of_the_text(tex):
    markup = mathematics.mathml(tex)
    assert '<mtext class="text">准确率</mtext>' in markup
    assert set("准确率") <= fonts.used(markup)["regular"]
    assert not set("准确率") & fonts.used(markup)["math"]
    # Three characters fill three em at least; a box for an unknown one is narrower.
    plain = mathematics.picture(tex.replace("准确率", "i"))
    drawn = mathematics.picture(tex)
    assert drawn.width > plain.width + 1
    assert "LabreportSans" in drawn.svg
