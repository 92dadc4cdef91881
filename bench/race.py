"""Live: `auto` against Optuna's TPE + Hyperband on the digits example, real processes, equal wall clock.

    python -m bench.race [--seeds 0-4] [--seconds 90] [--sides hptui,threads,processes]

All sides train the same objective on the same space for at most EPOCHS epochs on two slots of one thread each, one
after another, in an order that turns with the seed. The clock begins when the command is started: importing torch is
part of it. `threads` is Optuna with `n_jobs = 2`, `processes` two processes of it on one journal. Best: the highest
validation accuracy reported so far, in any epoch. Slots in training: of the time after the first report, without
waiting for verdicts. What a run found is kept in `--out`, and not run again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.search_compare import seeds
from bench.speed.running import hptui, wait
from hptui.core.study.session import SessionFolder
from hptui.core.wire.lock import scheduler_of

EPOCHS, SLOTS, MARKS = 30, 2, (0.97, 0.99)
START_S = 5.0  # a session's own clock begins when its scheduler is there: so much less has it as its budget
NAMES = {
    "hptui": "**hptui auto + auto**",
    "threads": "Optuna TPE + Hyperband, n_jobs = 2",
    "processes": "Optuna TPE + Hyperband, 2 processes",
}
ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "digits.toml"
Run = dict[str, Any]

_STUDY = """
name = "race"
direction = "maximize"
metric = "val_accuracy"
seed = {seed}
[objective]
script = "{script}"
function = "objective"
shared = "load_data"
{space}
[sampler]
name = "auto"
[pruner]
name = "auto"
[budget]
wall_clock = "{seconds} s"
max_steps = {epochs}
[resources]
slots = {slots}
threads = 1
devices = "none"
"""


def space() -> str:
    """The example's, without its defaults: they make a first trial, which the other side lacks."""
    text = EXAMPLE.read_text()
    return re.sub(r", default = [^,}]+", "", text[text.index("[space]") : text.index("[sampler]")])


def start(side: str, home: Path, seed: int, seconds: float) -> list[subprocess.Popen[bytes]]:
    """What the user would start. Its home holds the notes of all reports."""
    env = {**os.environ, "RACE_NOTES": str(home / "notes"), "HPTUI_HOME": str(home), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "bench.race_peer", str(seed), str(seconds), str(EPOCHS)]
    count = 1
    if side == "hptui":
        study, script = home / "race.toml", Path(__file__).with_name("race_objective.py")
        left_s = round(seconds - START_S)
        study.write_text(
            _STUDY.format(seed=seed, script=script, space=space(), seconds=left_s, epochs=EPOCHS, slots=SLOTS)
        )
        command = hptui("run", "--headless", "--name", "race", str(study))
    elif side == "processes":
        command, count = [*command, str(home / "journal")], 2
    with (home / "log").open("wb") as log:
        return [
            subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
            for _ in range(count)
        ]


def end(side: str, home: Path, processes: list[subprocess.Popen[bytes]]) -> None:
    """Nothing is left running."""
    if side == "hptui":
        env = {**os.environ, "HPTUI_HOME": str(home)}
        subprocess.run(hptui("stop", "race", "--now"), env=env, check=False, capture_output=True)
        wait(lambda: not scheduler_of(SessionFolder(home / "sessions" / "race").lock).alive)
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def run(side: str, seed: int, seconds: float) -> Run:
    with tempfile.TemporaryDirectory(prefix="race-") as folder:
        home, load = Path(folder), os.getloadavg()[0]
        began = time.time()
        processes = start(side, home, seed, seconds)
        time.sleep(seconds)
        end(side, home, processes)
        if not (home / "notes").exists():
            raise SystemExit(f"{side} reported nothing in {seconds:.0f} s:\n{(home / 'log').read_text()}")
        lines = [line.split() for line in (home / "notes").read_text().splitlines()]
    told = [
        (float(at) - began, int(number), int(epoch), float(value), float(took))
        for at, number, epoch, value, took in lines
        if float(at) - began <= seconds
    ]
    best = max(value for *_, value, _ in told)
    reached = {str(mark): min((at for at, *_, value, _ in told if value >= mark), default=None) for mark in MARKS}
    whole = [value for _, _, epoch, value, _ in told if epoch == EPOCHS - 1]
    took = sum(seconds for *_, seconds in told)
    return {
        "side": side, "seed": seed, "seconds": seconds, "best": best, "reached": reached, "epochs": len(told),
        "trials": len({number for _, number, *_ in told}), "final": max(whole, default=None),
        "first": told[0][0], "training": took / (SLOTS * (seconds - told[0][0])), "load": load,
    }  # fmt: skip


def table(runs: list[Run]) -> None:
    marks = [str(mark) for mark in MARKS]
    columns = ["", "best accuracy: mean, worst seed", *(f"to {float(mark):.0%}" for mark in marks)]
    print(
        "| "
        + " | ".join([*columns, "with a complete trial", "epochs", "trials begun", "first report", "slots in training"])
        + " |"
    )
    print("|---|" + "---|" * (6 + len(marks)))
    for side, name in NAMES.items():
        mine = [run for run in runs if run["side"] == side]
        if not mine:
            continue
        best = [run["best"] for run in mine]
        reached = [told([run["reached"][mark] for run in mine]) for mark in marks]
        count = [f"{sum(run['final'] is not None for run in mine)} of {len(mine)}"]
        count += [f"{statistics.mean(run[what] for run in mine):.0f}" for what in ("epochs", "trials")]
        count.append(told([run["first"] for run in mine]))
        count.append(f"{statistics.mean(run['training'] for run in mine):.0%}")
        cells = [f"{statistics.mean(best):.2%}, {min(best):.2%}", *reached, *count]
        print(f"| {name} | " + " | ".join(cells) + " |")


def told(seconds: list[float | None]) -> str:
    """`21 s (14 to 40)`: the median, and the range; how many got there at all where not all did."""
    there = sorted(s for s in seconds if s is not None)
    if not there:
        return "–"
    missed = "" if len(there) == len(seconds) else f", {len(there)} of {len(seconds)}"
    middle = statistics.median([math.inf if s is None else s for s in seconds])
    return f"{middle:.0f} s ({there[0]:.0f} to {there[-1]:.0f}{missed})".replace("inf s", "–")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0-4")
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--sides", default=",".join(NAMES))
    parser.add_argument("--out", type=Path, default=Path("build/race.jsonl"), help="where results are kept")
    asked = parser.parse_args()
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    lines = asked.out.read_text().splitlines() if asked.out.exists() else []
    runs = [one for one in map(json.loads, lines) if one["seconds"] == asked.seconds]
    known = {(one["side"], one["seed"]) for one in runs}
    sides = asked.sides.split(",")
    for seed in seeds(asked.seeds):
        for side in [*sides[seed % len(sides) :], *sides[: seed % len(sides)]]:
            if (side, seed) not in known:
                runs.append(run(side, seed, asked.seconds))
                print(runs[-1], file=sys.stderr, flush=True)
                with asked.out.open("a") as out:
                    out.write(json.dumps(runs[-1]) + "\n")
    table([one for one in runs if one["side"] in sides and one["seed"] in seeds(asked.seeds)])
    load = sorted(one["load"] for one in runs)
    print(f"\nLoad of the machine before each run: {load[0]:.1f} to {load[-1]:.1f} on {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
