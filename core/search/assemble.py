"""Puts together what a study's points come from: the sampler, and around it what any sampler works under.

Outermost first: several objectives become one loss, curves that have not ended count with the end predicted of them,
priors and past sessions are heard, constraints weighed. With two
or three objectives, `auto` and `gp` have a model of each (`samplers.hyper`); with more, they get a mixture of them
(`samplers.scalarised`). Other samplers get places (`samplers.ranked`);
guests (`guests`) are told of objectives and constraints as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from hptui.core.search.catalog import by_curves, entry_of, make_sampler, taught
from hptui.core.search.observe import PastTrials
from hptui.core.search.protocol import Pruner, Sampler
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen, Goal

MOST_OBJECTIVES = 3  # with more, the boxes below the front are too many

def assemble(
    chosen: Chosen,
    space: Space,
    seed: int,
    goals: Sequence[Goal],
    grows: bool = False,
    pasts: Sequence[PastTrials] = (),
    pruner: Pruner | None = None,
) -> Sampler:
    """The sampler to ask. pasts: trials of past sessions, for a study with one objective. pruner: of the study.

    Raises StudyError when the choice is wrong or does not fit the space.
    """
    from hptui.core.search.samplers.constrained import Constrained

    made, entry = make_sampler(chosen, space, seed, grows), entry_of("sampler", chosen.name)
    if pruner is not None:
        made = by_curves(made, chosen, pruner)
    models = entry.models
    by_front = len(goals) > 1 and models and len(goals) <= MOST_OBJECTIVES
    if by_front:
        from hptui.core.search.samplers.hyper import HyperImprovement

        startup = chosen.options.get("startup")
        made = HyperImprovement(space, seed, grows, None if startup is None else int(startup))
    if not entry.whole:
        made = Constrained(made, space, models)
    if pasts and len(goals) == 1:
        from hptui.core.search.samplers.warm import Past, Warm

        found = [Past.of(past.name, past.params, past.losses, space) for past in pasts]
        heard = tuple(past for past in found if past is not None)
        made = Warm(made, space, seed, heard) if heard else made
    if any(parameter.prior is not None for parameter in space.parameters.values()):
        from hptui.core.search.samplers.believing import Believing

        made = Believing(made, space, seed, grows)
    if pruner is not None:
        made = taught(made, chosen, pruner)  # all that is around it hears of predicted ends, too
    if entry.whole:
        return made
    if len(goals) > 1 and models and not by_front:
        from hptui.core.search.samplers.scalarised import Scalarised

        return Scalarised(made, seed, [goal.metric for goal in goals])
    if len(goals) > 1:
        from hptui.core.search.samplers.ranked import Ranked

        return Ranked(made, len(goals))
    return made


__all__ = ["assemble"]
