"""How the screen feels with 10,000 trials on it while eight of them run: keys, a thin link, rest, a day of load.

Through a real pty, as a user has it. `python -m bench.speed felt rest day`.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from bench.speed.large import rss_mib
from bench.speed.running import Bench, home_is, hptui, rows, wait
from bench.speed.table import Result, spread
from bench.terminal.ptydrive import Terminal, Window, cpu_of
from hptui.core.store.create import create_session
from hptui.core.store.mailbox import post
from hptui.core.store.rows import CommandRow, EventRow, ReportRow, TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.commands import Wish
from hptui.core.study.session import SessionFolder
from hptui.core.wire.lock import SessionLock

TRIALS, RUNNING, STEPS = 10_000, 8, 40
KEYS = 40
THIN = 64_000  # bytes a second
REST_S = 60.0
DAY_TRIALS = 2880  # eight at a time, four minutes each, for a day
DAY_REPORTS = 240  # of each trial, one a second
SPACE = {"lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True}, "width": {"type": "int", "low": 8, "high": 64}}


def felt(bench: Bench) -> list[Result]:
    """From a key to the line that it moves the cursor to, with two reports of each running trial a second."""
    folder = fill_live(bench, "felt")
    results = []
    for name, limit, aim in (("fast line", None, 10.0), (f"{THIN // 1000} kB/s", THIN, 100.0)):
        with home_is(bench.home), loaded(folder), Terminal(hptui("attach", "felt"), 160, 45) as terminal:
            line = Line(terminal, limit)
            line.pump(8.0)
            waits, size = line.keys(), len(terminal.data)
            begun = time.perf_counter()
            line.pump(10.0)
            rate = (len(terminal.data) - size) / (time.perf_counter() - begun)
        seen = spread(waits)
        note = f"160x45, {TRIALS:,} trials, {RUNNING} running; {rate / 1000:.1f} kB/s written; {seen}"
        results.append(Result(f"key -> seen under load, {name}", "ms", seen.median, aim, note=note))
    return results


class Line:
    """A terminal that takes what a line of `limit` bytes a second lets through."""

    def __init__(self, terminal: Terminal, limit: int | None) -> None:
        self.terminal, self.limit, self.allowed, self.at = terminal, limit, 0.0, time.perf_counter()

    def take(self) -> None:
        if self.limit is None:
            self.terminal.take(0.001)
            return
        now = time.perf_counter()
        self.allowed = min(self.allowed + (now - self.at) * self.limit, 0.05 * self.limit)
        self.at = now
        if self.allowed >= 64:
            self.allowed -= len(self.terminal.take(0.001, int(self.allowed)))
        else:
            time.sleep(0.001)

    def pump(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self.take()

    def keys(self) -> list[float]:
        """ms until the line of the next trial below is painted; those below the running ones change by nothing else."""
        for _ in range(RUNNING + 2):
            self.terminal.send(b"j")
            self.pump(0.1)
        waits = []
        for n in range(KEYS):
            self.pump(0.37)
            down = n % 2 == 0
            expected = str(TRIALS - 1 - RUNNING - 2 - (1 if down else 0)).encode()
            size, begun = len(self.terminal.data), time.perf_counter()
            self.terminal.send(b"j" if down else b"k")
            while expected not in self.terminal.data[size:] and time.perf_counter() - begun < 10.0:
                self.take()
            waits.append((time.perf_counter() - begun) * 1e3)
        return waits


def rest(bench: Bench) -> list[Result]:
    """A minute in which nothing happens: of a session that has ended, and of one that lives, all of it paused."""
    fill_live(bench, "felt")
    with home_is(bench.home), Terminal(hptui("review", "felt"), 160, 45) as terminal:
        ended = at_rest(terminal)
    note = f"{REST_S:g} s, {TRIALS:,} trials, 160x45"
    results = told(ended, "ended session", note)
    name = bench.create("paused", "stepping", 100)
    with bench.running(name):
        db = bench.open(name)
        wait(lambda: rows(db, "select 1 from trials where state = 'RUNNING' limit 1 offset 1"))
        post(bench.folder(name), CommandRow(Wish.PAUSE, by="bench", at=time.time()))
        wait(lambda: not rows(db, "select 1 from trials where state = 'RUNNING'"))
        scheduler = bench.scheduler(name)
        assert scheduler is not None
        with Terminal(hptui("attach", name), 160, 45) as terminal:
            terminal.pump(8.0)
            before = cpu_of(scheduler)
            living = at_rest(terminal)
            share = 100 * (cpu_of(scheduler) - before) / living.seconds
        db.close()
    note = f"{REST_S:g} s, two trials paused with their session, 160x45"
    results += told(living, "live session, paused", note)
    return [*results, Result("the scheduler of that session: CPU", "%", share, None, note=note + "; its processes too")]


def at_rest(terminal: Terminal) -> Window:
    terminal.pump(8.0)
    terminal.quiet(2.0, 20.0)
    return terminal.window(REST_S)


def told(window: Window, what: str, note: str) -> list[Result]:
    share = 100 * window.cpu_s / window.seconds
    return [
        Result(f"screen at rest, {what}: bytes written", "B/s", window.bytes_per_s, 0.0, note=note),
        Result(f"screen at rest, {what}: CPU", "%", share, 0.3, note=note),
    ]


def day(bench: Bench) -> list[Result]:
    """A day of eight running trials in as many minutes as the machine needs: memory at a quarter and at the end."""
    folder = fill_live(bench, "day", trials=RUNNING)
    used: list[float] = []
    with home_is(bench.home), holding(folder), Terminal(hptui("attach", "day"), 160, 45) as terminal:
        terminal.pump(6.0)
        writer = Writer(folder)
        for number in range(RUNNING, DAY_TRIALS):
            with writer.transaction():
                a_trial(writer, number)
            terminal.pump(0.02)
            if number % (DAY_TRIALS // 8) == 0:
                terminal.pump(2.0)
                used.append(rss_mib(terminal))
        writer.close()
        terminal.pump(3.0)
        used.append(rss_mib(terminal))
    grown = used[-1] - used[1]
    told = " ".join(f"{one:.0f}" for one in used)
    note = f"{DAY_TRIALS:,} trials of {DAY_REPORTS} reports; MiB at each eighth of the day: {told}"
    return [Result("a day of load: memory grown after its first quarter", "MiB", grown, 10.0, note=note)]


def a_trial(writer: Writer, number: int) -> None:
    """One ends with all its reports, and another one begins."""
    at = 1e9 + 30.0 * number
    ended = row(number - RUNNING, "COMPLETE", at)
    reports = [ReportRow(ended.number, "value", step, 1.0 / (1 + step)) for step in range(DAY_REPORTS)]
    writer.save_reports(ended.number, reports, 64 * len(reports))
    writer.save_trial(replace(ended, step=DAY_REPORTS - 1))
    writer.append(EventRow(at, "ended", ended.number, "complete: 0.004", {"state": "COMPLETE"}))
    writer.append(EventRow(at, "started", number, "forked"))
    writer.save_trial(row(number, "RUNNING", at))


def fill_live(bench: Bench, name: str, trials: int = TRIALS) -> SessionFolder:
    """A session that goes on: all trials ended but the last eight."""
    folder = bench.folder(name)
    if folder.path.exists():
        return folder
    budget = {"n_trials": 10 * TRIALS, "max_steps": DAY_REPORTS, "slots": RUNNING}
    facts = {"name": name, "direction": "minimize", "metric": "value", "created_at": 1e9, **budget}
    create_session(folder, bench.study_text(name, "null", 10 * TRIALS), facts)
    writer = Writer(folder)
    with writer.transaction():
        writer.save_parameters(SPACE)
        for number in range(trials):
            one = row(number, "RUNNING" if number >= trials - RUNNING else "COMPLETE", 1e9 + number)
            writer.save_trial(one)
            reports = [ReportRow(number, "value", step, 1.0 / (1 + step)) for step in range(STEPS)]
            writer.save_reports(number, reports, 64 * STEPS)
            if one.state == "COMPLETE":
                writer.append(EventRow(1e9 + number, "ended", number, f"complete: {one.value}", {"state": "COMPLETE"}))
    writer.close()
    return folder


def row(number: int, state: str, at: float) -> TrialRow:
    draw = random.Random(number)
    params = {"lr": 10 ** draw.uniform(-5, -1), "width": draw.randrange(8, 65)}
    ended = at + 60.0 if state == "COMPLETE" else None
    return TrialRow(
        number, state, params, value=draw.random(), best=0.1, step=STEPS - 1, device="cpu", slot=number % RUNNING,
        created_at=at, started_at=at, ended_at=ended, proposal="random draw",
    )  # fmt: skip


@contextlib.contextmanager
def holding(folder: SessionFolder) -> Iterator[None]:
    """The session's lock, so that it looks alive."""
    lock = SessionLock.take(folder.lock)
    assert lock is not None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def loaded(folder: SessionFolder) -> Iterator[None]:
    """Each running trial reports twice a second."""
    stop = threading.Event()

    def write() -> None:
        writer, step = Writer(folder), STEPS
        while not stop.wait(0.5):
            step += 1
            with writer.transaction():
                for number in range(TRIALS - RUNNING, TRIALS):
                    value = 0.1 + random.random()
                    writer.save_reports(number, [ReportRow(number, "value", step, value)], 64 * step)
                    writer.save_trial(replace(row(number, "RUNNING", 1e9 + number), value=value, step=step))
                if step % 4 == 0:
                    writer.append(EventRow(time.time(), "judged", TRIALS - 1, f"best 0.1 at step {step}: goes on"))
        writer.close()

    thread = threading.Thread(target=write)
    with holding(folder):
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
