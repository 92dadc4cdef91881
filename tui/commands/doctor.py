"""`hptui doctor`: what hptui finds on this machine, and what may go wrong with it."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import click

import hptui.core
import hptui.tui
from hptui.core.errors import SessionError
from hptui.core.store.place import check_place, mount_of
from hptui.core.study.session import home, leases_home
from hptui.tui.commands.answers import folded, print_json, size, table

WAL_FIXED = (3, 51, 3)
"""SQLite before this can corrupt a WAL database when one connection writes at another one's checkpoint."""


@dataclass(frozen=True)
class Finding:
    what: str
    mark: str  # ok, note or bad
    text: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document: [{what mark text}].")
def doctor(as_json: bool) -> int:
    """Look at this machine, this terminal and where sessions are kept."""
    findings = [
        *_python(),
        *_sqlite(),
        *_storage(home()),
        *_terminal(),
        *_gpus(),
        *_libraries(),
        *_logout(),
        *_copying(),
    ]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        marks = {"ok": "✓", "note": "!", "bad": "✗"}
        beside = " " * (5 + max(len(f.what) for f in findings))
        told = table(("", "", ""), [(marks[f.mark], f.what, f.text) for f in findings]).lstrip()
        print("\n".join(folded(line, beside) for line in told.splitlines()))
        if sys.stdout.isatty():
            print("\nDo these look right? braille ⣀⣠⣴⣾⣿⡿⠟⠛⠉   blocks ▁▂▃▄▅▆▇█ ▸ ‖ ✓ ╌ ✗   box ╭─┤├─╯")
    return int(any(finding.mark == "bad" for finding in findings))


def _python() -> Iterator[Finding]:
    yield Finding("python", "ok", f"{platform.python_version()} at {sys.executable}")
    yield Finding("system", "ok", f"{platform.system()} {platform.release()}, {os.cpu_count()} CPU cores, {_memory()}")
    compiled = importlib.util.find_spec("hptui.core.errors")
    cached = compiled.cached if compiled else None
    if cached and Path(cached).exists():
        yield Finding("bytecode", "ok", "compiled")
    else:
        folders = f"{Path(hptui.core.__file__).parent} {Path(hptui.tui.__file__).parent}"
        text = f"not compiled: starting takes longer. Once: {sys.executable} -m compileall -q {folders}"
        yield Finding("bytecode", "note", text)


def _memory() -> str:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{size(total)} of memory"


def _sqlite() -> Iterator[Finding]:
    import sqlite3

    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < WAL_FIXED:
        yield Finding(
            "sqlite",
            "note",
            f"{version}: before 3.51.3 a write at the instant of a checkpoint can corrupt a database. hptui keeps "
            "them apart; do not open a live session.db with another tool that writes",
        )
    else:
        yield Finding("sqlite", "ok", version)


def _storage(folder: Path) -> Iterator[Finding]:
    try:
        check_place(folder)
    except SessionError as error:
        yield Finding("sessions", "bad", f"{error.where} {error.problem}. {error.hint}")
        return
    there = folder
    while not there.exists():
        there = there.parent
    mount = mount_of(there.resolve(), Path("/proc/self/mountinfo").read_text(errors="replace"))
    free = shutil.disk_usage(there).free
    text = f"{folder} on {mount.kind if mount else 'an unknown file system'}, {size(free)} free"
    yield Finding("sessions", "ok" if free > 1 << 30 else "note", text)


def _terminal() -> Iterator[Finding]:
    from hptui.tui.terminal import why_unsuitable

    columns, lines = shutil.get_terminal_size((0, 0))
    colour = os.environ.get("COLORTERM", "")
    described = f"TERM={os.environ.get('TERM', '')} COLORTERM={colour} {columns}x{lines}"
    if trouble := why_unsuitable():
        yield Finding("terminal", "note", f"{described}: {trouble}, so `hptui run` goes without its screen here")
    elif "NO_COLOR" in os.environ:
        yield Finding("terminal", "ok", f"{described}, NO_COLOR is set")
    elif colour not in ("truecolor", "24bit"):
        yield Finding("terminal", "note", f"{described}: 256 colours. If yours has more: export COLORTERM=truecolor")
    else:
        yield Finding("terminal", "ok", described)


def _gpus() -> Iterator[Finding]:
    from hptui.core.devices.leases import check
    from hptui.core.devices.nvml import Absent, Nvml, Unreachable

    nvml = Nvml.open()
    if isinstance(nvml, Absent):
        yield Finding("gpu", "note", f"{nvml.reason}: trials run on CPU slots")
        return
    for gpu in nvml.gpus():
        if isinstance(gpu, Unreachable):
            yield Finding("gpu", "bad", f"{gpu.index} can't be asked: {gpu.reason}")
        else:
            yield Finding("gpu", "ok", f"{gpu.index} {gpu.name} {size(gpu.memory_total_bytes)} {gpu.uuid}")
    yield Finding("driver", "ok", nvml.driver_version or "unknown version")
    try:
        check(leases_home())
        yield Finding("leases", "ok", f"in {leases_home()}, open to all who use these GPUs")
    except SessionError as error:
        yield Finding("leases", "bad", f"{error.where}: {error.problem}. {error.hint}")
    nvml.close()


def _libraries() -> Iterator[Finding]:
    for name in ("torch", "optuna"):
        try:
            yield Finding(name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Finding(name, "note", "not in this environment; only objectives that use it need it")


def _logout() -> Iterator[Finding]:
    """systemd can end a user's processes at logout, detached or not."""
    settings = [Path("/etc/systemd/logind.conf"), *sorted(Path("/etc/systemd/logind.conf.d").glob("*.conf"))]
    kills = False
    for path in settings:
        if path.is_file():
            for line in path.read_text(errors="replace").splitlines():
                key, _, value = line.partition("=")
                if key.strip() == "KillUserProcesses":
                    kills = value.strip().lower() in ("yes", "true", "1", "on")
    user = os.environ.get("USER", "")
    lingers = Path("/var/lib/systemd/linger", user).exists() if user else False
    if kills and not lingers:
        yield Finding(
            "logout", "bad", "KillUserProcesses=yes: logging out kills sessions. Once: loginctl enable-linger"
        )
    else:
        yield Finding("logout", "ok", "sessions go on after logout")


def _copying() -> Iterator[Finding]:
    if "TMUX" not in os.environ or not shutil.which("tmux"):
        return
    try:
        done = subprocess.run(
            ["tmux", "show", "-sv", "set-clipboard"], capture_output=True, text=True, timeout=2, check=False
        )
    except subprocess.TimeoutExpired:
        return
    if done.stdout.strip() == "on":
        yield Finding("copying", "ok", "tmux passes copied text to your terminal")
    else:
        yield Finding(
            "copying",
            "note",
            "in tmux, copied text stays in its buffer (prefix ]). To pass it on: tmux set -s set-clipboard on",
        )
