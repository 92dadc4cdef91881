"""What using GPUs well costs, on pretended ones: no GPU is needed, a C compiler is.

    python -m bench.gpus idle        how long slots stand empty while trials wait
    python -m bench.gpus readings    what looking at eight GPUs once a second costs
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STUB = ROOT / "tests" / "devices" / "fake_nvml.c"

SCRIPT = """
import time

def objective(trial):
    for step in range(10):
        time.sleep(SECONDS / 10)
        trial.report(trial.params["x"], step)
    return trial.params["x"]
"""

STUDY = """
sampler = "random"
[objective]
script = "train.py"
[space]
x = {type = "float", low = 0.0, high = 1.0}
[budget]
n_trials = TRIALS
[resources]
RESOURCES
"""


def stub(folder: Path, gpus: int) -> dict[str, str]:
    """The environment in which this machine has `gpus` GPUs."""
    library = folder / "nvml"
    library.mkdir(exist_ok=True)
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", str(library / "libnvidia-ml.so.1"), str(STUB)], check=True)
    ledger = folder / "ledger"
    ledger.mkdir(exist_ok=True)
    return {"LD_LIBRARY_PATH": str(library), "FAKE_GPUS": str(gpus), "FAKE_GPU_LEDGER": str(ledger)}


def idle(folder: Path, name: str, seconds: float, trials: int, resources: str, gpus: int) -> tuple[str, ...]:
    from hptui.core.review.accounting import account
    from hptui.core.store.reader import Reader
    from hptui.core.study.session import SessionFolder

    home = folder / name
    home.mkdir()
    (home / "train.py").write_text(SCRIPT.replace("SECONDS", str(seconds)))
    text = STUDY.replace("TRIALS", str(trials)).replace("RESOURCES", resources)
    (home / "study.toml").write_text(text)
    environ = {**os.environ, "HPTUI_HOME": str(home), **stub(home, gpus)}
    environ.pop("CUDA_VISIBLE_DEVICES", None)
    command = [sys.executable, "-m", "hptui", "run", "study.toml", "--headless"]
    subprocess.run(command, cwd=home, env=environ, check=True, stdout=subprocess.DEVNULL)
    with Reader(SessionFolder(home / "sessions" / "study")) as reader:
        rows, events, devices = reader.trials(), reader.events(), reader.devices()
    found = account(rows, events, devices, time.time())
    share = found.idle_share or 0.0
    what = f"{found.places} {found.unit}s, {resources.replace(chr(10), ', ')}"
    return what, f"{trials} x {seconds:g} s", f"{found.idle_s - found.boot_s:.2f} s", f"{100 * share:.2f} %"


def readings(folder: Path) -> list[tuple[str, ...]]:
    environ = {**os.environ, **stub(folder, 8)}
    environ.pop("CUDA_VISIBLE_DEVICES", None)
    share, _ = cost_of_looking(environ, 20.0)
    return [("eight stub GPUs, looked at once a second", "20 s", f"{100 * share:.3f} % of a core")]


def cost_of_looking(environ: dict[str, str], seconds: float) -> tuple[float, int]:
    """The share of a core that the thread takes which looks at all GPUs once a second, and how many there are."""
    code = f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
from hptui.core.devices.inventory import inventory
from hptui.core.devices.readings import Readings
from hptui.core.study.study import Resources
here = inventory(Resources())
assert here.on_gpus, here
readings = Readings(here.devices)
readings.start()
time.sleep(1.5)
cpu, wall = time.process_time(), time.monotonic()
time.sleep({seconds})
print((time.process_time() - cpu) / (time.monotonic() - wall), len(readings.latest()))
"""
    done = subprocess.run([sys.executable, "-c", code], env=environ, check=True, capture_output=True, text=True)
    share, count = done.stdout.split()
    return float(share), int(count)


def main(which: str) -> None:
    load, day = os.getloadavg()[0], time.strftime("%Y-%m-%d")
    print(f"{day}, Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}; a stub NVML\n")
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        if which == "readings":
            rows = readings(folder)
            heads: tuple[str, ...] = ("what", "over", "cost")
        else:
            rows = [
                idle(folder, "gpus", 1.0, 40, "gpus = 1", 2),
                idle(folder, "shares", 1.0, 80, "gpus = 0.25", 1),
                idle(folder, "cpu", 1.0, 40, 'devices = "none"\nslots = 2', 0),
                idle(folder, "longer", 3.0, 16, "gpus = 1", 2),
            ]
            heads = ("places", "trials", "idle while trials wait", "share")
    for row in (heads, tuple("---" for _ in heads), *rows):
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "idle")
