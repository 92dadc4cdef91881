"""Where to look next and when to give up: samplers, pruners, and the history they judge by.

Pure: everything is a loss (lower is better) on the unit cube; no clock, file, database, screen or torch.
May import: errors, space, study.milestones, numpy, scipy.
"""
