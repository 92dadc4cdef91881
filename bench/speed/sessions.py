"""What real sessions need: to start a trial, to give a verdict, to stop a trial, to take in metric rows."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections import defaultdict
from pathlib import Path

from bench.speed import peers
from bench.speed.running import Bench, attrs, rows, wait
from bench.speed.table import Result, spread
from hptui.core.store.mailbox import post
from hptui.core.store.rows import CommandRow
from hptui.core.study.commands import Wish

NULL_TRIALS, BRIEF_TRIALS, JUDGED_TRIALS, PAUSES = 300, 60, 4, 20
MIB = 2**20


def starts(bench: Bench) -> list[Result]:
    """From the last line of one trial to the first line of the next on its slot."""
    trials = attrs(bench.run(bench.create("starts", "brief", BRIEF_TRIALS)))
    by_slot = defaultdict(list)
    for trial in sorted(trials, key=lambda trial: trial["first_line"]):
        by_slot[trial["slot"]].append(trial)
    pairs = [pair for queue in by_slot.values() for pair in zip(queue, queue[1:], strict=False)]
    whole = spread([(after["first_line"] - before["last_line"]) * 1e3 for before, after in pairs])
    freed = spread([(after["first_line"] - before["ended_at"]) * 1e3 for before, after in pairs])
    note = f"torch loaded; {whole}"
    also = "from a trial's last line to the next one's first, its process's end included"
    return [
        Result("slot free -> user's first line", "ms", freed.median, 15.0, note=f"torch loaded; {freed}"),
        Result("last line -> next trial's first line", "ms", whole.median, None, note=f"{also}; {note}"),
    ]


def null_trials(bench: Bench) -> list[Result]:
    begun = time.monotonic()
    trials = attrs(bench.run(bench.create("null", "null", NULL_TRIALS)))
    whole_s = time.monotonic() - begun
    if len(trials) != NULL_TRIALS:
        raise RuntimeError(f"{len(trials)} of {NULL_TRIALS} trials completed")
    seconds = max(t["ended_at"] for t in trials) - min(t["started_at"] for t in trials)
    rate = NULL_TRIALS / seconds
    note = f"a process per trial, torch loaded; {NULL_TRIALS} trials; the session took {whole_s:.1f} s in all, fork server included"
    results = [
        Result(
            "null trials on 2 slots", "/s", rate, 60.0, more=True, peer="Optuna, SQLite file, 2 processes",
            peer_value=peers.optuna_trials_per_second(bench.home), note=f"{note}; the peer starts no process per trial",
        )
    ]  # fmt: skip
    ray = peers.ray_trials_per_second()
    if ray is not None:
        results.append(
            Result("null trials on 2 slots", "/s", rate, None, more=True, peer="Ray Tune", peer_value=ray)
        )
    return results


def verdicts(bench: Bench) -> list[Result]:
    name = bench.create(
        "verdicts", "judged", JUDGED_TRIALS, "median", "n_startup_trials = 1\nn_warmup_steps = 0"
    )
    trials = attrs(bench.run(name))
    waits = spread([seconds * 1e3 for trial in trials for seconds in trial["waits"]])
    return [
        Result(
            "report at a milestone, with its verdict",
            "ms",
            waits.median,
            5.0,
            note=f"median pruner, 2 trials; {waits}",
        )
    ]


def pauses(bench: Bench) -> list[Result]:
    """From the row in `commands` to the trial's process stopped (T); the trial makes sixty steps a second."""
    with bench.running(bench.create("pauses", "stepping", 2)):
        pid = wait(lambda: running_pid(bench, "pauses", 0))
        waits = []
        for _ in range(PAUSES):
            waits.append(pause_once(bench, "pauses", pid))
            post(bench.folder("pauses"), CommandRow(Wish.RESUME, 0, by="bench", at=time.time()))
            wait(lambda: process_state(pid) != "T" and running_pid(bench, "pauses", 0))
            time.sleep(0.1)
    seen = spread(waits)
    return [Result("command -> trial stopped", "ms", seen.median, 60.0, note=f"60 steps/s; {seen}")]


def pause_once(bench: Bench, name: str, pid: int) -> float:
    begun = time.perf_counter()
    post(bench.folder(name), CommandRow(Wish.PAUSE, 0, by="bench", at=time.time()))
    wait(lambda: process_state(pid) == "T", 30.0, nap_s=0.0005)
    return (time.perf_counter() - begun) * 1e3


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
    """Two trials that report 30,000 rows a second between them, and the scheduler's memory meanwhile."""
    memory: list[tuple[float, float, bool]] = []
    with bench.running(bench.create("rows", "load", 2)):
        wait(lambda: running_pid(bench, "rows", 0))
        begun = time.time()
        while (pid := bench.scheduler("rows")) is not None and time.time() - begun < 90:
            with contextlib.suppress(OSError):
                memory.append(memory_of(pid))
            time.sleep(0.5)
        with contextlib.closing(bench.open("rows")) as db:
            count = rows(db, "select count(*) from metrics")[0][0]
            trials = attrs(db)
    first = min(t["started_at"] for t in trials)
    written = max(t["ended_at"] for t in trials)
    offered = max(t["last_line"] for t in trials)
    note = f"{count:,} rows offered in {offered - first:.1f} s, all in the database {written - offered:.2f} s later"
    results = [Result("metric rows taken in", "/s", count / (written - first), 20_000, more=True, note=note)]
    if memory:
        rss, pss, torch = (max(column) for column in zip(*memory, strict=True))
        seen = f"at its largest, in the run above; PSS {pss:.0f} MiB; torch {'LOADED' if torch else 'not loaded'}"
        results.append(Result("the scheduler's memory (RSS)", "MiB", rss, 80.0, note=seen))
    return results


def memory_of(pid: int) -> tuple[float, float, bool]:
    """(RSS, PSS) in MiB, and whether torch is mapped."""
    kib = {
        fields[0]: int(fields[1])
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        if len(fields := line.split()) > 1
    }
    torch = "libtorch" in Path(f"/proc/{pid}/maps").read_text()
    return kib["Rss:"] * 1024 / MIB, kib["Pss:"] * 1024 / MIB, torch
