"""Optuna's samplers and pruners, and those of OptunaHub, behind our protocol: `sampler = "optuna:GPSampler"`.

The only part of the search that imports Optuna, when a study names it: samplers in the thinker, pruners where
verdicts are given. A guest is rebuilt from the history whenever it is asked, so a session goes on after a crash as if
nothing had happened. `found` says which there are, `making` makes one of its options, `sampler` and `pruner` are what
is asked.
"""
