"""The real thinker process: asked, grown, killed, failing, and gone when nobody needs it."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from hptui.core.scheduler.thinker import Answer, Asked, Broken, Observation, OutOfPoints, Thinker
from hptui.core.scheduler.thinker_main import Mind, notices_of
from hptui.core.scheduler.thinker_wire import AskFor, Begin, Observed, Unframer, framed
from hptui.core.search.catalog import SAMPLERS, make_sampler
from hptui.core.search.observe import Observations
from hptui.core.search.protocol import Kind, Proposal
from hptui.core.search.wording import said
from hptui.core.space.space import Space
from hptui.core.store.create import create_session
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Chosen, Goal

DEADLINE_S = 30.0
TWO: dict[str, Any] = {
    "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
    "optimizer": ["sgd", "adam"],
    "momentum": {"type": "float", "low": 0.0, "high": 0.99, "when": {"optimizer": "sgd"}},
}
FINITE: dict[str, Any] = {"a": ["x", "y"], "b": {"type": "int", "low": 1, "high": 2}}
RANDOM = Chosen(name="random")

Start = Callable[..., Thinker]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts thinkers and ends them."""
    begun: list[Thinker] = []

    def start(definitions: dict[str, Any], chosen: Chosen = RANDOM, seed: int = 0, **more: Any) -> Thinker:
        begun.append(Thinker.start(definitions, chosen, seed, **more))
        return begun[-1]

    yield start
    for thinker in begun:
        thinker.close()


def hear(thinker: Thinker, count: int = 1) -> list[Answer]:
    """The next `count` answers."""
    answers: list[Answer] = []
    end = time.monotonic() + DEADLINE_S
    while len(answers) < count:
        left = end - time.monotonic()
        assert left > 0, f"only {answers} so far"
        select.select([thinker], [], [], left)
        answers += thinker.receive()
    return answers


def ask(thinker: Thinker, number: int) -> Answer:
    thinker.ask(number)
    [answer] = hear(thinker)
    return answer


