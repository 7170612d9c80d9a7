"""Formulas as a line of text: what is found, copied and read aloud of a drawing in a PDF."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import msgspec
import pikepdf
import pytest
from helpers import pdf_text
from helpers.sample_report import sample

from labreport.report.document import Chapter, Equation, Prose, Section
from labreport.report.rendering import fonts, formula_text, pdf

DATE = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tex", "line"),
    [
        (r"f(z) = \max(0, z)", "f(z) = max(0, z)"),
        (r"p_c = \frac{e^{z_c}}{\sum_{j=1}^{C} e^{z_j}}", "p_c = (e^(z_c))/(∑_(j=1)^C e^(z_j))"),
        (r"L = -\frac{1}{n} \sum_{i=1}^{n} y_i \ln p_{ic}", "L = −(1/n) ∑_(i=1)^n y_i ln p_ic"),
        (r"\sqrt{p(1-p)/n} \approx 0.013", "√(p(1 − p)/n) ≈ 0.013"),
        (r"w \leftarrow w - \eta \, \frac{dL}{dw}", "w ← w − η dL/dw"),
        (r"x' = \frac{x - \mu}{\sigma}", "x' = (x − μ)/σ"),
        (r"\lambda_2 L_2 = (w x_i - y_i)^2", "λ_2 L_2 = (w x_i − y_i)^2"),
        (r"\hat{y} - \bar{x}", "ŷ − bar(x)"),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "(1, 2; 3, 4)"),
        (r"\begin{aligned} a &= b \\ c &= d\end{aligned}", "a = b; c = d"),
        (r"(2,) \rightarrow (1, 2)", "(2,) → (1, 2)"),
        (r"准确率 = \frac{正确}{全部}", "准确率 = 正确/全部"),
        (r"\sqrt[3]{x} \cdot \prod_{k} k", "root(x, 3) · ∏_k k"),
    ],
)
def test_a_formula_is_one_line_as_it_would_be_typed(tex, line):
    assert formula_text.line(tex) == line


@pytest.mark.parametrize(
    "tex", [r"\langle a \rangle", r"\left\lfloor x \right\rfloor", r"x \mapsto \ell", r"\mathbb{R} \ni \aleph"]
)
def test_every_sign_has_a_glyph_in_the_font_of_the_text_or_a_name(tex):
    line = formula_text.line(tex)
    assert fonts.characters("regular").issuperset(line)
    assert line == line.strip()


@pytest.fixture(scope="module")
def content() -> bytes:
    text = r"A share $p$ has the error $\sqrt{p(1-p)/n}$, and relu is $f(z) = \max(0, z)$."
    displayed = Equation(tex=r"L = \frac{1}{n} \sum_{i=1}^{n} L_i", alt="L is the mean of all L i.")
    section = Section(id="x", title="X", blocks=(Prose(markdown=text), displayed, Prose(markdown="After it.")))
    report = sample("en")
    empty = [Chapter(id=name, number="", title="S") for name in "sp"]
    return pdf.pdf(
        msgspec.structs.replace(
            report,
            cover=msgspec.structs.replace(report.cover, strip=()),
            chapters=(Chapter(id="tensors", number="1", title="T", sections=(section,)),),
            summary=empty[0],
            provenance=empty[1],
        ),
        source_date=DATE,
    )


def test_formulas_stand_in_the_text_of_a_pdf_in_the_order_of_reading(content):
    page = pdf_text.pages(content)[-1].replace(" ", "")
    sentence = "Asharephastheerror√(p(1−p)/n),andreluisf(z)=max(0,z)."
    assert sentence in page.replace("\u2060", "")
    assert page.index(sentence[:6]) < page.index("L=(1/n)∑_(i=1)^nL_i") < page.index("Afterit.")


def test_the_line_of_a_formula_is_not_painted_and_fills_the_drawing(content):
    with pikepdf.open(io.BytesIO(content)) as document:
        modes, unseen = 0, 0
        for operands, operator in pikepdf.parse_content_stream(document.pages[-1]):
            if str(operator) == "Tr":
                modes = int(operands[0])
            unseen += str(operator) in ("Tj", "TJ") and modes == 3
    assert unseen >= len("p√(p(1−p)/n)f(z)=max(0,z)")


def test_a_formula_is_tagged_as_one_and_read_aloud_once(content):
    with pikepdf.open(io.BytesIO(content)) as document:
        formulas = [
            item for item in document.objects if isinstance(item, pikepdf.Dictionary) and item.get("/S") == "/Formula"
        ]
        spoken = sorted(str(item.Alt) for item in formulas)
        # Its text lies in the marked content of the formula itself, for which the alternative text stands.
        assert all(isinstance(kid, int) or "/MCID" in kid or "/S" not in kid for item in formulas for kid in item.K)
    assert spoken == ["L is the mean of all L i.", "f(z) = max(0, z)", "p", "√(p(1 − p)/n)"]


def _dictionary(item):
    return item if isinstance(item, pikepdf.Dictionary) else {}
