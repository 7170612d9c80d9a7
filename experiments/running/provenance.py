"""The circumstances of a run: machine, versions, command and git state, without anything private.

Nothing here takes part in measuring; whatever can't be found out is left empty rather than failing a run. The clock is
not read: times are passed in.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath

from msgspec import UNSET

from labreport.experiments.result import Machine, Provenance
from labreport.experiments.system import home

PACKAGES = (
    "labreport",
    "tensorflow",
    "tensorflow-cpu",
    "keras",
    "numpy",
    "msgspec",
    "matplotlib",
    "jinja2",
    "markdown-it-py",
    "weasyprint",
)
"""Distributions whose versions are recorded where they are installed."""

_GIT_SECONDS = 10
_STAYS_HERE = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0"}
"""Variables that keep git from the network, and from every program by which it would reach it."""
_SUBMODULES = "--ignore-submodules=dirty"
"""What is changed within a submodule is not asked: its own configuration names programs, too."""
_FOREIGN = "GIT_TEST_ASSUME_DIFFERENT_OWNER"

_PATH = re.compile(r"(?<![\w.:/~…])/(?:[^/\s'\",;:=()]+/)*([^/\s'\",;:=()]+)")
"""An absolute path inside a sentence; what follows a letter, a dot or a colon belongs to a word or an address."""

_CREDENTIALS = re.compile(r"(?<=://)[^/\s'\"]*@")
"""Who, and with which password, in an address; a password may hold an @ itself."""

_SECRET_WORD = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|token|secret|credentials?|auth(?:orization|entication)?|cookie|session[-_]?id"
    r"|signature|(?:api|access|private|secret|account|encryption|subscription|license)[-_]?keys?|webhook|dsn"
    r"|apikey|bearer)"
)
_SECRET_NAME = re.compile(
    rf"(?i:(?<![a-z]){_SECRET_WORD}(?![a-z])|(?<=[a-z0-9])[-_]key(?![a-z]))|[a-z](?:Token|Key|Password|Secret)$"
)
"""A name whose value is secret: --token, WANDB_API_KEY, dbPassword; not max_tokens, monkey, keyboard."""
_SECRET_PART = re.compile(
    rf"(?i:(?<![a-z]){_SECRET_WORD}(?=$|[-_.])|(?<=[a-z0-9])[-_]key(?=$|[-_.]))|[a-z](?:Token|Password|Secret)$"
)
"""The same in a text, where less is certain of what a name is."""

_NAMED = re.compile(r"(?<![\w.-])([\w.-]+)[\"']?\s*[=:]\s*")
"""A name before a value, in a sentence, a line of settings, JSON, or the query of an address. It is looked for from its
beginning alone, and asked afterwards whether it is that of a secret: so the time grows with the text, and no faster."""
_VALUE = re.compile(r"(?:(?i:bearer|basic|token)\s+)?(\"[^\"]*\"|'[^']*'|[^\s,;&\"'}\])]+)")

_LITERAL = re.compile(r"(?s)\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?")
"""A text in a program; one that is not closed ends with its line, so that none is looked through twice."""

_SHAPES = re.compile(
    r"\b(?:sk|pk|rk)[-_](?:live[-_]|test[-_]|proj[-_]|ant[-_])?[A-Za-z0-9_-]{16,}|\bhf_[A-Za-z0-9]{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}"
    r"|\bgithub_pat_\w{20,}|\bgl(?:pat|rt|dt|ptt|cbt|soat|imt|ft|oas)-[\w.-]{16,}|\bxox[abceoprs]-[\w-]{10,}"
    r"|\bxapp-[\w-]{20,}|\bhooks\.slack\.com/services/[\w/-]+|\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"
    r"|\beyJ[\w-]{8,4000}\.[\w-]{8,8000}\.[\w-]*|\bAIza[\w-]{30,}|\bya29\.[\w-]{20,}|\bGOCSPX-[\w-]{20,}"
    r"|\bnpm_[A-Za-z0-9]{30,}|\bpypi-[\w-]{30,}|\bdckr_[a-z]+_[\w-]{20,}|\bdapi[0-9a-f]{32}|\bdop_v1_[0-9a-f]{40,}"
    r"|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bhv[sbr]\.[\w-]{20,}|\bnvapi-[\w-]{20,}|\bgsk_[A-Za-z0-9]{20,}|\bwhsec_[A-Za-z0-9+/]{20,}"
    r"|\b[0-9]{8,10}:AA[\w-]{30,}|\bAGE-SECRET-KEY-1[A-Z0-9]{40,}|\bATATT3[\w=-]{20,}|\br8_[A-Za-z0-9]{30,}"
    r"|(?i:\b(?:bearer|basic)\s+[\w.~+/-]{12,}=*)"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]*KEY(?: BLOCK)?-----|$)"
)
"""Secrets that are known by their form alone, as the great services give them out."""

HIDDEN = "***"
"""Stands where a secret was."""

_SHORTEST_SECRET = 6
"""Characters of a variable's value that is looked for in texts; a shorter one would be found by chance."""


