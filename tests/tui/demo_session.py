"""A believable session, written by the real writer from a fixed seed: `python tests/tui/demo_session.py FOLDER [N]`.

The numbers are invented. No process stands behind the trials; for a live look somebody must hold the session's lock.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hptui.core.store.create import create_session
from hptui.core.store.rows import DeviceRow, EventRow, ReportRow, TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder
from hptui.core.wire.lock import SessionLock

START = 1_780_000_000.0
STEPS = 30
SPACE: dict[str, Any] = {
    "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
    "weight_decay": {"type": "float", "low": 1e-6, "high": 1e-2, "log": True},
    "batch_size": {"type": "categorical", "choices": [16, 32, 64, 128, 256]},
    "dropout": {"type": "float", "low": 0.0, "high": 0.6},
    "width": {"type": "int", "low": 8, "high": 64},
    "optimizer": {"type": "categorical", "choices": ["adam", "sgd"]},
    "momentum": {"type": "float", "low": 0.5, "high": 0.99, "when": {"optimizer": ["sgd"]}},
}
STUDY = """\
name = "digits-cnn"
direction = "minimize"
metric = "val_loss"
sampler = { name = "random" }
pruner = { name = "median" }
budget = { n_trials = 240, max_steps = 30 }
"""


def write_living(home: Path, trials: int = 60) -> tuple[SessionFolder, SessionLock]:
    """A session with its lock held: it looks alive until that is released, and nobody answers."""
    folder = SessionFolder(home / "sessions" / "digits")
    write_session(folder, trials)
    lock = SessionLock.take(folder.lock)
    assert lock is not None
    return folder, lock


def write_session(folder: SessionFolder, trials: int = 200, *, running: int = 2, finished: bool = False) -> None:
    """`trials` trials: most ended, `running` of them under way, one paused, two waiting."""
    rng = random.Random(20)
    facts: dict[str, Any] = {
        "name": folder.name, "direction": "minimize", "metric": "val_loss", "n_trials": max(240, trials),
        "max_steps": STEPS, "created_at": START, "sampler": "random", "pruner": "median", "slots": running,
    }  # fmt: skip
    create_session(folder, STUDY, facts)
    writer = Writer(folder)
    with writer.transaction():
        writer.save_parameters(SPACE)
        writer.append(EventRow(START, "opened", None, "the session begins", {"pid": 4711}))
        at, best = START + 2.0, math.inf
        shape = [curve(rng) for _ in range(trials)]
        open_from = trials if finished else trials - running - 3
        for number in range(trials):
            params, losses = shape[number]
            began = at
            asked = {"origin": origin(number), "params": params}
            writer.append(EventRow(began, "proposed", number, why(number), asked))
            base = TrialRow(
                number, "WAITING", params, (), rng.randrange(1 << 31), origin(number), why(number),
                created_at=began - 1.0, reason="waits for a slot",
            )  # fmt: skip
            if number >= open_from:
                row, losses = under_way(base, number - open_from, running, began, losses)
            else:
                row, losses = ended(base, began, losses, at, number)
            if row.started_at is not None:
                writer.append(EventRow(began, "started", number, f"forked, pid {4800 + number}"))
            save(writer, row, losses)
            if row.state == "COMPLETE" and row.value is not None and row.value < best:
                was = "" if best is math.inf else f" (was {best:.4g})"
                best = row.value
                writer.append(EventRow(row.ended_at or at, "best", number, f"new best {best:.4g}{was}"))
            at += rng.uniform(1.0, 5.0)
        writer.save_device(DeviceRow("cpu", "processor", at, running, running, 0.83, 3 << 30, 16 << 30))
        writer.append(EventRow(at, "warning", None, "the fork server can't share the data: each trial loads its own"))
        if finished:
            writer.set_fact("finished", {"at": at, "reason": f"all {trials} trials have ended", "ok": True})
            writer.append(EventRow(at, "finished", None, f"all {trials} trials have ended", {"ok": True}))
    writer.close()
    for number in range(max(0, trials - 8), trials):
        place = folder.trial(number)
        place.path.mkdir(parents=True, exist_ok=True)
        place.log.write_text("".join(log_lines(shape[number][1], number)))


def curve(rng: random.Random) -> tuple[dict[str, Any], list[float]]:
    params: dict[str, Any] = {
        "lr": 10 ** rng.uniform(-5, -1), "weight_decay": 10 ** rng.uniform(-6, -2),
        "batch_size": rng.choice([16, 32, 64, 128, 256]), "dropout": rng.uniform(0, 0.6),
        "width": rng.randrange(8, 65), "optimizer": rng.choice(["adam", "sgd"]),
    }  # fmt: skip
    if params["optimizer"] == "sgd":
        params["momentum"] = rng.uniform(0.5, 0.99)
    off = math.log10(params["lr"]) + 2.7
    floor = 0.06 + 0.09 * off**2 + 0.4 * (params["dropout"] - 0.2) ** 2 + 0.03 * rng.random()
    speed = rng.uniform(0.6, 1.8) * math.exp(-0.25 * abs(off))
    losses = [
        floor + (2.3 - min(floor, 2.0)) * math.exp(-speed * step / 5) * (1 + 0.06 * rng.gauss(0, 1))
        for step in range(STEPS)
    ]
    return params, [max(loss, 0.01) for loss in losses]


def origin(number: int) -> str:
    return "baseline" if number == 0 else "sampler"


def why(number: int) -> str:
    return "the defaults of the study" if number == 0 else "drawn at random from the whole space"


def ended(
    base: TrialRow, began: float, losses: list[float], at: float, number: int
) -> tuple[TrialRow, list[float]]:
    keep: dict[str, Any] = {"device": "cpu", "slot": number % 2, "started_at": began}
    if number % 37 == 17:
        return row_of(
            base, state="FAIL", reason="RuntimeError: expected scalar type Float but found Half", cause="crash",
            may_retry=True, value=losses[3], best=min(losses[:4]), step=3, ended_at=began + 1.2, **keep,
        ), losses[:4]  # fmt: skip
    stop = next((step for step in (5, 10, 15) if losses[step] > 0.25 + 1.6 * math.exp(-step / 6)), None)
    if stop is not None and number > 4:
        best, median = min(losses[:stop]), 0.9 * losses[stop]
        reason = f"best {best:.3g} at step {stop} is above the median {median:.3g} of {number} trials"
        return row_of(
            base, state="PRUNED", reason=reason, value=losses[stop], best=min(losses[: stop + 1]), step=stop,
            ended_at=began + 0.4 * stop, **keep,
        ), losses[: stop + 1]  # fmt: skip
    return row_of(
        base, state="COMPLETE", reason="", value=losses[-1], best=min(losses), step=STEPS - 1,
        ended_at=began + 0.4 * STEPS, **keep,
    ), losses  # fmt: skip


def under_way(
    base: TrialRow, place: int, running: int, began: float, losses: list[float]
) -> tuple[TrialRow, list[float]]:
    """The trials at the end: one paused, `running` that run, the rest wait."""
    at = 6 + 7 * place % 20
    seen = losses[: at + 1]
    keep: dict[str, Any] = {"device": "cpu", "started_at": began, "value": seen[-1], "best": min(seen), "step": at}
    if place == 0:
        return row_of(base, state="PAUSED", why="user", reason="paused by you", slot=None, **keep), seen
    if place <= running:
        return row_of(base, state="RUNNING", reason="", slot=place - 1, **keep), seen
    return base, []


def row_of(base: TrialRow, **changes: Any) -> TrialRow:
    from dataclasses import replace

    return replace(base, **changes)


def save(writer: Writer, row: TrialRow, losses: list[float]) -> None:
    writer.save_trial(row)
    rows = [ReportRow(row.number, "val_loss", step, loss) for step, loss in enumerate(losses)]
    rows += [ReportRow(row.number, "val_accuracy", step, 1 / (1 + loss)) for step, loss in enumerate(losses)]
    if rows:
        writer.save_reports(row.number, rows, 64 * len(rows))
    if row.ended_at is not None:
        writer.append(EventRow(row.ended_at, "ended", row.number, row.reason, {"state": row.state}))
    elif row.state == "PAUSED":
        writer.append(EventRow((row.started_at or START) + 3, "paused", row.number, row.reason))


def log_lines(losses: list[float], number: int) -> Iterator[str]:
    yield f"trial {number}: loading 1437 training and 360 validation images\n"
    for step, loss in enumerate(losses):
        yield f"epoch {step:3d}  val_loss {loss:.4f}  val_accuracy {1 / (1 + loss):.4f}\n"


if __name__ == "__main__":
    write_session(SessionFolder(Path(sys.argv[1])), int(sys.argv[2]) if len(sys.argv) > 2 else 200)
