"""The records of a comparison: numbers, verdicts and reasons as codes, without words of any language.

A is the earlier or reference version, B the one that is judged; every difference is B minus A. The records are written
by `labreport compare --json`, so their fields are named for a reader who has nothing else.
"""

from __future__ import annotations

from typing import Literal

import msgspec

FORMAT = 1
"""Number of the format of a comparison written as JSON."""

MetricVerdict = Literal[
    "better",
    "worse",
    "none",
    "equal",
    "few",
    "single",
    "same",
    "changed",
    "undefined",
    "incomparable",
]
"""Of a metric. better, worse: a difference is shown. none: none is shown. equal: the interval lies within the margin.
few: too few runs to tell. single: one run each, chance can't be ruled out. same: equal to the last digit. changed:
differs, in a number that no chance enters. undefined: some run gave no number. incomparable: no verdict possible."""
Shift = Literal["later", "earlier", "none", "few", "single", "same", "incomparable"]
"""Of the best epoch, with the same meaning where the words are the same."""


class ComparisonRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every record of a comparison."""


class Reason(ComparisonRecord, frozen=True, kw_only=True):
    """Something to be said, as a code with its values; the words are in `compare.toml` or `gate.toml`."""

    code: str
    values: dict[str, str] = {}


class ComparedRun(ComparisonRecord, frozen=True, kw_only=True):
    """Which run of a lab stands on one side."""

    run_id: str
    status: str
    profile: str
    seeds: tuple[int, ...]
    started: str
    commit: str | None
    seconds: float | None
    """Wall time of the run, from reading the data to the last score; None where it is not known."""
    peak_memory_bytes: int


class Range(ComparisonRecord, frozen=True, kw_only=True):
    """An interval of the difference."""

    low: float
    high: float
    level: float
    method: str
    """permutation (the test turned round), welch, or corrected t."""


class Tested(ComparisonRecord, frozen=True, kw_only=True):
    """How a difference was tested."""

    method: str
    """permutation, paired permutation, or corrected t."""
    arrangements: int
    """Arrangements gone through; 0 for a t test."""
    exact: bool
    p: float
    adjusted_p: float
    """Corrected for the number of metrics tested together."""
    least_p: float
    """The smallest p that this number of runs can give."""
    family: int
    """Metrics tested together."""


class MetricDifference(ComparisonRecord, frozen=True, kw_only=True):
    """One metric on both sides."""

    name: str
    kind: Literal["score", "baseline"]
    metric: str
    split: str
    unit: str
    direction: str
    a: tuple[float, ...]
    """One value per run of A, in the unit; folds of a run are averaged."""
    b: tuple[float, ...]
    difference: float
    """Mean of B minus mean of A."""
    interval: Range | None = None
    improvement: float | None = None
    """Share of pairs of runs in which that of B is better, a tie counting half; None where chance does not enter."""
    test: Tested | None = None
    margin: float | None = None
    """Differences smaller than this were said not to matter."""
    shown_from: float | None = None
    """The smallest difference that runs with this spread would have shown."""
    verdict: MetricVerdict
    reason: Reason | None = None


class EpochShift(ComparisonRecord, frozen=True, kw_only=True):
    """The best epoch on both sides: where the validation curve is lowest."""

    smoothed: bool
    """Whether it is that of the smoothed validation MAE of a cross-validation."""
    a: int
    """Of the mean curve of A, counted from 1."""
    b: int
    epochs_a: int
    """Epochs trained."""
    epochs_b: int
    overfits_a: bool
    """Whether the curve of A rises again; if not, the minimum may lie beyond the last epoch."""
    overfits_b: bool
    per_run_a: tuple[int, ...]
    per_run_b: tuple[int, ...]
    difference: float
    """Mean over the runs of B minus mean over those of A."""
    interval: Range | None = None
    test: Tested | None = None
    verdict: Shift
    reason: Reason | None = None


class ChangedPrediction(ComparisonRecord, frozen=True, kw_only=True):
    """One stored image or text that the two networks see differently."""

    kind: Literal["image", "text"]
    split: str
    index: int
    """Position in its split, from 0."""
    label: str
    """Its true class."""
    a: str
    """Class predicted by A."""
    b: str
    probability_a: float | None
    """Probability that A gave to the class it predicted."""
    probability_b: float | None
    words: str = ""
    """Beginning of a text."""


class ConfusionCell(ComparisonRecord, frozen=True, kw_only=True):
    """A cell of the confusion matrix whose count differs."""

    true: str
    predicted: str
    a: int
    b: int


class MovedValue(ComparisonRecord, frozen=True, kw_only=True):
    """One test sample of a regression with what both networks predict for it."""

    index: int
    """Position in the test set, from 0."""
    true: float
    a: float
    b: float


class Values(ComparisonRecord, frozen=True, kw_only=True):
    """What the two networks of a regression predict for the same test samples."""

    unit: str
    """Of the predicted values; "none" where no score says it."""
    samples: int
    mean_move: float
    """Mean absolute difference between the predictions of A and B, in the unit."""
    nearer_a: int
    """Samples for which A is nearer to the true value."""
    nearer_b: int
    moved: tuple[MovedValue, ...]
    """The samples whose prediction differs most, the largest difference first."""


class PredictionChanges(ComparisonRecord, frozen=True, kw_only=True):
    """What one trained network of each side said about the same test set."""

    model: str
    seed_a: int
    seed_b: int
    stored_on_both: int
    """Images and texts that both runs stored."""
    only_a: int
    """Stored by A alone: B is no longer (so surely) wrong there, or it keeps other examples."""
    only_b: int
    changed: tuple[ChangedPrediction, ...]
    confusion: tuple[ConfusionCell, ...] = ()
    """Cells that differ, the largest difference first."""
    right_a: int | None = None
    """Samples on the diagonal of A's confusion matrix."""
    right_b: int | None = None
    samples: int | None = None
    values: Values | None = None
    """Of a regression."""


