"""Tables that are wider than the page: every cell is there, and no ink leaves the page."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from helpers import ink
from helpers.hand_results import hand_result
from helpers.sample_report import sample

from labreport.report.cli import main
from labreport.report.document import Box, Chapter, Column, Exercise, Prose, Section, Table
from labreport.report.rendering import pdf
from labreport.report.store.runs import Store

DATE = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamten"
HEADS = [f"metric{letter}" for letter in "abcdefghijklmn"]


def _markdown(*rows: list[str]) -> str:
    lines = [" | ".join(row) for row in (rows[0], ["---"] * len(rows[0]), *rows[1:])]
    return "\n".join(f"| {line} |" for line in lines)


def _table(*rows: list[str], kind: str = "text") -> Table:
    columns = tuple(Column(title=title, kind=kind) for title in rows[0])
    return Table(
        id=f"t{len(rows[0])}{kind}", number="1.1", caption="C", columns=columns, rows=tuple(map(tuple, rows[1:]))
    )


def _report(language: str, *blocks):
    report = sample(language)
    section = Section(id="x", title="X", blocks=blocks)
    empty = [Chapter(id=name, number="", title="S") for name in "sp"]
    return msgspec.structs.replace(
        report,
        cover=msgspec.structs.replace(report.cover, strip=()),
        chapters=(Chapter(id="tensors", number="1", title=LONG, sections=(section,)),),
        summary=empty[0],
        provenance=empty[1],
    )


FOURTEEN = [HEADS, [f"accuracy0.{number}{number}{number}" for number in range(14)]]


def test_every_cell_of_a_wide_table_is_read_and_none_leaves_the_page():
    wide, long = _markdown(*FOURTEEN), _markdown(["a", "b", "c"], [LONG, f"`{LONG}`", LONG])
    content = pdf.pdf(
        _report(
            "en",
            Prose(markdown=f"{LONG} `{LONG}`\n\n{wide}\n\n{long}\n\n- x\n\n  {wide}".replace("\n| ", "\n  | ")),
            _table(*FOURTEEN),
            _table(["a", "b"], [LONG * 2, LONG], kind="code"),
            Box(kind="note", title="N", blocks=(Prose(markdown=wide),)),
            Exercise(id="e", number="1.1", points=2, task=long, hint="", answer_lines=3),
        ),
        source_date=DATE,
    )
    assert ink.outside(content, 40) == []
    text = "".join(ink.texts(content)).replace("￾", "").replace("\xad", "")
    for cell in (*FOURTEEN[0], *FOURTEEN[1]):
        assert text.count(cell) >= 4, cell
    assert text.count(LONG[:20]) >= 9


def test_a_table_that_fits_is_set_once(monkeypatch):
    from weasyprint import HTML

    settings, usual = [], HTML.render
    monkeypatch.setattr(HTML, "render", lambda page, **options: settings.append(page) or usual(page, **options))
    pdf.pdf(_report("en", _table(["a", "b"], ["1", "2"])), source_date=DATE)
    assert len(settings) == 1


def test_long_names_of_runs_stay_on_the_page_of_a_comparison(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [f"2026010{number}T120000Z-" + "boston" * 8 + str(number) for number in (1, 2, 3)]
    for name in names:
        Store(tmp_path / "runs").save(msgspec.structs.replace(hand_result("boston", seeds=(0,)), run_id=name))
    assert main(["compare", *names, "--to", "pdf", "--lang", "en"]) == 0
    content = (tmp_path / "reports" / "comparison-en.pdf").read_bytes()
    assert ink.outside(content, 40) == []
    assert "0123456789ab" in "".join(ink.texts(content))
