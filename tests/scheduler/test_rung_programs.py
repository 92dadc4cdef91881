"""Programs of any language take part in rungs by the lines they print: held between two of them, continued later."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hptui.core.store.rows import TrialRow

Make = Callable[..., Any]

PROGRAM = r"""
k=$1
for i in 1 2 3 4 5 6 7 8 9; do
  echo "$i $(date +%s.%N)" >> "steps-$k"
  echo "epoch $i loss $k.$i"
  sleep 0.03
done
"""
STUDY = """
    name = "programs"
    [objective]
    command = ["sh", "program.sh", "{k}"]
    arguments = "placeholders"
    pattern = 'epoch (?P<step>\\d+) loss (?P<value>\\S+)'
    [space]
    k = [0, 1, 2, 3, 4, 5]
    [sampler]
    name = "grid"
    [pruner]
    name = "asha"
    [budget]
    n_trials = 6
    max_steps = 9
    [resources]
    slots = 2
"""


def lines(folder: Path, row: TrialRow) -> list[int]:
    """The steps that its program began."""
    return [int(line.split()[0]) for line in (folder / f"steps-{row.params['k']}").read_text().splitlines()]


def test_a_program_is_frozen_between_two_lines_and_goes_on_from_there(session: Make, tmp_path: Path) -> None:
    (tmp_path / "program.sh").write_text(PROGRAM)
    s = session("", STUDY, max_steps=9)
    s.start()
    s.until(lambda: any(row.why == "rung" for row in s.trials().values()), "nobody was held")
    s.wish("pause")  # from here on nobody is promoted
    held = [row for row in s.trials().values() if row.why == "rung"]
    s.until(lambda: all(s.process_state(row.pid) == "T" for row in held), "they are not frozen")
    before = [lines(tmp_path, row) for row in held]
    time.sleep(0.2)  # six steps of the program
    assert [lines(tmp_path, row) for row in held] == before
    s.wish("resume")
    fact = s.finish()

    rows = s.trials()
    assert fact["ok"] and {row.state for row in rows.values()} == {"COMPLETE", "PRUNED"}
    best = min(rows.values(), key=lambda row: row.params["k"])
    assert (best.state, best.step, best.value) == ("COMPLETE", 9, 0.9)
    for row in rows.values():
        ran = lines(tmp_path, row)
        assert ran == list(range(1, len(ran) + 1)), "a step was run twice"
        said = s.reader.curve(row.number, "value")
        assert said == [(step, float(f"{row.params['k']}.{step}")) for step, _ in said]
        assert [step for step, _ in said] == ran[: len(said)]
    promoted = {event.trial for event in s.events("promoted")}
    assert best.number in promoted
    s.until(lambda: not s.processes(), "processes were left behind")
