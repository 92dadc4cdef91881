"""What a study lets its held trials keep: memory of the machine, as a size or a share. From [resources]."""

from __future__ import annotations

import re
from typing import Any

from hptui.core.errors import HptuiError, StudyError
from hptui.core.study.sizes import parse_size

_WHERE = "resources.held_memory"
_SHARE = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*%\s*")


def read_held_memory(out: dict[str, Any], problems: list[HptuiError]) -> None:
    """Replace `held_memory` by `held_memory_bytes` or `held_memory_share`."""
    written = out.pop("held_memory", None)
    if written is None:
        return
    if share := _SHARE.fullmatch(written):
        out["held_memory_share"] = float(share[1]) / 100
        if not 0 < out["held_memory_share"] <= 1:
            problem = f"{written.strip()} is no share of the machine's memory"
            problems.append(StudyError(_WHERE, problem, 'write it as in "25 %"'))
        return
    try:
        out["held_memory_bytes"] = parse_size(written)
    except ValueError as wrong:
        problem, hint = str(wrong).split(": ", 1)
        problems.append(StudyError(_WHERE, problem, f'{hint}, or as a share: "25 %"'))
