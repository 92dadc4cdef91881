"""What samplers learn from a history: surrogates of the loss and of feasibility, and what to ask of them.

`layout` points as models see them · `observed` a history as models read it · `kernels`, `gp` Gaussian
processes · `transforms` of losses · `acquisition` what a point promises · `candidates` where to look ·
`feasibility` where trials can run at all. Pure. May import: search.protocol, space, numpy, scipy.
"""
