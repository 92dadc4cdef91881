"""What a scheduler's successor finds and does."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hptui.core.devices.inventory import without_gpus
from hptui.core.scheduler import disk
from hptui.core.scheduler.events import Dequeued, Enqueued, Noted, Proposed, StopAsked
from hptui.core.scheduler.judging import pruner_of, stop_of
from hptui.core.scheduler.loop import Batch, back_up, commit, take
from hptui.core.scheduler.open import queue_of
from hptui.core.scheduler.queued import QUEUE, kept
from hptui.core.scheduler.recover import recover
from hptui.core.scheduler.state import Stopping
from hptui.core.space.space import Space
from hptui.core.store.create import create_session
from hptui.core.store.faults import DiskFull
from hptui.core.store.reader import Reader
from hptui.core.store.rows import EventRow
from hptui.core.store.writer import Writer
from hptui.core.study.file import load_study
from hptui.core.study.remarks import ATTR
from hptui.core.study.session import SessionFolder
from hptui.core.wire.lock import SessionLock

Make = Callable[..., Any]

SLOW = """
    import time

    def objective(trial):
        seen = trial.checkpoint.load() or 0
        trial.set_user_attr("went_on_from", seen)
        for step in range(seen, 400):
            trial.report(trial.params["x"], step)
            trial.checkpoint.save(step)
            if trial.should_prune():
                import hptui
                raise hptui.TrialPruned()
            time.sleep(0.01)
        return trial.params["x"]
"""

STUDY = """
    [space]
    x = {type = "float", low = 0.0, high = 1.0}
    [budget]
    n_trials = 2
    [resources]
    slots = 2
"""


def test_trials_train_on_while_no_scheduler_is_there_and_are_adopted(session: Make) -> None:
    s = session(SLOW, STUDY)
    s.start()
    before = s.wait_for(0, "RUNNING")
    s.wait_for(1, "RUNNING")
    os.kill(s.scheduler_pid, signal.SIGKILL)
    s.until(lambda: not s.alive)
    spool: Path = s.folder.trial(0).spool
    size = spool.stat().st_size
    s.until(lambda: spool.stat().st_size > size + 200, "the trial stopped with its scheduler")

    assert s.start()
    s.finish()

    after = s.trials()[0]
    assert (after.state, after.retry_of, after.started_at) == ("COMPLETE", None, before.started_at)
    assert len(s.trials()) == 2
    assert [step for step, _ in s.reader.curve(0, "value")] == list(range(400))


def test_a_trial_that_ended_meanwhile_is_known_to_have_ended(session: Make) -> None:
    """Trial 0 as one whose last line the killed scheduler had read, but not what became of its process."""
    s = session(SLOW, STUDY)
    s.start()
    pids = [s.wait_for(number, "RUNNING").pid for number in (0, 1)]
    os.kill(s.scheduler_pid, signal.SIGKILL)
    s.until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "the trials did not finish by themselves")
    with contextlib.closing(sqlite3.connect(s.folder.database)) as database, database:
        database.execute("update spools set offset = ? where trial = 0", (s.folder.trial(0).spool.stat().st_size,))

    s.start()
    s.finish()

    assert {row.state for row in s.trials().values()} == {"COMPLETE"}


def test_a_lost_trial_is_tried_again_from_its_checkpoint(session: Make) -> None:
    """As after a reboot: scheduler and trials are gone at once."""
    s = session(SLOW, STUDY)
    s.start()
    pids = [s.wait_for(number, "RUNNING").pid for number in (0, 1)]
    s.until(lambda: (s.trials()[0].step or 0) > 20)
    os.kill(s.scheduler_pid, signal.SIGKILL)
    for pid in pids:
        os.killpg(pid, signal.SIGKILL)
    s.until(lambda: not s.alive)

    s.start(resume=True)
    s.finish()

    trials = s.trials()
    assert [(trials[n].state, trials[n].cause) for n in (0, 1)] == [("FAIL", "lost")] * 2
    again = {row.retry_of: row for row in trials.values() if row.retry_of is not None}
    assert {row.state for row in again.values()} == {"COMPLETE"} and set(again) == {0, 1}
    assert again[0].params == trials[0].params
    assert again[0].attrs["went_on_from"] >= 20


def test_a_paused_trial_stays_paused_under_the_next_scheduler_and_resumes(session: Make) -> None:
    """So does one that had been asked to, and had not done so when the scheduler was killed."""
    s = session(SLOW, STUDY)
    s.start()
    pids = [s.wait_for(number, "RUNNING").pid for number in (0, 1)]
    s.wish("pause", 0)
    s.wait_for(0, "PAUSED")
    os.killpg(pids[1], signal.SIGSTOP)  # so that it hears of nothing
    s.wish("pause", 1)
    os.kill(s.scheduler_pid, signal.SIGKILL)
    s.until(lambda: not s.alive)
    assert s.trials()[1].state == "RUNNING"

    s.start()
    assert (s.trials()[0].state, s.process_state(pids[0])) == ("PAUSED", "T")
    s.wait_for(1, "PAUSED")
    s.wish("resume", 0)
    s.wish("resume", 1)
    s.finish()

    assert [s.trials()[number].state for number in (0, 1)] == ["COMPLETE"] * 2


def test_a_command_posted_while_nobody_listens_is_heard_later(session: Make) -> None:
    from hptui.core.store.mailbox import post
    from hptui.core.store.rows import CommandRow

    s = session(SLOW, STUDY)
    s.start()
    s.wait_for(1, "RUNNING")
    os.kill(s.scheduler_pid, signal.SIGKILL)
    s.until(lambda: not s.alive)
    post(s.folder, CommandRow("stop", None, {"now": True}, "test", 0.0))

    s.start()
    s.finish()

    assert s.processes() == []


THREE_POINTS = """
    enqueue = [{x = 0.0}, {x = 0.1}, {x = 0.2}]
    [objective]
    script = "train.py"
    [space]
    x = {type = "float", low = 0.0, high = 1.0}
