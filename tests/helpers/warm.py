"""A Python that has its packages loaded already: importing them takes longer than what most tests do with them.

One process imports TensorFlow, with which Keras comes, what renders, and nothing of labreport. Nothing works there yet,
so that it can be forked. Each program is a fork of it with the arguments, environment, folder and descriptors of the
client that asked for it. It ends as Python ends, only that it does not take down all that is loaded, which would take a
second. The client is an executable that can stand wherever `sys.executable` can; a program that starts others by
`sys.executable` starts them in the same way.

What a test says of starting, of signals to a group of processes, or of the order of imports needs a true process.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
import types
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

_OWN = ("PYTHONPATH",)
"""Variables of Python that a fork can still obey."""
_READ_EARLY = ("PYTHON", "KERAS_", "TF_", "LD_", "OMP_", "MPL")
"""Beginnings of variables that Python and the loaded packages read when they start."""

_LOADED = (
    "tensorflow",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.figure",
    "fontTools.subset",
    "fontTools.ttLib.woff2",
    "jinja2",
    "markdown_it",
    "pygments.formatters.html",
    "rich.progress",
    "scipy.special",
    "weasyprint",
    "ziamath.zmath",
)
"""What takes time to import, of what a command may need."""

_DEFAULTS = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
"""What labreport sets where they are not set, so that a process in which it has worked hands them on."""

_CLIENT = """#!{python} -IS
import array, json, os, signal, socket, sys

def same():
    given = {defaults} | os.environ
    return {variables} == {{k: v for k, v in given.items() if k.startswith({early}) and k not in {own}}}

words = sys.argv[1:]
if not same() or "--multiprocessing-fork" in words:
    os.execv({python!r}, [{python!r}, *words])
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
asked = json.dumps([words, dict(os.environ), os.getcwd()]).encode()
server.sendmsg([len(asked).to_bytes(8, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", (0, 1, 2)))])
server.sendall(asked)
answers = server.makefile()
process = int(answers.readline())
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, frame: os.kill(process, number))
code = int(answers.readline() or -signal.SIGKILL)
if code < 0:
    signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
    os.kill(os.getpid(), -code)
os._exit(code)
"""


@contextlib.contextmanager
def warmed(folder: Path, python: str = sys.executable) -> Iterator[str]:
    """Start the process that is forked, and give the path of the client; it ends with the block.

    Args:
        folder: for the client.
        python: the Python of another environment.
    """
    if sys.platform != "linux":
        yield python
        return
    executable = folder / "python"
    environment = {name: value for name, value in (_DEFAULTS | os.environ).items() if name not in _OWN}
    process = subprocess.Popen(
        [python, __file__, str(executable)],
        env=environment,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n", "the process with TensorFlow has not started"
    try:
        yield str(executable)
    finally:
        process.communicate()  # it ends with what it reads


@contextlib.contextmanager
def on_one_processor() -> Iterator[None]:
    """Let what is started in the block use one processor only, where the system can say so."""
    if sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _serve(executable: Path) -> list[str]:
    """Fork a process for each client; in it, return its arguments. In this one, end with the test process."""
    address = f"\0labreport-tests-{os.getpid()}"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen()
    variables = {name: value for name, value in os.environ.items() if name.startswith(_READ_EARLY)}
    client = _CLIENT.format(
        python=sys.executable,
        address=address,
        defaults=_DEFAULTS,
        early=_READ_EARLY,
        own=_OWN,
        variables=variables,
    )
    executable.write_text(client, "utf-8")
    executable.chmod(executable.stat().st_mode | stat.S_IXUSR)
    gc.freeze()  # otherwise each fork would copy what its garbage collector looks at
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        ready, _, _ = select.select([listening, sys.stdin], [], [])
        # Waited for, so that the time they took counts as time of the tests.
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, 0 if sys.stdin in ready else os.WNOHANG)[0]:
                pass
        if sys.stdin in ready:
            os._exit(0)
        connection, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            return _begun(connection)
        connection.close()


def _begun(connection: socket.socket) -> list[str]:
    """Fork the program and stay behind to say how it ends; in the program, return its arguments."""
    size = array.array("i").itemsize
    head, rights, _, _ = connection.recvmsg(8, socket.CMSG_SPACE(3 * size))
    descriptors = array.array("i", rights[0][2])
    words, environment, folder = json.loads(connection.makefile("rb").read(int.from_bytes(head, "big")))
    program = os.fork()
    if program == 0:
        connection.close()
        os.setsid()
        for number, given in enumerate(descriptors):
            os.dup2(given, number)
            os.close(given)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        return words
    for given in (*descriptors, 0, 1, 2):
        os.close(given)
    connection.sendall(b"%d\n" % program)
    ended = os.pidfd_open(program)
    ready, _, _ = select.select([connection, ended], [], [])
    if connection in ready:  # the client is gone, and takes its program with it
        os.kill(program, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
    try:
        connection.sendall(b"%d\n" % code)
    finally:
        os._exit(0)


def _as_python_starts(words: list[str], executable: str) -> list[str]:
    """Make everything as `python WORDS` finds it, and return the words without the options of Python."""
    sys.executable = executable
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8")
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.BufferedWriter(io.FileIO(number, "w", closefd=False)), "utf-8", errors, line_buffering=live)
        for number, errors, live in ((1, "strict", False), (2, "backslashreplace", True))
    )
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    safe = bool(os.environ.get("PYTHONSAFEPATH"))
    while words[0] in ("-P", "-u"):
        safe |= words.pop(0) == "-P"
    sys.path[:0] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    module.__dict__["__builtins__"] = __builtins__
    if words[0] == "-m":
        first, sys.argv = str(Path.cwd()), words[1:]
    else:
        first, sys.argv = (
            ("", ["-c", *words[2:]]) if words[0] == "-c" else (str(Path(words[0]).resolve().parent), words)
        )
    if not safe:
        sys.path.insert(0, first)
    return words


def _run(words: list[str]) -> int:
    """Run the program to its end, and return the exit code."""
    names = sys.modules["__main__"].__dict__
    try:
        if words[0] == "-m":
            runpy._run_module_as_main(words[1])
        elif words[0] == "-c":
            exec(compile(words[1], "<string>", "exec"), names)
        else:
            names["__file__"] = words[0]
            exec(compile(Path(words[0]).read_bytes(), words[0], "exec"), names)
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        return 1
    return 0


def _leave(code: int) -> NoReturn:
    """End as Python ends."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    for package in _LOADED:
        with contextlib.suppress(ImportError):  # of the other Python, which may lack it
            importlib.import_module(package)
    del sys.path[0]  # the folder of this file
    _leave(_run(_as_python_starts(_serve(Path(sys.argv[1])), sys.argv[1])))
