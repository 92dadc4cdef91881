"""What a terminal sees: how soon there is something to read, and how soon a key is obeyed. Through a real pty."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from statistics import median

from bench.speed.running import Bench, home_is, hptui, wait
from bench.speed.sessions import PAUSES, process_state, resume, running_pid
from bench.speed.table import Result, spread
from bench.terminal.ptydrive import Terminal
from hptui.core.store.create import create_session
from hptui.core.store.rows import EventRow, ReportRow, TrialRow
from hptui.core.store.writer import Writer

ROUNDS, MANY, FEW = 5, 10_000, 10
MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static("MINIMAL")
Minimal().run()
"""
PAUSE_KEY = b" "


def help_text(bench: Bench) -> list[Result]:
    """`hptui --help`, and Python doing nothing beside it, in turns."""
    ours, nothing = [], []
    for _ in range(2 * ROUNDS):
        ours.append(seconds(hptui("--help")))
        nothing.append(seconds([sys.executable, "-c", "pass"]))
    note = f"{spread(ours)}; `python -c pass` takes {median(nothing):.3f} s"
    return [Result("hptui --help", "s", median(ours), 0.15, note=note)]


def seconds(command: Sequence[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return time.perf_counter() - begun


def first_paint(bench: Bench) -> list[Result]:
    """From the start of the process to something to read: a session's name, a minimal Textual app's one word."""
    fill(bench, "few", FEW)
    ours, minimal = [], []
    with home_is(bench.home):
        for _ in range(ROUNDS):
            ours.append(appears(hptui("review", "few"), b"few"))
            minimal.append(appears([sys.executable, "-c", MINIMAL], b"MINIMAL"))
    note = f"aim: 1.5 x the peer; {spread(ours)}"
    peer = median(minimal)
    return [
        Result("first paint", "s", median(ours), 1.5 * peer, peer="a minimal Textual app", peer_value=peer, note=note)
    ]


def many_trials(bench: Bench) -> list[Result]:
    """From the start of the process to the newest of many trials on the screen, and to a complete screen."""
    fill(bench, "many", MANY)
    shown, complete, minimal = [], [], []
    with home_is(bench.home):
        for _ in range(ROUNDS):
            shown.append(appears(hptui("review", "many"), str(MANY - 1).encode()))
            complete.append(settles(hptui("review", "many")))
            minimal.append(appears([sys.executable, "-c", MINIMAL], b"MINIMAL"))
    note = f"from the start of the process; the screen is complete after {median(complete):.2f} s; {spread(shown)}"
    return [
        Result(f"{MANY:,} trials shown", "s", median(shown), 0.4, False, "a minimal Textual app", median(minimal), note)
    ]


def keys(bench: Bench) -> list[Result]:
    """From the key in the terminal to the trial's process stopped (T); the trial makes sixty steps a second."""
    waits = []
    name = bench.create("keys", "stepping", 2)
    with bench.running(name):
        pids = [wait(lambda n=n: running_pid(bench, name, n)) for n in (0, 1)]  # type: ignore[misc]
        with Terminal(hptui("attach", name), columns=120, rows=30) as terminal:
            terminal.quiet(0.5, 10.0)
            for _ in range(PAUSES):
                begun = time.perf_counter()
                terminal.send(PAUSE_KEY)
                stopped = stopped_by(terminal, pids, begun + 10.0)
                waits.append((time.perf_counter() - begun) * 1e3)
                resume(bench, name, pids.index(stopped))
                wait(lambda pid=stopped: process_state(pid) != "T")  # type: ignore[misc]
                terminal.pump(0.6)
    seen = spread(waits)
    return [Result("key -> trial stopped", "ms", seen.median, 60.0, note=f"60 steps/s; {seen}")]


def stopped_by(terminal: Terminal, pids: Sequence[int], deadline: float) -> int:
    while time.perf_counter() < deadline:
        terminal.take(0.0005)
        for pid in pids:
            if process_state(pid) == "T":
                return pid
    raise TimeoutError("the key stopped no trial; the screen ends with " + repr(bytes(terminal.data[-200:])))


def appears(command: Sequence[str], text: bytes) -> float:
    with Terminal(command) as terminal:
        moment = terminal.pump(10.0, until=text)
        check_alive(terminal)
        if moment is None:
            raise RuntimeError(f"never painted {text!r}; it wrote {bytes(terminal.data[-300:])!r}")
        return moment - terminal.started


def check_alive(terminal: Terminal) -> None:
    """Raises RuntimeError when the program has ended: what it drew is no screen."""
    if terminal.gone(0.0) is not None:
        raise RuntimeError(f"the screen has ended; it wrote {bytes(terminal.data[-300:])!r}")


def settles(command: Sequence[str], silence_s: float = 0.7) -> float:
    """Seconds to the last byte before a silence: the screen is complete. The session on it has ended."""
    with Terminal(command, columns=160, rows=45) as terminal:
        last = None
        while (now := time.perf_counter()) - terminal.started < 30.0:
            if terminal.take(0.01):
                last = time.perf_counter()
            elif last is not None and len(terminal.data) > 2000 and now - last > silence_s:
                check_alive(terminal)
                return last - terminal.started
        raise RuntimeError(f"the screen was never complete; it wrote {bytes(terminal.data[-300:])!r}")


def fill(bench: Bench, name: str, trials: int) -> None:
    """A session that has ended, with this many trials of twenty reports each."""
    folder = bench.folder(name)
    if folder.path.exists():
        return
    text = bench.study_text(name, "null", trials)
    finished = {"at": 2e9, "reason": "all trials are done", "ok": True, "final": True}
    facts = {"direction": "minimize", "metric": "value", "n_trials": trials, "max_steps": 20, "finished": finished}
    create_session(folder, text, {**facts, "name": name, "created_at": 1e9, "active_s": 60.0})
    draw = random.Random(0)
    writer = Writer(folder)
    writer.save_parameters({"x": {"type": "float", "low": 0.0, "high": 1.0}})
    with writer.transaction():
        for number in range(trials):
            x = draw.random()
            rows = [ReportRow(number, "value", step, x + 1 / (1 + step)) for step in range(20)]
            writer.save_reports(number, rows, 0)
            begun = 1e9 + number
            writer.save_trial(
                TrialRow(
                    number, "COMPLETE", {"x": x}, (x,), value=x + 0.05, best=x + 0.05, step=19, device="cpu", slot=0,
                    created_at=begun, started_at=begun, ended_at=begun + 60, busy_s=60.0, proposal="random draw",
                )
            )  # fmt: skip
            writer.append(EventRow(begun + 60, "ended", number, "complete"))
    writer.close()
    with contextlib.suppress(FileNotFoundError):
        os.unlink(folder.lock)