def asked(answer: Answer) -> Asked:
    assert isinstance(answer, Asked), answer
    return answer


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def gone(pid: int) -> bool:
    """Ended, or ended and not yet waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


SEEN = [
    Observation(0, (0.2, 0.9, None), 0.4, Kind.COMPLETE, 9),
    Observation(1, (0.7, 0.1, 0.5), None, Kind.INFEASIBLE),
]


@pytest.mark.parametrize("name", SAMPLERS)
def test_an_answer_is_the_samplers_own_proposal_with_inactive_parameters_left_out(name: str) -> None:
    mind = Mind(Begin(TWO, Chosen(name=name), 3, grows=False))
    mind.take(Observed(SEEN))

    answer = asked(mind.answer(2))

    space, trials = Space.parse(TWO), Observations(3)
    for observation in SEEN:
        trials.add(observation)
    proposal = make_sampler(Chosen(name=name), space, 3).ask(trials.history(), 2)
    assert isinstance(proposal, Proposal)
    active = space.active(proposal.x)
    assert answer.x == tuple(u if on else None for u, on in zip(proposal.x, active, strict=True))
    assert (answer.number, answer.why) == (2, said(proposal, name, [Goal("value")]))
    assert answer.seconds >= 0


def test_the_process_answers_as_the_mind_in_it(start: Start) -> None:
    mind, thinker = Mind(Begin(TWO, Chosen(name="auto"), 3, grows=False)), start(TWO, Chosen(name="auto"), seed=3)
    mind.take(Observed(SEEN))
    for observation in SEEN:
        thinker.observe(observation)

    here, there = asked(mind.answer(2)), asked(ask(thinker, 2))

    assert (there.number, there.x, there.why) == (here.number, here.x, here.why)
    assert 0 <= there.seconds < DEADLINE_S


def test_several_asks_are_answered_in_their_order(start: Start) -> None:
    thinker = start(TWO)
    for number in range(5):
        thinker.ask(number)

    assert [asked(a).number for a in hear(thinker, 5)] == [0, 1, 2, 3, 4]


def test_nothing_asked_is_nothing_heard(start: Start) -> None:
    assert start(TWO).receive() == []


def test_a_finite_space_runs_out_of_points(start: Start) -> None:
    thinker = start(FINITE, Chosen(name="grid"))
    for number in range(4):
        thinker.observe(Observation(number, asked(ask(thinker, number)).x))

    assert ask(thinker, 4) == OutOfPoints(4, "all 4 grid points were tried")


def test_a_space_that_grows_from_nothing_is_followed(start: Start) -> None:
    thinker = start({})

    first = asked(ask(thinker, 0))
    thinker.set_space(FINITE)
    thinker.observe(Observation(0, ()))
    second = asked(ask(thinker, 1))
    thinker.set_space({**FINITE, **TWO})
    third = asked(ask(thinker, 2))

    assert (first.x, first.why) == ((), "random: no parameter is known yet")
    assert (len(second.x), len(third.x)) == (2, 5)


def test_a_point_thought_of_before_the_space_grew_is_asked_for_again(start: Start) -> None:
    thinker = start({})
    os.kill(thinker.pid or 0, signal.SIGSTOP)  # so that both are on their way before it looks

    thinker.ask(0)
    thinker.set_space(FINITE)
    os.kill(thinker.pid or 0, signal.SIGCONT)

    assert len(asked(hear(thinker)[0]).x) == 2


def test_a_growing_space_is_never_out_of_random_points(start: Start) -> None:
    thinker = start(FINITE, grows=True)
    for number, (a, b) in enumerate([(0.2, 0.2), (0.2, 0.7), (0.7, 0.2), (0.7, 0.7)]):
        thinker.observe(Observation(number, (a, b)))

    assert "a repeat" in asked(ask(thinker, 4)).why


def test_a_killed_thinker_comes_back_with_all_it_knew(start: Start) -> None:
    thinker = start(FINITE, Chosen(name="grid"))
    first = asked(ask(thinker, 0))
    thinker.observe(Observation(0, first.x))
    pid, fd = thinker.pid, thinker.fileno()
    assert pid is not None

    os.kill(pid, signal.SIGKILL)
    thinker.ask(1)
    second = asked(hear(thinker)[0])

    assert second.why == "grid point 2 of 4"
    assert thinker.pid not in (None, pid)
    assert thinker.fileno() == fd
    assert gone(pid)


def test_an_ask_that_was_on_its_way_when_the_thinker_died_is_answered(start: Start) -> None:
    thinker = start(TWO)
    expected = asked(ask(thinker, 7)).x
    assert thinker.pid is not None
    os.kill(thinker.pid, signal.SIGSTOP)  # it can't answer before it dies
    thinker.ask(7)

    os.kill(thinker.pid, signal.SIGKILL)

    assert asked(hear(thinker)[0]).x == expected


def test_thousands_of_trials_reach_a_thinker_that_was_started_again(start: Start) -> None:
    """More than a socket holds: the rest is written as there is room."""
    wide = {f"p{i}": {"type": "int", "low": 0, "high": 1} for i in range(40)}
    thinker = start(wide)
    rng = np.random.default_rng(0)
    for number in range(5000):
        thinker.observe(Observation(number, tuple(rng.random(40).tolist()), 0.5, Kind.COMPLETE))
    pid = thinker.pid
    expected = asked(ask(thinker, 5000)).x

    os.kill(pid or 0, signal.SIGKILL)
    thinker.ask(5000)

    assert asked(hear(thinker)[0]).x == expected


@pytest.mark.parametrize(
    ("death", "how"),
    [
        ("kill -9 $$", "killed by SIGKILL"),
        ("exit 3", "with exit status 3"),
    ],
)
def test_a_thinker_that_dies_twice_in_a_row_is_broken_and_the_next_ask_tries_again(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, death: str, how: str
) -> None:
    dying = tmp_path / "python"
    dying.write_text(f"#!/bin/sh\n{death}\n")
    dying.chmod(0o700)
    with monkeypatch.context() as context:
        context.setattr(sys, "executable", str(dying))
        thinker = start(TWO)
        thinker.ask(0)
        thinker.ask(1)
        answers = hear(thinker, 2)

    assert answers == [Broken(f"the thinker died twice, the last time {how}", number) for number in (0, 1)]
    assert thinker.pid is None
    assert asked(ask(thinker, 2)).number == 2


def test_an_answer_in_between_pardons_an_earlier_death(start: Start) -> None:
    thinker = start(TWO)
    for number in range(4):
        os.kill(thinker.pid or 0, signal.SIGKILL)
        assert asked(ask(thinker, number)).number == number


def test_a_sampler_that_does_not_fit_is_an_answer_with_the_reason(start: Start) -> None:
    many = {f"p{i}": {"type": "float", "low": 0.0, "high": 1.0} for i in range(10)}
    thinker = start(many, Chosen(name="grid"))

    answer = ask(thinker, 0)

    assert isinstance(answer, Broken)
    assert answer.number == 0
    assert answer.reason.startswith("sampler.name: the grid has 9,765,625 points, ")


def test_a_space_that_makes_no_sense_is_an_answer_with_the_reason(start: Start) -> None:
    answer = ask(start({"lr": {"type": "float", "low": 2.0, "high": 1.0}}), 0)

    assert isinstance(answer, Broken)
    assert "space.lr: low (2) is not below high (1)" in answer.reason


def sampler(folder: Path, body: str) -> Path:
    """A thinker's program whose random sampler does something else."""
    script = folder / "other.py"
    script.write_text(
        "from hptui.core.scheduler import thinker_main\n"
        "from hptui.core.search.samplers.random import Random\n"
        "usual = Random.ask\n"
        "def ask(self, history, number):\n"
        f"    {body}\n"
        "    return usual(self, history, number)\n"
        "Random.ask = ask\n"
        "thinker_main.main()\n"
    )
    return script


