"""A process's GPU memory moved to the machine's and back: how much comes back, how fast, does it train on alike."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench.card.card import ROOT, Card
from bench.speed.running import home_is, wait
from bench.speed.table import Result
from hptui.core.devices.freezer import SPARE_BYTES, why_not
from hptui.core.devices.held import room
from hptui.core.store.mailbox import post
from hptui.core.store.rows import CommandRow
from hptui.core.study.commands import Wish

TIMES = 3
STEPS = 20
GIB = 1 << 30


def freeze(card: Card) -> list[Result]:
    if reason := why_not([card.device]):
        return [Result("freeze: GPU memory back", "%", None, 95.0, more=True, note=f"not measured: {reason}")]
    results: list[Result] = []
    for ballast in _sizes(card):
        results += _moved(card, ballast)
    return [*results, _in_a_session(card)]


def _sizes(card: Card) -> list[int]:
    """Of a small and a large process: at most a quarter of the GPU, and what the machine has room for."""
    if card.rehearsal:
        return [1 << 20]
    seen = room()
    free = seen.available_bytes - 2 * SPARE_BYTES if seen is not None else 8 * GIB
    large = min((card.device.memory_total_bytes or 16 * GIB) // 4, free // 2)
    return [GIB, large] if large > 2 * GIB else [GIB]


def _moved(card: Card, ballast: int) -> list[Result]:
    back, out_rate, in_rate, failures, alike = [], [], [], [], 0
    with child(card, ballast) as (process, say):
        control = [say(STEPS) for _ in range(2)]
        process.kill()
    wait(lambda: process.poll() is not None)
    for _ in range(1 if card.rehearsal else TIMES):
        time.sleep(0.2 if card.rehearsal else 3.0)  # the driver takes a moment to give back what the last one had
        base = card.used_bytes()
        with child(card, ballast) as (process, say):
            first, before = say(STEPS), card.used_bytes()
            out = move(card, "out", process.pid, before - base)
            left = card.used_bytes()
            os.kill(process.pid, signal.SIGSTOP)  # as a paused trial is
            time.sleep(1.0)
            os.kill(process.pid, signal.SIGCONT)
            home = move(card, "back", process.pid, 0) if not out["reason"] else {"reason": "it was not moved out"}
            if problem := out["reason"] or home["reason"]:
                failures.append(problem)
                continue
            out_s, in_s = float(out["seconds"]), float(home["seconds"])
            back.append(100 * (before - left) / max(1, before - base))
            out_rate.append((before - left) / 1e9 / max(out_s, 1e-9))
            in_rate.append((before - left) / 1e9 / max(in_s, 1e-9))
            alike += [first, say(STEPS)] == control
    name = f"freeze of {ballast / GIB:.3g} GiB"
    if not back:
        return [Result(f"{name}: GPU memory back", "%", None, 95.0, True, note=f"failed: {'; '.join(failures)}")]
    said = f"{len(failures)} of {len(failures) + len(back)} failed" + (f": {'; '.join(failures)}" if failures else "")
    return [
        Result(f"{name}: GPU memory back", "%", min(back), 95.0, more=True, note=f"the least of {len(back)}; {said}"),
        Result(f"{name}: out", "GB/s", median(out_rate), more=True, note="the driver's part alone"),
        Result(f"{name}: back in", "GB/s", median(in_rate), more=True, note="the driver's part alone"),
        Result(f"{name}: trains on bit for bit", "%", 100 * alike / len(back), 100.0, more=True,
               note=f"{STEPS} steps later, against a process that was left alone"),
    ]  # fmt: skip


def _in_a_session(card: Card) -> Result:
    """A trial that is paused and resumed ends as the same trial that was left alone."""
    what = "freeze in a session: paused and resumed, ends bit for bit"
    card.run(card.begin("left-alone", "long_training", 1, "freeze = true"), 300.0).close()
    name = card.begin("paused", "long_training", 1, "freeze = true")
    with card.running(name):
        wait(lambda: (row := _first(card, name)) and (row.step or 0) > 5, 120.0)
        _ask(card, name, Wish.PAUSE)
        row = wait(lambda: (row := _first(card, name)) and row.state == "PAUSED" and row, 60.0)
        where = row.attrs.get("gpu_memory", "where it was")
        _ask(card, name, Wish.RESUME)
        wait(lambda: card.scheduler(name) is None, 300.0)
    one, two = card.trials("left-alone")[0], card.trials(name)[0]
    alike = one.attrs.get("fingerprint") == two.attrs.get("fingerprint") is not None
    note = f"its memory was {where} while it was paused; it ended {two.state} {two.reason}".strip()
    return Result(what, "%", 100.0 * alike if where == "away" else None, 100.0, more=True, note=note)


def _first(card: Card, name: str) -> Any:
    rows = card.trials(name)
    return rows[0] if rows else None


def _ask(card: Card, name: str, wish: Wish) -> None:
    with home_is(card.home):
        post(card.folder(name), CommandRow(wish, 0, {}, "bench", time.time()))


def move(card: Card, verb: str, pid: int, need_bytes: int) -> dict[str, Any]:
    """What the process says that the scheduler would start for it."""
    lock = Path(card.home) / "freezer.lock"
    command = [sys.executable, "-m", "hptui.core.devices.freezer", verb, str(pid), str(need_bytes), str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if not done.stdout:
        return {"ok": False, "reason": f"it ended with status {done.returncode}: {done.stderr.strip()[-200:]}"}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@contextlib.contextmanager
def child(card: Card, ballast: int) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    """A process that trains on the card, and what makes it go on by some steps and say its fingerprint."""
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)
    environ = {**os.environ, "CUDA_VISIBLE_DEVICES": card.device.id, "PYTHONPATH": path}
    command = [sys.executable, "-m", "bench.card.child", str(ballast)]
    process = subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    if process.stdout.readline().strip() != "READY":
        raise RuntimeError("the process that was to be frozen did not start")

    def say(steps: int) -> str:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(f"{steps}\n")
        process.stdin.flush()
        return process.stdout.readline().strip()

    try:
        yield process, say
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
