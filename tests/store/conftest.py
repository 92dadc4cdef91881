from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hptui.core.store.create import create_session
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder

STUDY = 'name = "digits"\n# as it was written\n'


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    """A new session that maximises."""
    folder = SessionFolder(tmp_path / "sessions" / "digits")
    create_session(folder, STUDY, {"name": "digits", "direction": "maximize", "metric": "value", "created_at": 5.0})
    return folder


@pytest.fixture
def writer(folder: SessionFolder) -> Iterator[Writer]:
    writer = Writer(folder)
    yield writer
    writer.close()


@pytest.fixture
def read_only() -> Iterator[Callable[[Path], Path]]:
    """Makes a folder unwritable; for root, whom permissions don't stop, by a read-only mount."""
    undo: list[Callable[[], object]] = []

    def make(path: Path) -> Path:
        if os.geteuid() != 0:
            path.chmod(0o500)
            undo.append(lambda: path.chmod(0o700))
            return path
        for options in (["--bind"], ["-o", "remount,ro,bind"]):
            mounted = subprocess.run(["mount", *options, path, path], capture_output=True, text=True)
            if mounted.returncode:
                pytest.skip(f"root here, and mounts are not allowed: {mounted.stderr.strip()}")
            if options == ["--bind"]:
                undo.append(lambda: subprocess.run(["umount", path], check=True))
        return path

    yield make
    for step in reversed(undo):
        step()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"can't mount a small tmpfs: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)
