"""Every sampler by name, with its options. A new one is a file beside this one and an entry here."""

from __future__ import annotations

from hptui.core.search.entry import Entry, Needed, Option, Word

SAMPLERS: dict[str, Entry] = {
    "auto": Entry(
        "a model of the losses, checked by how well it predicts, in turns with others where it can't",
        "nearly always",
        "samplers.auto:Auto",
        {},
        also_called=("default", "bayesian", "hebo"),
        models=True,
    ),
    "gp": Entry(
        "Gaussian processes: where they expect the most improvement",
        "up to a few hundred trials that take minutes or more; smooth losses",
        "samplers.gp:GP",
        {
            "startup": Option("evenly spread points first; 4 to 8 if not stated", None, low=1, whole=True),
            "kernel": Word(
                "matern: parameters together; additive: each by itself; warped: ranges stretched where losses change "
                "fast; cylindrical: by distance from the middle; embedded: a few random combinations (many parameters)",
                ("matern", "additive", "warped", "cylindrical", "embedded"),
                "matern",
            ),
            "trust_region": Word(
                "stay in a box around the best trial, which shrinks while nothing improves", ("off", "on"), "off"
            ),
        },
        also_called=("bayesopt", "bo", "gaussian_process", "botorch", "skopt"),
        models=True,
    ),
    "random": Entry(
        "independent uniform draws; repeats no point of a finite space",
        "a baseline to compare with; many parallel trials; spaces with conditions",
        "samplers.random:Random",
        {},
    ),
    "quasi_random": Entry(
        "scrambled Sobol points: random-looking, but evenly spread",
        "a first look at a space of numbers; better than random for the same number of trials",
        "samplers.quasi_random:QuasiRandom",
        {},
        also_called=("sobol", "qmc", "quasirandom", "quasi-random"),
        choosy=True,
    ),
    "grid": Entry(
        "every combination of evenly spaced values, spread so that it may be stopped early",
        "few parameters with few values each",
        "samplers.grid:Grid",
        {"points": Option("values per continuous parameter", 5, low=1, high=1000, whole=True)},
        also_called=("gridsearch", "grid_search", "bruteforce", "brute_force"),
        choosy=True,
    ),
    "tpe": Entry(
        "propose where good points are dense and the others are not",
        "many parameters, conditions and choices; hundreds of trials; costs next to nothing",
        "samplers.tpe:TPE",
        {
            "startup": Option("quasi-random points before it begins", 10, low=1, whole=True),
            "candidates": Option("draws it chooses from", 24, low=1, high=100_000, whole=True),
        },
        also_called=("hyperopt", "parzen"),
    ),
    "bohb": Entry(
        "tpe on the trials of the highest rung that has enough of them, one in three drawn without it",
        "with pruner hyperband: the two together are BOHB",
        "samplers.bohb:Bohb",
        {
            "random_share": Option("of the trials, those drawn without the model", 1 / 3, low=0, high=1),
            "candidates": Option("draws it chooses from", 64, low=1, high=100_000, whole=True),
        },
    ),
    "cmaes": Entry(
        "a normal distribution that moves to the good points and takes the shape of the valley",
        "hundreds of trials on numbers that interact; few conditions and choices",
        "samplers.cmaes:CmaEs",
        {
            "spread": Option("the first standard deviation, as a share of each range", 0.17, low=0.01, high=1.0),
            "startup": Option("quasi-random points first; a population when it is not stated", None, low=1, whole=True),
            "population": Option("trials in a generation; 4 + 3 ln(dim) if not stated", None, low=2, whole=True),
        },
        also_called=("cma", "cma-es", "cma_es"),
    ),
    "forest": Entry(
        "expected improvement by a forest of randomised trees; needs scikit-learn",
        "many choices and conditions, losses with jumps",
        "samplers.forest:Forest",
        {
            "trees": Option("how many", 30, low=2, high=1000, whole=True),
            "startup": Option("quasi-random points first; 4 to 10 by dimension if not stated", None, low=1, whole=True),
        },
        also_called=("smac", "rf", "random_forest"),
        needs=Needed("sklearn", "scikit-learn", "pip install 'hptui[forest]'"),
    ),
    "neural": Entry(
        "expected improvement by a few small networks with Bayesian last layers",
        "hundreds of trials, where a Gaussian process is too slow or too smooth",
        "samplers.neural:Neural",
        {"startup": Option("quasi-random points first; 4 to 10 by dimension if not stated", None, low=1, whole=True)},
        also_called=("dngo", "nn", "network"),
    ),
    "evolution": Entry(
        "change the best of a few of the latest trials a little (regularised evolution)",
        "thousands of cheap trials, many choices, noisy losses",
        "samplers.evolution:Evolution",
        {
            "population": Option("the latest so many trials may have children", 30, low=2, whole=True),
            "sample": Option("draws of which the best is the parent", 20, low=1, whole=True),
            "startup": Option("quasi-random points first", 10, low=1, whole=True),
        },
        also_called=("genetic", "ga", "regularised_evolution", "regularized_evolution"),
    ),
    "differential_evolution": Entry(
        "step along the differences between good points",
        "hundreds of cheap trials on numbers, rugged losses",
        "samplers.differential_evolution:DifferentialEvolution",
        {"population": Option("seats, each held by the best it has had", 6, low=4, whole=True)},
        also_called=("de",),
    ),
    "particle_swarm": Entry(
        "particles that swing between their own best point and the best of all",
        "hundreds of cheap trials on numbers, many at once",
        "samplers.particle_swarm:ParticleSwarm",
        {"population": Option("particles", 8, low=2, whole=True)},
        also_called=("pso", "swarm"),
    ),
}
