"""A session of 100,000 trials and ten million reports: how soon it is seen, sorted, filtered, and in how much memory.

Through a real pty, as a user has it. `python -m bench.speed large`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from statistics import median

import numpy as np

from bench.speed.running import Bench, home_is, hptui
from bench.speed.table import Result, spread
from bench.terminal.ptydrive import Terminal
from hptui.core.store.create import create_session
from hptui.core.store.rows import EventRow, ReportRow, TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder

TRIALS, REPORTS, ROUNDS, MIB = 100_000, 100, 5, 2**20
SPACE = {
    "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
    "dropout": {"type": "float", "low": 0.0, "high": 0.6},
    "batch_size": {"type": "categorical", "choices": [16, 32, 64, 128]},
    "width": {"type": "int", "low": 8, "high": 64},
    "optimizer": {"type": "categorical", "choices": ["adam", "sgd"]},
}


def large(bench: Bench) -> list[Result]:
    fill_large(bench.folder("large"), TRIALS, REPORTS)
    shown, worked, whole, sorted_, filtered, history, memory = [], [], [], [], [], [], []
    with home_is(bench.home):
        for _ in range(ROUNDS):
            with Terminal(hptui("review", "large"), columns=160, rows=45) as terminal:
                moment = terminal.pump(30.0, until=f" {TRIALS - 1} ".encode())
                shown.append(_seen(moment) - terminal.started)
                worked.append(cpu_s(terminal.pid))
                whole.append(whole_s(terminal))
                sorted_.append(key_ms(terminal, b"lls", "▲".encode()))
                filtered.append(key_ms(terminal, b"/loss<0.4\r", b"match loss<0.4"))
                terminal.send(b"\x1b")
                history.append(key_ms(terminal, b"V", b"new best"))
                memory.append(rss_mib(terminal))
    note = f"{TRIALS:,} trials, {TRIALS * REPORTS:,} reports; {median(worked):.2f} s of CPU by then; {spread(shown)}"
    return [
        Result("large session: newest trials shown", "s", median(shown), 1.0, note=note),
        Result("large session: all trials read", "s", median(whole), None, note="until a filter finds all that match"),
        *arranged(bench.folder("large")),
        Result("large session: a column's sort seen", "ms", median(sorted_), None, note=str(spread(sorted_))),
        Result("large session: a filter typed and seen", "ms", median(filtered), None, note=str(spread(filtered))),
        Result("large session: views open", "ms", median(history), None, note=str(spread(history))),
        Result("large session: the screen's memory (RSS)", "MiB", max(memory), 250.0, note="after all of the above"),
    ]


def arranged(folder: SessionFolder) -> list[Result]:
    """What the screen does for a sort and a filter, in CPU time: waiting for other programs is not counted."""
    from hptui.core.store.reader import Reader
    from hptui.tui.arrangement import Arrangement
    from hptui.tui.filter import parse
    from hptui.tui.snapshot import Facts, Trials

    with Reader(folder) as reader:
        trials = Trials.of(reader.trials(points=False))
    sorting, filtering = [], []
    for _ in range(ROUNDS):
        shown = Arrangement.of(trials, Facts(metric="loss"))
        for took, change in ((sorting, {"sort": "value"}), (filtering, {"filter": parse("loss<0.4 lr>1e-3")})):
            begun = time.process_time()
            shown.rearranged(**change)  # type: ignore[arg-type]
            took.append((time.process_time() - begun) * 1e3)
    return [
        Result("large session: sort, CPU", "ms", median(sorting), 50.0, note=f"columns made anew; {spread(sorting)}"),
        Result("large session: filter, CPU", "ms", median(filtering), 50.0, note=f"two terms; {spread(filtering)}"),
    ]


def _seen(moment: float | None) -> float:
    if moment is None:
        raise RuntimeError("never painted")
    return moment


def key_ms(terminal: Terminal, keys: bytes, until: bytes) -> float:
    terminal.quiet(0.5, 20.0)
    begun = time.perf_counter()
    terminal.send(keys)
    return (_seen(terminal.pump(30.0, until=until)) - begun) * 1e3


def whole_s(terminal: Terminal) -> float:
    """Until the process rests: the feed has read everything."""
    used, since = -1.0, time.perf_counter()
    while time.perf_counter() - terminal.started < 60:
        terminal.pump(0.1)
        now = cpu_s(terminal.pid)
        if now - used > 0.03:
            used, since = now, time.perf_counter()
        elif time.perf_counter() - since > 1.0:
            break
    return since - terminal.started


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def rss_mib(terminal: Terminal) -> float:
    lines = Path(f"/proc/{terminal.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if "VmRSS" in line) * 1024 / MIB


def fill_large(folder: SessionFolder, trials: int, reports: int) -> None:
    """A session that has ended; a third of its trials complete, the others pruned, one in fifty failed."""
    if folder.path.exists():
        return
    text = '[objective]\nscript = "x.py"\n'
    finished = {"at": 2e9, "reason": "all trials are done", "ok": True, "final": True}
    facts = {
        "name": folder.name, "direction": "minimize", "metric": "loss", "n_trials": trials, "max_steps": reports,
        "created_at": 1e9, "finished": finished, "sampler": "random", "pruner": "median", "metric_names": ["loss"],
    }  # fmt: skip
    create_session(folder, text, facts)
    rng = np.random.default_rng(0)
    steps = np.arange(reports)
    writer = Writer(folder)
    writer.save_parameters(SPACE)
    for first in range(0, trials, 1000):
        with writer.transaction():
            for number in range(first, min(first + 1000, trials)):
                u = rng.random(5)
                params = {
                    "lr": float(10 ** (4 * u[0] - 5)), "dropout": float(0.6 * u[1]),
                    "batch_size": [16, 32, 64, 128][int(u[2] * 4)], "width": 8 + int(u[3] * 57),
                    "optimizer": ["adam", "sgd"][int(u[4] * 2)],
                }  # fmt: skip
                floor = 0.1 + (u[0] - 0.6) ** 2 + 0.2 * (u[1] - 0.3) ** 2
                values = (floor + np.exp(-steps / 20) * (1 + 0.1 * rng.standard_normal(reports))).tolist()
                state = "FAIL" if number % 50 == 7 else "COMPLETE" if number % 3 == 0 else "PRUNED"
                writer.save_reports(number, [ReportRow(number, "loss", s, v) for s, v in enumerate(values)], 0)
                begun = 1e9 + 10.0 * number
                cut = f"best {floor:.3g} at step 20 is above the median 0.3 of 100 trials"
                reason = cut if state == "PRUNED" else ""
                writer.save_trial(
                    TrialRow(
                        number, state, params, tuple(u.tolist()), value=values[-1], best=min(values), step=reports - 1,
                        device="cpu", slot=0, created_at=begun, started_at=begun, ended_at=begun + 60, busy_s=60.0,
                        proposal="drawn at random from the whole space", reason=reason,
                    )
                )  # fmt: skip
                writer.append(EventRow(begun, "proposed", number, "drawn at random", {"params": params}))
                writer.append(EventRow(begun, "started", number, "forked"))
                writer.append(EventRow(begun + 60, "ended", number, reason or "complete", {"state": state}))
    writer.close()


if __name__ == "__main__":
    fill_large(SessionFolder(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3]))