def provenance(
    *,
    command: Sequence[str],
    threads: int,
    deterministic: bool,
    started: datetime,
    ended: datetime,
    folder: Path | None = None,
    git: bool = True,
) -> Provenance:
    """Return the record of a run's circumstances.

    Args:
        command: the arguments as given, program first; private folders are taken out here.
        threads: threads TensorFlow may use inside one operation; 0 for its own choice.
        deterministic: whether TensorFlow was set to use deterministic operations.
        started: when the run began, with its time zone.
        ended: when it ended, with its time zone.
        folder: the working folder asked for its git state; the current one if None.
        git: whether it is asked at all.
    """
    commit, dirty = git_state(folder or Path()) if git else (None, None)
    versions = package_versions()
    return Provenance(
        tool_version=versions.get("labreport", "unknown"),
        command=scrub_command(command),
        git_commit=commit,
        git_dirty=dirty,
        git_refused=True if commit is None and git_refuses(folder or Path()) else UNSET,
        python=f"{platform.python_implementation()} {platform.python_version()}",
        packages=versions,
        machine=machine(threads=threads),
        deterministic=deterministic,
        started=utc_text(started),
        ended=utc_text(ended),
    )


def machine(*, threads: int) -> Machine:
    """Return what matters of this machine for speed and rounding; no name, no user, no address."""
    return Machine(
        system=system_name(),
        processor=processor_name(),
        logical_processors=logical_processors(),
        threads=threads,
    )


def system_name() -> str:
    """Return the operating system with its version and architecture, e.g. "Debian GNU/Linux 12 (bookworm), x86_64"."""
    name = f"{platform.system()} {platform.release()}"
    if platform.system() == "Darwin":
        name = f"macOS {platform.mac_ver()[0]}"
    with contextlib.suppress(OSError, KeyError):  # not Linux, or a very bare one
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{name}, {platform.machine()}"


def processor_name() -> str:
    """Return the model of the processor as the system names it; the architecture where it names none."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    if found:
        return " ".join(found.group(1).split())
    if sys.platform == "darwin":
        brand = _output_of(["sysctl", "-n", "machdep.cpu.brand_string"], Path("/"))
        if brand:
            return brand.strip()
    return platform.processor() or platform.machine() or "unknown"


def logical_processors() -> int:
    """Return how many logical processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def git_state(folder: Path) -> tuple[str | None, bool | None]:
    """Return the commit checked out in a folder, and whether tracked files differ from it.

    Returns:
        (None, None) where there is no git, no repository or no commit. Files that git doesn't track are not looked
        at: reports and runs are written among them. No program that the repository's configuration names is run.
    """
    git = ["git", "-c", "core.fsmonitor=false"]
    commit = _output_of([*git, "rev-parse", "--verify", "--quiet", "HEAD"], folder)
    if commit is None:
        return None, None
    filters = _output_of([*git, "config", "--name-only", "--get-regexp", r"^filter\..*\.(clean|process)$"], folder)
    for name in (filters or "").splitlines():
        if "=" in name:
            return commit.strip(), None  # git would take the value from behind the first sign of equality
        git += ["-c", f"{name}=", "-c", f"{name.rpartition('.')[0]}.required=false"]
    changes = _output_of([*git, "status", "--porcelain", "--untracked-files=no", _SUBMODULES], folder)
    return commit.strip(), None if changes is None else bool(changes.strip())


def git_environment() -> dict[str, str]:
    """Return the environment for git: within a hook it names a repository of its own, and the folder is to decide.

    Objects that a repository lacks are not fetched: what fetches them is a program that the repository names.

    The switch by which git's own tests make it take a folder for another user's stays.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name == _FOREIGN}
    return kept | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"} | _STAYS_HERE


def git_refuses(folder: Path) -> bool:
    """Return whether git refuses the repository of a folder because it belongs to another user."""
    try:
        done = _ran(["git", "rev-parse", "--git-dir"], folder)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode != 0 and "safe.directory" in done.stderr


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that matter and are installed, without importing them."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def scrub_command(command: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a command without private folders: of the program only its name is kept."""
    if not command:
        return ()
    program, *words = command
    return PurePath(program).name, *scrub_words(words)


