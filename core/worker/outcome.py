"""What a trial's objective returned or raised, as the last line of its spool."""

from __future__ import annotations

import math
import numbers
from typing import Any

from hptui.core.study.trial import Cause
from hptui.core.wire.spool import End, pack_number
from hptui.core.worker.memory import out_of_memory
from hptui.core.worker.script import one_line, shorten


def of_result(result: Any, reported: float | None, at: float) -> End:
    """Complete with a finite number; else fail, with the reason.

    reported: the last value reported, which stands in for a result of None.
    """
    if isinstance(result, (tuple, list)) and len(result) == 1:
        result = result[0]  # Optuna takes this as one objective
    if result is None:
        if reported is None:
            return failed(at, Cause.CRASH, "returned None and never reported")
        return of_number(reported, at, "the last value reported is")
    if isinstance(result, (tuple, list)):
        hint = 'a study with several objectives names them: metric = ["loss", "latency"]'
        return failed(at, Cause.CRASH, f"returned {len(result)} values, and the study has one objective; {hint}")
    value = as_number(result)
    if value is None:
        return failed(at, Cause.CRASH, f"returned {describe(result)}, not a number")
    return of_number(value, at, "returned")


def of_number(value: float, at: float, says: str) -> End:
    """says: "returned", or what else precedes the number."""
    if math.isfinite(value):
        return End(at, "complete", value)
    word = {"nan": "NaN", "inf": "infinity", "-inf": "minus infinity"}[str(pack_number(value))]
    return failed(at, Cause.NAN, f"{says} {word}", value=value)


def of_error(error: BaseException, reported: float | None, at: float) -> End:
    """Pruned, killed, out of memory, or crashed."""
    if is_pruned(error):
        last = None if reported is None else pack_number(reported)
        return End(at, "pruned", last, " ".join(str(error).split()))
    if isinstance(error, SystemExit):
        if error.code is None or error.code == 0:
            return of_result(None, reported, at)
        return failed(at, Cause.CRASH, f"called sys.exit({error.code!r})", detail=shorten(error))
    if isinstance(error, KeyboardInterrupt):
        return failed(at, Cause.KILLED, "interrupted", detail=shorten(error))
    if whose := out_of_memory(error):
        return failed(at, Cause.OOM, f"out of the {whose}'s memory: {one_line(error)}", detail=shorten(error))
    cause = Cause.CRASH
    if isinstance(error, FloatingPointError):  # numpy's, and `core.training.Diverged`
        cause = Cause.NAN
    return failed(at, cause, one_line(error), detail=shorten(error))


def failed(at: float, cause: Cause, reason: str, detail: str = "", value: float | None = None) -> End:
    return End(at, "fail", None if value is None else pack_number(value), reason, cause, detail)


def is_pruned(error: BaseException) -> bool:
    """Ours or Optuna's, told by name: Optuna need not be installed."""
    return any(
        kind.__name__ == "TrialPruned" and kind.__module__.partition(".")[0] in ("hptui", "optuna")
        for kind in type(error).__mro__
    )


def as_number(value: Any) -> float | None:
    """A real number, or an array or tensor that holds one number, as a float; None for anything else."""
    if isinstance(value, numbers.Real):
        try:
            return float(value)
        except OverflowError:  # a whole number beyond 1e308
            return math.inf if value > 0 else -math.inf  # type: ignore[operator]  # numbers.Real does not declare `<`
    count = getattr(value, "numel", None)
    count = count() if callable(count) else getattr(value, "size", None)
    item = getattr(value, "item", None)
    if count == 1 and callable(item):
        single = item()
        return float(single) if isinstance(single, numbers.Real) else None
    return None


def describe(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if shape is not None and hasattr(value, "dtype"):
        return f"a {type(value).__name__} of shape {tuple(shape)}"
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"
