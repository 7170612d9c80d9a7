"""What tests of chapters start from."""

from __future__ import annotations

import os
from functools import partialmethod

import pytest
from helpers import shared_chapters


@pytest.fixture(scope="session", autouse=True)
def _chapters_are_made_once(tmp_path_factory):
    """Let the processes of a session share the chapters that `shared_chapters` makes."""
    own = tmp_path_factory.getbasetemp()
    shared_chapters.lie_in((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared-chapters")


@pytest.fixture
def uncompiled(monkeypatch):
    """Let Keras train step by step: to compile a network costs seconds, to train it on thirty samples does not."""
    import keras

    monkeypatch.setattr(keras.Model, "compile", partialmethod(keras.Model.compile, run_eagerly=True))
