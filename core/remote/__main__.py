"""`python -m hptui.core.remote FOLDER [--resume]`: the scheduler of a session whose trials run on a Ray cluster."""

from __future__ import annotations

import sys

from hptui.core.remote.far import cluster
from hptui.core.scheduler.__main__ import main

if __name__ == "__main__":
    sys.exit(main(cluster))
