"""What samplers learn from a history: surrogates of the loss and of feasibility, and what to ask of them.

`layout` points as models see them · `observed` a history as models read it · `kernels`, `maps`, `gp`, `posterior`
Gaussian processes · `shape` the kernels a user may ask for · `learning`, `committee` several processes together ·
`trust` a box to stay in · `basins` where else to go down · `process` one process over any value · `transforms` of
losses · `acquisition` what a point promises · `candidates` where to look · `search` the best of them · `feasibility`
where trials can run at all · `curve_*` how losses go on. Pure. May import: search.protocol, space, numpy, scipy.
"""
