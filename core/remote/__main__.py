"""`python -m hptui.core.remote FOLDER [--resume]`: the scheduler of a session whose trials run on a Ray cluster."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hptui.core.scheduler.__main__ import main

if TYPE_CHECKING:
    from hptui.core.scheduler.ground import Finds


def _cluster() -> Finds:
    from hptui.core.remote.far import cluster

    return cluster


if __name__ == "__main__":
    sys.exit(main(_cluster))
