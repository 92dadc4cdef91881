"""Where a single scheduler's limit lies: a simulated cluster through the real loop and the real database.

    python -m bench.cluster_scale [--workers 1000] [--trials 100000] [--seconds 60] [--report-every 20]
                                  [--begin-at N] [--keep FOLDER]

`scheduler.loop.run` is its own, with all that it plans, counts and writes; only what it sees and what its hands do is
simulated, in looks of 0.1 s. A row for every stretch of trials, so that what grows with their number shows. Not in it:
the sampler, the pruner, Ray, reading spools (`python -m bench.cluster_parts` has these), the screen. `--keep` leaves
the session there, for `hptui review`. `--begin-at` has the first N trials written at once, as if they had ended.
"""

from __future__ import annotations

import argparse
import contextlib
import heapq
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hptui.core.devices.inventory import Place
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.ears import Seen
from hptui.core.scheduler.loop import run
from hptui.core.scheduler.state import Rules, SchedulerState, Server, Tally
from hptui.core.scheduler.world import World
from hptui.core.space.space import Space
from hptui.core.store.create import create_session
from hptui.core.store.rows import ReportRow, TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder
from hptui.core.study.trial import Process
from hptui.core.wire.spool import End

LOOK_S, EPOCH = 0.1, 1_750_000_000.0
STRETCHES = (1_000, 3_000, 10_000, 30_000, 60_000, 100_000)
HEAD = (
    "trials ended", "simulated", "deciding, a look", "decisions", "writing, a look", "reports", "busy", "memory",
    "database",
)  # fmt: skip
SPACE = {
    "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
    "width": {"type": "int", "low": 16, "high": 512},
    "dropout": {"type": "float", "low": 0.0, "high": 0.7},
    "optimizer": {"type": "categorical", "choices": ["sgd", "adam", "adamw"]},
}
STUDY = (
    '[objective]\nscript = "train.py"\n[space]\n'
    + """\
lr = { type = "float", low = 1e-5, high = 0.1, log = true }
width = { type = "int", low = 16, high = 512 }
dropout = { type = "float", low = 0.0, high = 0.7 }
optimizer = { type = "categorical", choices = ["sgd", "adam", "adamw"] }
"""
)


class Timed:
    """CPU of what is done again and again, from every sixteenth time: asking for it costs, too."""

    def __init__(self) -> None:
        self.count, self.cpu_s = 0, 0.0

    @contextlib.contextmanager
    def once(self) -> Iterator[None]:
        self.count += 1
        if self.count % 16:
            yield
            return
        began = time.process_time()
        yield
        self.cpu_s += 16 * (time.process_time() - began)


class TimedWriter(Writer):
    """Knows how much CPU its transactions took."""

    timed = Timed()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        with contextlib.nullcontext() if self._depth else self.timed.once(), super().transaction():
            yield


