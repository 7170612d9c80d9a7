"""The colours of all figures by what they mean; one role means one thing in every figure and table.

A figure says `fill="var(--training)"`. Which colour that is, the theme says: on the page by a rule of its style sheet,
for light ground and dark, and in a drawing that stands alone by `rendering.theme.painted`. Lines also differ in width,
pattern or marker, so that a grey copy keeps them apart. Tints are the same colours at low opacity.
"""

from __future__ import annotations

INK = "var(--ink)"
"""Text and axes that matter."""
GREY = "var(--soft)"
"""Text of the second rank: numbers at the ticks, remarks."""
RULE = "var(--rule)"
"""Grid lines and quiet borders."""
TRAINING = "var(--training)"
"""The training part."""
VALIDATION = "var(--validation)"
"""The validation part, and every mark that is set on a figure."""
TEST = "var(--test)"
"""The test part."""
BASELINE = "var(--baseline)"
"""What a simple rule or model reaches."""
VERSION_A = "var(--version-a)"
"""First of two compared versions."""
VERSION_B = "var(--version-b)"
"""Second of two compared versions."""

PAPER = "var(--picture)"
"""Ground of a matrix, which stays light in a dark theme as pictures do."""
PAPER_INK = "var(--picture-ink)"
"""Text on such a ground."""
PAPER_TEST = "var(--picture-test)"
"""The test part on such a ground."""
PAPER_A = "var(--picture-version-a)"
"""The first version on such a ground."""
PAPER_B = "var(--picture-version-b)"
"""The second version on such a ground."""

ROLES = (
    INK, GREY, RULE, TRAINING, VALIDATION, TEST, BASELINE, VERSION_A, VERSION_B,
    PAPER, PAPER_INK, PAPER_TEST, PAPER_A, PAPER_B,
)  # fmt: skip
"""Every role that a figure may name."""
STAND_INS = {role: f"#fe00{number:02x}" for number, role in enumerate(ROLES)}
"""Colours that stand for the roles while Matplotlib draws, which knows colours only."""

BAND = 0.18
"""Opacity of a band over seeds or folds."""
TINT = 0.07
"""Opacity of a region or box that stands behind something."""
