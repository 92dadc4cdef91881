"""What the measured sessions run. Torch is imported as any real script does: it is the start that is measured."""

import time

import torch  # noqa: F401

from hptui.core.worker.trial import Trial

JUDGED_STEPS = 150
LOAD_SECONDS, LOAD_TICK_S = 10.0, 0.01


def null(trial: Trial) -> float:
    return float(trial.params["x"])


def brief(trial: Trial) -> float:
    first = time.time()
    trial.set_user_attr("first_line", first)
    time.sleep(0.1)
    trial.set_user_attr("last_line", time.time())
    return float(trial.params["x"])


def judged(trial: Trial) -> float:
    """Every step is a milestone; equal losses, so that the rule is asked in earnest and never stops anybody."""
    waits = []
    for step in range(JUDGED_STEPS):
        begun = time.perf_counter()
        trial.report(0.5, step)
        waits.append(time.perf_counter() - begun)
        time.sleep(0.01)
    trial.set_user_attr("waits", waits)
    return 0.5


def stepping(trial: Trial) -> float:
    """Sixty steps a second, until somebody ends it."""
    for step in range(10**6):
        trial.report(0.5, step)
        time.sleep(1 / 60)
    return 0.5


def load(trial: Trial) -> float:
    """15,000 metric rows a second for ten seconds: 30 reports of 5 values every 10 ms."""
    begun, step = time.monotonic(), 0
    for tick in range(round(LOAD_SECONDS / LOAD_TICK_S)):
        for _ in range(30):
            value = 1 / (1 + step)
            trial.report(value, step, accuracy=1 - value, norm=value, lr=1e-3, seconds=0.01)
            step += 1
        time.sleep(max(0.0, begun + (tick + 1) * LOAD_TICK_S - time.monotonic()))
    trial.set_user_attr("last_line", time.time())
    return 0.5
