"""Whether a live database may stand in a folder: its log needs memory that all its processes share."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from hptui.core.errors import SessionError

# https://sqlite.org/wal.html: "WAL does not work over a network filesystem".
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "coda"}
    | {"lustre", "beegfs", "gpfs", "ceph", "glusterfs", "orangefs", "pvfs2", "panfs", "wekafs"}
)
# A fuse file system is taken for a network one (sshfs, s3fs, gcsfuse, ...) unless it is known to be local. A
# needless refusal costs one setting; a needless trust costs the session.
LOCAL_FUSE = frozenset(
    ("fuse.fuse-overlayfs", "fuse.mergerfs", "fuse.gocryptfs", "fuse.encfs", "fuse.bindfs", "fuse.ntfs-3g")
)


@dataclass(frozen=True, slots=True)
class Mount:
    point: Path
    kind: str  # "ext4", "nfs4", "fuse.sshfs", ...

    @property
    def is_network(self) -> bool:
        is_fuse = self.kind == "fuse" or self.kind.startswith("fuse.")
        return self.kind in NETWORK or (is_fuse and self.kind not in LOCAL_FUSE)


def mounts(mountinfo: str) -> list[Mount]:
    """Every mount in the text of /proc/self/mountinfo, in its order.

    Source: proc(5): field 5 is the mount point, the file system type follows the dash.
    """
    found = []
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if after and len(fields) > 4:
            found.append(Mount(Path(_unescape(fields[4])), after.split(" ")[0]))
    return found


def mount_of(path: Path, mountinfo: str) -> Mount | None:
    """The mount a resolved path lies on: the longest prefix; the last of equal ones covers the others."""
    best: Mount | None = None
    for mount in mounts(mountinfo):
        covers = path == mount.point or mount.point in path.parents
        if covers and (best is None or len(mount.point.parts) >= len(best.point.parts)):
            best = mount
    return best


def check_place(folder: Path, mountinfo: str | None = None) -> None:
    """Raise SessionError unless a live session may stand in `folder`, which need not exist yet.

    mountinfo: the text of /proc/self/mountinfo; read there when None.
    """
    if mountinfo is None:
        try:
            mountinfo = Path("/proc/self/mountinfo").read_text(errors="replace")
        except OSError:
            mountinfo = ""
    folder = Path(os.path.expanduser(folder)).resolve()
    mount = mount_of(folder, mountinfo)
    if mount and mount.is_network:
        raise SessionError(
            str(folder),
            f"lies on a network file system ({mount.kind} at {mount.point}): a live session can't be there",
            "set HPTUI_HOME to a folder on a local disk; a session that has ended may be copied anywhere",
        )
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    if not nearest.is_dir():
        raise SessionError(str(folder), f"{nearest} is a file", "choose another place with HPTUI_HOME")
    if not os.access(nearest, os.W_OK | os.X_OK) or os.statvfs(nearest).f_flag & os.ST_RDONLY:
        hint = "set HPTUI_HOME to a folder of yours, or mend its permissions"
        raise SessionError(str(nearest), "this folder can't be written", hint)


def _unescape(field: str) -> str:
    """mountinfo writes space, tab, newline and backslash as \\040 and so on."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)
