"""Trials on a Ray cluster: trials a second beside Ray Tune on the same cluster, and how long a pause takes.

    python -m bench.on_ray [--trials 100] [--pauses 10]

Starts two nodes with two CPUs each on this machine. Ray Tune needs `pip install 'ray[tune]'`; without it there is no
second row. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hptui.core.scheduler.launch import ensure
from hptui.core.store.create import create_session
from hptui.core.store.mailbox import post
from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow
from hptui.core.study.session import SessionFolder

CLUSTER = Path(__file__).parents[1] / "tests" / "on_ray" / "cluster_process.py"
SHORT = "def objective(trial):\n    x = trial.params['x']\n    trial.report((x - 1) ** 2, 0)\n    return (x - 1) ** 2\n"
LONG = """
import time
def objective(trial):
    for step in range(100_000):
        time.sleep(0.01)
        trial.report(1.0, step)
    return 1.0
"""
STUDY = """
[objective]
script = "train.py"
[space]
x = {{ type = "float", low = -5.0, high = 5.0 }}
[sampler]
name = "random"
[budget]
n_trials = {trials}
"""


def session(home: Path, name: str, script: str, trials: int, address: str) -> SessionFolder:
    code = home / f"code-{name}"
    code.mkdir()
    (code / "train.py").write_text(script)
    folder = SessionFolder(home / "sessions" / name)
    facts: dict[str, Any] = {
        "name": name, "id": f"{name}{os.getpid()}", "direction": "minimize", "metric": "value",
        "created_at": time.time(),
        "script_folder": str(code), "cwd": str(code), "executor": {"kind": "ray", "address": address},
    }  # fmt: skip
    create_session(folder, STUDY.format(trials=trials), facts)
    return folder


def ours(home: Path, address: str, trials: int) -> tuple[float, float]:
    """(seconds in all, seconds from the first trial's start)."""
    folder = session(home, "short", SHORT, trials, address)
    began = time.time()
    ensure(folder)
    with Reader(folder) as reader:
        while not (fact := reader.fact("finished")):
            time.sleep(0.02)
        rows = reader.trials()
    assert len(rows) == trials and all(row.value == (row.params["x"] - 1) ** 2 for row in rows)
    return fact["at"] - began, fact["at"] - min(row.started_at for row in rows if row.started_at is not None)


def pauses(home: Path, address: str, count: int) -> list[float]:
    """Seconds from the wish to the stopped process."""
    folder = session(home, "long", LONG, 1, address)
    ensure(folder)
    took = []
    with Reader(folder) as reader:

        def trial() -> Any:
            return next(iter(reader.trials()), None)

        while (row := trial()) is None or row.pid is None or row.step is None:
            time.sleep(0.05)
        for _ in range(count):
            time.sleep(0.5)
            began = time.monotonic()
            post(folder, CommandRow("pause", 0, {}, "bench", time.time()))
            while state(row.pid) != "T":
                time.sleep(0.001)
            took.append(time.monotonic() - began)
            post(folder, CommandRow("resume", 0, {}, "bench", time.time()))
            while state(row.pid) == "T":
                time.sleep(0.001)
        post(folder, CommandRow("stop", None, {"now": True}, "bench", time.time()))
        while not reader.fact("finished"):
            time.sleep(0.05)
    return took


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


TUNE = """
import sys, time, json
import ray
from ray import tune
def objective(config):
    x = config["x"]
    tune.report({"loss": (x - 1) ** 2, "began": time.time()})
address, trials, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
began = time.time()
ray.init(address=address, log_to_driver=False)
tuner = tune.Tuner(
    tune.with_resources(objective, {"cpu": 1}), param_space={"x": tune.uniform(-5, 5)},
    tune_config=tune.TuneConfig(num_samples=trials, reuse_actors=True, metric="loss", mode="min"),
    run_config=tune.RunConfig(storage_path=folder, verbose=0),
)
found = tuner.fit()
end = time.time()
first = min(one.metrics["began"] for one in found)
assert len(found) == trials and not found.errors
print("took", end - began, end - first)
"""


def tune(home: Path, address: str, trials: int) -> tuple[float, float] | None:
    script = home / "with_tune.py"
    script.write_text(TUNE)
    done = subprocess.run(
        [sys.executable, str(script), address, str(trials), str(home / "tune")], capture_output=True, text=True,
        check=False, cwd=home,
    )  # fmt: skip
    for line in done.stdout.splitlines():
        if line.startswith("took "):
            return float(line.split()[1]), float(line.split()[2])
    print(f"no row for Ray Tune: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--pauses", type=int, default=10)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        with subprocess.Popen(
            [sys.executable, str(CLUSTER), "2", "0", "one", "two"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        ) as cluster:  # fmt: skip
            assert cluster.stdin is not None and cluster.stdout is not None
            address = next(line for line in cluster.stdout if line.startswith("address ")).split()[1]
            rows = [("hptui", *ours(home, address, asked.trials))]
            if (found := tune(home, address, asked.trials)) is not None:
                rows.append(("Ray Tune, actors reused", *found))
            took = pauses(home, address, asked.pauses)
            cluster.stdin.write("quit\n")
            cluster.stdin.flush()
    print(f"| {asked.trials} trials of no work, 4 at once | in all | from the first start | trials/s from there |")
    print("|---|---|---|---|")
    for name, whole, running in rows:
        print(f"| {name} | {whole:.1f} s | {running:.1f} s | {asked.trials / running:.1f} |")
    middle, longest = 1000 * statistics.median(took), 1000 * max(took)
    print(f"\nPause, until its process is stopped: median {middle:.0f} ms, longest {longest:.0f} ms of {len(took)}")
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
