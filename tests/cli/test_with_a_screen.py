"""`hptui run` and `attach` on a real terminal: leaving and losing it, the session goes on."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

import pytest
from cli_scripts import SLOW

from hptui.core.wire.lock import scheduler_of


class Terminal:
    """A terminal of 100 x 30 with `hptui` in it."""

    def __init__(self, user, *args: str) -> None:
        self.main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hptui", *args],
            cwd=user.folder,
            env={**user.env, "COLUMNS": "100", "LINES": "30"},
            stdin=side,
            stdout=side,
            stderr=side,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(side)
        self.seen = b""

    def read(self, seconds: float = 0.2) -> None:
        try:
            while select.select([self.main], [], [], seconds)[0]:
                if not (chunk := os.read(self.main, 65536)):
                    return
                self.seen += chunk
        except OSError:  # the other side is closed
            return

    def wait_for(self, text: str, timeout: float = 30) -> None:
        deadline = time.monotonic() + timeout
        while text.encode() not in self.seen:
            assert time.monotonic() < deadline, f"{text!r} never came: {self.seen[-2000:]!r}"
            self.read(0.1)

    def press(self, keys: str) -> None:
        os.write(self.main, keys.encode())

    def ended(self, timeout: float = 20) -> int:
        deadline = time.monotonic() + timeout
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "it did not end"
            self.read(0.05)
        self.read()
        return self.process.returncode

    def hang_up(self) -> None:
        os.close(self.main)
        self.main = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.main >= 0:
            os.close(self.main)


@pytest.fixture
def terminal(user) -> Iterator:
    opened = []

    def start(*args: str) -> Terminal:
        opened.append(Terminal(user, *args))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def test_q_leaves_the_screen_and_attach_opens_it_again(user, terminal):
    screen = terminal("run", user.study(script=SLOW, n_trials=2))
    screen.wait_for("live")
    screen.press("q")

    assert screen.ended() == 0
    assert b"study goes on: hptui attach study" in screen.seen
    pid = user.show()["scheduler"]["pid"]

    again = terminal("attach", "study")
    again.wait_for("live")
    again.press("q")

    assert again.ended() == 0
    assert user.show()["scheduler"] == {"pid": pid, "alive": True}


def test_a_closed_terminal_ends_the_screen_and_not_the_session(user, terminal):
    screen = terminal("run", user.study(script=SLOW, n_trials=2))
    screen.wait_for("run")
    user.running(n=2)
    screen.hang_up()

    screen.process.wait(timeout=10)
    assert scheduler_of(user.session().lock).alive
    assert [t["state"] for t in user.show()["trials"]] == ["RUNNING", "RUNNING"]


def test_leaving_the_screen_of_an_ended_session_prints_what_it_found(user, terminal):
    screen = terminal("run", user.study(n_trials=3))
    user.wait_until(lambda: user.session().database.exists() and user.finished())
    screen.wait_for("done")
    screen.press("q")

    assert screen.ended() == 0
    assert b"all 3 trials are done" in screen.seen
    assert b"study finished, best " in screen.seen and b": hptui best study" in screen.seen


def test_review_shows_an_ended_session_and_starts_nothing(user, terminal):
    user.hptui("run", user.study(n_trials=2))

    screen = terminal("review", "study")
    screen.wait_for("done")
    screen.press("q")

    assert screen.ended() == 0
    assert not scheduler_of(user.session().lock).alive


def test_hptui_alone_lists_sessions(user, terminal):
    user.hptui("run", user.study(n_trials=1))

    screen = terminal()
    screen.wait_for("study")
    screen.press("q")

    assert screen.ended() == 0
