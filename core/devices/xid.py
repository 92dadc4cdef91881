"""Xid errors: what the driver complains about, per GPU, in words.

Source: NVIDIA, "XID Errors" (docs.nvidia.com/deploy/xid-errors): numbers and likely causes.
"""

from __future__ import annotations

import contextlib
from typing import Any

_WORDS = {
    13: "an exception in a program's kernel",
    31: "a program touched memory that is not its own",
    43: "a program's fault stopped its work on the GPU",
    45: "a program was ended and cleaned up",
    48: "an uncorrectable memory error",
    61: "its internal controller stopped",
    62: "its internal controller stopped",
    63: "a memory row is to be replaced at the next reset",
    64: "a bad memory row could not be replaced",
    74: "an NVLink error",
    79: "it has fallen off the bus",
    92: "many memory errors were corrected",
    94: "a memory error that ended one program",
    95: "a memory error that may reach every program: it needs a reset",
    119: "its system processor does not answer",
    120: "its system processor failed",
}
OF_PROGRAMS = frozenset({13, 31, 43, 45, 94})
"""Usually a program's own fault: the GPU is well."""


def in_words(number: int) -> str:
    said = f"Xid {number}: {_WORDS.get(number, 'see NVIDIA’s list of Xid errors')}"
    return said + (" (usually the program's own fault)" if number in OF_PROGRAMS else "")


class XidErrors:
    """Hears of them from when it is made. `poll` never waits; where events are not supported nothing is ever heard."""

    def __init__(self, library: Any, handles: dict[str, Any]) -> None:
        self._lib = library
        self._set: Any = None
        with contextlib.suppress(library.NVMLError, AttributeError):
            self._set = library.nvmlEventSetCreate()
        for handle in handles.values() if self._set is not None else ():
            with contextlib.suppress(library.NVMLError, AttributeError):
                library.nvmlDeviceRegisterEvents(handle, library.nvmlEventTypeXidCriticalError, self._set)

    def poll(self) -> list[tuple[str | None, int]]:
        """(UUID, number) of each error since the last call; None for a GPU that can't be told."""
        found: list[tuple[str | None, int]] = []
        while self._set is not None and len(found) < 32:
            try:
                event = self._lib.nvmlEventSetWait_v2(self._set, 0)
            except AttributeError:
                self._set = None
            except self._lib.NVMLError as error:
                if error.value != self._lib.NVML_ERROR_TIMEOUT:
                    self._set = None  # a lost GPU ends the set: what it was is read elsewhere
                break
            else:
                found.append((self._uuid(event.device), int(event.eventData)))
        return found

    def _uuid(self, handle: Any) -> str | None:
        with contextlib.suppress(self._lib.NVMLError, AttributeError):
            return str(self._lib.nvmlDeviceGetUUID(handle))
        return None

    def close(self) -> None:
        if self._set is not None:
            with contextlib.suppress(self._lib.NVMLError, AttributeError):
                self._lib.nvmlEventSetFree(self._set)
            self._set = None
