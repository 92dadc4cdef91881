"""Every pruner by name, with its options. A new one is a file beside this one and an entry here."""

from __future__ import annotations

from hptui.core.search.entry import Asked, BySteps, Entry, Option, Word


def _steps(**more: Asked) -> dict[str, Asked]:
    return {
        **more,
        "n_warmup_steps": Option("never stop a trial before this step", 0, low=0, whole=True),
        "interval_steps": Option("judge every so many steps", 1, low=1, whole=True),
    }


def _peers(**more: Asked) -> dict[str, Asked]:
    return {
        **more,
        "n_startup_trials": Option("never stop a trial before so many are complete", 5, low=0, whole=True),
        **_steps(),
        "n_min_trials": Option("never stop where fewer complete trials have reported", 1, low=1, whole=True),
    }


def _rungs() -> dict[str, Asked]:
    return {
        "min_resource": Option("the lowest step at which trials are ranked", 1, low=1, whole=True),
        "reduction_factor": Option("the best one of so many goes on", 3, low=2, high=100, whole=True),
    }


WRAPPABLE = ("median", "percentile", "threshold", "wilcoxon")
"""Rules that judge at any report, and hold nobody."""

PRUNERS: dict[str, Entry] = {
    "auto": Entry(
        "a model of all curves says which trial to train on next, or to start a new one; none without max_steps",
        "the usual choice where trials report every epoch and can be held",
        "pruners.thaw:Thaw",
        {
            "share": Option("of the steps of full trainings, which all trials together may take", 0.25, low=0, high=1)
        },
        also_called=("freeze_thaw", "thaw"),
        max_steps="used",
        learns=True,
    ),
    "none": Entry(
        "every trial runs to its end",
        "short trials, or losses that say little before the end",
        "pruners.none:Never",
        {},
        also_called=("nop", "off", "never"),
    ),
    "median": Entry(
        "stop a trial whose best is worse than the median of complete trials at the same step",
        "the usual choice where trials report every epoch",
        "pruners.median:Median",
        _peers(),
    ),
    "percentile": Entry(
        "stop a trial whose best is not among the best share of complete trials at the same step",
        "like median, but stricter or milder",
        "pruners.percentile:Percentile",
        _peers(percentile=Option("the share to keep, in per cent", 25.0, low=0, high=100)),
    ),
    "threshold": Entry(
        "stop a trial whose value leaves a given range or is not a number",
        "when it is known what a hopeless value looks like",
        "pruners.threshold:Threshold",
        _steps(
            lower=Option("stop below this value", None),
            upper=Option("stop above this value", None),
            by_step=BySteps("stop at these steps when the value is worse than this"),
        ),
    ),
    "wilcoxon": Entry(
        "stop a trial whose scores are worse than the best trial's, step by step, beyond chance",
        "scores of folds, seeds or problem instances: the step says which, and their mean is the value",
        "pruners.wilcoxon:Wilcoxon",
        {
            "p_threshold": Option("stop when so good a score by chance is less likely than this", 0.1, low=0, high=1),
            "n_startup_steps": Option("never stop before so many scores can be compared", 2, low=0, whole=True),
        },
    ),
    "patient": Entry(
        "stop a trial that has not improved for a while",
        "trials that converge long before their last step; or, with wraps, a rule that is too strict by itself",
        "pruners.patient:Patient",
        {
            "patience": Option("so many reports may pass without a better one", 5, low=0, whole=True),
            "min_delta": Option("worse by no more than this is not worse", 0.0, low=0),
            "wraps": Word("stop only when this rule says so too; its own options stand beside this one", WRAPPABLE),
        },
        also_called=("early_stopping",),
    ),
    "successive_halving": Entry(
        "stop a trial that is not among the best of those that have come to its rung",
        "where trials can't be held: on GPUs; many cheap trials",
        "pruners.halving:SuccessiveHalving",
        _rungs(),
        also_called=("sha", "halving", "asha_stop"),
        max_steps="used",
    ),
    "synchronous_halving": Entry(
        "rounds of trials held at each rung until all of the round are there; then the best go on",
        "a known number of trials, and workers enough to train a round side by side",
        "pruners.synchronous:SynchronousHalving",
        {
            **_rungs(),
            "round_size": Option(
                "trials in a round; one of them reaches the end if not stated", None, low=2, whole=True
            ),
        },
        also_called=("synchronous_successive_halving", "sync_halving", "successivehalving"),
        max_steps="needed",
    ),
    "pbt": Entry(
        "the worst trials end; others go on in their place from a better one's checkpoint, a little changed",
        "schedules: trials that save trial.checkpoint, and as many slots as trials",
        "pruners.population:PopulationBased",
        {
            "interval": Option("compare every so many steps", 5, low=1, whole=True),
            "share": Option("of the population: so many give way, and so many have heirs", 0.2, low=0.01, high=0.5),
            "factor": Option("an heir's numbers are its donor's times this, or divided by it", 1.2, low=1.01, high=10),
            "resample": Option("the chance that one of an heir's parameters is drawn anew", 0.25, low=0, high=1),
        },
        also_called=("population_based_training", "population"),
    ),
    "asha": Entry(
        "hold every trial at its rung; the best of a rung go on when a slot is free",
        "many trials that report every epoch, where early losses say something about late ones",
        "pruners.asha:Asha",
        _rungs(),
        also_called=("asynchronous_successive_halving", "asynchyperband"),
        max_steps="used",
    ),
    "hyperband": Entry(
        "brackets from many short trials to few full ones; a bracket's best go on when all of it have come",
        "when it is not known how much early losses say",
        "pruners.hyperband:Hyperband",
        _rungs(),
        also_called=("hyper_band", "bohb"),
        max_steps="needed",
    ),
    "pasha": Entry(
        "asha, going further only while longer training still changes who is better",
        "long trainings with a clear early order",
        "pruners.pasha:Pasha",
        _rungs(),
        max_steps="needed",
    ),
}
