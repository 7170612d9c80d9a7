"""What git knows of runs: those of a store at a revision, read through git's own objects, and the commits before one.

Nothing is checked out.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from labreport.experiments.running.provenance import git_environment
from labreport.experiments.system import reading
from labreport.report.errors import UnreadableError, UsageError
from labreport.report.store.entries import RESULT

_SECONDS = 60
"""Longest time that one call of git may take."""


@dataclass(frozen=True, kw_only=True)
class Committed:
    """A run in the history."""

    lab: str
    origin: str
    """How to name it in an error."""
    top: Path
    blob: str

    def read(self) -> bytes:
        """Return the bytes of its result file.

        Raises:
            UnreadableError: git can't give them.
        """
        size = _git(self.top, "cat-file", "-s", self.blob)
        if size is not None and int(size) > reading.LARGEST:
            raise UnreadableError(f"Can't read {self.origin}: it is larger than any result.")
        content = _git(self.top, "cat-file", "blob", self.blob)
        if content is None:
            raise UnreadableError(f"Can't read {self.origin}: git does not hold it whole.")
        return content


def runs(revision: str, root: Path) -> tuple[Committed, ...]:
    """Return the runs of a store at a revision, for each lab the newest first.

    Args:
        revision: commit, branch or tag.
        root: folder of the store; it need not exist any more in the working tree.

    Raises:
        UsageError: no such revision, the store is in no repository, or the revision has no runs.
        UnreadableError: git is missing, gives no answer, or refuses the folder.
    """
    root = root.absolute()
    existing = next(folder for folder in (root, *root.parents) if folder.is_dir())
    inside = _git(existing, "rev-parse", "--show-toplevel")
    if inside is None:
        raise UsageError(f"The store {root} is in no git repository; git:{revision} can't be read.")
    top = Path(inside.decode().rstrip("\n")).resolve()
    place = PurePosixPath((existing.resolve() / root.relative_to(existing)).relative_to(top).as_posix())
    known = None
    if not revision.startswith("-"):
        known = _git(top, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if known is None:
        raise UsageError(f"There is no git revision '{revision}' in {top}.")
    commit = known.decode().strip()
    below = [str(place)] if place.parts else []
    listed = _git(top, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit, *below)
    depth = len(place.parts)
    paths = [PurePosixPath(text) for text in (listed or b"").decode().split("\0") if text]
    found = [path for path in paths if path.name == RESULT and len(path.parts) == depth + 3]
    if not found:
        raise UsageError(f"At git:{revision} the repository holds no run in {place}.\nOnly committed runs can be read.")
    # The name of a run begins with the time of its start.
    found.sort(key=lambda path: path.parts[depth + 1], reverse=True)
    return tuple(
        Committed(lab=path.parts[depth], origin=f"git:{revision}:{path}", top=top, blob=f"{commit}:{path}")
        for path in found
    )


@dataclass(frozen=True, kw_only=True)
class Ancestry:
    """What a revision was made from."""

    commits: tuple[str, ...] = ()
    """The revision itself and all before it, each before its parents."""
    head: str = ""
    """The commit that is checked out."""
    shallow: bool = False
    """Whether the clone holds only some of the commits."""


def ancestors(revision: str, folder: Path) -> Ancestry:
    """Return what a revision was made from.

    Args:
        revision: commit, branch or tag.
        folder: inside the repository.

    Raises:
        UsageError: the folder is in no repository, or there is no such revision.
        UnreadableError: git is missing, gives no answer, or refuses the folder.
    """
    if _git(folder, "rev-parse", "--git-dir") is None:
        raise UsageError(f"{folder} is in no git repository, so '{revision}' has no ancestors there.")
    listed = None if revision.startswith("-") else _git(folder, "rev-list", "--topo-order", revision, "--")
    if listed is None:
        raise UsageError(
            f"There is no git revision '{revision}' in {folder}.\nFetch it first, such as with: git fetch origin main"
        )
    shallow = _git(folder, "rev-parse", "--is-shallow-repository") or b""
    head = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD") or b""
    return Ancestry(
        commits=tuple(listed.decode().split()), head=head.decode().strip(), shallow=shallow.strip() == b"true"
    )


def _git(folder: Path, *arguments: str) -> bytes | None:
    """Return what git prints, or None where it fails; raises UnreadableError where it refuses the folder."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            check=False,
            env=git_environment(),
            timeout=_SECONDS,
        )
    except FileNotFoundError as error:
        raise UnreadableError("git is not installed; name runs or a baseline instead of a revision.") from error
    except subprocess.TimeoutExpired as error:
        raise UnreadableError(f"git gave no answer within {_SECONDS} s.") from error
    if b"safe.directory" in done.stderr:
        raise UnreadableError(
            f"git refuses the folder {folder}: it belongs to another user.\n"
            "Allow it with: git config --global --add safe.directory FOLDER"
        )
    return done.stdout if done.returncode == 0 else None
