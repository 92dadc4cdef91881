"""Linear algebra with one thread: more would take the cores from the trials, and wait for each other most of the time.

The libraries read the environment when they are loaded, so it is changed for that moment alone: trials inherit it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def one_thread() -> Iterator[None]:
    """What is imported for the first time in here computes with one thread."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


_given: dict[str, str | None] = {}


def from_now_on() -> None:
    """For a process that only looks, before it imports numpy: a model of 300 trials took 40 times as long with two
    threads on two busy cores. What it starts to compute has `environment_given`."""
    if not _given:
        _given.update({name: os.environ.get(name) for name in THREADS})
        os.environ.update(dict.fromkeys(THREADS, "1"))


def environment_given() -> dict[str, str]:
    """The environment, with as many threads as it was given."""
    given = {name: value for name, value in os.environ.items() if name not in _given}
    return given | {name: value for name, value in _given.items() if value is not None}
