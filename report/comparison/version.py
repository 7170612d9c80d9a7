"""A version to be compared: at most one run of each lab, and the pages it was printed on, where they are at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from labreport.experiments.result import Result
from labreport.report.comparison.record import Reason, Side
from labreport.report.errors import ReportError


class NothingToCompareError(ReportError):
    """The versions have no lab in common, or hold no run at all."""

    exit_code = 5


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """One paragraph, list item or caption of a lab's text, without markup."""

    section: str
    """Title of the section it stands in; empty before the first."""
    text: str


Pages = Mapping[str, tuple[Paragraph, ...]]
"""The text of each lab, in reading order."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """One side of a comparison."""

    label: str
    """How the user named it, without folders."""
    kind: str
    """run, folder, report, stored or git."""
    results: Mapping[str, Result]
    """One run for each lab, in the order of the labs."""
    pages: Mapping[str, Pages] = field(default_factory=dict)
    """Text as it was printed, for versions read from finished HTML."""
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Source files of each lab by name, where they are kept; a lab in a single file has one without a name."""
    remarks: tuple[Reason, ...] = ()

    def side(self) -> Side:
        """Return what a comparison records of the version."""
        return Side(label=self.label, kind=self.kind, labs=tuple(self.results), remarks=self.remarks)
