"""The freeze-thaw rule: the laws of all rules, tried on few studies for it learns a model, and what is its own."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hptui.core.search.catalog import by_curves, check, make_pruner, make_sampler, taught
from hptui.core.search.models.curve_heard import Ear
from hptui.core.search.protocol import Curve, Go, History, Hold, Kind, Proposal, Resume, Stop
from hptui.core.search.pruners.none import Never
from hptui.core.search.pruners.thaw import Thaw
from hptui.core.search.pruners.thaw_choice import Prospects, chance, choose
from hptui.core.search.pruners.thaw_ladder import next_up
from hptui.core.search.samplers.thaw import Taught
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen

sys.path.insert(0, str(Path(__file__).parent.parent / "search_rungs"))
from rung_simulation import Simulated

STEPS = 12
SPACE = Space.parse({"x": {"type": "float", "low": 0.0, "high": 1.0}, "kind": ["a", "b"]})


def rule(**options: float) -> Thaw:
    made = make_pruner(Chosen(name="auto", options=options), "minimize", STEPS, SPACE, seed=3)
    assert isinstance(made, Thaw)
    return made


def run(table: np.ndarray, workers: int, with_points: bool = True) -> Simulated:
    xs = np.random.default_rng(5).random((len(table), 2))
    places = {n: tuple(x.tolist()) for n, x in enumerate(xs)} if with_points else {}
    simulated = Simulated(rule(), workers, places=places)
    return simulated.run(lambda n, step: float(table[n, step - 1]), len(table), STEPS)


def table(name: str) -> np.ndarray:
    rng = np.random.default_rng(2)
    smooth = rng.random((14, 1)) + rng.random((14, 1)) / np.arange(1, STEPS + 1)
    match name:
        case "ties":
            return np.ones((14, STEPS))
        case "wild":
            return np.where(
                rng.random((14, STEPS)) < 0.4, rng.choice([np.nan, np.inf, -np.inf, 1e300], (14, STEPS)), smooth
            )
        case "nothing but nan":
            return np.full((10, STEPS), np.nan)
        case "one":
            return smooth[:1]
        case _:
            return smooth


@pytest.mark.parametrize("name", ["smooth", "ties", "wild", "nothing but nan", "one"])
def test_a_study_ends_and_runs_again_in_the_same_way(name: str) -> None:
    losses = table(name)
    workers = 3 if name == "smooth" else 1
    first, again = run(losses, workers), run(losses, workers)

    assert set(first.steps) == set(range(len(losses))) and all(first.reasons)
    assert (first.order, first.reasons) == (again.order, again.reasons)
    if name in ("smooth", "ties", "one"):
        assert Kind.COMPLETE in first.kinds.values()


def test_more_workers_than_trials_and_trials_without_a_point_are_no_trouble() -> None:
    done = run(table("smooth")[:5], workers=30, with_points=False)

    assert Kind.COMPLETE in done.kinds.values() and len(done.steps) == 5


def curves(n: int, seed: int = 0) -> list[Curve]:
    """Trials held here and there, in the order in which they came there."""
    rng = np.random.default_rng(seed)
    made, arrival = [], 0
    for number in range(n):
        k = int(rng.integers(1, 8))
        losses = rng.random() + 1.0 / np.arange(1, k + 1)
        x = tuple(rng.random(2).tolist())
        made.append(Curve(number, np.arange(1, k + 1), losses, held=True, x=x, arrival=np.arange(arrival, arrival + k)))
        arrival += k
    return made


def test_the_answer_does_not_depend_on_the_order_of_the_trials_nor_on_what_was_asked_before() -> None:
    crowd, asked = curves(12), rule()
    for n in range(2, 12):
        asked.promote(crowd[:n])
        asked.judge(crowd[n], crowd[:n])

    answers = [asked.promote(crowd), asked.promote(crowd[::-1]), rule().promote(crowd), rule().promote(crowd, True)]

    assert answers[0] == answers[1] == answers[2]
    assert isinstance(answers[3], Resume)


def test_a_trial_that_would_be_promoted_goes_on_at_once() -> None:
    """judge and promote are of one mind."""
    verdicts = []
    for seed in range(3):
        crowd, asked = curves(11, seed), rule()
        promoted = asked.promote(crowd)
        for curve in crowd:
            verdict = asked.judge(curve, [other for other in crowd if other is not curve])
            assert isinstance(verdict, Go) == (promoted is not None and promoted.number == curve.number)
            verdicts.append(verdict)
    held = [verdict for verdict in verdicts if isinstance(verdict, Hold)]
    wanted = r"predicted (\S+) ± \S+ at step 12, best (\S+): chance of beating it (\d+|below 1) %"
    for verdict in held:
        said, numbers = re.fullmatch(wanted, verdict.reason), verdict.compared
        assert said is not None and numbers is not None and numbers.chance is not None and numbers.threshold is not None
        assert [float(said[1]), float(said[2])] == pytest.approx([numbers.value, numbers.threshold], rel=1e-3)
        assert said[3] == (f"{100 * numbers.chance:.0f}" if numbers.chance >= 0.01 else "below 1")
        assert numbers.cohort == 11 and numbers.rank in range(1, 12) and numbers.rung is None


def test_no_accuracy_is_predicted_above_one_and_none_beats_it() -> None:
    crowd = [replace(curve, losses=0.49 * (curve.losses - 2.0)) for curve in curves(11)]
    thought = rule().mind.think(crowd)
    assert thought is not None
    below = [thought.outlook(curve.number) for curve in crowd]
    done = rule().mind.think([replace(crowd[0], losses=np.full(len(crowd[0].losses), -1.0)), *crowd[1:]])
    assert done is not None

    assert min(outlook.loss for outlook in below) >= -1.0 and max(outlook.chance for outlook in below) > 0.0
    assert {done.outlook(curve.number).chance for curve in crowd} == {0.0}


def test_a_loss_that_is_no_number_stops_its_trial() -> None:
    crowd = curves(10)
    for loss, word in ((np.nan, "not a number"), (np.inf, "inf")):
        verdict = rule().judge(Curve(10, np.array([1]), np.array([loss])), crowd)
        assert isinstance(verdict, Stop) and verdict.reason == f"step 1: the value is {word}"


def test_steps_may_count_from_0_and_be_missing() -> None:
    ear = Ear(rule().milestones(), STEPS)
    from_0 = ear.hear([Curve(0, np.arange(STEPS), np.ones(STEPS)), Curve(1, np.array([0, 5]), np.ones(2))])
    from_1 = ear.hear([Curve(0, np.arange(1, STEPS + 1), np.ones(STEPS)), Curve(1, np.array([1, 6]), np.ones(2))])

    assert from_0 is not None and from_1 is not None
    np.testing.assert_allclose(from_0.seen.s, from_1.seen.s)
    assert (from_0.last, from_1.last) == (STEPS - 1, STEPS)
    assert from_0.seen.s.max() == 1.0 and from_0.steps.tolist() == from_1.steps.tolist() == [12, 6]


def test_milestones_are_every_step_of_a_short_training_and_some_fifty_of_a_long_one() -> None:
    def steps(n: int) -> tuple[int, ...]:
        return Thaw(max_steps=n).milestones().steps  # type: ignore[union-attr]

    assert steps(30) == tuple(range(30))
    assert 40 <= len(steps(1000)) <= 70 and steps(1000)[:12] == tuple(range(12)) and steps(1000)[-1] < 1000
    assert steps(1) == (0,)


def test_a_choice_is_the_best_predicted_or_the_likeliest_to_reach_a_target() -> None:
    trials = (np.array([0.0, -0.2, 0.5]), np.array([0.1, 0.02, 1.0]))
    points = (np.array([0.6]), np.array([0.7]))
    free, nowhere = np.array([True, True, False]), np.array([True])
    chosen = [
        choose(Prospects(trials, points, -0.1, free, free, nowhere), np.random.default_rng(seed)) for seed in range(60)
    ]

    finished = [c for c in chosen if c is not None and c.how == "finish"]
    hoped = [c for c in chosen if c is not None and c.how == "hope"]
    assert {(c.what, c.row) for c in finished} == {("trial", 1)} and 10 < len(finished) < 40
    for c in hoped:
        chances = {
            ("trial", 0): chance(c.target, 0.0, 0.1), ("trial", 1): chance(c.target, -0.2, 0.02),
            ("point", 0): chance(c.target, 0.6, 0.7),
        }  # fmt: skip
        assert chances[c.what, c.row] == max(chances.values())
    assert {c.what for c in hoped} == {"trial", "point"}
    nobody = Prospects(trials, points, -0.1, np.zeros(3, bool), np.zeros(3, bool), np.zeros(1, bool))
    assert choose(nobody, np.random.default_rng(0)) is None


def test_the_ladder_takes_all_trials_to_a_fifteenth_and_the_better_ones_further() -> None:
    """By enumeration: 20 trials of 60 steps; 20 to step 4, 10 to 9, 5 to 24, 2 to the end."""
    ear, went = Ear(Thaw(max_steps=60).milestones(), 60), dict.fromkeys(range(20), 1)
    rank = {n: (7 * n) % 20 for n in range(20)}

    def held() -> list[Curve]:
        return [
            Curve(n, np.arange(1, k + 1), 1.0 / np.arange(1, k + 1) + rank[n], held=k < 60) for n, k in went.items()
        ]

    while (heard := ear.hear(held())) is not None and (climber := next_up(heard, 60, 0.25)):
        went[climber.number] += 1

    assert sorted(went.values(), reverse=True) == [60] * 2 + [24] * 3 + [9] * 5 + [4] * 10
    assert [n for n, k in sorted(went.items(), key=lambda pair: -pair[1])[:2]] == sorted(rank, key=rank.__getitem__)[:2]


def test_all_trials_together_take_their_share_of_steps_and_no_more() -> None:
    done = run(table("ties"), workers=1)

    least = 3 * STEPS + 2 * 14  # of a small session
    assert sum(done.steps.values()) <= max(0.25 * STEPS * 14, least) + STEPS  # one trial is taken to its end anyway


def test_a_small_session_goes_on_with_a_trial_that_is_likely_to_become_the_best_though_its_share_is_spent() -> None:
    at = np.arange(1, STEPS + 1)
    rng = np.random.default_rng(3)

    def trial(number: int, end: float, steps: int) -> Curve:
        losses = end + 0.5 * np.exp(-at / 3.0)
        kind = Kind.COMPLETE if steps == STEPS else Kind.PENDING
        return Curve(number, at[:steps], losses[:steps], kind, held=steps < STEPS, x=tuple(rng.random(2)))

    crowd = [trial(n, 0.5 + n / 20, STEPS if n < 4 else 3) for n in range(20)]
    falling = replace(trial(20, 0.2, 5), x=(0.5, 0.5))
    assert sum(len(curve.steps) for curve in [*crowd, falling]) >= 3 * STEPS + 2 * 21

    likely = rule().promote([*crowd, falling], closing=True)
    assert likely is not None and likely.number == 20
    assert likely.reason.startswith("the share of steps is spent, but it is likely to become the best: predicted")
    assert rule().promote(crowd, closing=True) is None
    full = [trial(n, 0.5 + n / 20, STEPS) for n in range(20)]  # more than half of all that there is to train
    assert rule().promote([*full, falling], closing=True) is None


def test_one_that_is_near_its_end_and_unlikely_keeps_no_likelier_one_from_going_on() -> None:
    asked, answers = rule(), []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        at, crowd = np.arange(1, STEPS + 1), []
        for number in range(20):
            steps = STEPS if number < 3 else STEPS - 1 if number == 3 else int(rng.integers(2, 6))
            losses = rng.uniform(0.3, 0.6) + 0.5 * np.exp(-at / rng.uniform(2, 8))
            kind = Kind.COMPLETE if steps == STEPS else Kind.PENDING
            x = tuple(rng.random(2))
            crowd.append(Curve(number, at[:steps], losses[:steps], kind, held=steps < STEPS, x=x))

        answer, thought = asked.promote(crowd, closing=True), asked.mind.think(crowd)

        assert thought is not None
        chances = [thought.outlook(curve.number).chance for curve in crowd if curve.held]
        assert 3 * STEPS + 2 * 20 <= sum(len(curve.steps) for curve in crowd) < STEPS * 10
        assert answer is not None or max(chances) < 0.6
        answers.append((answer is None, max(chances) >= 0.6))
    assert (False, True) in answers


def test_after_some_full_trainings_steps_without_an_end_the_best_predicted_goes_to_its_end_and_no_other() -> None:
    crowd = curves(16)
    steps, needed = sum(len(curve.steps) for curve in crowd), 5 * STEPS
    assert steps >= needed
    asked = rule()

    first = asked.promote(crowd)
    assert first is not None and first.reason.startswith("no trial is complete yet: predicted")
    best = next(curve for curve in crowd if curve.number == first.number)
    verdict = asked.judge(replace(best, held=False), [other for other in crowd if other is not best])
    assert isinstance(verdict, Go) and verdict.reason == first.reason
    while_it_runs = asked.promote([replace(c, held=c is not best) for c in crowd])
    ended = asked.promote([replace(c, held=c is not best, kind=Kind.COMPLETE if c is best else c.kind) for c in crowd])
    for answer in (while_it_runs, ended):
        assert answer is None or not answer.reason.startswith("no trial")


def test_auto_is_none_where_nobody_knows_how_long_a_training_is() -> None:
    assert make_pruner(Chosen(name="auto"), "minimize") == Never()
    assert check("pruner", Chosen(name="auto", options={"share": 0.5}), None) == []


@pytest.mark.parametrize("name", ["auto", "tpe"])
def test_samplers_learn_from_curves_that_have_not_ended(name: str) -> None:
    crowd = [Curve(c.number, c.steps, c.losses, Kind.PRUNED, x=c.x, arrival=c.arrival) for c in curves(14)]
    history = History(
        np.array([c.x for c in crowd]), np.array([c.last for c in crowd]), np.full(14, Kind.PRUNED, np.int64),
        np.arange(14), np.array([c.last_step for c in crowd]), curves=tuple(crowd),
    )  # fmt: skip
    made, asked = make_sampler(Chosen(name=name), SPACE, 1), rule()
    sampler = taught(by_curves(made, Chosen(name=name), asked), Chosen(name=name), asked)

    proposal, again = sampler.ask(history, 14), sampler.ask(history, 14)

    assert isinstance(proposal, Proposal) and isinstance(again, Proposal)
    np.testing.assert_array_equal(proposal.x, again.x)
    assert ((proposal.x >= 0) & (proposal.x <= 1)).all() and proposal.why
    if name == "tpe":
        assert isinstance(sampler, Taught)
        told = sampler.with_ends(history)
        assert set(told.kind.tolist()) == {Kind.COMPLETE}
        # a curve that falls is expected to fall further
        early = [n for n, c in enumerate(crowd) if c.last_step <= 2]
        assert (told.y[early] < history.y[early]).all()


def test_of_given_points_one_whose_trial_has_yet_to_report_is_not_proposed_again() -> None:
    given = np.random.default_rng(8).random((30, 2))
    asked = make_pruner(Chosen(name="auto"), "minimize", STEPS, SPACE, 3, given)
    assert isinstance(asked, Thaw)
    sampler = by_curves(make_sampler(Chosen(name="auto"), SPACE, 1), Chosen(name="auto"), asked)
    none = np.empty(0, np.int64)
    crowd = [replace(curve, x=tuple(given[curve.number])) for curve in curves(12)]
    started: list[Curve] = []
    for number in range(12, 16):
        history = replace(History.empty(2), curves=(*crowd, *started))
        proposal = sampler.ask(history, number)
        assert isinstance(proposal, Proposal)
        started.append(Curve(number, none, np.empty(0), x=tuple(proposal.x)))

    assert len({curve.x for curve in (*crowd, *started)}) == 16


@pytest.mark.parametrize("full", [12, 400])
def test_nobody_is_finished_for_being_predicted_best_who_has_had_a_sixth_of_all_steps(full: int) -> None:
    """However long a training is: number 0 is far ahead, and of all 36 steps it has 5 or 6."""
    for own in (5, 6):
        asked, arrival, crowd = Thaw(max_steps=full, seed=1), 0, list[Curve]()
        for number, k in enumerate([own, *[4] * 6, 2, 2, 1, 7 - own]):
            losses = (0.0 if number == 0 else 1.0) + 1.0 / np.arange(1, k + 1)
            at = np.arange(arrival, arrival + k)
            crowd.append(Curve(number, np.arange(1, k + 1), losses, held=True, arrival=at))
            arrival += k
        finished = set()
        for seed in range(20):
            choice = replace(asked, seed=seed).mind.think(crowd).choice  # type: ignore[union-attr]
            if choice is not None and choice.how == "finish":
                finished.add(choice.row)
        assert sum(len(curve.steps) for curve in crowd) == 36 and finished
        assert (0 in finished) == (own == 5)


@pytest.mark.parametrize("given", [False, True])
def test_while_curves_fall_to_their_end_new_points_keep_away_from_what_is_known(given: bool) -> None:
    """Every point that is like a good one is sure to pass the best loss so far, by going on."""
    space = Space.parse({name: {"type": "float", "low": 0.0, "high": 1.0} for name in "xy"})
    asked = make_pruner(Chosen(name="auto"), "minimize", 30, space, 3)
    sampler = by_curves(make_sampler(Chosen(name="auto"), space, 3), Chosen(name="auto"), asked)
    x, crowd = np.random.default_rng(5).random((16, 2)), list[Curve]()
    x[0] = 0.6
    for number in range(16):
        steps = np.arange(1, 12 if number % 4 == 0 else 2)
        falling = ((x[number] - 0.6) ** 2).sum() + 3.0 * (1.0 - np.log(steps) / np.log(30.0))
        where = 100 * number + np.arange(len(steps))
        crowd.append(Curve(number, steps, falling, held=True, x=tuple(x[number].tolist()), arrival=where))
    history = replace(History.empty(2), curves=tuple(crowd))
    if given:
        copies, others = np.clip(x + 0.02, 0.0, 1.0), np.random.default_rng(6).random((64, 2))
        sampler = replace(sampler, mind=replace(asked, points=np.vstack([copies, others])).mind)

    proposals = [sampler.ask(history, number) for number in range(16, 24)]

    points = np.array([proposal.x for proposal in proposals if isinstance(proposal, Proposal)])
    apart = np.sqrt(((points[:, None] - x[None]) ** 2).sum(axis=2)).min(axis=1)
    assert len(points) == 8 and np.median(apart) > 0.12
