"""A process that trains and is frozen from outside: `child.py BALLAST_BYTES`, then lines with a number of steps.

Prints READY, and for each line the fingerprint of what it holds after so many steps more.
"""

from __future__ import annotations

import sys

from bench.card.objectives import REHEARSAL, Training

training = Training(int(sys.argv[1]))
if REHEARSAL:
    import pretend_gpu

    pretend_gpu.allocate(700)
training.steps(3)
print("READY", flush=True)
for line in sys.stdin:
    training.steps(int(line))
    print(training.fingerprint(), flush=True)
