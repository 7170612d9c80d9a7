"""The folder of a course: what is made for each lab, the sheets and the key, the samples, the packs, the index.

A second call makes only what changed: documents are judged by the manifest of their folder, everything else by a hash
of what it is made of, kept in a hidden file. The pack for students is searched before it is written, and refused where
it holds what only the instructor may see.
"""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import sha256
from importlib import resources
from itertools import chain
from pathlib import Path

from labreport.experiments.data.catalogue import known_set
from labreport.experiments.errors import DataError
from labreport.experiments.system import reading
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.configuration import Configuration, override
from labreport.report.course import canaries, contents, copies, key, keysheet
from labreport.report.course.plan import SLIDES, CoursePlan
from labreport.report.errors import ReportError, UsageError
from labreport.report.publish import Outcome, inputs, publish_all, report_moment, workers
from labreport.report.store import files, manifest
from labreport.report.store.entries import StoredResult
from labreport.report.store.remarks import Steps, silent

STUDENTS, INSTRUCTORS, OWN, DATA = "students", "instructors", "own", "data"
_LEDGER = ".made.json"


@dataclass(frozen=True, kw_only=True)
class Packed:
    """What making a course gave."""

    outputs: tuple[Path, ...]
    """Every file of the course."""
    made: tuple[Path, ...]
    """Those that were made now; the others were there."""
    problems: tuple[str, ...]


@dataclass
class _Folder:
    """The folder of a course while it is made: what was there, what is there now."""

    root: Path
    known: dict[str, list[str]]
    """Path -> key and SHA-256 of the last time."""
    force: bool
    kept: dict[str, list[str]] = field(default_factory=dict)
    outputs: list[Path] = field(default_factory=list)
    made: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def fresh(self, name: str, made_of: str) -> bool:
        """Return whether a file is there as it was made the last time, of the same."""
        known, path = self.known.get(name), self.root / name
        if self.force or known is None or known[0] != made_of or not path.is_file():
            return False
        if reading.digest(path) != known[1]:
            return False
        self.kept[name] = known
        self.outputs.append(path)
        return True

    def keep(self, name: str, made_of: str) -> None:
        """Remember a file that was written."""
        path = self.root / name
        self.kept[name] = [made_of, reading.digest(path)]
        self.outputs.append(path)
        self.made.append(path)

    def write(self, name: str, made_of: str, content: Callable[[], bytes]) -> None:
        """Write a file unless it is there already, made of the same."""
        if not self.fresh(name, made_of):
            files.write(self.root / name, content())
            self.keep(name, made_of)


def pack(
    plan: CoursePlan,
    runs: Sequence[StoredResult],
    root: Path,
    *,
    force: bool = False,
    announce: Steps = silent,
) -> Packed:
    """Make the folder of a course.

    Args:
        plan: what is asked for.
        runs: one for each lab, in the order of the course.
        root: the folder.
        force: make everything again.
        announce: called with what is at work, steps done and steps in all.

    Raises:
        UsageError: there is a roster, and no lab has exercises with numbers of each student's own.
        CanaryError: the pack for students would hold what only the instructor may see; it is not there then.
        OutputError: the folder can't be written.
    """
    files.check_folder(root)
    moment = report_moment([run.result.provenance.ended for run in runs])
    folder = _Folder(root=root, known=_ledger(root), force=force)
    requests = list(_requests(plan, runs, root))
    for outcome in publish_all(requests, force=force, announce=announce):
        _took(folder, outcome)
    base = inputs.key(runs, plan.configuration, moment)
    _sheets(plan, tuple(runs), folder, moment, base, announce)
    if plan.data:
        _samples(runs, folder)
    announce("index and packs", 0, 1)
    _finish(plan, runs, folder, moment)
    announce("index and packs", 1, 1)
    return Packed(outputs=tuple(folder.outputs), made=tuple(folder.made), problems=tuple(folder.problems))


def place(plan: CoursePlan, edition: str, lab: str, kind: str) -> str:
    """Return the folder of the documents of one kind, such as "students/03-mnist/sheet"."""
    return f"{edition}/{plan.labs.index(lab) + 1:02}-{lab}/{kind}"


