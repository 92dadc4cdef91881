"""The same 10,000 trials in hptui's screen and in optuna-dashboard, in one run, in turns.

`python -m bench.speed dashboard`. optuna-dashboard is no dependency: OPTUNA_DASHBOARD names its program, in an
environment of its own. It is usable once it has answered with the study that its page shows; the browser's own time,
memory and CPU come on top and are not counted.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from statistics import median

from bench.speed.felt import TRIALS, fill_live
from bench.speed.large import MIB, rss_mib
from bench.speed.running import Bench, home_is, hptui
from bench.speed.table import Result
from bench.terminal.ptydrive import Terminal, cpu_of

ROUNDS = 3


def dashboard(bench: Bench) -> list[Result]:
    program = os.environ.get("OPTUNA_DASHBOARD")
    if not program:
        raise RuntimeError("OPTUNA_DASHBOARD names no program: pip install optuna-dashboard into a venv of its own")
    fill_live(bench, "felt")
    storage = bench.home / "study.db"
    if not storage.exists():
        with home_is(bench.home):
            command = hptui("export", "felt", "--format", "optuna", "-o", str(storage))
            subprocess.run(command, check=True, capture_output=True, timeout=1800)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(screen(bench))
        theirs.append(server(program, storage))
    rows = (("usable after", "s"), ("CPU by then", "s"), ("memory then", "MiB"))
    return [
        Result(f"{TRIALS:,} trials: {what}", unit, median(one[at] for one in ours), None, False, "optuna-dashboard",
               median(one[at] for one in theirs), "the peer without its browser" if at == 0 else "")
        for at, (what, unit) in enumerate(rows)
    ]  # fmt: skip


def screen(bench: Bench) -> tuple[float, float, float]:
    """Seconds, CPU seconds and MiB until the newest trial is read on the screen and everything is there."""
    with home_is(bench.home), Terminal(hptui("review", "felt"), columns=160, rows=45) as terminal:
        if terminal.pump(60.0, until=str(TRIALS - 1).encode()) is None:
            raise RuntimeError("never painted")
        took = time.perf_counter() - terminal.started
        terminal.quiet(0.7, 60.0)
        return took, cpu_of(terminal.pid), rss_mib(terminal)


def server(program: str, storage: Path) -> tuple[float, float, float]:
    """The same until the study has been given to the page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begun = time.perf_counter()
    command = [program, f"sqlite:///{storage}", "--host", "127.0.0.1", "--port", str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        for page in ("dashboard/", "api/studies", "api/studies/1?after=0"):
            fetch(f"http://127.0.0.1:{port}/{page}", begun + 300.0)
        took = time.perf_counter() - begun
        status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        memory = next(int(line.split()[1]) for line in status if "VmRSS" in line) * 1024 / MIB
        return took, cpu_of(process.pid), memory
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30.0)


def fetch(address: str, deadline: float) -> bytes:
    while time.perf_counter() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=300) as answer:
                return bytes(answer.read())
        except urllib.error.URLError:  # it does not listen yet
            time.sleep(0.02)
    raise TimeoutError(address)
