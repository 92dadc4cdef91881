"""Linear algebra with one thread, as in the scheduler and the thinker: to be imported before numpy is."""

import os

from hptui.core.scheduler.one_thread import THREADS

for _name in THREADS:
    os.environ.setdefault(_name, "1")
