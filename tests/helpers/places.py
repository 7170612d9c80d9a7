"""Where things lie: the repository, the tests' own files, and the full data sets beside a checkout."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
HELPERS = TESTS / "helpers"
GOLD = TESTS / "gold"
SHARED = ROOT.parent / "shared"
"""Material beside the checkout; what needs it is skipped, with that reason, where it is absent."""
