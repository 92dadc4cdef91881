"""For all tests. Laws are tried with fixed draws in CI, where a red run must mean a change, and with new ones
elsewhere. No test is timed, so no draw is either."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")
