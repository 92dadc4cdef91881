"""Real clusters of Ray on this machine. They take seconds to start: one for all tests of a file."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_sessions import session

__all__ = ["ray_cluster", "session", "three_nodes"]
HERE = Path(__file__).parent


class RayCluster:
    """A cluster under test."""

    def __init__(self, cpus: int, gpus: int, *names: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "cluster_process.py"), str(cpus), str(gpus), *names],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            start_new_session=True, env={**os.environ, "RAY_TMPDIR": "/tmp/hptui-ray-tests"},
        )  # fmt: skip
        self.address = self._answer("address")

    def kill(self, name: str) -> None:
        self._ask(f"kill {name}")

    def add(self, name: str) -> None:
        self._ask(f"add {name}")

    def _ask(self, words: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(words + "\n")
        self._process.stdin.flush()
        self._answer("done")

    def _answer(self, word: str) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(word + " "):
                return line.split()[1]
        raise AssertionError("the cluster did not come up")

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate("quit\n", timeout=30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, 9)

    @property
    def fact(self) -> dict[str, object]:
        return {"kind": "ray", "address": self.address}


def started(cpus: int, gpus: int, *names: str) -> Iterator[RayCluster]:
    if os.environ.get("HPTUI_TEST_RAY") != "1" or importlib.util.find_spec("ray") is None:
        pytest.skip("a cluster takes long to start, and needs ray: make test-ray")
    cluster = RayCluster(cpus, gpus, *names)
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def ray_cluster() -> Iterator[RayCluster]:
    yield from started(2, 0)


@pytest.fixture
def three_nodes() -> Iterator[RayCluster]:
    yield from started(2, 0, "north", "south", "west")
