"""Words in braces in a command: which there are, and which a trial fills in besides its parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence

WORD = re.compile(r"(?<!\$)\{([A-Za-z_][\w.\-/]*)\}")  # not the shell's ${NAME}
PLACES = ("trial", "seed", "device", "checkpoint_dir")
"""Filled in whatever `arguments` says."""


def placeholders(command: str | Sequence[str]) -> list[str]:
    """The names in braces, each once, but for PLACES."""
    text = command if isinstance(command, str) else " ".join(command)
    return [name for name in dict.fromkeys(WORD.findall(text)) if name not in PLACES]
