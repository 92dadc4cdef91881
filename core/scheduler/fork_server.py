"""The fork server as its scheduler sees it: a process, a socket, and what it was told to import.

It is begun before anything else: it imports for seconds, and its scheduler reads the session meanwhile.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Study
from hptui.core.wire import request as r


class ForkServer:
    def __init__(self, process: subprocess.Popen[bytes], connection: socket.socket) -> None:
        self.process, self.connection = process, connection
        self.told: r.Preload | None = None

    @classmethod
    def begin(cls, folder: SessionFolder) -> ForkServer:
        """Its Python, which waits for what to import. Raises OSError."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with open(folder.log, "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "hptui.core.worker.fork_server", str(theirs.fileno())],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[theirs.fileno()],
                start_new_session=True, cwd=folder.path,
            )  # fmt: skip
        theirs.close()
        ours.setblocking(False)
        return cls(process, ours)

    def tell(self, preload: r.Preload) -> None:
        """What to import; once. Raises OSError."""
        self.connection.send(r.encode(preload))
        self.told = preload

    def end(self) -> None:
        """At once, if it has not ended."""
        self.connection.close()
        self.process.kill()  # nothing, where it was waited for
        self.process.wait()


def preload_of(study: Study, script_folder: str, cwd: str) -> r.Preload:
    """What is imported for the trials of a session."""
    objective = study.objective
    script = None if objective.script is None else str(Path(script_folder, objective.script))
    modules = tuple(objective.preload) if script else ()
    function = objective.function if script else None
    return r.Preload(modules, script, objective.shared, cwd, dict(objective.env), function)


def folders(facts: Mapping[str, Any], folder: SessionFolder) -> tuple[str, str]:
    """What a relative script is relative to, and where trials run. facts: the session's."""
    script_folder = str(facts.get("script_folder") or folder.path)
    return script_folder, str(facts.get("cwd") or script_folder)
