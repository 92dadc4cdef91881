"""What the scheduler and its thinker tell each other: msgpack messages, each with its length before it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import msgspec

from hptui.core.search.observe import Observation, PastTrials
from hptui.core.study.study import Chosen, Goal


class Begin(msgspec.Struct, frozen=True, tag=True):
    """The first message: what to think with."""

    definitions: dict[str, Any]
    chosen: Chosen
    seed: int
    grows: bool
    goals: tuple[Goal, ...] = (Goal("value"),)
    pasts: tuple[PastTrials, ...] = ()
    pruner: Chosen = Chosen(name="none")
    max_steps: int | None = None


class SpaceIs(msgspec.Struct, frozen=True, tag=True):
    definitions: dict[str, Any]


class Observed(msgspec.Struct, frozen=True, tag=True):
    trials: list[Observation]


class AskFor(msgspec.Struct, frozen=True, tag=True):
    number: int


class LookAt(msgspec.Struct, frozen=True, tag=True):
    """Look at the session in `folder` for red flags. max_steps: the study's."""

    folder: str
    max_steps: int | None


ToThinker = Begin | SpaceIs | Observed | AskFor | LookAt


class Asked(msgspec.Struct, frozen=True, tag=True):
    """A point for trial `number`.

    x: (d,), None where a parameter is inactive. seconds: how long the sampler took.
    """

    number: int
    x: tuple[float | None, ...]
    why: str
    seconds: float


class OutOfPoints(msgspec.Struct, frozen=True, tag=True):
    """Every point of a finite space was tried; there is none for trial `number`."""

    number: int
    why: str


class Broken(msgspec.Struct, frozen=True, tag=True):
    """There is no point for trial `number`: the sampler raised, or the thinker keeps dying."""

    reason: str
    number: int


class Notice(msgspec.Struct, frozen=True):
    """A red flag, as `advice.Finding` has it."""

    rule: str
    about: str
    says: str
    do: str


class Noticed(msgspec.Struct, frozen=True, tag=True):
    notices: list[Notice]


Answer = Asked | OutOfPoints | Broken | Noticed

_LENGTH = struct.Struct("=I")
_encoder = msgspec.msgpack.Encoder()


def framed(message: ToThinker | Answer) -> bytes:
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


class Unframer:
    """Cuts a stream of bytes back into message bodies."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies that are complete now; the rest waits for more."""
        self._rest += data
        while len(self._rest) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._rest)[0]
            if len(self._rest) < end:
                return
            body = bytes(self._rest[_LENGTH.size : end])
            del self._rest[:end]
            yield body
