"""A report written by hand, in both languages, that holds every kind of block; nothing in it was measured."""

from __future__ import annotations

from hashlib import sha256

from report.document import (
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
from report.words import Language

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
    model.compile(optimizer=keras.optimizers.RMSprop(settings.learning_rate), loss="binary_crossentropy", metrics=["accuracy"])
    return model
'''

LONG_CODE = "\n".join(
    f"def step_{number}(values: list[float], rate: float = 0.{number:03d}) -> list[float]:\n"
    f"    return [value - rate * {number} for value in values if value != {number}]  # step {number}\n"
    for number in range(1, 24)
)

TEXTS: dict[str, dict[Language, str]] = {
    "title": {"en": "Keras labs", "zh": "Keras 实验"},
    "subtitle": {"en": "Six classics, run and checked line by line", "zh": "六个经典实验：实际运行，逐句核对"},
    "summary": {"en": "The labs at a glance", "zh": "实验一览"},
    "summary_text": {
        "en": "Every number in this report was measured by the runs listed under [Where the data come from](#provenance). "
        "A sentence about a run was checked against that run.",
        "zh": "本报告中的每个数字都由[数据与运行来源](#provenance)所列的运行测得；凡是描述运行结果的句子，都与该次运行核对过，措辞随核对结果而定。",
    },
    "chapter": {"en": "Two classes: good and bad reviews", "zh": "二分类：电影评论的褒与贬"},
    "other": {"en": "Tensors: data as arrays of numbers", "zh": "张量：把数据写成数组"},
    "mark": {
        "en": "Only a sample of the real data was used: 2,000 of 25,000 training samples. Scores are lower than with all data.",
        "zh": "本次只用了真实数据的一个样本：训练集 25,000 个样本中的 2,000 个。得分会低于使用全部数据时的水平。",
    },
    "tag": {"en": "sample data", "zh": "样本数据"},
    "question": {"en": "The question", "zh": "问题"},
    "background": {"en": "What one needs to know", "zh": "预备知识"},
    "data": {"en": "The data", "zh": "数据"},
    "results": {"en": "Results", "zh": "结果"},
    "prose": {
        "en": "Somebody has written a review of a film. From the words alone, can a network tell whether the writer liked "
        "it? There are two answers, so this is a *classification with two classes*. Spam, medical tests, the next click: it "
        "may well be the most common task of all. A network with many parameters can learn its training texts almost "
        "by heart, and the loss on them will go on falling. What matters is the loss on texts it has *never* seen.\n\n"
        "When does learning turn into rote learning, and how would one notice? The answer of this chapter has two steps. "
        "First, part of the training data is held back and the validation loss is watched after every epoch; see "
        "[Figure 2.1](#imdb-figure-loss). Then a **new network** is trained on all of the data for just as many epochs as "
        "turned out best, and the test set is asked once. The word 过拟合 means *overfitting*.\n\n"
        "- The validation data choose the number of epochs.\n"
        "- The test data never choose anything; `evaluate` is called once.\n"
        "- A baseline says what a score is worth: “always the commoner class” gets $0.5$ of the answers right.\n\n"
        "The output $p$ lies between $0$ and $1$, because the sigmoid function $\\sigma(z)$ maps every number $z$ to that "
        "range; the other class has the probability $1-p$. For a batch $x$ of shape $(b, n)$ the layer computes $xW + b$.",
        "zh": "有人写了一篇影评。如果只告诉网络文中出现了哪些词，它能不能判断作者喜不喜欢这部电影？答案只有两种，所以这是一个*二分类*问题。"
        "从垃圾邮件到医学检验，二分类大概是最常见的一类任务。还有一个问题比它更要紧：网络的参数很多，足以把训练用的文章几乎背下来。"
        "学习什么时候变成了死记硬背，我们怎样察觉？又该在什么时候停下来，才不至于对结果自欺欺人？\n\n"
        "本章的回答分两步走：先留出一部分训练数据，每过一个轮次（epoch）就看一次验证损失，见[图 2.1](#imdb-figure-loss)；"
        "再用**全部训练数据**从头训练一个新网络，轮次数就取验证损失最低的那一轮，最后在测试集上用`evaluate`评估一次。"
        "“过拟合”（overfitting）指的是：训练损失继续下降，验证损失却开始上升——网络记住了样本，却没有学到规律……"
        "这种做法在 Chollet 的教材*Deep Learning with Python*中也能见到。\n\n"
        "- 轮次数由验证集选定，例如第4轮；\n"
        "- 测试集不参与任何选择，只在最后用一次；\n"
        "- 基线告诉我们一个得分值多少：总是猜“较多的那一类”，也能答对$0.5$。\n\n"
        "输出 $p$ 介于 $0$ 与 $1$ 之间，因为 sigmoid 函数 $\\sigma(z)$ 把任何实数 $z$ 压到这个范围；另一类的概率是 $1-p$。"
        "对形状为 $(b, n)$ 的一批样本 $x$，这一层计算 $xW + b$，参数共有 160,016 个，占内存约 0.6 MB。",
    },
    "small_table": {
        "en": "| Data | Rank | Axes |\n|---|--:|---|\n| vectors | 2 | (samples, features) |\n| images | 4 | (samples, height, width, channels) |",
        "zh": "| 数据 | 秩 | 各轴 |\n|---|--:|---|\n| 向量 | 2 | （样本，特征） |\n| 图像 | 4 | （样本，高，宽，通道） |",
    },
    "figure": {
        "en": "Validation loss is lowest at epoch 4 (0.279) and rises afterwards, while training loss goes on falling.",
        "zh": "验证损失在第 4 轮最低（0.279），此后上升；训练损失仍在下降。",
    },
    "alt": {
        "en": "Two curves over 20 epochs; training loss falls from 0.51 to 0.01, validation loss falls and then rises.",
        "zh": "两条曲线，横轴为 20 个轮次；训练损失从 0.51 降到 0.01，验证损失先降后升。",
    },
    "table": {"en": "Scores on the test set beside the baselines.", "zh": "测试集得分与基线。"},
    "listing": {"en": "The network, as it ran.", "zh": "实际运行的网络。"},
    "long_listing": {"en": "A listing longer than a page.", "zh": "超过一页的代码。"},
    "example": {"en": "A matrix has two axes.", "zh": "矩阵有两个轴。"},
    "spoken": {
        "en": "The loss is minus the mean of y log p plus one minus y times log of one minus p.",
        "zh": "损失等于 y 乘 log p 加上一减 y 乘 log 一减 p 的平均值的相反数。",
    },
    "key-points": {
        "en": "- Watch the *validation* loss, not the training loss.\n- Train anew for the chosen number of epochs.",
        "zh": "- 看验证损失，不看训练损失。\n- 选定轮次数以后，从头再训练一次。",
    },
    "caution": {
        "en": "A test set that was used for choosing is a test set no longer.",
        "zh": "一旦用测试集做过选择，它就不再是测试集了。",
    },
    "note": {"en": "One run each; chance can't be ruled out.", "zh": "各只运行了一次，差异中有多少出于偶然，无从判断。"},
    "self-check": {
        "en": "1. Why is the network trained anew?\n2. What would a loss of $\\ln 2$ tell you?",
        "zh": "1. 为什么要从头再训练一次？\n2. 损失等于 $\\ln 2$ 说明什么？",
    },
    "sources": {
        "en": "Maas, A. L. et al.: *Learning Word Vectors for Sentiment Analysis*. ACL, 2011. "
        "<https://aclanthology.org/P11-1015/>",
        "zh": "Maas 等：*Learning Word Vectors for Sentiment Analysis*，ACL，2011。<https://aclanthology.org/P11-1015/>",
    },
    "failure": {
        "en": "The lab stopped while it was training. The rest of the report is not affected.\n\n```text\nLabError: no data\n```",
        "zh": "实验在“训练”阶段中断，报告的其他各章不受影响。\n\n```text\nLabError: no data\n```",
    },
    "provenance": {"en": "Where the data come from", "zh": "数据与运行来源"},
    "review": {
        "en": "this film was just brilliant casting location scenery story direction everyone's really suited the part "
        "they played and you could just imagine being there",
        "zh": "this film was just brilliant casting location scenery story direction everyone's really suited the part "
        "they played and you could just imagine being there",
    },
}

BOX_TITLES: dict[str, dict[Language, str]] = {
    "key-points": {"en": "Key points", "zh": "要点"},
    "caution": {"en": "Caution", "zh": "注意"},
    "note": {"en": "Note", "zh": "说明"},
    "self-check": {"en": "Check yourself", "zh": "自测"},
    "sources": {"en": "Sources", "zh": "参考资料"},
    "failure": {"en": "This lab did not finish", "zh": "本实验没有完成"},
}


def curve(label: str, width_mm: float = 148, height_mm: float = 62) -> str:
    """Return a drawing as the figures of a report are: presentation attributes only, the palette's colours."""
    width, height = width_mm * 72 / 25.4, height_mm * 72 / 25.4
    points = " ".join(f"{30 + i * (width - 60) / 19:.1f},{height - 25 - (height - 50) * 0.9**i:.1f}" for i in range(20))
    other = " ".join(
        f"{30 + i * (width - 60) / 19:.1f},{height - 60 - (i - 4) ** 2 * height / 450:.1f}" for i in range(20)
    )
    grid = "".join(
        f'<path d="M30 {height - 25 - k * (height - 50) / 4:.1f}H{width - 30:.1f}" stroke="#d3d8de" stroke-width="0.5"/>'
        f'<text x="26" y="{height - 22 - k * (height - 50) / 4:.1f}" text-anchor="end" fill="#5c6773">0.{k}</text>'
        for k in range(5)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_mm}mm" height="{height_mm}mm" '
        f'viewBox="0 0 {width:.2f} {height:.2f}" font-family="Labreport Sans" font-size="8">'
        f'<defs><clipPath id="clip-1"><rect x="0" y="0" width="{width:.1f}" height="{height:.1f}"/></clipPath></defs>'
        f'{grid}<g clip-path="url(#clip-1)"><polyline points="{points}" fill="none" stroke="#1f4e8c" stroke-width="1.4"/>'
        f'<polyline points="{other}" fill="none" stroke="#b9540b" stroke-width="1.4" stroke-dasharray="4 2"/></g>'
        f'<text x="{width - 30:.1f}" y="14" text-anchor="end" fill="#b9540b">{label}</text></svg>'
    )


def sample(language: Language) -> Report:
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
            verified=True,
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
            verified=False,
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
                columns=(Column(title={"en": "File", "zh": "文件"}[language], kind="code"), Column(title="SHA-256", kind="code")),
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
        words={},
    )
