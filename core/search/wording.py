"""A proposal's reason as a person reads it: one line, in the user's sign."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hptui.core.search.protocol import Outlook, Proposal
from hptui.core.search.pruners.wording import percent
from hptui.core.study.study import Goal

LONGEST = 160


def said(proposal: Proposal, sampler: str, goals: Sequence[Goal]) -> str:
    """Which part chose it, what that expects of each objective, and what it hoped for; at most 160 characters."""
    who = proposal.why if sampler in proposal.why else f"{sampler}: {proposal.why}"
    told = [_expected(one, goal) for one, goal in zip(proposal.outlooks, goals, strict=False) if _finite(one)]
    line = f"{who}: expects {', '.join(told)}" if told else who
    if told and len(goals) == 1:
        line += _hoped(proposal.outlooks[0])
    return one_line(line)


def _hoped(outlook: Outlook) -> str:
    if outlook.chance is not None:
        return f" at the end, chance of beating the best {percent(outlook.chance)}"
    return f", hopes to improve by {outlook.hope:.2g}" if outlook.hope > 0 else ", to learn more"


def one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _expected(outlook: Outlook, goal: Goal) -> str:
    return f"{goal.metric} {goal.sign * outlook.loss:.4g} ± {outlook.doubt:.2g}"


def _finite(outlook: Outlook) -> bool:
    return math.isfinite(outlook.loss) and math.isfinite(outlook.doubt) and math.isfinite(outlook.hope)