def scrub_words(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a command without private folders, and without secrets, also those after their flag."""
    shown: list[str] = []
    hide = False
    for word in words:
        if hide and not word.startswith("--"):
            shown.append(HIDDEN)
            hide = False
            continue
        flag, separator, _ = word.partition("=")
        secret = bool(_SECRET_NAME.search(flag.lstrip("-"))) and "/" not in flag
        hide = secret and not separator and word.startswith("-")
        shown.append(f"{flag}={HIDDEN}" if secret and separator else _scrub_word(word))
    return tuple(shown)


def secret_values(words: Sequence[str]) -> tuple[str, ...]:
    """Return what `scrub_words` hides of a command: a program may print its arguments."""
    found = []
    for word, shown in zip(words, scrub_words(words), strict=True):
        if shown == HIDDEN or shown.endswith(f"={HIDDEN}"):
            found.append(word if shown == HIDDEN else word.partition("=")[2])
    return tuple(value for value in found if value)


def without_secrets(text: str, *, code: bool = False) -> str:
    """Return text without passwords, tokens and keys: those named, those of a known form, those of the environment.

    Args:
        text: any text.
        code: whether it is a program, in which only what is quoted after such a name is a secret.
    """
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST_SECRET and value in text and _SECRET_NAME.search(name):
            text = text.replace(value, HIDDEN)
    text = _CREDENTIALS.sub("", text)
    text = _SHAPES.sub(HIDDEN, text)

    if not code:
        return _without_named(text)
    text = _LITERAL.sub(lambda found: _without_named(found.group(), but="{%\\"), text)
    return _without_named(text, only="\"'")


def _without_named(text: str, *, only: str = "", but: str = "") -> str:
    """Return text without the values that stand behind the name of a secret.

    Args:
        text: any text.
        only: first characters of the values that are hidden; empty: all.
        but: first characters of those that stay: what a program puts into a text itself hides nothing.
    """
    kept: list[str] = []
    done = 0
    for found in _NAMED.finditer(text):
        first = text[found.end() : found.end() + 1]
        if found.start() < done or not first or first in but or (only and first not in only):
            continue
        if not _SECRET_PART.search(found[1]):
            continue
        value = _VALUE.match(text, found.end())
        if value is not None and value[1][0] not in but:
            kept += [text[done : found.end()], HIDDEN]
            done = value.end()
    return "".join([*kept, text[done:]])


def scrub(text: str) -> str:
    """Return a sentence without secrets and with every absolute path shortened.

    The home folder becomes ~, others keep their last part.
    """
    text = without_secrets(text)
    private = str(home.home())
    if len(private) > 1:
        text = re.sub(rf"{re.escape(private)}(?![^/\s'\",;:=()])", "~", text)
    return _PATH.sub(lambda match: f"…/{match.group(1)}", text)


def _scrub_word(word: str) -> str:
    """Shorten a word of the command line that is a path, or a flag with one; it may hold spaces."""
    flag, separator, value = word.partition("=")
    if separator and flag.startswith("-"):
        return f"{flag}={_scrub_word(value)}"
    path = PurePath(word)
    if not path.is_absolute():
        return scrub(word)
    private = home.home()
    if path.is_relative_to(private) and len(private.parts) > 1:
        return str(PurePath("~") / path.relative_to(private))
    return f"…/{path.name}"


def utc_text(moment: datetime) -> str:
    """Return a time in UTC as ISO 8601, e.g. 2026-03-01T09:30:00Z; with milliseconds where there are any.

    They show the order of runs that were started in one second.

    Raises:
        ValueError: the time has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without its zone can't be turned into UTC")
    exactness = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=exactness) + "Z"


def peak_memory_bytes() -> int:
    """Return the greatest resident memory of this process so far, in bytes; 0 where the system doesn't say."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux KiB


def _output_of(command: list[str], folder: Path) -> str | None:
    """Return what a command printed, or None when it failed or is not there."""
    try:
        done = _ran(command, folder)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None


def _ran(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_GIT_SECONDS,
        check=False,
        env=git_environment(),
    )
