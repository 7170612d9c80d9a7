"""A Result of a user's own run, from whichever door it came."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version

import msgspec

from labreport.experiments.errors import LabError
from labreport.experiments.registry import BOOK
from labreport.experiments.result import Failure, Findings, Result, Setting, Status
from labreport.experiments.running import provenance

KEPT_TEXT = 100_000
"""Characters kept of what was printed, and of a source."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
"""What may name a lab: it becomes the name of a folder."""

_LONGEST_TITLE = 80
_PACKAGES = ("torch", "scikit-learn", "lightning", "pytorch-lightning", "transformers", "jax")


def names(given: str) -> tuple[str, str]:
    """Return under which name a run is stored, and its title: empty where the name that a user gave can be the first.

    A name in letters of any language is a title; what it is stored under is made from it.

    Raises:
        LabError: it can't be a name, or is that of a lab shipped here.
    """
    if NAME.fullmatch(given):
        if given in BOOK:
            raise LabError(f"'{given}' is one of the labs that are shipped; give the run another --name.")
        return given, ""
    if not _foreign(given) or not given.isprintable() or len(given) > _LONGEST_TITLE:
        raise LabError(
            f"{given[:40]!r} can't name a run: use up to 80 letters (a-z), digits, - and _, a letter or digit first;"
            f" or up to {_LONGEST_TITLE} characters with letters of another alphabet."
        )
    return names_from(given)


def names_from(text: str) -> tuple[str, str]:
    """Return under which name a run is stored that is called after a file or module, and its title, as in `names`."""
    name = re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-_")[:60]
    if not name or _foreign(text):
        # Two texts that differ in such letters alone are two names.
        name = f"{name or 'run'}-{sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"
    title = text if _foreign(text) and text.isprintable() and len(text) <= _LONGEST_TITLE else ""
    return f"{name}-run" if name in BOOK else name, title


def _foreign(text: str) -> bool:
    """Return whether there are letters that can't stand in the name of a lab."""
    return any(letter.isalpha() and not letter.isascii() for letter in text)


def shortened(text: str, most: int) -> tuple[str, bool]:
    """Return text as a record may hold it: what a terminal would show of a line, without the middle if it is long."""
    shown = text.replace("\r\n", "\n").replace("\r", "\n") if "\n" not in text else text.replace("\r\n", "\n")
    lines = []
    for line in shown.split("\n"):
        rest = line.rstrip("\r")
        rest = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[^\n\x08]\x08", "", rest[rest.rfind("\r") + 1 :])
        lines.append("".join(c if c == "\t" or c.isprintable() else "?" for c in rest.replace("\x08", "")))
    whole = "\n".join(lines)
    if len(whole) <= most:
        return whole, False
    return f"{whole[: most * 2 // 3]}\n…\n{whole[-most // 3 :]}", True


def made(
    *,
    name: str,
    title: str = "",
    findings: Findings,
    inputs: dict[str, str],
    settings: dict[str, Setting],
    status: Status,
    failure: Failure | None,
    started: datetime,
    seconds: float,
    peak: int,
    command: Sequence[str],
    token: str,
) -> Result:
    """Return the Result of a user's own run.

    Args:
        name: of the run, as that of a lab.
        title: that the user gave it; empty: the name.
        findings: with `own`.
        inputs: the parts of its key.
        settings: its arguments, or the hyperparameters in a log.
        status: how it ended.
        failure: why, if it failed.
        started: when it began.
        seconds: its wall time.
        peak: greatest resident memory in bytes; 0: not known.
        command: the command line, for the record.
        token: random, so that two runs of one second differ.
    """
    # Only now: they bring what labs need, and a script is to start without waiting for it.
    from labreport.experiments.running import identity
    from labreport.experiments.running.runner import run_id

    key = identity.key(inputs)
    facts = provenance.provenance(
        command=command, threads=0, deterministic=False, started=started, ended=datetime.now(UTC)
    )
    if title and findings.own:
        findings = msgspec.structs.replace(findings, own=msgspec.structs.replace(findings.own, title=title))
    seeds = dict.fromkeys(one.seed for one in findings.trainings if one.seed is not None)
    return Result(
        run_id=run_id(started, key, token),
        key=key,
        key_parts=inputs,
        lab=name,
        lab_version="",
        status=status,
        failure=failure,
        profile="full",
        settings=settings,
        changed_settings=(),
        seeds=tuple(seeds),
        findings=findings,
        timings={"total": seconds},
        peak_memory_bytes=peak,
        provenance=msgspec.structs.replace(facts, packages={**facts.packages, **_versions()}),
    )


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
