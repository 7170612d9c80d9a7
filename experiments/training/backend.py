"""Starting TensorFlow: quietly, with Keras on top of it, and so that equal seeds give equal numbers."""

from __future__ import annotations

import gc
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from labreport.experiments.errors import LabError

DETERMINISTIC = True
"""Whether TensorFlow is set to use deterministic operations only; on a CPU that costs nothing."""

_XLA_FLAGS = "XLA_FLAGS"
_WIDE_VECTORS = "--xla_cpu_prefer_vector_width=512"
"""A quarter less time for the stack form on processors that have such vectors; others take their own width."""
_KNOWS_WIDE_VECTORS = "2.21."
"""TensorFlow ends the program over a flag that it does not know, so only versions that were tried are given it."""

_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_FATAL_ONLY = "3"  # TensorFlow reports a missing GPU as an error, on every machine without one


_threads: int | None = None
_awake = False
"""Whether TensorFlow was set up here: a lab's own import of it does not do that."""


def limit_threads(count: int | None) -> None:
    """Let TensorFlow use up to `count` threads (None: its own choice) if it is not at work yet in this process."""
    global _threads
    _threads = count


def start() -> Any:
    """Import Keras on TensorFlow and return the module `keras`; cheap when called again.

    TensorFlow's messages are kept from the terminal unless the user has asked for them in TF_CPP_MIN_LOG_LEVEL.

    Raises:
        LabError: Keras runs on another backend.
    """
    global _awake
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if not _awake:
        _widen_vectors()
        if os.environ.setdefault(_LOG_LEVEL, _FATAL_ONLY) == _FATAL_ONLY:
            logging.getLogger("tensorflow").setLevel(logging.ERROR)
            with _held_back_messages():
                _wake_up()
        else:
            _wake_up()
        # Of the million objects that came with it none will go: the garbage collector, which runs before each training,
        # need not look at them every time.
        gc.freeze()
        _awake = True
    import keras

    if keras.config.backend() != "tensorflow":
        raise LabError(
            f"Keras runs on {keras.config.backend()}; the labs need TensorFlow: set KERAS_BACKEND to it, or unset it."
        )
    import tensorflow as tf

    keras.config.set_floatx("float32")  # a keras.json in the user's home may say otherwise
    tf.config.experimental.enable_op_determinism()
    return keras


def seed_everything(seed: int) -> None:
    """Make the initial weights of the models built next depend on the seed alone.

    Keras' numbering of layers begins again, and graphs of earlier trainings are forgotten, which frees their memory.
    """
    keras = start()
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)


def _widen_vectors() -> None:
    given = os.environ.get(_XLA_FLAGS, "")
    with suppress(PackageNotFoundError):  # another build of TensorFlow, of an unknown version
        if version("tensorflow").startswith(_KNOWS_WIDE_VECTORS) and _WIDE_VECTORS.partition("=")[0] not in given:
            os.environ[_XLA_FLAGS] = f"{given} {_WIDE_VECTORS}".strip()


def _wake_up() -> None:
    """Import TensorFlow and let it look for devices, which is when it talks."""
    import keras

    if _threads is not None and keras.config.backend() == "tensorflow":
        import tensorflow as tf

        # Refused (RuntimeError) once TensorFlow is at work.
        with suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(_threads)
            tf.config.threading.set_inter_op_parallelism_threads(_threads)
    keras.ops.zeros(())


@contextmanager
def _held_back_messages() -> Iterator[None]:
    """Hold back what C++ writes to standard error; it is shown after all if an error is raised.

    The log level alone doesn't silence the messages that come before TensorFlow's logging is set up.
    """
    try:
        kept = os.dup(2)
    except OSError:  # no standard error at all
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except Exception:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
