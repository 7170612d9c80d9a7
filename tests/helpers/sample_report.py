"""A report written by hand, in both languages, that holds every kind of block; nothing in it was measured."""

from __future__ import annotations

import tomllib
from hashlib import sha256
from pathlib import Path

from labreport.report.document import (
    Block,
    Box,
    Chapter,
    Column,
    Cover,
    CoverFigure,
    Equation,
    Example,
    Figure,
    Listing,
    Prose,
    Report,
    Section,
    Table,
)

CODE = '''\
def build_model(settings: Settings) -> keras.Model:
    """Return the network: two hidden layers and one output."""
    model = keras.Sequential(
        [
            keras.Input((settings.words,)),
            keras.layers.Dense(settings.units, activation="relu"),
            keras.layers.Dense(settings.units, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),  # 0O 1lI: easily mixed up
        ]
    )
    optimizer = keras.optimizers.RMSprop(settings.learning_rate)
    model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy"])
    return model
'''

LONG_CODE = "\n".join(
    f"def step_{number}(values: list[float], rate: float = 0.{number:03d}) -> list[float]:\n"
    f"    return [value - rate * {number} for value in values if value != {number}]  # step {number}\n"
    for number in range(1, 24)
)

_TABLES = tomllib.loads(Path(__file__).with_name("sample_texts.toml").read_text("utf-8"))
TEXTS: dict[str, dict[str, str]] = _TABLES["texts"]
BOX_TITLES: dict[str, dict[str, str]] = _TABLES["boxes"]


def curve(label: str, width_mm: float = 148, height_mm: float = 62) -> str:
    """Return a drawing as the figures of a report are: presentation attributes only, the palette's colours."""
    width, height = width_mm * 72 / 25.4, height_mm * 72 / 25.4
    points = " ".join(f"{30 + i * (width - 60) / 19:.1f},{height - 25 - (height - 50) * 0.9**i:.1f}" for i in range(20))
    other = " ".join(
        f"{30 + i * (width - 60) / 19:.1f},{height - 60 - (i - 4) ** 2 * height / 450:.1f}" for i in range(20)
    )
    grid = "".join(
        f'<path d="M30 {height - 25 - k * (height - 50) / 4:.1f}H{width - 30:.1f}" stroke="var(--rule)"/>'
        f'<text x="26" y="{height - 22 - k * (height - 50) / 4:.1f}" text-anchor="end" fill="var(--soft)">0.{k}</text>'
        for k in range(5)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_mm}mm" height="{height_mm}mm" '
        f'viewBox="0 0 {width:.2f} {height:.2f}" font-family="Labreport Sans" font-size="8">'
        f'<defs><clipPath id="clip-1"><rect x="0" y="0" width="{width:.1f}" height="{height:.1f}"/></clipPath></defs>'
        f'{grid}<g clip-path="url(#clip-1)">'
        f'<polyline points="{points}" fill="none" stroke="var(--training)" stroke-width="1.4"/>'
        f'<polyline points="{other}" fill="none" stroke="var(--validation)" stroke-width="1.4" '
        f'stroke-dasharray="4 2"/></g>'
        f'<text x="{width - 30:.1f}" y="14" text-anchor="end" fill="var(--validation)">{label}</text></svg>'
    )


