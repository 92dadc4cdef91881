"""Population-based training on real processes: heirs go on from the checkpoint of a better trial."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hptui.core.scheduler.clock import Clock
from hptui.core.scheduler.heirs import donor_folder, heirs_of
from hptui.core.scheduler.state import Live, Rules, SchedulerState
from hptui.core.search.protocol import Heir
from hptui.core.search.pruners.population import PopulationBased
from hptui.core.space.space import Space
from hptui.core.study.session import SessionFolder
from hptui.core.study.trial import CHECKPOINT_STEP, Process, Running, Trial

Make = Callable[..., Any]

# The worst comes to step 4 after another one; who is better waits behind it until there is an heir.
SCRIPT = """
    import hptui, os, time

    def wait_for(sign):
        deadline = time.monotonic() + 30
        while not os.path.exists(sign) and time.monotonic() < deadline:
            time.sleep(0.01)

    def objective(trial):
        state = trial.checkpoint.load() or {"step": -1, "gone": 0.0, "line": []}
        line, gone, pace = [*state["line"], trial.number], state["gone"], trial.params["pace"]
        with open("all.txt", "a") as file:
            file.write(f"{trial.number} begins after {state['step']} line {line}\\n")
        if state["step"] >= 0:
            open("heir", "w").close()
        for step in range(state["step"] + 1, 12):
            gone += pace
            if step == 4 and pace < 0.1:
                wait_for("past")
            trial.checkpoint.save({"step": step, "gone": gone, "line": line})
            trial.report(10 - gone, step)
            if trial.should_prune():
                raise hptui.TrialPruned()
            if step == 5:
                open("past", "w").close()
                wait_for("heir")
        return 10 - gone
"""
STUDY = """
    seed = 3
    space = {pace = {type = "float", low = 0.01, high = 0.5}}
    pruner = {name = "pbt", interval = 4, share = 0.34, resample = 0.0}
    budget = {n_trials = 3, max_steps = 12}
    resources = {slots = 3}
    enqueue = [{pace = 0.2}, {pace = 0.4}, {pace = 0.02}]
"""


def test_an_heir_goes_on_from_its_donors_checkpoint_and_the_ledger_says_whose_it_is(
    session: Make, tmp_path: Any
) -> None:
    s = session(SCRIPT, STUDY)
    s.start()
    fact = s.finish()

    rows = s.trials()
    heirs = [row for row in rows.values() if row.origin == "heir"]
    assert fact["ok"] and heirs, s.events("judged")
    began = dict(line.split(" begins ") for line in (tmp_path / "all.txt").read_text().splitlines())
    for heir in heirs:
        bred = heir.attrs["heir"]
        replaced, donor = rows[bred["instead_of"]], rows[bred["of"]]
        assert (replaced.state, heir.retry_of, heir.attrs["starts_from"]) == ("PRUNED", replaced.number, donor.number)
        factor = heir.params["pace"] / donor.params["pace"]
        assert factor == pytest.approx(1.2) or factor == pytest.approx(1 / 1.2) or heir.params["pace"] == 0.5
        assert heir.proposal.startswith(f"heir of trial {donor.number} in place of trial {replaced.number}, from the ")
        assert not began[str(heir.number)].startswith("after -1")  # it did not begin anew
        assert f"{donor.number}, {heir.number}]" in began[str(heir.number)]
        steps = [step for step, _ in s.reader.curve(heir.number, "value")]  # none where its donor was through already
        assert steps == sorted(set(steps)) and all(step >= bred["step"] for step in steps)
    judged = [event for event in s.events("judged") if event.data["verdict"] == "stop"]
    assert all({"value", "threshold", "cohort", "rank", "kept"} <= event.data.keys() for event in judged)
    s.until(lambda: not s.processes(), "processes were left behind")


def test_a_killed_scheduler_loses_no_heir(session: Make, tmp_path: Any) -> None:
    s = session(SCRIPT, STUDY)
    s.start()
    s.until(lambda: any(row.origin == "heir" for row in s.trials().values()), "there is no heir")
    os.kill(s.scheduler_pid, signal.SIGKILL)
    s.until(lambda: not s.alive)
    s.start()
    fact = s.finish()

    rows = s.trials()
    stopped = {row.number for row in rows.values() if row.state == "PRUNED"}
    assert fact["ok"] and {row.state for row in rows.values()} == {"COMPLETE", "PRUNED"}
    assert stopped == {row.retry_of for row in rows.values() if row.origin == "heir"}
    s.until(lambda: not s.processes(), "processes were left behind")


def test_an_heir_that_is_chosen_again_after_a_crash_goes_on_from_the_donor_it_names(tmp_path: Path) -> None:
    """The first choice was not written down: its scheduler died when it had kept that donor's checkpoint."""
    folder, lives = SessionFolder(tmp_path), {}
    for number in range(3):
        folder.trial(number).checkpoints.mkdir(parents=True)
        (folder.trial(number).checkpoints / "last.pickle").write_text(f"of {number}")
        (folder.trial(number).checkpoints / "trainer").mkdir()
        (folder.trial(number).checkpoints / "trainer" / "weights").write_text(f"of {number}")
        phase, attrs = Running(Process(number + 2, 1), "cpu", 0.0), {CHECKPOINT_STEP: 3}
        lives[number] = Live(Trial(number, {"pace": 0.2}, (0.4,), 0, "sampler", "", phase, 0.0, attrs=attrs))
    state = SchedulerState(Rules(), (), 3, live=lives)
    gear: Any = SimpleNamespace(
        folder=folder, clock=Clock(), pruner=PopulationBased(), study=SimpleNamespace(seed=3),
        space=Space.parse({"pace": {"type": "float", "low": 0.01, "high": 0.5}}),
    )  # fmt: skip

    heirs_of(gear, state, 2, 4, Heir(0))
    (heir,) = heirs_of(gear, state, 2, 4, Heir(1))
    (folder.trial(1).checkpoints / "last.pickle").unlink()  # whatever becomes of its donor's own
    (folder.trial(1).checkpoints / "trainer" / "weights").unlink()

    kept = donor_folder(folder, heir.attrs, 2)
    assert kept is not None and (kept / "last.pickle").read_text() == "of 1"
    assert (kept / "trainer" / "weights").read_text() == "of 1"
