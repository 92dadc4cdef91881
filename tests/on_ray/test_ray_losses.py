"""Three nodes, 200 trials, a node killed in the middle and the scheduler twice. `make test-ray` runs it: minutes."""

from __future__ import annotations

import os
import signal
import time

from hptui.core.wire.spool import Begin, Report, read_from

STEPS = 30
SCRIPT = f"""
    import time
    def objective(trial):
        x = trial.params["x"]
        begun = trial.checkpoint.load() or 0
        for step in range(begun, {STEPS}):
            time.sleep(0.05)
            trial.report(x + step, step)
            if step % 10 == 9:
                trial.checkpoint.save(step + 1, step)
        return x
"""
STUDY = """
    [space]
    x = { type = "float", low = -5.0, high = 5.0 }
    [sampler]
    name = "random"
    [budget]
    n_trials = 200
"""


def test_no_report_is_lost_or_doubled_whoever_dies(session, three_nodes):
    s = session(SCRIPT, STUDY, executor=three_nodes.fact, id=f"t{time.time_ns()}")

    def ended() -> int:
        return sum(row.ended_at is not None for row in s.trials().values())

    def kill_the_scheduler() -> None:
        os.kill(s.scheduler_pid, signal.SIGKILL)
        s.until(lambda: not s.alive, "it lives")
        s.start()

    s.start()
    s.until(lambda: ended() >= 40, "40 trials", 300)
    kill_the_scheduler()
    s.until(lambda: ended() >= 80, "80 trials", 300)
    s.until(lambda: any(r.state == "RUNNING" and r.device == "cpu@south" for r in s.trials().values()), "one there")
    three_nodes.kill("south")
    s.until(lambda: any(row.cause == "lost" for row in s.trials().values()), "the loss was not seen", 120)
    three_nodes.add("east")
    s.until(lambda: "east: 2 slots are there, 6 in all" in [e.reason for e in s.events()], "no slots there", 120)
    s.until(lambda: ended() >= 130, "130 trials", 300)
    kill_the_scheduler()
    fact = s.finish(400)

    rows = s.trials()
    lost = [row for row in rows.values() if row.cause == "lost"]
    gone = [e.reason for e in s.events() if "slots of south are gone" in e.reason]
    assert fact["ok"] and fact["final"]
    assert 1 <= len(lost) <= 2
    assert gone == ["2 slots of south are gone: node south was lost; 4 in all"]
    assert all("south was lost" in row.reason for row in lost)
    assert sorted(row.retry_of for row in rows.values() if row.retry_of is not None) == sorted(r.number for r in lost)
    assert sum(row.state == "COMPLETE" for row in rows.values()) == 200
    for number, row in rows.items():
        lines, _ = read_from(s.folder.trial(number).spool, 0)
        steps = [line.step for line in lines if isinstance(line, Report)]
        begun = 0
        if row.retry_of is not None:
            saved = rows[row.retry_of].attrs.get("checkpoint_step")
            begun = 0 if saved is None else saved + 1
        end = STEPS if row.state == "COMPLETE" else begun + len(steps)
        assert steps == list(range(begun, end)), f"trial {number}"
        assert s.reader.curve(number, "value") == [(step, row.params["x"] + step) for step in steps]
        assert sum(isinstance(line, Begin) for line in lines) == 1
        assert row.state != "COMPLETE" or row.value == row.params["x"]
    assert s.processes() == []
