"""What A and B may be on the command line, and how each is read.

`last:N`, `git:REV`, a result file, the folder of a run, a folder of runs, the folder of a report, a finished `.html` or
`.pdf`, or a run's id; `good=RUN` gives any of them a name. Where a folder holds several runs of a lab, the newest
complete one counts; what is passed over or can't be read is remembered as a remark and never hides the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from labreport.experiments.result import Result
from labreport.experiments.system import reading
from labreport.report.comparison import gitstore
from labreport.report.comparison.passages import of_text
from labreport.report.comparison.record import Reason
from labreport.report.comparison.version import NothingToCompareError, Pages, Version
from labreport.report.errors import ReportError, UnreadableError, UsageError
from labreport.report.findings.labs import in_order
from labreport.report.store import codec, embedded, manifest, sources
from labreport.report.store.entries import RESULT, load
from labreport.report.store.runs import Store

LAST = "last:"
GIT = "git:"


def resolve(names: Sequence[str], store: Store) -> tuple[Version, ...]:
    """Return the versions that are named, each with a label of its own.

    Raises:
        UsageError: no such version.
        UnreadableError: a file is damaged, or a report carries no data.
        NothingToCompareError: the place is there but holds no complete run.
    """
    given = [_given(name) for name in names]
    chosen = [name for name, _ in given if name]
    if twice := [name for name in chosen if chosen.count(name) > 1]:
        raise UsageError(f"Two versions can't both be called '{twice[0]}'.")
    labels = _labels([version for _, version in given])
    found = (_version(version, label, store) for (_, version), label in zip(given, labels, strict=True))
    return tuple(
        replace(version, label=name or version.label, sources=_sources(version, store, text))
        for (name, text), version in zip(given, found, strict=True)
    )


def _sources(version: Version, store: Store, text: str) -> dict[str, dict[str, str]]:
    """Return the source of each lab of a version, where the store or that of the run keeps it."""
    path = Path(text)
    roots = [store.root, *([path, *list(path.absolute().parents)[:3]] if path.exists() else [])]
    found: dict[str, dict[str, str]] = {}
    for lab, result in version.results.items():
        digest = result.key_parts.get("lab", "")
        kept = next((kept for root in roots if (kept := sources.kept(root, digest)) is not None), None)
        if kept is not None:
            found[lab] = kept
    return found


def _given(text: str) -> tuple[str, str]:
    """Return the name that the user gives a version, as in good=RUN, or none; and the version."""
    found = None if Path(text).exists() else re.fullmatch(r"([^=/\\:\s][^=/\\:]{0,39})=(.+)", text, re.DOTALL)
    return (found[1].strip(), found[2]) if found else ("", text)


def _version(name: str, label: str, store: Store) -> Version:
    if name.startswith(LAST):
        return _last(name, store)
    if name.startswith(GIT):
        return _from_git(name, store)
    path = Path(name)
    if path.is_dir():
        # The folder of a check or of a night holds its verdict beside the report, which is what can be compared.
        report = path / manifest.REPORT
        if (report / manifest.NAME).is_file():
            return _report_folder(report, manifest.read(report).files, label)
        if (path / RESULT).is_file():
            return _run(path / RESULT, label)
        if (path / manifest.NAME).is_file():
            return _report_folder(path, manifest.read(path).files, label)
        return _folder(path, label)
    if path.is_file():
        if embedded.is_report(path):
            return _report([path], label)
        return _run(path, label)
    try:
        return _run(store.find(name), name)
    except UsageError as error:
        raise UsageError(
            f"{str(error).partition(chr(10))[0]}\n"
            "A version is a run's id, folder or result file, a finished report or its folder, last:N, or git:REV."
        ) from error


def _run(path: Path, label: str) -> Version:
    result = load(path)
    return Version(label=result.run_id if path.name == RESULT else label, kind="run", results={result.lab: result})


def _last(name: str, store: Store) -> Version:
    """The N-th newest complete run of each lab in the store, 1 being the newest."""
    text = name.removeprefix(LAST)
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"Can't read '{name}': last:1 is the newest run of each lab, last:2 the one before.")
    wanted = int(text)
    found: dict[str, Result] = {}
    listing = store.list()
    remarks = [_unreadable(problem) for problem in listing.unreadable]
    for lab in listing.labs:
        runs = listing.of(lab)
        complete = runs.complete
        if len(complete) < wanted:
            remarks.append(Reason(code="too_few_stored", values={"lab": lab, "runs": str(len(complete))}))
            continue
        chosen = complete[wanted - 1]
        place = next(number for number, stored in enumerate(runs) if stored.folder == chosen.folder)
        passed = place - (wanted - 1)
        if passed:
            remarks.append(Reason(code="passed_over", values={"lab": lab, "runs": str(passed)}))
        try:
            found[lab] = load(chosen.path)
        except ReportError as error:
            remarks.append(_unreadable(str(error)))
    if not found:
        raise NothingToCompareError(
            f"There is no {name} in {store.root}: no lab has {wanted} complete run{'s' if wanted > 1 else ''}.\n"
            "See `labreport list` for the stored runs."
        )
    return Version(label=name, kind="stored", results=_ordered(found), remarks=tuple(remarks))


def _folder(path: Path, label: str) -> Version:
    """A folder of runs: a store, or the runs of one lab."""
    root = path.parent if any(path.glob(f"*/{RESULT}")) else path
    lab = path.name if root != path else None
    listing = Store(root.absolute()).list(lab)
    if not listing.runs and not listing.unreadable:
        raise UsageError(f"The folder {path} holds no run and no report.\nName a run, a store, or a report's folder.")
    found: dict[str, Result] = {}
    remarks = [_unreadable(problem) for problem in listing.unreadable]
    for name in listing.labs:
        for stored in listing.of(name).complete:
            try:
                found[name] = load(stored.path)
                break
            except ReportError as error:
                remarks.append(_unreadable(str(error)))
    if not found:
        raise NothingToCompareError(f"No complete run in {path}.\nRun `labreport run` first.")
    return Version(label=label, kind="folder", results=_ordered(found), remarks=tuple(remarks))


def _from_git(name: str, store: Store) -> Version:
    found: dict[str, Result] = {}
    remarks: list[Reason] = []
    for stored in gitstore.runs(name.removeprefix(GIT), store.root):
        if stored.lab in found:
            continue
        try:
            result = codec.decode(stored.read(), stored.origin)
        except UnreadableError as error:
            remarks.append(_unreadable(str(error)))
            continue
        if result.status == "complete":
            found[stored.lab] = result
    if not found:
        raise NothingToCompareError(f"No complete run of {store.root.name} at {name}.")
    return Version(label=name, kind="git", results=_ordered(found), remarks=tuple(remarks))


def _report_folder(folder: Path, listed: Mapping[str, str], label: str) -> Version:
    # Pages of single labs lie in folders of their own; the whole report is at the top.
    names = sorted((name for name in listed if "/" not in name), key=lambda name: name.endswith(".pdf"))
    paths = [path for name in names if embedded.is_report(path := folder / name) and path.is_file()]
    if not paths:
        raise UnreadableError(f"The report in {folder} has no .html and no .pdf file left; render it again.")
    edited = [path.name for path in paths if reading.digest(path) != listed[path.name]]
    return _report(paths, label, [Reason(code="edited", values={"file": name}) for name in edited])


def _report(paths: Sequence[Path], label: str, remarks: Sequence[Reason] = ()) -> Version:
    """Read the data of the first file, and the text of every file."""
    found: dict[str, Result] = {}
    for lab, content in embedded.extract(paths[0]).items():
        result = codec.decode(content, f"the data of {lab} in {paths[0]}")
        if result.lab != lab:
            raise UnreadableError(f"Can't read {paths[0]}: the data named {lab} are those of {result.lab}.")
        found[lab] = result
    pages: dict[str, Pages] = {}
    for path in paths:
        text = embedded.text(path)
        pages = (of_text(text) if text else {}) | pages
    if not pages:
        remarks = [*remarks, Reason(code="no_text", values={"file": paths[0].name})]
    return Version(label=label, kind="report", results=_ordered(found), pages=pages, remarks=tuple(remarks))


def _unreadable(message: str) -> Reason:
    return Reason(code="unreadable", values={"message": message.partition("\n")[0]})


def _ordered(found: Mapping[str, Result]) -> dict[str, Result]:
    return {lab: found[lab] for lab in in_order(found)}


def _labels(names: Sequence[str]) -> list[str]:
    """Return for each path as many of its last parts as distinguish it from the others."""
    parts = [Path(name).parts or (name,) for name in names]
    labels = []
    for place, own in enumerate(parts):
        others = [other for number, other in enumerate(parts) if number != place and other != own]
        count = next(
            (size for size in range(1, len(own)) if all(own[-size:] != other[-size:] for other in others)), len(own)
        )
        labels.append("/".join(own[-count:]))
    return labels