"""


def test_points_that_wait_to_become_trials_and_a_stop_survive_the_scheduler() -> None:
    """As a scheduler leaves them that was killed while the first of three enqueued points ran."""
    mine = Enqueued(1.0, {"x": 0.9}, (0.9,), "enqueued", "enqueued by you", attrs={ATTR: {"asked": 1}})
    study = load_study(THREE_POINTS, where="s.toml", folder=None)
    first = queue_of(study, Space.parse(study.space))
    none = pruner_of(study)
    state, batch = recover(study, {}, [], without_gpus(1, 2, "", hides_gpus=False), first, none).state, Batch()
    for event in (mine, StopAsked(2.0, "stopped by you"), Proposed(3.0, 0, {"x": 0.0}, (0.0,), "", "baseline", 1)):
        state = take(state, event, batch)
    assert batch.queue is not None
    facts = json.loads(json.dumps(batch.facts | {QUEUE: kept(batch.queue)}))

    after = recover(study, facts, batch.trials.values(), without_gpus(1, 2, "", hides_gpus=False), first, none).state

    assert [point.params["x"] for point in after.queue] == [0.1, 0.2, 0.9] and after.queue == state.queue
    assert after.stopping == Stopping("stopped by you")
    take(after, Dequeued(4.0, 1), batch)
    assert batch.queue is not None and kept(batch.queue) is None


def test_a_stopping_session_goes_on_when_it_is_resumed_and_takes_back_points_that_wait(session: Make) -> None:
    s = session(SLOW.replace("400", "100"), STUDY)
    s.start()
    s.wait_for(0, "RUNNING")
    s.wish("stop")
    asked = s.wish("enqueue", params={"x": 0.5}).data["command"]
    said = s.wish("undo", command=asked).reason
    assert said == "you asked: take back an enqueued point that has yet to become a trial"
    s.wish("enqueue", params={"x": 0.25})
    os.kill(s.scheduler_pid, signal.SIGKILL)
    s.until(lambda: not s.alive)
    s.start()
    assert s.reader.fact("stopping")["reason"] == "stopped by you: running trials may finish"

    assert s.wish("resume").kind == "wished"
    s.finish()

    assert s.reader.fact("finished")["final"] and s.reader.fact("stopping") is None
    assert [row.params["x"] for row in s.trials().values() if row.origin == "enqueued"] == [0.25]


def test_two_schedulers_never_run_one_session(session: Make) -> None:
    s = session(SLOW, STUDY)
    s.start()
    first = s.scheduler_pid

    second = subprocess.run([sys.executable, "-m", "hptui.core.scheduler", str(s.folder.path)], timeout=30, check=False)

    assert second.returncode == 0
    assert (s.alive, s.scheduler_pid) == (True, first)


def test_a_wrong_study_is_told_by_whoever_starts_it(session: Make) -> None:
    s = session("", "[space]\nx = {type = 'float', low = 1.0, high = 0.0}\n")

    with pytest.raises(Exception, match=r"space\.x"):
        s.start()


def test_the_lock_is_free_once_its_holder_lets_go(tmp_path: Path) -> None:
    lock = SessionLock.take(tmp_path / "lock")
    assert lock is not None
    assert SessionLock.take(tmp_path / "lock", wait_s=0.0) is None
    lock.release()
    assert SessionLock.take(tmp_path / "lock", wait_s=0.0) is not None


def test_a_verdict_to_stop_is_known_to_the_next_scheduler(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path / "s")
    create_session(folder, "", {"direction": "minimize"})
    with contextlib.closing(Writer(folder)) as store, Reader(folder) as reader:
        store.append(EventRow(1.0, "judged", 3, "held", {"verdict": "hold"}))
        store.append(EventRow(2.0, "judged", 4, "worse than most", {"verdict": "stop"}))
        store.append(EventRow(3.0, "warning", 4, "odd"))

        said = stop_of(reader, 4)
        assert said is not None and (said.at, said.reason) == (2.0, "worse than most")
        assert stop_of(reader, 3) is None and stop_of(reader, 5) is None


def test_a_daily_backup_that_has_no_room_is_told_and_ends_nothing() -> None:
    class Crowded:
        def backup(self) -> None:
            raise DiskFull("session.db", "no space left to record what happens")

    (said,) = back_up(Crowded(), 7.0)  # type: ignore[arg-type]

    reason = "no backup of the database was made (no space left to record what happens); an earlier one stays"
    assert said == Noted(7.0, None, reason)


def test_a_database_that_is_locked_for_long_is_waited_for_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = SessionFolder(tmp_path / "s")
    create_session(folder, "", {"direction": "minimize"})
    with contextlib.closing(Writer(folder)) as store, contextlib.closing(sqlite3.connect(folder.database)) as other:
        store._db.execute("pragma busy_timeout = 1")
        other.execute("begin immediate")
        monkeypatch.setattr(time, "strftime", lambda _: other.rollback() or "now")  # it ends when that is said
        commit(store, None, Batch(facts={"active_s": 1.5}))  # type: ignore[arg-type]
        assert "now waits: " in (said := capsys.readouterr().err) and "another program keeps it locked" in said
    with Reader(folder) as reader:
        assert reader.fact("active_s") == 1.5


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_on_a_full_disk_trials_are_held_and_go_on_when_there_is_space(
    session: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = tmp_path / "home"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", small], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        s = session(SLOW, STUDY)
        s.start()
        s.wait_for(0, "RUNNING")
        (small / "filler").write_bytes(bytes(max(0, os.statvfs(small).f_bavail * 4096 - disk.LOW_BYTES // 2)))

        held = s.wait_for(0, "PAUSED")
        assert held.why == "disk"
        assert "the disk is full" in s.events("disk-full")[0].reason

        (small / "filler").unlink()
        s.finish()
        assert {row.state for row in s.trials().values()} == {"COMPLETE"}
        assert [step for step, _ in s.reader.curve(0, "value")] == list(range(400))
        assert s.events("disk-back")
        s.clean_up()
    finally:
        subprocess.run(["umount", "-l", small], check=False)