def _requests(
    plan: CoursePlan, runs: Sequence[StoredResult], root: Path
) -> Iterable[tuple[Sequence[StoredResult], Configuration]]:
    """Yield the runs and the configuration of each document: lab by lab, first the students'."""
    for run in runs:
        lab = run.result.lab

        def asked(top: str, kind: str, lab: str = lab, **changes: object) -> Configuration:
            due = dict.fromkeys(plan.configuration.lang, plan.dates[lab]) if lab in plan.dates else None
            output = root / place(plan, top, lab, kind)
            return override(plan.configuration, output=output, due=due, **changes)

        if "student" in plan.editions:
            for form in plan.forms:
                yield [run], asked(STUDENTS, form, form=form, edition="student", to=plan.formats)
            if plan.slides:
                yield [run], asked(STUDENTS, SLIDES, form="book", edition="student", to=(SLIDES,))
            if plan.notebooks:
                stripped = asked(STUDENTS, "notebooks", form="book", edition="student", to=("ipynb",))
                yield [run], override(stripped, notebook_outputs=False)
        if "instructor" in plan.editions:
            yield [run], asked(INSTRUCTORS, "solutions", form="solutions", edition="instructor", to=plan.formats)
            if "chapter" in plan.forms:
                yield [run], asked(INSTRUCTORS, "chapter", form="chapter", edition="instructor", to=plan.formats)
            if plan.lms:
                yield [run], asked(INSTRUCTORS, "lms", form="solutions", edition="instructor", to=plan.lms)


def _took(folder: _Folder, outcome: Outcome) -> None:
    folder.outputs += outcome.outputs
    folder.made += () if outcome.fresh else outcome.outputs
    folder.problems += outcome.problems


def _sheets(
    plan: CoursePlan,
    runs: tuple[StoredResult, ...],
    folder: _Folder,
    moment: datetime,
    base: str,
    announce: Steps,
) -> None:
    """Make the sheets of the students that are not there yet, and the key."""
    if not plan.students:
        return
    found = copies.key(plan, runs)
    if not any(entry.answers for entry in found):
        raise UsageError("There is a roster, but no lab of the course has an exercise that draws its numbers.")
    language = plan.configuration.lang[0]
    made_of = {
        student.stem: _hash(
            base, language, plan.name, json.dumps([plan.labs, plan.dates, student.facts, plan.hand_in.get(language)])
        )
        for student in plan.students
    }
    lacking = [
        student
        for student in plan.students
        if not folder.fresh(f"{OWN}/{copies.file_name(student)}", made_of[student.stem])
    ]
    jobs = [
        copies.CopiesJob(
            language=language,
            plan=plan,
            runs=runs,
            students=tuple(lacking[start::_PARTS]),
            asked=copies.asked(found[0].answers),
            folder=folder.root / OWN,
            moment=moment,
        )
        for start in range(min(_PARTS, len(lacking)))
    ]
    ready = dict.fromkeys(map(id, jobs), 0)

    def heard(job: copies.CopiesJob, _what: str, done: int, _total: int) -> None:
        ready[id(job)] = done
        announce("sheets of the students", sum(ready.values()), len(lacking))

    announce("sheets of the students", 0, len(lacking))
    stems = {copies.file_name(student): student.stem for student in lacking}
    for job, (written, problems) in workers.spread(jobs, copies.make, heard):
        for path in written:
            folder.keep(f"{OWN}/{path.name}", made_of[stems[path.name]])
        folder.problems += problems
        heard(job, "", len(job.students), len(job.students))
    whole = _hash(base, plan.name, json.dumps([plan.labs, [student.facts for student in plan.students]]))
    folder.write(f"{INSTRUCTORS}/key.csv", whole, lambda: key.encode(found))
    for name, content in keysheet.makers(plan, found, moment):
        folder.write(f"{INSTRUCTORS}/{name}", whole, content)


_PARTS = 4
"""Jobs into which the students are parted, so that each process has several and all end together."""