class Simulated(World):
    """Workers that train for a while, each trial a curve of its own."""

    def __init__(self, asked: argparse.Namespace, store: TimedWriter) -> None:
        self.store, self.seconds, self.every = store, asked.seconds, asked.report_every
        self.gear: Any = SimpleNamespace(clock=self, disk=None)  # what the loop asks for
        self.metric = "value"
        self.chance, self.space = random.Random(1), Space.parse(SPACE)
        self.due: list[tuple[float, int, int, int]] = []  # when, count, trial, step (-1: it ends)
        self.at_s, self.count, self.looks, self.decisions, self.reports, self.ended = EPOCH, 0, 0, 0, 0, 0
        self.seeing, self.doing = Timed(), Timed()  # the simulation itself
        self.stretch = (0, EPOCH, 0.0, 0.0, 0, 0, 0)

    def now(self) -> float:
        return self.at_s

    def observe(self, hurry: bool) -> Seen:
        with self.seeing.once():
            seen = self.seen(hurry)
        if any(self.stretch[0] < mark <= self.ended for mark in STRETCHES):
            self.tell()
        return seen

    def seen(self, hurry: bool) -> Seen:
        self.at_s += 0.0 if hurry else LOOK_S
        self.looks += 1
        seen = Seen()
        while self.due and self.due[0][0] <= self.at_s:
            _, _, number, step = heapq.heappop(self.due)
            floor = self.floor(number)
            if step < 0:
                self.ended += 1
                seen.events.append(e.Exited(self.at_s, number, End(self.at_s, "complete", floor)))
                continue
            self.reports += 1
            value = floor + 1.0 / (step + 1)
            seen.reports.append((number, [ReportRow(number, self.metric, step, value)], step))
            seen.events.append(e.Reported(self.at_s, number, step, value, value))
        seen.events.append(e.Tick(self.at_s))
        return seen

    def perform(self, action: a.Action, state: SchedulerState) -> list[e.Event]:
        self.decisions += 1
        with self.doing.once():
            return list(self.done(action))

    def done(self, action: a.Action) -> Iterator[e.Event]:
        at = self.at_s
        match action:
            case a.AskThinker(number=number):
                x = tuple(self.chance.random() for _ in range(self.space.dim))
                params = self.space.values(x)  # type: ignore[arg-type]  # any sequence of numbers does
                yield e.Proposed(at, number, params, x, "random draw", "sampler", number)
            case a.Launch(number=number):
                lasts = self.chance.uniform(0.5, 1.5) * self.seconds
                for step in range(int(lasts / self.every)):
                    self.later(at + (step + 1) * self.every, number, step)
                self.later(at + lasts, number, -1)
                yield e.Started(at, number, Process(number + 2, 1))

    def later(self, when: float, number: int, step: int) -> None:
        self.count += 1
        heapq.heappush(self.due, (when, self.count, number, step))

    def fill(self, count: int) -> None:
        """So many trials that have ended."""
        for first in range(0, count, 1000):
            with self.store.transaction():
                for number in range(first, min(first + 1000, count)):
                    x = tuple(self.chance.random() for _ in range(self.space.dim))
                    params = self.space.values(x)  # type: ignore[arg-type]
                    value = self.floor(number)
                    rows = [ReportRow(number, self.metric, step, value + 1 / (step + 1)) for step in range(3)]
                    self.store.save_reports(number, rows, 3)
                    self.store.save_trial(
                        TrialRow(number, "COMPLETE", params, x, value=value, best=value, step=2, created_at=EPOCH)
                    )

    def floor(self, number: int) -> float:
        return (number * 2_654_435_761 % 1000) / 1000

    def tell(self) -> None:
        """A row for the stretch that ends here."""
        cpu = time.process_time() - self.seeing.cpu_s - self.doing.cpu_s
        writing = self.store.timed.cpu_s
        now = (self.ended, self.at_s, cpu, writing, self.looks, self.decisions, self.reports)
        _, simulated, busy, wrote, looks, decisions, reports = (x - y for x, y in zip(now, self.stretch, strict=True))
        size = sum(path.stat().st_size for path in self.store.folder.path.glob("session.db*"))
        print(
            f"| {self.ended:,} | {simulated / 60:.1f} min | {1e3 * (busy - wrote) / looks:.2f} ms "
            f"| {decisions / (busy - wrote):,.0f}/s | {1e3 * wrote / looks:.2f} ms | {reports / simulated:,.0f}/s "
            f"| {100 * busy / simulated:.0f} % | {memory_bytes() / 2**20:.0f} MiB | {size / 2**20:.0f} MiB |",
            flush=True,
        )
        self.stretch = now


def memory_bytes() -> int:
    """Resident memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--report-every", type=float, default=20.0)
    parser.add_argument("--begin-at", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = SessionFolder(Path(temporary, "s"))
        facts = {"name": "s", "direction": "minimize", "metric": "value", "n_trials": asked.trials}
        create_session(folder, STUDY, facts)
        store = TimedWriter(folder)
        store.save_parameters(SPACE)
        places = tuple(Place(f"cpu@node{i // 8}", i) for i in range(asked.workers))
        state = SchedulerState(Rules(n_trials=asked.trials), places, asked.workers, opened_at=EPOCH)
        world = Simulated(asked, store)
        began = time.process_time()
        if first := asked.begin_at:
            world.fill(first)
            tally = Tally(complete=first, best=(0.0, 0), course=(0.0,))
            state = replace(state, next_number=first, counted=first, tally=tally)
            world.ended, began = first, time.process_time()
        world.stretch = (world.ended, EPOCH, began - world.seeing.cpu_s, store.timed.cpu_s, 0, 0, 0)
        print(f"{asked.workers:,} workers, trials of {asked.seconds:g} s, a report every {asked.report_every:g} s\n")
        print("| " + " | ".join(HEAD) + " |\n" + "|---" * len(HEAD) + "|")
        run(replace(state, server=Server("ready")), world, store, [])
        if world.ended > world.stretch[0]:
            world.tell()
        store.close()
        if asked.keep:
            shutil.copytree(folder.path, asked.keep)


if __name__ == "__main__":
    main()
