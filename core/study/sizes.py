"""How much memory: "6 GiB", "500 MB" and "1.5G" in bytes, and back."""

from __future__ import annotations

import math
import re

_UNITS = {
    **dict.fromkeys(("k", "kib"), 2**10), "kb": 10**3,
    **dict.fromkeys(("m", "mib"), 2**20), "mb": 10**6,
    **dict.fromkeys(("g", "gib"), 2**30), "gb": 10**9,
    **dict.fromkeys(("t", "tib"), 2**40), "tb": 10**12,
}  # fmt: skip
LARGEST = 2**63 - 1  # what a database holds
_SIZE = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z]+)\s*", re.IGNORECASE)


def parse_size(text: str) -> int:
    """Bytes. "G" means GiB. Raises ValueError, with an example, for what is no size."""
    match = _SIZE.fullmatch(text)
    if match is None or match[2].lower() not in _UNITS:
        hint = f"{text.strip()} GiB" if re.fullmatch(r"\s*[\d.]+\s*", text) else "6 GiB or 500 MiB"
        raise ValueError(f'"{text}" is no size: write it as in {hint}')
    size = float(match[1]) * _UNITS[match[2].lower()]
    if not size >= 1:
        raise ValueError(f'"{text}" is no size: it is not positive')
    if size > LARGEST:
        raise ValueError(f'"{text[:20]}…" is too large: write it as in 6 GiB')
    return math.ceil(size)


def format_size(size_bytes: float) -> str:
    """One decimal at most: "6.1 GiB", "140 GiB", "512 MiB"."""
    size, unit = (size_bytes / 2**30, "GiB") if size_bytes >= 2**30 else (size_bytes / 2**20, "MiB")
    return f"{size:.1f}".removesuffix(".0") + f" {unit}" if size < 100 else f"{size:.0f} {unit}"
