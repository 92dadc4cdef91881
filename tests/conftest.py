"""For all tests. Laws are tried with fixed draws in CI, where a red run must mean a change, and with new ones
elsewhere. No test is timed, so no draw is either."""

from __future__ import annotations

import os

from hypothesis import settings

from hptui.core.scheduler.one_thread import one_thread

with one_thread():  # on small arrays more threads only wait for each other: ten times as long on a busy machine
    import numpy  # noqa: F401
    import scipy.linalg  # noqa: F401

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")
