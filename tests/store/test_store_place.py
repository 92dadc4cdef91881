from __future__ import annotations

from pathlib import Path

import pytest

from hptui.core.errors import SessionError
from hptui.core.store.place import check_place, mount_of

TABLE = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
31 22 0:27 / /home rw,relatime shared:2 - nfs4 server:/home rw,vers=4.2
32 31 254:1 / /home/ada/local rw - xfs /dev/vdb rw
33 22 0:30 / /mnt/my\\040disk rw - fuse.sshfs ada@box:/ rw
34 22 0:31 / /data rw - ext4 /dev/vdc rw
35 34 0:32 / /data rw - lustre mgs:/fs rw
36 22 0:33 / /overlay rw - fuse.fuse-overlayfs fuse-overlayfs rw
37 22 0:34 / /bucket rw - fuse gcsfuse rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/ada/x", "nfs4"),
        ("/home/ada/local/x", "xfs"),
        ("/home/ada/localother", "nfs4"),
        ("/homely", "ext4"),
        ("/mnt/my disk/x", "fuse.sshfs"),
        ("/data/x", "lustre"),
    ],
)
def test_a_path_lies_on_the_longest_mount_and_the_latest_of_equal_ones(path: str, kind: str) -> None:
    mount = mount_of(Path(path), TABLE)

    assert mount is not None and mount.kind == kind


@pytest.mark.parametrize("place", ["/home/ada/x", "/mnt/my disk/x", "/data/x", "/bucket/x"])
def test_a_network_file_system_is_refused_with_its_name_and_a_way_out(place: str) -> None:
    with pytest.raises(SessionError) as caught:
        check_place(Path(place), TABLE)

    assert "network file system" in caught.value.problem
    assert "HPTUI_HOME" in caught.value.hint


def test_a_local_folder_that_is_not_there_yet_will_do(tmp_path: Path) -> None:
    check_place(tmp_path / "a" / "b", TABLE)
    check_place(tmp_path / "a" / "b")


def test_a_table_that_says_nothing_refuses_nothing(tmp_path: Path) -> None:
    check_place(tmp_path, "not a mount table\n\n - \n1 2 - ext4\n")


def test_a_place_inside_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SessionError, match="is a file"):
        check_place(tmp_path / "file" / "session", TABLE)


def test_a_folder_that_can_not_be_written_is_refused(tmp_path: Path, read_only) -> None:
    place = tmp_path / "locked"
    place.mkdir()

    with pytest.raises(SessionError, match="can't be written"):
        check_place(read_only(place) / "session", TABLE)
