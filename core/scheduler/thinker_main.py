"""The thinker's process: takes observations, answers asks, and ends when its scheduler is gone.

`python -m hptui.core.scheduler.thinker_main FD`: FD is its end of a socket pair (see `scheduler.thinker`).
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import sys
import threading
import time
import traceback
from pathlib import Path

import msgspec

from hptui.core.errors import HptuiError
from hptui.core.scheduler.thinker_wire import (
    Answer,
    Asked,
    AskFor,
    Begin,
    Broken,
    LookAt,
    Notice,
    Noticed,
    Observed,
    OutOfPoints,
    SpaceIs,
    ToThinker,
    Unframer,
    framed,
)
from hptui.core.search.assemble import assemble
from hptui.core.search.catalog import make_pruner
from hptui.core.search.observe import Observations
from hptui.core.search.protocol import Array, Exhausted, Sampler
from hptui.core.search.wording import said
from hptui.core.space.space import Space

NICENESS = 5  # trials come first
_FRAMES = 3  # of a traceback, the innermost ones


class Mind:
    """A sampler and all that it knows."""

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._trials = Observations(0)
        self._definitions = begin.definitions
        self._space: Space | None = None
        self._sampler: Sampler | None = None

    def set_space(self, definitions: dict[str, object]) -> None:
        self._definitions, self._sampler = definitions, None

    def take(self, observed: Observed) -> None:
        for trial in observed.trials:
            self._trials.add(trial)

    def answer(self, number: int) -> Answer:
        """Never raises: whatever goes wrong in space or sampler is the answer."""
        began = time.perf_counter()
        try:
            space, sampler = self._ready()
            proposal = sampler.ask(self._trials.history(), number)
            if isinstance(proposal, Exhausted):
                return OutOfPoints(number, proposal.why)
            x = _coordinates(space, proposal.x)
        except HptuiError as error:
            return Broken(str(error), number)
        except Exception as error:
            return Broken(f"the sampler failed: {shortened(error)}", number)
        why = said(proposal, self._begin.chosen.name, self._begin.goals)
        return Asked(number, x, why, time.perf_counter() - began)

    def _ready(self) -> tuple[Space, Sampler]:
        if self._sampler is None or self._space is None:
            self._space = Space.parse(self._definitions)
            begin = self._begin
            pruner = make_pruner(begin.pruner, "minimize", begin.max_steps, self._space, begin.seed)
            self._sampler = assemble(
                begin.chosen, self._space, begin.seed, begin.goals, begin.grows, begin.pasts, pruner
            )
            self._trials.widen(self._space.dim)
        return self._space, self._sampler


def _coordinates(space: Space, x: Array) -> tuple[float | None, ...]:
    """The point as trials keep it: None where a parameter is inactive.

    Raises ValueError for a point outside the cube.
    """
    if x.shape != (space.dim,):
        raise ValueError(f"the proposal has shape {x.shape}, the space {space.dim} parameters")
    active = space.active(x)
    point = [float(u) if on else None for u, on in zip(x, active, strict=True)]
    if any(u is not None and not 0.0 <= u <= 1.0 for u in point):
        raise ValueError(f"the proposal leaves the unit cube: {point}")
    return tuple(point)


def shortened(error: BaseException) -> str:
    """The error and where it came from, innermost frame first: "ValueError: no (grid.py:31 in ask, ...)"."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = ", ".join(f"{Path(f.filename).name}:{f.lineno} in {f.name}" for f in reversed(frames))
    text = str(error).strip()[:500] or "no message"
    return f"{type(error).__name__}: {text} ({places})"


def serve(connection: socket.socket) -> None:
    """Answer until the other end is closed."""
    decoder = msgspec.msgpack.Decoder(ToThinker)
    unframer = Unframer()
    mind: Mind | None = None
    while data := connection.recv(1 << 18):
        for body in unframer.feed(data):
            message = decoder.decode(body)
            if isinstance(message, Begin):
                mind = Mind(message)
                mind.answer(0)  # thrown away: it imports what the sampler needs before anybody waits for it
                continue
            assert mind is not None, "Begin comes first"
            match message:
                case SpaceIs(definitions=definitions):
                    mind.set_space(definitions)
                case Observed():
                    mind.take(message)
                case LookAt(folder=folder, max_steps=max_steps):
                    connection.sendall(framed(Noticed(notices_of(folder, max_steps))))
                case AskFor(number=number):
                    connection.sendall(framed(mind.answer(number)))


def notices_of(folder: str, max_steps: int | None) -> list[Notice]:
    """What the rules of tuning see in a session; nothing when it can't be read now, or a rule fails over it.

    Whatever happens here, points are proposed all the same.
    """
    # not before it is asked for: the first point must not wait
    from hptui.core.review.diagnosis import diagnose, standing
    from hptui.core.store.reader import Reader
    from hptui.core.study.session import SessionFolder

    try:
        with Reader(SessionFolder(Path(folder))) as reader:
            return [Notice(f.rule, f.about, f.says, f.do) for f in standing(reader, diagnose(reader, max_steps))]
    except Exception as error:
        print(f"no look for red flags: {shortened(error)}", file=sys.stderr)
        return []


def leave_with(connection: socket.socket) -> None:
    """End this process when the other end closes, even in the middle of a long thought."""
    poll = select.poll()
    poll.register(connection, 0)  # hang-up is always reported
    poll.poll()
    os._exit(0)


def main() -> None:
    os.nice(NICENESS)
    connection = socket.socket(fileno=int(sys.argv[1]))
    threading.Thread(target=leave_with, args=[connection], daemon=True).start()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the scheduler is gone
        serve(connection)


if __name__ == "__main__":
    main()