def test_a_sampler_that_raises_is_an_answer_with_where_it_was(tmp_path: Path) -> None:
    script = sampler(tmp_path, "if number == 3: raise ZeroDivisionError('no good points')")
    ours, theirs = socket.socketpair()
    with ours, Process([sys.executable, str(script), str(theirs.fileno())], [theirs.fileno()]):
        theirs.close()
        answers = talk(ours, RANDOM, [3, 4])
        ours.close()

    assert isinstance(answers[0], Broken)
    assert answers[0].reason.startswith("the sampler failed: ZeroDivisionError: no good points (other.py:5 in ask, ")
    assert asked(answers[1]).number == 4


class Process:
    """A child that is waited for, and killed when it does not end by itself."""

    def __init__(self, command: list[str], fds: list[int]) -> None:
        self._popen = subprocess.Popen(command, pass_fds=fds)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._popen.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
            raise


def talk(connection: socket.socket, chosen: Chosen, numbers: list[int]) -> list[Answer]:
    """Ask over a bare socket."""
    connection.settimeout(DEADLINE_S)
    connection.sendall(framed(Begin(TWO, chosen, 0, False)) + b"".join(framed(AskFor(n)) for n in numbers))
    unframer = Unframer()
    answers: list[Answer] = []
    while len(answers) < len(numbers):
        data = connection.recv(1 << 16)
        assert data
        answers += [msgspec.msgpack.decode(body, type=Answer) for body in unframer.feed(data)]
    return answers


def test_closing_ends_the_process(start: Start) -> None:
    thinker = Thinker.start(TWO, RANDOM, 0)
    pid = thinker.pid
    assert pid is not None

    thinker.close()

    assert gone(pid)


def test_the_process_ends_when_its_scheduler_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "scheduler.py"
    script.write_text(
        "import time\n"
        "from hptui.core.scheduler.thinker import Thinker\n"
        "from hptui.core.study.study import Chosen\n"
        "thinker = Thinker.start({'o': [1, 2]}, Chosen(name='random'), 0)\n"
        "print(thinker.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    scheduler = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert scheduler.stdout is not None
    pid = int(scheduler.stdout.readline())

    scheduler.kill()
    scheduler.wait()
    scheduler.stdout.close()

    wait_until(lambda: gone(pid))


def test_the_process_ends_in_the_middle_of_a_thought(tmp_path: Path) -> None:
    began = tmp_path / "began"
    body = f"open({str(began)!r}, 'w').close()\n    while True: pass"
    ours, theirs = socket.socketpair()
    with Process([sys.executable, str(sampler(tmp_path, body)), str(theirs.fileno())], [theirs.fileno()]):
        theirs.close()
        ours.sendall(framed(Begin(TWO, RANDOM, 0, False)))
        wait_until(began.exists)

        ours.close()


def test_the_process_is_nice_keeps_to_one_blas_thread_and_has_its_own_session(start: Start) -> None:
    thinker = start(TWO)
    ask(thinker, 0)
    pid = thinker.pid
    assert pid is not None
    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")

    assert os.getsid(pid) == pid
    assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 5)
    assert b"OPENBLAS_NUM_THREADS=1" in environment
    assert len(os.listdir(f"/proc/{pid}/task")) == 2  # itself, and the one that watches for the scheduler's end


def test_the_process_imports_no_file_of_the_users_folder(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("core.py", "random.py", "numpy.py", "hptui.py"):
        (tmp_path / name).write_text("raise SystemExit('a file of the user')")
    monkeypatch.chdir(tmp_path)

    assert asked(ask(start(TWO), 0)).number == 0


def test_what_the_process_says_goes_to_the_log(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONVERBOSE", "1")
    log = tmp_path / "scheduler.log"
    with log.open("wb") as file:
        ask(start(TWO, log=file.fileno()), 0)

    assert "import 'hptui.core.search.catalog'" in log.read_text()


def test_a_rule_that_fails_over_a_session_costs_no_proposal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    create_session(SessionFolder(tmp_path), "", {"id": "s"})

    def fails(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("hptui.core.review.diagnosis.diagnose", fails)

    assert notices_of(str(tmp_path), None) == []
    assert "no look for red flags: ZeroDivisionError" in capsys.readouterr().err
