"""Real sessions, for the tests of this folder."""

from __future__ import annotations

from real_sessions import session

__all__ = ["session"]
