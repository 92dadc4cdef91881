"""Where a session's trials run: the devices, what watches them, and how processes come about there."""

from __future__ import annotations

import selectors
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from hptui.core.devices import leases
from hptui.core.devices.inventory import Inventory, inventory
from hptui.core.devices.readings import Readings, Watch
from hptui.core.scheduler.children import Children
from hptui.core.scheduler.fork_server import ForkServer
from hptui.core.study.session import SessionFolder, leases_home
from hptui.core.study.study import Study


@dataclass(frozen=True, slots=True)
class Ground:
    places: Inventory
    watch: Watch
    children: Callable[[SessionFolder, selectors.BaseSelector], Children]


Finds = Callable[[SessionFolder, Study, dict[str, Any]], Ground]


def this_machine(
    folder: SessionFolder, study: Study, facts: dict[str, Any], begun: ForkServer | None = None
) -> Ground:
    """begun: its fork server, where one has been begun. Raises StudyError or SessionError when what the study asks for
    is not to be had."""
    slots = facts.get("slots") or study.resources.slots
    places = inventory(msgspec.structs.replace(study.resources, slots=slots))
    if places.on_gpus:
        leases.check(leases_home())
    return Ground(places, Readings(places.devices, study.resources.look_every_s), partial(Children, begun=begun))
