"""The scheduler's bridge to a Ray cluster: `python -m hptui.core.remote.bridge SOCKET_FD`.

The only process that speaks with Ray. It brings slots up, hands them the scheduler's orders, writes down what they tell
and passes on what that means. When the scheduler's end closes, it ends; the slots, and their trials, live on.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from pathlib import Path

from hptui.core.errors import HptuiError
from hptui.core.remote import cluster
from hptui.core.remote import words as w
from hptui.core.remote.mirror import Mirror
from hptui.core.remote.slots import Slots
from hptui.core.remote.wires import Wires
from hptui.core.study.session import SessionFolder
from hptui.core.wire import request as r

PACKET_BYTES = 1 << 20


def main() -> int:
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        packet = connection.recv(PACKET_BYTES)
        if not packet:
            return 0
        join = w.decode_to_bridge(packet)
        if not isinstance(join, w.Join):
            raise TypeError("the first message to a bridge says which cluster to join")
        wires = Wires(connection)
        try:
            cluster.connect(join)
            slots = Slots(join, wires, Mirror(SessionFolder(Path(join.folder))))
            slots.open()
        except HptuiError as error:
            wires.say(w.CannotJoin(f"{error.where}: {error.problem}", error.hint or ""))
            return 1
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            _serve(wires, slots)
    return 0


def _serve(wires: Wires, slots: Slots) -> None:
    """Until the scheduler's end closes."""
    while True:
        if not wires.wait():
            continue
        packet = wires.connection.recv(PACKET_BYTES)
        if not packet:
            return
        match w.decode_to_bridge(packet):
            case r.Preload():
                slots.boot(packet)
            case w.Run() as run:
                slots.run(run)
            case w.Kick(number=number) | w.Wish(number=number) | w.Drop(number=number) as order:
                slots.order(number, order)
            case w.Want(slots=count):
                slots.want(count)
            case w.Leave():
                slots.leave()
                return
            case _:
                pass


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # Ray's own farewell takes a second, and nothing waits for it
