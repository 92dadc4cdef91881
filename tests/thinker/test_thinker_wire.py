from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hptui.core.scheduler.thinker_wire import (
    Answer,
    Asked,
    AskFor,
    Begin,
    Broken,
    Observed,
    OutOfPoints,
    SpaceIs,
    ToThinker,
    Unframer,
    framed,
)
from hptui.core.search.observe import Observation
from hptui.core.search.protocol import Kind
from hptui.core.study.study import Chosen

SENT: list[ToThinker] = [
    Begin({"o": [1, "a", None]}, Chosen(name="grid", options={"points": 3}), 7, True),
    SpaceIs({}),
    Observed([Observation(0, (0.1, None), float("inf"), Kind.PRUNED, 3), Observation(1, ())]),
    AskFor(12),
]
ANSWERED: list[Answer] = [Asked(3, (0.5, None), "random draw", 0.01), OutOfPoints(4, "all"), Broken("no", 5)]


@given(cuts=st.lists(st.integers(1, 60), max_size=30))
def test_messages_come_through_however_the_stream_is_cut(cuts: list[int]) -> None:
    stream = b"".join(framed(m) for m in [*SENT, *ANSWERED])
    unframer, bodies = Unframer(), []
    for cut in [*cuts, len(stream)]:
        bodies += list(unframer.feed(stream[:cut]))
        stream = stream[cut:]

    sent = [msgspec.msgpack.decode(body, type=ToThinker) for body in bodies[: len(SENT)]]
    answered = [msgspec.msgpack.decode(body, type=Answer) for body in bodies[len(SENT) :]]

    assert (sent, answered) == (SENT, ANSWERED)
