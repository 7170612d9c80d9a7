"""The process of a watched script: everything is as under `python SCRIPT`, with the watcher installed before."""

from __future__ import annotations

import atexit
import builtins
import contextlib
import linecache
import os
import runpy
import sys
import sysconfig
import traceback
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any

from labreport.experiments.errors import kind_of, message_of
from labreport.experiments.recording.watching import drawing, modules, printing, seeding, trainers, training
from labreport.experiments.recording.watching.events import Events
from labreport.experiments.system import fresh


def main(arguments: Sequence[str]) -> None:
    """Watch a script in this very process; its exit code is that of the process.

    Args:
        arguments: folder of the events, seed or "-", "script" or "module", the program, its arguments.
    """
    folder, seed, kind, program, *words = arguments
    place = Path(program).resolve().parent if kind == "script" else Path.cwd()
    events = Events(Path(folder), place)
    _install(events, None if seed == "-" else int(seed))
    atexit.register(events.guarded(_note_end), events)
    fresh.compile_each_time(place)
    events.write("start", process=os.getpid())
    try:
        if kind == "module":
            _run_module(program, words)
        else:
            _run_script(program, words)
    except SystemExit:
        raise
    except BaseException as error:
        error.__traceback__ = _inside(error.__traceback__)
        events.guarded(_note_error)(events, error)
        with contextlib.suppress(Exception):
            sys.excepthook(type(error), error, error.__traceback__)
        # Python itself ends the process, with its usual exit code or signal; it has been reported already.
        sys.excepthook = lambda *_: None
        raise


def _install(events: Events, seed: int | None) -> None:
    for part in (seeding.watch, training.watch, trainers.watch, drawing.watch):
        events.guarded(part)(events, seed)
    events.guarded(printing.watch)(events)


def _run_script(program: str, words: Sequence[str]) -> None:
    sys.argv[:] = [program, *words]
    path = Path(program).resolve()
    if path.is_dir():
        runpy.run_path(program, run_name="__main__")
        return
    if not sys.flags.safe_path:
        sys.path.insert(0, str(path.parent))
    absolute = os.path.abspath(program)  # noqa: PTH100 - as Python does, without following links
    namespace = _main_module(absolute).__dict__
    exec(_compiled(absolute), namespace)


def _run_module(name: str, words: Sequence[str]) -> None:
    sys.argv[:] = ["-m", *words]
    if not sys.flags.safe_path:
        sys.path.insert(0, str(Path.cwd()))
    _main_module(None)
    as_main: Any = vars(runpy)["_run_module_as_main"]
    as_main(name)


def _main_module(path: str | None) -> ModuleType:
    module = ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    if path is not None:
        module.__file__ = path
        module.__loader__ = SourceFileLoader("__main__", path)
        module.__dict__["__cached__"] = None
    sys.modules["__main__"] = module
    return module


def _compiled(path: str) -> CodeType:
    return compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)


def _inside(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the calls that led from here into the script."""
    own = (__file__, __file__.replace("process.py", "boot.py"))
    while trace is not None and trace.tb_frame.f_code.co_filename in own:
        trace = trace.tb_next
    return trace


def _note_error(events: Events, error: BaseException) -> None:
    """Note what ended the script, with the last line of its own that was reached."""
    where = ""
    library = sysconfig.get_paths()["purelib"], sysconfig.get_paths()["stdlib"]
    for frame in traceback.extract_tb(error.__traceback__):
        if not frame.filename.startswith((*library, "<")) and frame.filename != __file__:
            code = linecache.getline(frame.filename, frame.lineno or 0).strip()
            where = f"{Path(frame.filename).name}:{frame.lineno}: {code}"
    if isinstance(error, SyntaxError):
        where = f"{Path(error.filename or '').name}:{error.lineno}"
    events.write("error", type=kind_of(error), message=message_of(error), where=where[:500])


def _note_end(events: Events) -> None:
    modules.note(events)
    peak = 0
    with contextlib.suppress(ImportError):  # Windows
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    events.write("exit", peak=peak)
