"""What an objective of a study with several objectives returned."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hptui.core.study.study import OBJECTIVES
from hptui.core.study.trial import Cause
from hptui.core.wire.spool import Attr, End
from hptui.core.worker.link import Link
from hptui.core.worker.outcome import as_number, describe, failed, of_number


def of_several(result: Any, metric: str, link: Link, at: float) -> End:
    """Complete with a finite number for each objective; the further ones are kept as an attribute. Else fail.

    result: the values in the study's order, or by name, or the first one alone, or None. What it leaves out is what
    was reported last.
    """
    known = {metric: link.value, **link.also}
    found = _named(result, known)
    if isinstance(found, str):
        return failed(at, Cause.CRASH, f"{found}; the study's objectives are {', '.join(known)}")
    for name, value in found.items():
        if not math.isfinite(value):
            return of_number(value, at, f"{name} is")
    link.append(Attr(at, OBJECTIVES, {name: found[name] for name in link.also}))
    return of_number(found[metric], at, "")


def _named(result: Any, known: Mapping[str, float | None]) -> dict[str, float] | str:
    """The value of each objective, or what is wrong."""
    given: dict[str, Any] = {}
    if isinstance(result, Mapping):
        if strange := [str(name) for name in result if name not in known]:
            return f"returned {', '.join(strange)}, which is no objective"
        given = dict(result)
    elif isinstance(result, (tuple, list)):
        if len(result) != len(known):
            return f"returned {len(result)} values"
        given = dict(zip(known, result, strict=True))
    elif result is not None:
        given = {next(iter(known)): result}
    found: dict[str, float] = {}
    for name, reported in known.items():
        value = as_number(given[name]) if name in given else reported
        if value is None:
            return f"returned {describe(given[name])} for {name}" if name in given else f"gave no value for {name}"
        found[name] = value
    return found
