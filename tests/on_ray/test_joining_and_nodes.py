"""What is said of a cluster that can't be joined, and of slots that come and go; no cluster, and no Ray, is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from hptui.core.errors import SessionError
from hptui.core.remote import joining
from hptui.core.remote import words as w
from hptui.core.remote.comings import Comings
from hptui.core.remote.mirror import Mirror
from hptui.core.study.session import SessionFolder
from hptui.tui.commands.elsewhere import executor_of

# as ray._private.utils.check_version_info raises it (2.60)
MISMATCH = (
    "Version mismatch: The cluster was started with:\n    Ray: {}\n    Python: {}\n"
    "This process on node 10.0.0.9 was started with:\n    Ray: 2.60.0\n    Python: 3.11.7\n"
)


@pytest.mark.parametrize(
    ("ray", "python", "hint"),
    [
        ("2.40.0", "3.11.7", "pip install 'ray[default]==2.40.0' here: "),
        ("2.60.0", "3.12.1", "install hptui in a Python 3.12.1: "),
        ("2.40.0", "3.12.1", "pip install 'ray[default]==2.40.0' here and install hptui in a Python 3.12.1: "),
    ],
)
def test_a_cluster_of_other_versions_is_told_with_both_and_what_to_install(ray: str, python: str, hint: str):
    error = joining.in_words("10.0.0.5:6379", RuntimeError(MISMATCH.format(ray, python)), "2.60.0", "3.11.7")

    wanted = f"the cluster at 10.0.0.5:6379 has Ray {ray} and Python {python}; here are Ray 2.60.0 and Python 3.11.7"
    assert error.problem == wanted
    assert error.hint == hint + "Ray joins none but its very own versions"


def test_a_mismatch_in_other_words_is_passed_on_with_the_versions_here():
    error = joining.in_words("auto", RuntimeError("version mismatch: protobuf 4 against 3"), "2.60.0", "3.11.7")

    assert "here: Ray 2.60.0, Python 3.11.7" in error.problem and "protobuf 4 against 3" in error.problem


def test_ray_itself_raises_what_is_understood():
    pytest.importorskip("ray", reason="ray is not installed: pip install 'hptui[ray]'")
    from ray._private.utils import check_version_info

    with pytest.raises(RuntimeError) as raised:
        check_version_info({"ray_version": "2.1.0", "python_version": "3.8.10"}, "node 10.0.0.9")

    said = joining.in_words("auto", raised.value, "2.60.0", "3.11.7").problem
    assert said.startswith("the cluster at auto has Ray 2.1.0 and Python 3.8.10; here are Ray 2.60.0")


@pytest.mark.parametrize("address", ["ray://10.0.0.5:10001", "ray://head"])
def test_an_address_of_ray_client_is_refused_before_anything_is_made(address: str):
    given = {"address": address, "per_trial": (), "working_dir": None, "runtime_env": None}
    pytest.importorskip("ray", reason="ray is not installed: pip install 'hptui[ray]'")

    with pytest.raises(SessionError, match="an address of Ray Client") as error:
        executor_of("ray", given)

    assert "on a node of the cluster" in (error.value.hint or "")


@pytest.mark.parametrize("address", ["local", "10.0.0.5", "10.0.0.5:", ":6379", "head:port", "head:99999", ""])
def test_what_is_no_address_is_refused(address: str):
    with pytest.raises(SessionError, match="no address"):
        joining.check(address)


def test_an_environment_that_can_t_be_set_up_is_told_by_its_own_error():
    said = "Failed to set up the environment.\nTraceback\n  pip ...\nERROR: No matching distribution for lightgbmm\n\n"

    line, detail = joining.no_environment(said)

    assert line == "--runtime-env can't be set up on the nodes: ERROR: No matching distribution for lightgbmm"
    assert "Traceback" in detail


@dataclass
class Slot:
    node: str
    state: str


class Later:
    """Timers that run when they are asked to."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def after(self, seconds: float, then: Callable[[], None]) -> None:
        self.waiting.append(then)

    def run(self) -> None:
        waiting, self.waiting = self.waiting, []
        for then in waiting:
            then()


def test_the_slots_of_a_node_are_told_of_in_one_line_once_all_of_them_are_there():
    said: list[w.Said] = []
    later, slots = Later(), {k: Slot("alpha" if k < 3 else "beta", "booting") for k in range(4)}
    comings = Comings(said.append, later.after, slots)

    for k in (0, 1, 3):
        slots[k].state = "up"
        comings.came(slots[k].node)
    later.run()
    before = [one.text for one in said]
    slots[2].state = "up"
    comings.came("alpha")
    later.run()

    assert before == ["beta: 1 slot is there, 3 in all"]
    assert [one.text for one in said[1:]] == ["alpha: 3 slots are there, 4 in all"] and not later.waiting


def test_a_node_that_is_lost_is_one_line():
    said: list[w.Said] = []
    later, slots = Later(), {0: Slot("beta", "up")}
    comings = Comings(said.append, later.after, slots)

    for _ in range(3):
        comings.went("alpha", "node alpha was lost")
    later.run()

    assert [one.text for one in said] == ["3 slots of alpha are gone: node alpha was lost; 1 in all"]


def test_a_bridge_knows_which_trials_a_slot_has(tmp_path):
    mirror = Mirror(SessionFolder(tmp_path))
    for number, slot in ((4, 0), (7, 1), (9, 0)):
        mirror.begin(number, slot)

    mirror.begin(4, 1)  # it goes on elsewhere
    mirror.drop(9)

    assert (mirror.on(0), mirror.on(1), mirror.on(2)) == ([], [7, 4], []) and mirror.drop(9) is None
