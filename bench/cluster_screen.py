"""What a screen sends over SSH while a thousand workers are busy: `python -m bench.cluster_screen [--trials 100000]`.

A session of so many ended trials, which a simulated cluster (`bench.cluster_scale`) goes on with in real time, through
the scheduler's own loop, under its lock; `hptui attach` in a real pty at two sizes, all panes, nobody pressing keys.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench.cluster_scale import SPACE, Simulated, TimedWriter
from bench.speed.large import fill_large, rss_mib
from bench.speed.running import Bench, home_is, hptui
from bench.terminal.ptydrive import Terminal
from hptui.core.devices.inventory import Place
from hptui.core.scheduler.ears import Seen
from hptui.core.scheduler.loop import run
from hptui.core.scheduler.state import Rules, SchedulerState, Server
from hptui.core.study.session import SessionFolder
from hptui.core.wire.lock import SessionLock

SIZES, BUDGETS = ((80, 24), (160, 45)), (3_000, 20_000)  # bytes/s
SETTLES_S, WATCHED_S = 20.0, 30.0


class InRealTime(Simulated):
    def seen(self, hurry: bool) -> Seen:
        seen = super().seen(hurry)
        time.sleep(max(0.0, self.at_s - time.time()))
        return seen

    def tell(self) -> None:
        """No table here."""


def go_on(folder: SessionFolder, first: int, workers: int) -> None:
    """Schedule the session until this process is ended."""
    lock = SessionLock.take(folder.path / "lock")
    assert lock is not None
    store = TimedWriter(folder)
    store.set_fact("finished", None)
    store.save_parameters(SPACE)
    asked = argparse.Namespace(seconds=60.0, report_every=10.0)
    world = InRealTime(asked, store)
    world.at_s, world.metric = time.time(), "loss"
    places = tuple(Place(f"cpu@node{i // 8}", i) for i in range(workers))
    state = SchedulerState(Rules(), places, workers, opened_at=world.at_s, next_number=first, counted=first)
    lock.announce()
    run(replace(state, server=Server("ready")), world, store, [])


def reports(folder: SessionFolder) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{folder.database}?mode=ro", uri=True)) as db:
        return int(db.execute("select count(*) from metrics").fetchone()[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--go-on", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.go_on:
        go_on(SessionFolder(asked.go_on), asked.trials, asked.workers)
        return
    print(
        "| terminal | reports/s that came | bytes/s | budget | CPU of the screen | memory |\n|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as temporary:
        bench = Bench(Path(temporary))
        fill_large(bench.folder("large"), asked.trials, 3)
        command = [sys.executable, "-m", "bench.cluster_screen", "--go-on", str(bench.folder("large").path)]
        command += ["--trials", str(asked.trials), "--workers", str(asked.workers)]
        scheduler = subprocess.Popen(command)
        try:
            time.sleep(SETTLES_S)
            for (columns, rows), budget in zip(SIZES, BUDGETS, strict=True):
                with home_is(bench.home), Terminal(hptui("attach", "large"), columns, rows) as terminal:
                    terminal.pump(SETTLES_S)
                    before = reports(bench.folder("large"))
                    seen = terminal.window(WATCHED_S)
                    came = (reports(bench.folder("large")) - before) / seen.seconds
                    print(
                        f"| {columns}x{rows} | {came:,.0f} | {seen.bytes_per_s:,.0f} | {budget:,} "
                        f"| {100 * seen.cpu_s / seen.seconds:.0f} % | {rss_mib(terminal):.0f} MiB |",
                        flush=True,
                    )
        finally:
            scheduler.kill()
            scheduler.wait()


if __name__ == "__main__":
    main()
