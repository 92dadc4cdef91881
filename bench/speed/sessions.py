"""What real sessions need: to start a trial, to give a verdict, to stop a trial, to take in metric rows."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from statistics import mean

from bench.speed import peers
from bench.speed.objectives import JUDGED_STEPS
from bench.speed.running import Bench, attrs, hptui, rows, wait
from bench.speed.table import Result, number, spread
from bench.terminal.ptydrive import Terminal
from hptui.core.search.pruners.thaw import Thaw
from hptui.core.store.mailbox import post
from hptui.core.store.rows import CommandRow
from hptui.core.study.commands import Wish

NULL_TRIALS, BRIEF_TRIALS, JUDGED_TRIALS, PAUSES = 200, 60, 4, 20
MIB = 2**20
MILESTONES = Thaw(JUDGED_STEPS).milestones().steps


def starts(bench: Bench) -> list[Result]:
    """From the end of one trial (the ledger's, and its own last line) to the first line of the next on its slot."""
    db = bench.run(bench.create("starts", "brief", BRIEF_TRIALS))
    trials, freed_at = attrs(db), dict(rows(db, "select trial, at from events where kind = 'ended'"))
    by_slot = defaultdict(list)
    for trial in sorted(trials, key=lambda trial: trial["first_line"]):
        by_slot[trial["slot"]].append(trial)
    pairs = [pair for queue in by_slot.values() for pair in pairwise(queue)]
    whole = spread([(after["first_line"] - before["last_line"]) * 1e3 for before, after in pairs])
    freed = spread([(after["first_line"] - freed_at[before["number"]]) * 1e3 for before, after in pairs])
    return [
        Result("slot free -> user's first line", "ms", freed.median, 15.0, note=f"torch loaded; {freed}"),
        Result(
            "last line -> next trial's first", "ms", whole.median, None, note=f"its process's end included; {whole}"
        ),
    ]


def null_trials(bench: Bench) -> list[Result]:
    """Ours and the peer's in turns: on a busy machine both see the same."""
    rates, theirs, cpu_ms = [], [], []
    for turn in range(2):
        rate, cpu = null_session(bench, f"null-{turn}")
        rates.append(rate)
        cpu_ms.append(cpu)
        theirs.append(peers.optuna_trials_per_second(bench.home, turn))
    known = [rate for rate in theirs if rate is not None]
    note = (
        f"a process per trial, torch loaded; {' and '.join(number(rate) for rate in rates)} in two turns of "
        f"{NULL_TRIALS}; scheduler CPU {mean(cpu_ms):.1f} ms a trial; the peer starts no process per trial"
    )
    results = [
        Result(
            "null trials on 2 slots", "/s", mean(rates), 60.0, more=True, peer="Optuna, SQLite file, 2 processes",
            peer_value=mean(known) if known else None, note=note,
        )
    ]  # fmt: skip
    ray = peers.ray_trials_per_second()
    if ray is not None:
        results.append(Result("null trials on 2 slots", "/s", mean(rates), None, True, "Ray Tune", ray))
    return results


def null_session(bench: Bench, name: str) -> tuple[float, float]:
    """Trials a second, from the first trial's start to the last one's end, and the scheduler's CPU ms per trial."""
    cpu_s = 0.0
    with bench.running(bench.create(name, "null", NULL_TRIALS)):
        while (pid := bench.scheduler(name)) is not None:
            cpu_s = max(cpu_s, cpu_of(pid))
            time.sleep(0.05)
    with contextlib.closing(bench.open(name)) as db:
        trials = attrs(db)
    if len(trials) != NULL_TRIALS:
        raise RuntimeError(f"{len(trials)} of {NULL_TRIALS} trials completed")
    seconds = max(t["ended_at"] for t in trials) - min(t["started_at"] for t in trials)
    return NULL_TRIALS / seconds, cpu_s * 1e3 / NULL_TRIALS


def cpu_of(pid: int) -> float:
    """User and system seconds of one process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def verdicts(bench: Bench) -> list[Result]:
    """With the median rule, which lets a trial go on at once; with `auto`, which holds it, and continues it."""
    name = bench.create("verdicts", "judged", JUDGED_TRIALS, "median", "n_startup_trials = 1\nn_warmup_steps = 0")
    waits = spread([seconds * 1e3 for trial in attrs(bench.run(name)) for seconds in trial["waits"]])
    note = f"median pruner, 2 trials; {waits}"
    results = [Result("report at a milestone, with its verdict", "ms", waits.median, 5.0, note=note)]
    name = bench.create("held", "judged", 2, "auto", max_steps=JUDGED_STEPS)
    held = spread([trial["waits"][step] * 1e3 for trial in attrs(bench.run(name)) for step in MILESTONES[1:]])
    note = f"auto, 2 trials on 2 slots: frozen and woken each time; {held}"
    return [*results, Result("report at a milestone, held and continued", "ms", held.median, None, note=note)]


def pauses(bench: Bench) -> list[Result]:
    """From the row in `commands` to the trial's process stopped (T); the trial makes sixty steps a second."""
    with bench.running(bench.create("pauses", "stepping", 2)):
        pid = wait(lambda: running_pid(bench, "pauses", 0))
        waits = []
        for _ in range(PAUSES):
            waits.append(pause_once(bench, "pauses", pid))
            resume(bench, "pauses", 0)
            wait(lambda: process_state(pid) != "T" and running_pid(bench, "pauses", 0))
            time.sleep(0.1)
    seen = spread(waits)
    return [Result("command -> trial stopped", "ms", seen.median, 60.0, note=f"60 steps/s; {seen}")]


def pause_once(bench: Bench, name: str, pid: int) -> float:
    begun = time.perf_counter()
    post(bench.folder(name), CommandRow(Wish.PAUSE, 0, by="bench", at=time.time()))
    wait(lambda: process_state(pid) == "T", 30.0, nap_s=0.0005)
    return (time.perf_counter() - begun) * 1e3


def resume(bench: Bench, name: str, number: int) -> None:
    post(bench.folder(name), CommandRow(Wish.RESUME, number, by="bench", at=time.time()))


def running_pid(bench: Bench, name: str, number: int) -> int | None:
    """The pid of a trial that is RUNNING and has reported; None before that."""
    sql = "select pid from trials where number = ? and state = 'RUNNING' and step is not null"
    with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(bench.open(name)) as db:
        found = rows(db, sql, number)
        return int(found[0][0]) if found and found[0][0] else None
    return None


def process_state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return ""


def metric_rows(bench: Bench) -> list[Result]:
    """Two trials report 30,000 rows a second between them, with a screen open; the scheduler's memory meanwhile."""
    memory: list[tuple[float, float, bool]] = []
    name = bench.create("rows", "load", 2)
    with bench.running(name), Terminal(hptui("attach", name), columns=160, rows=45) as terminal:
        wait(lambda: running_pid(bench, name, 0))
        deadline = time.monotonic() + 90
        while (pid := bench.scheduler(name)) is not None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                memory.append(memory_of(pid))
            terminal.pump(0.5)
        drawn, alive = len(terminal.data), terminal.gone(0.0) is None
    with contextlib.closing(bench.open(name)) as db:
        count = rows(db, "select count(*) from metrics")[0][0]
        trials = attrs(db)
    first = min(t["started_at"] for t in trials)
    written = max(t["ended_at"] for t in trials)
    offered = max(t["last_line"] for t in trials)
    rss, pss, torch = (max(column) for column in zip(*memory, strict=True))
    shown = f"with a screen open ({drawn / 1024:.0f} KiB drawn)" if alive else "the screen ENDED meanwhile"
    late = f"{count:,} offered in {offered - first:.1f} s, all in the database {written - offered:.2f} s later"
    seen = f"largest of the run above; PSS {pss:.0f} MiB; torch {'IS' if torch else 'not'} loaded"
    return [
        Result("metric rows taken in", "/s", count / (written - first), 20_000, more=True, note=f"{shown}; {late}"),
        Result("the scheduler's memory (RSS)", "MiB", rss, 80.0, note=seen),
    ]


def memory_of(pid: int) -> tuple[float, float, bool]:
    """(RSS, PSS) in MiB, and whether torch is mapped."""
    kib = {
        fields[0]: int(fields[1])
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        if len(fields := line.split()) > 1
    }
    torch = "libtorch" in Path(f"/proc/{pid}/maps").read_text()
    return kib["Rss:"] * 1024 / MIB, kib["Pss:"] * 1024 / MIB, torch
