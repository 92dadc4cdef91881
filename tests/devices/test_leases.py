"""A share of a GPU has one holder on a machine, and is free once its last holder is gone. Real processes."""

from __future__ import annotations

import array
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hptui.core.devices import leases
from hptui.core.errors import SessionError
from hptui.core.study import session

GPU = "GPU-fa4e0000-0000-0000-0000-000000000001"


def is_free(home: Path) -> bool:
    return leases.free_units(home, GPU) == leases.UNITS


def within(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


@contextmanager
def holder(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the slot until it is told to end."""
    code = (
        "import sys; from pathlib import Path; from hptui.core.devices import leases\n"
        "lease = leases.take(Path(sys.argv[1]), sys.argv[2])\n"
        "print(lease is not None, flush=True); sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(home), GPU], stdin=pipe, stdout=pipe, text=True
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == "True\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_free_slot_is_taken_and_given_back(tmp_path: Path) -> None:
    assert is_free(tmp_path)
    lease = leases.take(tmp_path, GPU)
    assert lease is not None
    assert not is_free(tmp_path)
    lease.close()
    lease.close()
    assert is_free(tmp_path)


def test_a_slot_is_not_given_twice_even_in_one_process(tmp_path: Path) -> None:
    first = leases.take(tmp_path, GPU)
    again, other = leases.take(tmp_path, GPU), leases.take(tmp_path, "GPU-other")

    assert first is not None and again is None and other is not None
    first.close()
    other.close()


def test_shares_of_a_gpu_are_given_until_it_is_full(tmp_path: Path) -> None:
    held = [leases.take(tmp_path, GPU, 4_000), leases.take(tmp_path, GPU, 3_000), leases.take(tmp_path, GPU, 2_000)]

    assert all(held) and leases.free_units(tmp_path, GPU) == 1_000
    assert leases.take(tmp_path, GPU, 1_001) is None
    for lease in held:
        assert lease is not None
        lease.close()
    assert is_free(tmp_path)


def test_a_share_may_lie_in_pieces_between_others(tmp_path: Path) -> None:
    held = [leases.take(tmp_path, GPU, 2_500) for _ in range(4)]
    for lease in (held[0], held[2]):
        assert lease is not None
        lease.close()

    half = leases.take(tmp_path, GPU, 5_000)

    assert half is not None and half.units == 5_000 and leases.free_units(tmp_path, GPU) == 0
    half.close()
    assert leases.free_units(tmp_path, GPU) == 5_000
    for lease in (held[1], held[3]):
        assert lease is not None
        lease.close()


@settings(max_examples=30, deadline=None)
@given(steps=st.lists(st.integers(1, leases.UNITS), max_size=12))
def test_a_gpu_is_never_given_out_twice(tmp_path_factory: pytest.TempPathFactory, steps: list[int]) -> None:
    """Whatever is asked for in whatever order; every second lease is given back on the way."""
    home, held = tmp_path_factory.mktemp("leases"), []
    for turn, units in enumerate(steps):
        free = leases.free_units(home, GPU)
        lease = leases.take(home, GPU, units)
        assert (lease is not None) == (units <= free)
        if lease is not None:
            held.append(lease)
        if turn % 2 and held:
            held.pop(0).close()
        assert leases.free_units(home, GPU) == leases.UNITS - sum(lease.units for lease in held)
    for lease in held:
        lease.close()


def test_looking_does_not_take_the_slot_nor_make_files(tmp_path: Path) -> None:
    assert is_free(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_of_many_processes_that_want_a_slot_at_once_one_has_it(tmp_path: Path) -> None:
    """Six processes take and give back 150 times; whoever has the slot finds nobody else in the book."""
    code = """
import os, sys, time
from pathlib import Path
from hptui.core.devices import leases
home, book = Path(sys.argv[1]), Path(sys.argv[2])
got = 0
deadline = time.monotonic() + 60
while got < 25 and time.monotonic() < deadline:
    if (lease := leases.take(home, 'GPU-x')) is None: continue
    fd = os.open(book, os.O_CREAT | os.O_EXCL)   # fails when somebody else is in
    time.sleep(0.0005)
    os.close(fd); book.unlink(); lease.close(); got += 1
print(got)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "leases"), str(tmp_path / "book")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    try:
        answers = [process.communicate(timeout=90)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()

    assert answers == ["25\n"] * 6


def test_another_process_holds_a_slot_and_kill_9_frees_it(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        assert leases.take(tmp_path, GPU) is None
        assert not is_free(tmp_path)

        process.send_signal(signal.SIGKILL)
        process.wait()

        lease = leases.take(tmp_path, GPU)
        assert lease is not None
        lease.close()


def test_a_child_that_inherited_the_lease_keeps_it(tmp_path: Path) -> None:
    lease = leases.take(tmp_path, GPU)
    assert lease is not None
    child = subprocess.Popen(["sleep", "60"], pass_fds=(lease.fd,))
    try:
        lease.close()
        assert leases.take(tmp_path, GPU) is None
    finally:
        child.kill()
        child.wait()
    assert within(lambda: is_free(tmp_path))


def test_a_child_that_was_not_given_the_lease_does_not_keep_it(tmp_path: Path) -> None:
    lease = leases.take(tmp_path, GPU)
    assert lease is not None
    child = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        lease.close()
        assert is_free(tmp_path)
    finally:
        child.kill()
        child.wait()


def test_a_lease_sent_over_a_socket_lives_in_its_receiver(tmp_path: Path) -> None:
    """As the scheduler hands it to the fork server, which forks the trial and closes its own copy."""
    lease = leases.take(tmp_path, GPU)
    assert lease is not None
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ready, ready_w = os.pipe()
    server = os.fork()
    if server == 0:  # the fork server: it has only what the socket brings
        os.close(lease.fd)
        _, control, _, _ = theirs.recvmsg(16, socket.CMSG_SPACE(4))
        fd = array.array("i", control[0][2])[0]
        trial = os.fork()
        if trial == 0:
            time.sleep(60)
            os._exit(0)
        os.close(fd)
        os.write(ready_w, trial.to_bytes(4, "little"))
        os.waitpid(trial, 0)
        os._exit(0)
    socket.send_fds(ours, [b"start"], [lease.fd])
    trial = int.from_bytes(os.read(ready, 4), "little")
    try:
        lease.close()
        assert not is_free(tmp_path)
    finally:
        os.kill(trial, signal.SIGKILL)
        os.waitpid(server, 0)
        for end in (ours.detach(), theirs.detach(), ready, ready_w):
            os.close(end)
    assert is_free(tmp_path)


def test_a_folder_and_its_files_are_open_to_other_users(tmp_path: Path) -> None:
    home = tmp_path / "leases"
    old = os.umask(0o077)
    try:
        lease = leases.take(home, GPU)
    finally:
        os.umask(old)

    assert lease is not None
    lease.close()
    assert stat.S_IMODE(home.stat().st_mode) == 0o1777
    assert [(p.name, stat.S_IMODE(p.stat().st_mode)) for p in home.iterdir()] == [(f"{GPU}.share", 0o666)]


def test_a_uuid_with_slashes_is_a_plain_file_name(tmp_path: Path) -> None:
    lease = leases.take(tmp_path, "MIG-GPU-x/1/0")

    assert lease is not None
    lease.close()
    assert [p.name for p in tmp_path.iterdir()] == ["MIG-GPU-x_1_0.share"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_two_users_share_a_machine(tmp_path: Path) -> None:
    home = Path("/tmp") / f"hptui-leases-{os.getpid()}"  # pytest's own folders are closed to others
    code = """
import os, sys
sys.path[:0] = [p for p in sys.argv[3].split(os.pathsep) if p]
from pathlib import Path
from hptui.core.devices import leases
os.setgid(65534); os.setuid(65534)
free = leases.free_units(Path(sys.argv[1]), sys.argv[2]) == leases.UNITS
print(free, leases.take(Path(sys.argv[1]), sys.argv[2]) is not None)
"""
    command = [sys.executable, "-c", code, str(home), GPU, os.pathsep.join(sys.path)]
    lease = leases.take(home, GPU)
    assert lease is not None
    try:
        held = subprocess.run(command, capture_output=True, text=True, timeout=60)
        lease.close()
        free = subprocess.run(command, capture_output=True, text=True, timeout=60)
    finally:
        for file in home.iterdir():
            file.unlink()
        home.rmdir()

    assert (held.stdout, free.stdout) == ("False False\n", "True True\n"), held.stderr + free.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_named_with_a_hint(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SessionError, match="Permission denied") as refused:
        leases.take(tmp_path / "leases", GPU)
    assert refused.value.hint == "set HPTUI_LEASES to a folder that all who use these GPUs may write"


def test_a_home_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "leases").write_text("")

    with pytest.raises(SessionError) as refused:
        leases.take(tmp_path / "leases", GPU)

    assert refused.value.where == f"lease {tmp_path / 'leases' / (GPU + '.share')}"


def test_without_a_place_for_locks_leases_lie_where_no_logout_removes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HPTUI_HOME", "HPTUI_LEASES"):
        monkeypatch.delenv(name, raising=False)
    homes = []
    for closed in ({"/run/lock"}, {"/run/lock", "/var/tmp"}):
        monkeypatch.setattr(session, "_open_to_all", lambda path, closed=closed: str(path) not in closed)
        homes.append(str(session.leases_home()))

    assert homes == ["/var/tmp/hptui-leases", "/dev/shm/hptui-leases"]


def test_a_file_that_is_in_use_is_not_old(tmp_path: Path) -> None:
    first = leases.take(tmp_path, GPU, 1)
    assert first is not None
    os.utime(first.path, (0, 0))

    second = leases.take(tmp_path, GPU, 1)

    assert second is not None and first.path.stat().st_mtime > time.time() - 60
    first.close()
    second.close()
