"""The README's tour in a real tmux, at both sizes: what is pressed there, seen on the screen and in the session."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time

import pytest
from cli_scripts import SLOW

from hptui.core.wire.lock import scheduler_of

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Tmux:
    """One window; its shell is the user's."""

    def __init__(self, user, columns: int, lines: int) -> None:
        self.user = user
        self.run = ["tmux", "-L", f"hptui-{os.getpid()}-{columns}", "-f", "/dev/null"]
        size = ("-x", str(columns), "-y", str(lines))
        self.tell("new-session", "-d", *size, "-c", str(user.folder), "env", "PS1=$ ", "sh")

    def tell(self, *words: str) -> str:
        done = subprocess.run([*self.run, *words], env=self.user.env, capture_output=True, text=True, check=True)
        return done.stdout

    def hptui(self, *args: str) -> None:
        """Typed once the shell reads again: what is typed while a screen closes is the screen's."""
        deadline = time.monotonic() + 40
        while self.tell("display-message", "-p", "#{pane_current_command}").strip() != "sh":
            assert time.monotonic() < deadline, self.tell("capture-pane", "-p")
            time.sleep(0.05)
        self.tell("send-keys", "-l", "clear; " + shlex.join([sys.executable, "-m", "hptui", *args]))
        self.press("Enter")

    def press(self, *keys: str) -> None:
        self.tell("send-keys", *keys)

    def type(self, text: str) -> None:
        self.tell("send-keys", "-l", text)
        self.press("Enter")

    def sees(self, *texts: str, timeout: float = 40) -> None:
        deadline = time.monotonic() + timeout
        while any(text not in (screen := self.tell("capture-pane", "-p")) for text in texts):
            assert time.monotonic() < deadline, f"{texts} not on the screen:\n{screen}"
            time.sleep(0.1)

    def close(self) -> None:
        subprocess.run([*self.run, "kill-server"], capture_output=True)


@pytest.fixture
def window(user):
    opened = []

    def start(columns: int, lines: int) -> Tmux:
        opened.append(Tmux(user, columns, lines))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (160, 45)])
def test_the_tour(user, window, columns, lines):
    tmux = window(columns, lines)
    user.study(script=SLOW, n_trials=2)

    # watch one
    tmux.hptui("run", "study.toml")
    tmux.sees("study", "live", "▸ run")
    user.running(n=2)

    # take part
    tmux.type(":goto 0")
    tmux.sees("> •     0")
    tmux.press("Space")
    user.wait_until(lambda: user.rows()[0].state == "PAUSED")
    tmux.sees("paused")
    tmux.press("Space")
    user.wait_until(lambda: user.rows()[0].state == "RUNNING")
    tmux.press("t")
    tmux.sees("tags and note of trial 0")
    tmux.type("odd")
    tmux.sees("> •")  # the form has gone
    user.wait_until(lambda: "odd" in str(user.rows()[0].attrs))
    tmux.press("X")
    user.wait_until(lambda: user.rows()[0].state == "PRUNED")
    tmux.sees("pruned")
    tmux.press("Enter")
    tmux.sees("1 parameters", "sampler: auto")  # why this point
    tmux.press("Escape")
    tmux.sees("1 trials")

    # walk away
    tmux.press("q")
    tmux.sees("study goes on: hptui attach study")
    assert user.rows()[1].state == "RUNNING"
    tmux.hptui("attach", "study")
    tmux.sees("live", "pruned")
    tmux.press("K")
    tmux.sees("Kill: end")
    tmux.press("k")
    user.wait_until(lambda: not scheduler_of(user.session().lock).alive)
    tmux.press("q")
    tmux.sees("study stopped: hptui resume study")

    # use what it found
    tmux.hptui("review", "study")
    tmux.sees("review", "pruned")
    tmux.press("V")
    tmux.sees("history")
    tmux.press("Escape")
    tmux.sees("1 trials")
    tmux.press("q")
    tmux.hptui("ls")
    tmux.sees("study", "stopped")