def sample(language: str) -> Report:
    """Return the report in one language."""

    def say(key: str) -> str:
        return TEXTS[key][language]

    def box(kind: str) -> Box:
        return Box(
            kind=kind,  # type: ignore[arg-type]
            title=BOX_TITLES[kind][language],
            blocks=(Prose(markdown=say(kind)),),
        )

    scores = Table(
        id="imdb-table-scores",
        number="2.1",
        caption=say("table"),
        tag_line=say("tag"),
        columns=(
            Column(title={"en": "Model", "zh": "模型"}[language]),
            Column(title={"en": "Accuracy (%)", "zh": "准确率（%）"}[language], align="right", kind="number"),
            Column(title={"en": "Loss (nats)", "zh": "损失（nat）"}[language], align="right", kind="number"),
        ),
        rows=(("Dense", "87.9", "0.295"), ("Linear", "86", "0.3"), ("–", "100", "-12.25")),
    )
    long_table = Table(
        id="imdb-table-long",
        number="2.2",
        caption=say("table"),
        columns=(
            Column(title="no", align="right", kind="number"),
            Column(title={"en": "Review", "zh": "影评"}[language]),
            Column(title="`dtype`", kind="code"),
        ),
        rows=tuple((str(number), say("review"), "float32") for number in range(1, 41)),
    )
    figure = Figure(
        id="imdb-figure-loss",
        number="2.1",
        caption=say("figure"),
        svg=curve(say("results")),
        alt=say("alt"),
        width_mm=148,
        height_mm=62,
        tag_line=say("tag"),
        data=Table(
            id="imdb-figure-loss-data",
            number="2.1",
            caption="",
            columns=(
                Column(title={"en": "Epoch", "zh": "轮次"}[language], align="right", kind="number"),
                Column(title="loss", align="right", kind="number"),
            ),
            rows=tuple((str(epoch), f"{0.51 * 0.8**epoch:.3f}") for epoch in range(1, 21)),
        ),
    )
    small = Figure(
        id="imdb-figure-small",
        number="2.2",
        caption=say("figure"),
        svg=curve("σ(z) ≤ 1", 70, 45),
        alt=say("alt"),
        width_mm=70,
        height_mm=45,
    )
    prose = Prose(markdown=say("prose"))
    results: tuple[Block, ...] = (
        figure,
        prose,
        scores,
        small,
        Listing(
            id="imdb-listing-build_model",
            number="2.1",
            caption=say("listing"),
            code=CODE,
            sha256=sha256(CODE.encode()).hexdigest(),
            origin="ran",
        ),
        Example(
            id="imdb-example-matrix",
            caption=say("example"),
            code="x = np.array([[1, 2, 3], [4, 5, 6]])\nprint(x.ndim, x.shape)",
            output="2 (2, 3)\n",
        ),
        long_table,
        Listing(
            id="imdb-listing-long",
            number="2.2",
            caption=say("long_listing"),
            code=LONG_CODE,
            sha256=sha256(LONG_CODE.encode()).hexdigest(),
            origin="compared",
        ),
    )
    imdb = Chapter(
        id="imdb",
        number="2",
        title=say("chapter"),
        marks=(say("mark"),),
        sections=(
            Section(id="imdb-question", title=say("question"), blocks=(prose,)),
            Section(
                id="imdb-background",
                title=say("background"),
                blocks=(
                    prose,
                    Equation(
                        tex=r"L = -\frac{1}{n} \sum_{i=1}^{n} \left[ y_i \log p_i + (1 - y_i) \log (1 - p_i) \right]",
                        alt=say("spoken"),
                    ),
                    Prose(markdown=say("small_table")),
                    box("caution"),
                    box("note"),
                ),
            ),
            Section(id="imdb-results", title=say("results"), blocks=results),
            Section(
                id="imdb-end", title=say("data"), blocks=(prose, box("key-points"), box("self-check"), box("sources"))
            ),
        ),
    )
    tensors = Chapter(
        id="tensors",
        number="1",
        title=say("other"),
        opening=(box("failure"),),
        sections=(Section(id="tensors-question", title=say("question"), blocks=(prose,)),),
    )
    summary = Chapter(
        id="summary",
        number="",
        title=say("summary"),
        opening=(
            Prose(markdown=say("summary_text")),
            Table(
                id="summary-table",
                number="",
                caption=say("table"),
                columns=scores.columns,
                rows=(
                    (f"[{say('chapter')}](#imdb)", "87.9", "0.295"),
                    (f"[{say('other')}](#tensors)", "–", "–"),
                ),
            ),
        ),
    )
    provenance = Chapter(
        id="provenance",
        number="",
        title=say("provenance"),
        opening=(
            Table(
                id="provenance-data",
                number="",
                caption=say("data"),
                columns=(
                    Column(title={"en": "File", "zh": "文件"}[language], kind="code"),
                    Column(title="SHA-256", kind="code"),
                ),
                rows=(("imdb.npz", sha256(b"imdb").hexdigest()),),
            ),
        ),
    )
    return Report(
        language=language,
        date="2026-03-01",
        cover=Cover(
            title=say("title"),
            subtitle=say("subtitle"),
            facts=(
                ({"en": "Date", "zh": "日期"}[language], "2026-03-01"),
                ({"en": "Version", "zh": "版本"}[language], "labreport 0.1.0"),
                ({"en": "Data", "zh": "数据"}[language], say("tag")),
                ({"en": "Seeds", "zh": "种子"}[language], "0–2"),
            ),
            marks=(say("mark"),),
            strip=tuple(
                CoverFigure(title=say(key), svg=curve("", 52, 30), alt=say("alt"))
                for key in ("chapter", "other", "chapter", "other", "chapter", "other")
            ),
        ),
        summary=summary,
        chapters=(tensors, imdb),
        provenance=provenance,
    )
