"""What one key does about a finding: what its edits, its parameter or its trials make possible. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hptui.core.advice.finding import Finding

REPEATED, RUNS = 5, 3
"""How many of the best are run again, and how many runs each has then."""


@dataclass(frozen=True)
class Act:
    """does: write the next study with the finding's edits, repeat the best, show a parameter's slice or a trial."""

    does: Literal["write", "repeat", "slice", "trial", "nothing"]
    says: str  # what enter does, in words
    name: str = ""  # slice: of which parameter
    trial: int = 0


def act_on(finding: Finding) -> Act:
    if finding.edits:
        return Act("write", "writes the next study")
    if finding.rule in ("converged", "alone-at-the-top"):
        return Act("repeat", f"repeats the best {REPEATED}, {RUNS} runs each")
    name = finding.about.removeprefix("space.")
    if finding.about.startswith("space"):
        which = f" of {name}" if name != "space" else "s"
        return Act("slice", f"shows the slice{which}", "" if name == "space" else name)
    if finding.trials:
        return Act("trial", f"opens trial {finding.trials[0]}", trial=finding.trials[0])
    return Act("nothing", "")
