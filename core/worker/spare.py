"""A process forked ahead of time, that waits for the trial it is to become: a fork with torch in it takes 5 ms."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

from hptui.core.wire.request import Start, decode_to_server

PACKET_BYTES = 1 << 20
MOST_LEASES = 64


@dataclass(frozen=True, slots=True)
class Spare:
    pid: int
    line: socket.socket

    def become(self, packet: bytes, leases: list[int]) -> bool:
        """Hand over a Start and its leases. False when the process is not there any more."""
        with self.line:
            try:
                socket.send_fds(self.line, [packet], leases)
            except OSError:
                return False
        return True


def fork_ahead(leave: Callable[[], None], run: Callable[[Start], None]) -> Spare | None:
    """A process that calls `leave`, then `run` with the Start it is handed, or ends when this process does.

    None when there is no process to be had.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        pid = os.fork()
    except OSError:  # the next trial's own fork will say what is wrong
        ours.close()
        theirs.close()
        return None
    if pid == 0:
        try:
            ours.close()
            leave()
            packet, _, _, _ = receive(theirs)
            start = decode_to_server(packet) if packet else None
            theirs.close()
            if isinstance(start, Start):
                run(start)
        finally:
            os._exit(0)
    theirs.close()
    return Spare(pid, ours)


def receive(line: socket.socket) -> tuple[bytes, list[int], int, object]:
    """One packet and the file descriptors beside it, which what this process executes does not get."""
    return socket.recv_fds(line, PACKET_BYTES, MOST_LEASES, socket.MSG_CMSG_CLOEXEC)