class Fact(ComparisonRecord, frozen=True, kw_only=True):
    """A setting, version or other plain fact on both sides; None where a side has no such thing."""

    group: str
    """setting, data, seed, model, engine, package, tool, machine, git or measure."""
    name: str
    a: str | None
    b: str | None

    @property
    def changed(self) -> bool:
        """Whether the sides differ."""
        return self.a != self.b


class TextChange(ComparisonRecord, frozen=True, kw_only=True):
    """A listing, an example with its output, or a source file that differs, as a unified diff."""

    kind: Literal["listing", "example", "source"]
    """source: a file that the lab is made of, where both stores kept it."""
    name: str
    diff: str


class Piece(ComparisonRecord, frozen=True, kw_only=True):
    """A stretch of a passage: same on both sides, or replaced."""

    a: str
    b: str

    @property
    def changed(self) -> bool:
        """Whether the sides differ."""
        return self.a != self.b


class NoteChange(ComparisonRecord, frozen=True, kw_only=True):
    """A passage of the notes that reads differently."""

    language: str
    section: str
    """Title of its section."""
    pieces: tuple[Piece, ...]


class ClaimChange(ComparisonRecord, frozen=True, kw_only=True):
    """A claim whose verdict differs: true, some (in some runs), false, unknown."""

    name: str
    a: str
    b: str
    holds_a: int
    """Runs of A in which it holds."""
    runs_a: int
    """Runs of A that could tell."""
    holds_b: int
    runs_b: int


class LabComparison(ComparisonRecord, frozen=True, kw_only=True):
    """One lab on both sides."""

    lab: str
    titles: dict[str, str]
    """Title of the lab's chapter in each language."""
    everything: bool = False
    """Whether equal things are listed too, not only counted."""
    a: ComparedRun
    b: ComparedRun
    obstacles: tuple[Reason, ...]
    """Why the numbers can't be compared; empty where they can."""
    remarks: tuple[Reason, ...]
    """What a reader of the numbers should know."""
    paired: bool
    """Whether runs with equal seeds began with the same weights and saw the samples in the same order."""
    metrics: tuple[MetricDifference, ...]
    epochs: EpochShift | None
    predictions: PredictionChanges | None
    facts: tuple[Fact, ...]
    """Those that differ; all of them where everything was asked for."""
    equal_facts: dict[str, int]
    """Number of equal facts in each group."""
    texts: tuple[TextChange, ...]
    equal_texts: int
    claims: tuple[ClaimChange, ...]
    """Those whose verdict differs; all of them where everything was asked for."""
    equal_claims: int
    notes: tuple[NoteChange, ...]
    equal_notes: dict[str, int]
    """Number of equal passages for each language; a language is missing where the notes could not be read."""

    @property
    def comparable(self) -> bool:
        """Whether the numbers could be compared."""
        return not self.obstacles

    def count(self, *verdicts: str) -> int:
        """Return how many metrics have one of these verdicts."""
        return sum(metric.verdict in verdicts for metric in self.metrics)


class Side(ComparisonRecord, frozen=True, kw_only=True):
    """A version: where it came from."""

    label: str
    """As the user named it, without the folders above it."""
    kind: str
    """run, folder, report, stored or git."""
    labs: tuple[str, ...]
    remarks: tuple[Reason, ...] = ()


class Comparison(ComparisonRecord, frozen=True, kw_only=True):
    """Two versions with all labs that both hold."""

    a: Side
    b: Side
    labs: tuple[LabComparison, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]


class PairTogether(ComparisonRecord, frozen=True, kw_only=True):
    """Two of several versions, by their positions: 0 is A."""

    first: int
    second: int
    difference: float
    """Mean of the second minus mean of the first."""
    p: float
    adjusted_p: float
    """Corrected for the number of pairs."""
    shown: bool
    """Whether the test of all versions and that of this pair show a difference."""


class MetricTogether(ComparisonRecord, frozen=True, kw_only=True):
    """One metric in several versions."""

    name: str
    unit: str
    direction: str
    values: tuple[tuple[float, ...], ...]
    """Of each version, one value per run."""
    p: float | None
    """Of the one test of all versions; None where some version has a single run."""
    adjusted_p: float | None
    """Corrected for the number of metrics."""
    arrangements: int
    exact: bool
    pairs: tuple[PairTogether, ...]


class Together(ComparisonRecord, frozen=True, kw_only=True):
    """One lab in several versions."""

    lab: str
    runs: tuple[str, ...]
    """Run of each version."""
    metrics: tuple[MetricTogether, ...]


class Comparisons(ComparisonRecord, frozen=True, kw_only=True):
    """All that one call compared: the first version with each of the others."""

    format: int = FORMAT
    tool_version: str
    level: float
    """Confidence of the intervals."""
    comparisons: tuple[Comparison, ...]
    together: tuple[Together, ...] = ()
    """Three versions or more, side by side."""
