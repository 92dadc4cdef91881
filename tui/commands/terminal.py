"""Whether a screen can be shown here."""

from __future__ import annotations

import os
import sys


def why_no_screen() -> str | None:
    """Why this is no place for the screen, or None when it is one."""
    if not sys.stdin.isatty():
        return "standard input is not a terminal"
    if not sys.stdout.isatty():
        return "standard output is not a terminal"
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        return f"TERM is {term or 'not set'}"
    return None
