"""Recipes: which code stands where in a lab's notebook.

They lie in `templates/notebooks/<lab>.toml` and are described in the README there. A recipe names sentences by key and
says nothing in a language, so one recipe serves all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

import msgspec

from labreport.experiments.result import Result
from labreport.report.errors import RenderingError


class RecipeStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One code cell, and the sentence above it."""

    after: str = ""
    """Id of the section at whose end it stands."""
    before: str = ""
    """Or what it stands before: "figure curves", "example decode", "listing fit"."""
    text: str = ""
    """Key of the sentence in `notebook.toml`; empty: none."""
    listing: str = ""
    """Name of a listing of the run whose source is the code."""
    shared: str = ""
    """Name of code in `shared.toml`."""
    code: str = ""

    @property
    def place(self) -> str:
        """Return where the step stands, as one key."""
        return self.before or f"section {self.after}"


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All code of one lab's notebook that the chapter does not hold itself."""

    live: tuple[str, ...] = ()
    """Examples that become code cells."""
    limits: dict[str, int] = {}
    """Settings that are cut to this number, because plain Keras would take too long."""
    cells: tuple[RecipeStep, ...] = ()


@cache
def recipe(lab: str) -> Recipe | None:
    """Return the recipe of a lab, or None where it has none, as a user's lab.

    Raises:
        RenderingError: the recipe is not TOML, or has an unknown entry.
    """
    file = resources.files("labreport.templates") / "notebooks" / f"{lab}.toml"
    if lab == "shared" or not file.is_file():
        return None
    try:
        return msgspec.toml.decode(file.read_text("utf-8"), type=Recipe)
    except msgspec.DecodeError as error:
        raise RenderingError(f"notebooks/{lab}.toml: {error}") from error


@cache
def shared() -> Mapping[str, str]:
    """Return the code that several notebooks share, by name."""
    text = (resources.files("labreport.templates") / "notebooks" / "shared.toml").read_text("utf-8")
    return msgspec.toml.decode(text, type=dict[str, str])


def code(step: RecipeStep, result: Result) -> str:
    """Return the code of a step.

    Raises:
        RenderingError: the run lacks the listing, or there is no such shared code.
    """
    parts = [step.code]
    if step.shared:
        parts.insert(0, _named(shared(), step.shared, "shared code", result.lab))
    if step.listing:
        sources = {listing.name: listing.source for listing in result.findings.listings}
        parts.insert(0, _named(sources, step.listing, "listing of the run", result.lab))
    return "\n\n".join(part.strip("\n") for part in parts if part)


def _named(known: Mapping[str, str], name: str, kind: str, lab: str) -> str:
    if name not in known:
        there_are = ", ".join(known) or "none"
        raise RenderingError(
            f"The notebook of {lab} needs the {kind} '{name}'; there are {there_are}. Run the lab again."
        )
    return known[name]
