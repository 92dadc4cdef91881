"""A lower upper end for learning rates, where trials diverge or spike."""

from __future__ import annotations

from hptui.core.advice.finding import Edit
from hptui.core.advice.seen import Seen
from hptui.core.space.parameter import Float
from hptui.core.space.roles import Role, role_of

LESS = 3.0  # half a decade


def lower_rates(seen: Seen) -> tuple[Edit, ...]:
    """The upper end of each learning rate divided by `LESS`, unless the best trial comes near to that."""
    edits = []
    for name, parameter in seen.space.parameters.items():
        if role_of(name) is not Role.LEARNING_RATE or not isinstance(parameter, Float) or parameter.scaled_by:
            continue
        high = float(f"{parameter.high / LESS:.3g}")
        rate = seen.ranked[0].params.get(name) if seen.ranked else None
        near = isinstance(rate, (int, float)) and 1.5 * rate > high
        if high > parameter.low and not near:
            edits.append(Edit(("space", name, "high"), high))
    return tuple(edits)
