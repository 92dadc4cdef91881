"""Where a single scheduler's limit lies: a simulated cluster through the real decisions and the real database.

    python -m bench.cluster_scale [--workers 1000] [--trials 100000] [--seconds 60]

Trials last `--seconds` on average and report once a second. Time is simulated in looks of 0.1 s, as the scheduler looks
at spools; `take`, `plan` and `write` are its own. Not in it: the sampler, Ray, reading spools.
"""

from __future__ import annotations

import argparse
import heapq
import random
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from hptui.core.devices.inventory import Place
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.loop import Batch, take, write
from hptui.core.scheduler.plan import plan
from hptui.core.scheduler.state import Rules, SchedulerState, Server
from hptui.core.store.create import create_session
from hptui.core.store.rows import ReportRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder
from hptui.core.study.trial import Process
from hptui.core.wire.spool import End

LOOK_S, REPORT_EVERY_S = 0.1, 1.0
STUDY = '[objective]\nscript = "train.py"\n[space]\nx = { type = "float", low = 0.0, high = 1.0 }\n'


class Simulated:
    """Workers that train for a while, and a scheduler whose hands are these."""

    def __init__(self, workers: int, trials: int, seconds: float, store: Writer) -> None:
        places = tuple(Place(f"cpu@node{i // 8}", i) for i in range(workers))
        self.state = replace(
            SchedulerState(Rules(n_trials=trials), places, workers, opened_at=0.0), server=Server("ready")
        )
        self.store, self.seconds = store, seconds
        self.chance = random.Random(1)
        self.due: list[tuple[float, int, int, int]] = []  # when, count, trial, step (-1: it ends)
        self.count = self.decisions = self.looks = self.reports = 0
        self.deciding_s = self.writing_s = self.simulated_s = 0.0

    def run(self) -> None:
        now, hurry = 0.0, False
        pending: list[e.Event] = []
        while not self.state.finished:
            now += 0.0 if hurry else LOOK_S
            batch = Batch()
            events = [*pending, *self.happened(now, batch), e.Tick(now)]
            began = time.process_time()
            for event in events:
                self.state = take(self.state, event, batch)
            actions = plan(self.state)
            for action in actions:
                for event in action.intents:
                    self.state = take(self.state, event, batch)
            self.deciding_s += time.process_time() - began
            self.decisions += len(actions)
            self.looks += 1
            if batch:
                began = time.process_time()
                with self.store.transaction():
                    write(self.store, batch)
                self.writing_s += time.process_time() - began
            pending = [event for action in actions for event in self.perform(action, now)]
            hurry = bool(actions)
        self.simulated_s = now

    def happened(self, now: float, batch: Batch) -> list[e.Event]:
        found: list[e.Event] = []
        while self.due and self.due[0][0] <= now:
            _, _, number, step = heapq.heappop(self.due)
            if step < 0:
                found.append(e.Exited(now, number, End(now, "complete", 1.0 / (number + 1))))
                continue
            self.reports += 1
            batch.seen.reports.append((number, [ReportRow(number, "value", step, 1.0 / (step + 1))], step))
            found.append(e.Reported(now, number, step, 1.0 / (step + 1), 1.0 / (step + 1)))
        return found

    def at(self, when: float, number: int, step: int) -> None:
        self.count += 1
        heapq.heappush(self.due, (when, self.count, number, step))

    def perform(self, action: a.Action, now: float) -> list[e.Event]:
        match action:
            case a.AskThinker(number=number):
                x = self.chance.random()
                return [e.Proposed(now, number, {"x": x}, (x,), "random draw", "sampler", number)]
            case a.Launch(number=number):
                lasts = self.chance.uniform(0.5, 1.5) * self.seconds
                for step in range(int(lasts / REPORT_EVERY_S)):
                    self.at(now + (step + 1) * REPORT_EVERY_S, number, step)
                self.at(now + lasts, number, -1)
                return [e.Started(now, number, Process(number + 2, 1))]
        return []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = SessionFolder(Path(temporary, "s"))
        create_session(folder, STUDY, {"name": "s", "direction": "minimize", "metric": "value"})
        store = Writer(folder)
        simulated = Simulated(asked.workers, asked.trials, asked.seconds, store)
        simulated.run()
        store.close()
        size = folder.database.stat().st_size
    busy = simulated.deciding_s + simulated.writing_s
    print("| workers | trials | simulated | looks | decisions | CPU deciding | CPU writing | busy | database |")
    print("|---|---|---|---|---|---|---|---|---|")
    print(
        f"| {asked.workers:,} | {asked.trials:,} of {asked.seconds:g} s | {simulated.simulated_s / 60:.0f} min "
        f"| {simulated.looks:,} | {simulated.decisions:,} | {simulated.deciding_s:.0f} s "
        f"({simulated.decisions / simulated.deciding_s:,.0f}/s) | {simulated.writing_s:.0f} s "
        f"({simulated.reports:,} reports) | {100 * busy / simulated.simulated_s:.0f} % | {size / 2**20:.0f} MiB |"
    )


if __name__ == "__main__":
    main()
