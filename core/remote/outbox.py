"""What the files of a trial on a node have that its session has not."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from hptui.core.remote.words import Files

CHUNK_BYTES = 1 << 18


def whole_lines(path: Path, at: int) -> bytes:
    """The spool from byte `at` on, to the end of a line; the line that is being written comes next time."""
    data = some(path, at)
    return data[: data.rfind(b"\n") + 1] or (_one_line(path, at) if len(data) == CHUNK_BYTES else b"")


def _one_line(path: Path, at: int) -> bytes:
    """A line that is longer than a chunk; b"" while it has no end."""
    data = path.read_bytes()[at:]
    return data[: data.find(b"\n") + 1]


def some(path: Path, at: int) -> bytes:
    """The file from byte `at` on, a chunk at most; b"" for no file."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    try:
        return os.pread(fd, CHUNK_BYTES, at)
    finally:
        os.close(fd)


def marks(folder: Path) -> str:
    """Another text whenever a file of the folder was written; "" for none. Files that begin with a dot are drafts."""
    said = []
    with contextlib.suppress(FileNotFoundError):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                stat = path.stat()
                said.append(f"{path.relative_to(folder)} {stat.st_mtime_ns} {stat.st_size}")
    return "\n".join(said)


def pack(folder: Path) -> Files | None:
    """The files of a folder; None for none."""
    files = {}
    with contextlib.suppress(FileNotFoundError):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                with contextlib.suppress(FileNotFoundError):
                    files[str(path.relative_to(folder))] = path.read_bytes()
    return Files(files) if files else None


def unpack(files: Files, folder: Path) -> None:
    """The folder with these files and no others; each of them is whole at any time."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, data in files.files.items():
        target = folder / name
        if not target.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"{name} lies outside its folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        draft.write_bytes(data)
        os.replace(draft, target)
    for path in folder.rglob("*"):
        if path.is_file() and str(path.relative_to(folder)) not in files.files and not path.name.startswith("."):
            path.unlink()


def empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
