"""Optuna's samplers behind our protocol: the laws of our own, and the same points as Optuna itself proposes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hptui.core.errors import StudyError
from hptui.core.search.assemble import assemble
from hptui.core.search.catalog import check, misfits
from hptui.core.search.guests.axes import axes_of
from hptui.core.search.observe import Observation, Observations
from hptui.core.search.protocol import Exhausted, History, Kind, Proposal, Sampler
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen, Goal

optuna = pytest.importorskip("optuna", reason="pip install 'hptui[optuna]'")

SPACE = Space.parse(
    {
        "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
        "width": {"type": "int", "low": 1, "high": 64, "log": True},
        "act": ["relu", "tanh"],
        "slope": {"type": "float", "low": 0.0, "high": 1.0, "step": 0.1, "when": {"act": ["relu"]}},
        "shape": [[1, 2], [3]],
        "even": {"type": "int", "low": 2, "high": 9, "step": 2},
    }
)
ENDS = (Kind.COMPLETE, Kind.COMPLETE, Kind.PRUNED, Kind.COMPLETE, Kind.INFEASIBLE, Kind.FAILED, Kind.PENDING)


def history(n: int, objectives: int = 1, space: Space = SPACE, constrained: bool = False) -> History:
    """Trials that ended in every way; some still run."""
    rng, seen = np.random.default_rng(4), Observations(space.dim)
    for number in range(n):
        u = rng.random(space.dim)
        x = tuple(float(a) if on else None for a, on in zip(u, space.active(u), strict=True))
        kind, loss = ENDS[number % len(ENDS)], float(np.sum(u))
        y = loss if kind in (Kind.COMPLETE, Kind.PRUNED) else None
        several = (loss, -loss) if objectives > 1 and kind == Kind.COMPLETE else ()
        limits = {"memory": float(u[0] - 0.5)} if constrained and kind == Kind.COMPLETE else {}
        seen.add(Observation(number, x, y, kind, 2, several, limits))
    return seen.history()


def sampler(name: str, space: Space = SPACE, goals: int = 1, **options: Any) -> Sampler:
    metrics = [Goal("loss"), Goal("size")][:goals]
    return assemble(Chosen(name=f"optuna:{name}", options=options), space, 7, metrics)


def point(answer: Proposal | Exhausted) -> list[float]:
    assert isinstance(answer, Proposal), answer
    return list(answer.x.tolist())


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("RandomSampler", {}),
        ("TPESampler", {"multivariate": True, "group": True, "n_startup_trials": 4}),
        ("CmaEsSampler", {"n_startup_trials": 2}),
        ("QMCSampler", {"scramble": True}),
        ("NSGAIISampler", {"population_size": 4, "crossover": "UNDXCrossover"}),
        ("PartialFixedSampler", {"fixed_params": {"act": "tanh"}, "base_sampler": "RandomSampler"}),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_a_guest_proposes_follows_from_the_history_alone(name: str, options: dict[str, Any]) -> None:
    whole, part = history(17), history(9)
    lived, fresh = sampler(name, **options), sampler(name, **options)
    first = [point(lived.ask(part, 9)), point(lived.ask(whole, 17)), point(lived.ask(part, 9))]
    state = np.random.get_state()[1].tolist()  # type: ignore[union-attr]

    assert first == [point(fresh.ask(part, 9)), point(sampler(name, **options).ask(whole, 17)), first[0]]
    assert all(0.0 <= u <= 1.0 for x in first for u in x)
    assert first[0] != first[1]
    assert np.random.get_state()[1].tolist() == state  # type: ignore[union-attr]


def test_the_gp_sampler_is_a_guest_too() -> None:
    pytest.importorskip("torch", reason="Optuna's GPSampler computes with torch")
    one, two = history(6), sampler("GPSampler", n_startup_trials=2)

    assert point(two.ask(one, 6)) == point(sampler("GPSampler", n_startup_trials=2).ask(one, 6))


def test_tpe_proposes_what_optuna_proposes_of_the_same_trials() -> None:
    flat = Space.parse({"a": {"type": "float", "low": 0.0, "high": 1.0}, "b": ["x", "y", "z"]})
    seen, number = history(14, space=flat), 14
    seed = int(np.random.default_rng([7, number]).integers(2**31))
    own = optuna.samplers.TPESampler(seed=seed, n_startup_trials=3)
    study = optuna.create_study(sampler=own)
    states = {Kind.COMPLETE: "COMPLETE", Kind.PRUNED: "PRUNED", Kind.INFEASIBLE: "PRUNED", Kind.PENDING: "RUNNING"}
    for i in range(len(seen)):
        state = optuna.trial.TrialState[states.get(Kind(int(seen.kind[i])), "FAIL")]
        y, reported = float(seen.y[i]), np.isfinite(seen.y[i])
        study.add_trial(
            optuna.trial.create_trial(
                state=state,
                value=y if state.name == "COMPLETE" else None,
                params=flat.values(seen.x[i]),
                distributions={
                    "a": optuna.distributions.FloatDistribution(0.0, 1.0),
                    "b": optuna.distributions.CategoricalDistribution(["x", "y", "z"]),
                },
                intermediate_values={2: y} if reported else {},
            )
        )
    trial = study.ask()
    expected = {"a": trial.suggest_float("a", 0.0, 1.0), "b": trial.suggest_categorical("b", ["x", "y", "z"])}
    answer = sampler("TPESampler", flat, n_startup_trials=3).ask(seen, number)

    assert flat.values(np.array(point(answer))) == {"a": pytest.approx(expected["a"]), "b": expected["b"]}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "options"), [("CmaEsSampler", {}), ("QMCSampler", {"scramble": True})], ids=["CMA-ES", "QMC"]
)
def test_a_sampler_that_keeps_notes_goes_the_way_it_goes_in_optuna(name: str, options: dict[str, Any]) -> None:
    plane = Space.parse({n: {"type": "float", "low": -1.0, "high": 1.0} for n in ("a", "b")})
    study = optuna.create_study(sampler=getattr(optuna.samplers, name)(seed=7, **options))
    one, seen = sampler(name, plane, **options), Observations(2)
    for number in range(16):
        trial = study.ask()
        expected = [trial.suggest_float(axis, -1.0, 1.0) for axis in ("a", "b")]
        x = point(one.ask(seen.history(), number))
        assert [2 * u - 1 for u in x] == pytest.approx(expected, abs=1e-9), number
        loss = expected[0] ** 2 + (expected[1] - 0.3) ** 2
        study.tell(trial, loss)
        seen.add(Observation(number, (x[0], x[1]), loss, Kind.COMPLETE, 0))


def test_every_value_of_a_parameter_survives_the_way_to_optuna_and_back() -> None:
    for axis in axes_of(SPACE):
        values = [axis.parameter.value(u) for u in np.linspace(0, 1, 40)]
        back = [axis.parameter.value(axis.unit(axis.value(u))) for u in np.linspace(0, 1, 40)]

        assert back == values, axis.name


def test_several_objectives_and_constraints_are_heard() -> None:
    seen, free = history(60, objectives=2, constrained=True), history(60, objectives=2)
    options = {"population_size": 4, "crossover_prob": 1.0}
    answers = [point(sampler("NSGAIISampler", goals=2, **options).ask(each, 60)) for each in (seen, free)]

    assert answers[0] != answers[1]


def test_brute_force_ends_when_it_has_been_everywhere() -> None:
    small = Space.parse({"k": [1, 2], "n": {"type": "int", "low": 0, "high": 2, "when": {"k": [2]}}})
    one, seen, met = sampler("BruteForceSampler", small), Observations(small.dim), []
    while isinstance(answer := one.ask(seen.history(), len(met)), Proposal):
        met.append(small.values(answer.x))
        x = tuple(float(u) if on else None for u, on in zip(answer.x, small.active(answer.x), strict=True))
        seen.add(Observation(len(met) - 1, x, 1.0, Kind.COMPLETE, 0))

    assert sorted(map(str, met)) == sorted(map(str, [{"k": 1}, *({"k": 2, "n": n} for n in (0, 1, 2))]))
    assert answer == Exhausted("optuna:BruteForceSampler has been everywhere")


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("optuna:GPSamplr", {}, 'has no sampler GPSamplr\n  hint: did you mean "GPSampler"?'),
        ("optuna:BaseSampler", {}, "has no sampler BaseSampler"),
        ("optuna:GridSampler", {}, "optuna:GridSampler needs search_space"),
        ("optuna:TPESampler", {"n_startup": 3}, 'did you mean "n_startup_trials"?'),
        ("optona:TPESampler", {}, 'there are no guests from "optona"'),
        ("optunahub:auto", {}, '"auto" is no sampler of OptunaHub'),
    ],
)
def test_a_wrong_name_or_option_is_said_by_check(name: str, options: dict[str, Any], says: str) -> None:
    (problem,) = check("sampler", Chosen(name=name, options=options))

    assert says in str(problem)


def test_options_that_optuna_refuses_are_said_before_anything_starts() -> None:
    wrong = Chosen(name="optuna:NSGAIISampler", options={"population_size": 1})
    (problem,) = misfits(wrong, SPACE, 0)

    assert "optuna:NSGAIISampler refuses its options" in str(problem)


def test_what_optuna_imports_only_when_it_is_asked_is_said_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cmaes", None)
    (problem,) = check("sampler", Chosen(name="optuna:CmaEsSampler"))

    assert (problem.problem, problem.hint) == (
        "optuna:CmaEsSampler needs cmaes, which is not installed", "pip install cmaes"
    )  # fmt: skip


def test_without_optuna_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    from hptui.core.search.guests.found import guest

    guest.cache_clear()
    (problem,) = check("sampler", Chosen(name="optuna:GPSampler"))
    guest.cache_clear()

    assert (problem.problem, problem.hint) == ("Optuna is not installed", "pip install 'hptui[optuna]'")


HUB = '''
import numpy as np
import optuna
class Walk(optuna.samplers.BaseSampler):
    """Walks on in steps of its own, and remembers where it is in itself."""
    def __init__(self, step=0.1):
        self.step, self.at = step, 0.0
    def infer_relative_search_space(self, study, trial): return {}
    def sample_relative(self, study, trial, space): return {}
    def before_trial(self, study, trial): self.at += self.step
    def sample_independent(self, study, trial, name, distribution): return self.at + 0.001 * np.random.random()
'''


def test_a_package_of_optunahub_is_used_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("optunahub", reason="pip install optunahub")
    package = tmp_path / "github.com/optuna/optunahub-registry/main/package/samplers/walk"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(HUB)
    monkeypatch.setenv("OPTUNAHUB_CACHE_HOME", str(tmp_path))
    line = Space.parse({"x": {"type": "float", "low": 0.0, "high": 10.0}})
    chosen = Chosen(name="optunahub:samplers/walk", options={"step": 1.0})
    seen = history(5, space=line)
    answers = [point(assemble(chosen, line, 7, [Goal("loss")]).ask(seen, 5)) for _ in range(2)]

    assert answers[0] == answers[1] == [pytest.approx(0.6, abs=1e-3)]
    (problem,) = check("sampler", Chosen(name="optunahub:samplers/wall"))
    assert 'is not on this machine\n  hint: did you mean "samplers/walk"?' in str(problem)
    with pytest.raises(StudyError, match="has no sampler Talk"):
        raise check("sampler", Chosen(name="optunahub:samplers/walk:Talk"))[0]