def _samples(runs: Sequence[StoredResult], folder: _Folder) -> None:
    """Copy the samples of the labs' data, with what there is to say of them."""
    source = Path(str(resources.files("labreport.experiments.data.samples")))
    names: dict[str, None] = {}
    for run in runs:
        card = run.result.findings.data
        try:
            names |= {known_set(card.name).sample_file or "": None} if card else {}
        except DataError:
            continue  # data of the user's, which are not ours to give away
    wanted = [name for name in names if name]
    for name in [*wanted, *(["README.md", "SHA256SUMS"] if wanted else [])]:
        content = reading.content(source / name)
        folder.write(f"{STUDENTS}/{DATA}/{name}", _hash(content.hex()), partial(bytes, content))


def _finish(plan: CoursePlan, runs: Sequence[StoredResult], folder: _Folder, moment: datetime) -> None:
    """Write the index pages, the packs and the manifest; take away what no longer belongs to the course."""
    root = folder.root
    names = [path.relative_to(root).as_posix() for path in folder.outputs]
    titles = NotesInUse.of(plan.configuration)
    for name, page in contents.pages(plan, [run.result for run in runs], names, titles):
        folder.write(name, _hash(page.decode()), partial(bytes, page))
    students = _under(folder, STUDENTS)
    instructors = _under(folder, INSTRUCTORS) | _under(folder, OWN)
    secret = canaries.sentences(plan.labs, plan.configuration.lang, titles)
    made = {path for path in folder.made if path.parent == root / OWN}
    try:
        canaries.check({path.name: reading.content(path) for path in made}, {}, secret)
    except ReportError:
        for path in made:
            path.unlink(missing_ok=True)
        raise
    for name, inner in ((STUDENTS, students), (INSTRUCTORS, instructors)):
        if not inner:
            continue
        packed = f"{plan.name}-{name}.zip"
        made_of = _hash(
            *chain.from_iterable((inside, sha256(content).hexdigest()) for inside, content in inner.items())
        )
        if folder.fresh(packed, made_of):
            continue
        try:
            if name == STUDENTS:
                canaries.check(inner, instructors, secret)
        except ReportError:
            (root / packed).unlink(missing_ok=True)
            raise
        files.write(root / packed, _zip(inner, plan.name, moment))
        folder.keep(packed, made_of)
    for gone in folder.known.keys() - folder.kept.keys():
        _withdraw(root, gone, folder.known[gone][1])
    files.write(root / _LEDGER, json.dumps(folder.kept, indent=1, sort_keys=True).encode() + b"\n")
    manifest.write(root, _hash(*sorted(names)), folder.outputs)


def _withdraw(root: Path, name: str, digest: str) -> None:
    """Delete a file that the course no longer has; what was changed since, or lies behind a link, is not the course's.

    The record may come from anyone: it says neither what is ours nor where that lies.
    """
    path = root / name
    # A name may be anything: too long, a ring of links, or one that no file can have.
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        if path.resolve() == root.resolve() / name and reading.digest(path) == digest:
            path.unlink()


def _under(folder: _Folder, top: str) -> dict[str, bytes]:
    """Return the files below a folder of the course by name, in order."""
    paths = {path.relative_to(folder.root).as_posix(): path for path in folder.outputs}
    return {name: reading.content(paths[name]) for name in sorted(paths) if name.startswith(f"{top}/")}


def _zip(inner: dict[str, bytes], name: str, moment: datetime) -> bytes:
    """Return files as a zip, the same bytes for the same files."""
    stream = io.BytesIO()
    stamp = moment.replace(year=max(moment.year, 1980)).timetuple()[:6]
    with zipfile.ZipFile(stream, "w") as archive:
        for path, content in inner.items():
            item = zipfile.ZipInfo(f"{name}/{path}", stamp)
            item.external_attr = 0o644 << 16
            archive.writestr(item, content, zipfile.ZIP_DEFLATED, 9)
    return stream.getvalue()


def _ledger(root: Path) -> dict[str, list[str]]:
    """Return what the hidden file says was made the last time; nothing where it can't be read."""
    try:
        table = json.loads(reading.text(root / _LEDGER))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(table, dict):
        return {}
    return {
        name: value
        for name, value in table.items()
        if isinstance(value, list) and len(value) == 2 and ".." not in Path(name).parts and not Path(name).is_absolute()
    }


def _hash(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()
