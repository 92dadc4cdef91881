"""What is decided about a cluster without one: names, room, order on the screen, files that are told in pieces."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hptui.core.errors import SessionError, StudyError
from hptui.core.remote import outbox
from hptui.core.remote import words as w
from hptui.core.remote.mirror import Mirror
from hptui.core.remote.nodes import Nodes
from hptui.core.store.rows import DeviceRow
from hptui.core.study.session import SessionFolder
from hptui.tui.commands.elsewhere import executor_of, resources_of
from hptui.tui.views.devices import in_groups


def test_a_spool_is_told_in_whole_lines_and_written_where_it_belongs(tmp_path: Path):
    node, session = tmp_path / "spool", SessionFolder(tmp_path / "session")
    node.write_bytes(b"one\ntwo\nthr")
    mirror = Mirror(session)
    mirror.begin(7, slot=0)

    first = outbox.whole_lines(node, 0)
    for _ in range(2):  # told twice: a bridge that died had not said that it has it
        mirror.copies[7].spool_at = 0
        mirror.take(w.Told(7, 1, 1, spool=first))
    node.write_bytes(b"one\ntwo\nthree\n")
    mirror.take(w.Told(7, 1, 1, spool=outbox.whole_lines(node, mirror.copies[7].spool_at)))

    assert first == b"one\ntwo\n"
    assert session.trial(7).spool.read_bytes() == b"one\ntwo\nthree\n"


def test_a_line_longer_than_a_chunk_is_told_once_it_is_whole(tmp_path: Path):
    path = tmp_path / "spool"
    path.write_bytes(b"x" * (outbox.CHUNK_BYTES + 5))
    assert outbox.whole_lines(path, 0) == b""

    path.write_bytes(b"x" * (outbox.CHUNK_BYTES + 5) + b"\nmore")

    assert outbox.whole_lines(path, 0) == b"x" * (outbox.CHUNK_BYTES + 5) + b"\n"


def test_a_second_process_of_a_trial_goes_on_behind_what_the_first_has_left(tmp_path: Path):
    session = SessionFolder(tmp_path)
    folder = session.trial(3)
    folder.path.mkdir(parents=True)
    folder.spool.write_bytes(b"of the first\ntorn")
    mirror = Mirror(session)

    mirror.begin(3, slot=1)
    mirror.take(w.Told(3, 5, 5, spool=b"of the second\n"))
    found = Mirror(session).go_on(3, 1, w.Here(3, 5, 5, spool_base=13, log_base=0))

    assert folder.spool.read_bytes() == b"of the first\nof the second\n"
    assert found.spool_at == len(b"of the second\n")


def test_a_folder_travels_whole_and_nothing_lands_outside_it(tmp_path: Path):
    there, here = tmp_path / "there", tmp_path / "here"
    (there / "more").mkdir(parents=True)
    (there / "last.pickle").write_bytes(b"1")
    (there / "more" / "a").write_bytes(b"2")
    (there / ".draft").write_bytes(b"3")
    here.mkdir()
    (here / "old").write_bytes(b"4")

    outbox.unpack(outbox.pack(there), here)

    assert {str(p.relative_to(here)): p.read_bytes() for p in here.rglob("*") if p.is_file()} == {
        "last.pickle": b"1", "more/a": b"2",
    }  # fmt: skip
    with pytest.raises(ValueError, match="lies outside"):
        outbox.unpack(w.Files({"../evil": b""}), here)


def test_slots_are_places_on_their_nodes_and_gpus():
    nodes = Nodes(w.Asks(1, 1), up={0: w.SlotUp(0, "north", ("1",)), 2: w.SlotUp(2, "north", ("0",))})

    found = nodes.inventory()

    assert [(place.device_id, place.slot) for place in found.slots] == [("gpu@north:1", 0), ("gpu@north:0", 2)]
    assert [device.id for device in found.devices] == ["cpu@north", "gpu@north:0", "gpu@north:1"]
    assert not found.on_gpus
    assert found.at_once == 2


def test_the_screen_lists_gpus_below_their_nodes():
    rows = [
        DeviceRow(id, "", 0.0, 1, 0, number=number)
        for id, number in (("cpu@b", None), ("cpu@a", None), ("gpu@a:10", 10), ("gpu@a:9", 9), ("gpu@b:0", 0))
    ]

    assert [row.id for row in in_groups(rows, {})] == ["cpu@a", "gpu@a:9", "gpu@a:10", "cpu@b", "gpu@b:0"]


@pytest.mark.parametrize("word", ["CPU", "CPU=", "CPU=x", "=2", "CPU=-1", "a=inf", "a=nan"])
def test_what_is_no_amount_is_refused(word: str):
    with pytest.raises(StudyError, match="is no amount of a resource"):
        resources_of((word,))


def test_options_of_a_cluster_need_a_cluster():
    given = {"address": "a:1", "per_trial": (), "working_dir": None, "runtime_env": None}

    with pytest.raises(StudyError, match="about a cluster"):
        executor_of(None, given)
    assert executor_of(None, given | {"address": None}) is None


def test_pipes_and_our_own_sessions_do_not_travel(tmp_path: Path):
    cluster = pytest.importorskip("hptui.core.remote.cluster", reason="ray is not installed")
    (tmp_path / "home" / "sessions" / "s").mkdir(parents=True)
    (tmp_path / "train.py").write_text("")
    os.mkfifo(tmp_path / "bell")

    assert cluster.not_code(tmp_path, tmp_path / "home" / "sessions") == ["/home/sessions", "/bell"]


def test_a_cluster_that_never_holds_a_trial_is_told_node_by_node():
    cluster = pytest.importorskip("hptui.core.remote.cluster", reason="ray is not installed")
    there = [cluster.Node("1", "north", {"CPU": 8.0}), cluster.Node("2", "south", {"CPU": 2.0, "a100": 1.0})]

    assert cluster.room(there, {"CPU": 2.0}) == 5
    assert cluster.room(there, {"CPU": 1.0, "a100": 0.5}) == 2
    with pytest.raises(SessionError, match=r"no node of the cluster has one \(north: CPU 8, GPU 0; south: CPU 2"):
        cluster.room(there, {"CPU": 1.0, "GPU": 1.0})
    with pytest.raises(SessionError, match=r"a trial takes CPU 16, and no node has so much \(north: CPU 8; south"):
        cluster.room(there, {"CPU": 16.0})


def test_nodes_of_one_host_are_told_apart():
    cluster = pytest.importorskip("hptui.core.remote.cluster", reason="ray is not installed")

    found = cluster.label([("aaaa1", "10.0.0.1", "box", "10.0.0.1"), ("bbbb2", "10.0.0.1", "box", "10.0.0.1"),
                           ("cccc3", "west", "box", "10.0.0.1")])  # fmt: skip

    assert found == {"aaaa1": "box-aaaa", "bbbb2": "box-bbbb", "cccc3": "west"}
