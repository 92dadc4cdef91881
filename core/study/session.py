"""Where a session keeps its files. Paths only: nothing here opens anything."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_config_path, user_state_path


@dataclass(frozen=True, slots=True)
class TrialFolder:
    path: Path

    @property
    def log(self) -> Path:
        return self.path / "log"

    @property
    def spool(self) -> Path:
        return self.path / "spool"

    @property
    def control(self) -> Path:
        return self.path / "control"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"


@dataclass(frozen=True, slots=True)
class SessionFolder:
    """`study.toml session.db scheduler.log lock wake trials/<n>/`; copy the folder and you have the session."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def study(self) -> Path:
        return self.path / "study.toml"

    @property
    def database(self) -> Path:
        return self.path / "session.db"

    @property
    def log(self) -> Path:
        return self.path / "scheduler.log"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def wake(self) -> Path:
        return self.path / "wake"

    @property
    def trials(self) -> Path:
        return self.path / "trials"

    def trial(self, number: int) -> TrialFolder:
        return TrialFolder(self.trials / str(number))


def home() -> Path:
    """The folder that holds hptui's own state: $HPTUI_HOME, else the platform's place for state."""
    chosen = os.environ.get("HPTUI_HOME")
    return Path(os.path.expanduser(chosen)) if chosen else user_state_path("hptui")


def config_file() -> Path:
    """What the user chose once and for all: $HPTUI_CONFIG, else config.toml at the platform's place."""
    chosen = os.environ.get("HPTUI_CONFIG")
    return Path(os.path.expanduser(chosen)) if chosen else user_config_path("hptui") / "config.toml"


def sessions_home() -> Path:
    return home() / "sessions"


def leases_home() -> Path:
    """Where all who use the GPUs of this machine find each other's leases, sessions of other users among them.

    $HPTUI_LEASES; else, where hptui has a home of its own by $HPTUI_HOME, in that; else a place that all may write.
    /dev/shm comes late: systemd-logind empties it of a user's files when that user has logged out (RemoveIPC).
    """
    if chosen := os.environ.get("HPTUI_LEASES"):
        return Path(os.path.expanduser(chosen))
    if os.environ.get("HPTUI_HOME"):
        return home() / "leases"
    places = [Path("/run/lock"), Path("/var/tmp"), Path("/dev/shm")]
    return next((path for path in places if _open_to_all(path)), Path("/tmp")) / "hptui-leases"


def _open_to_all(path: Path) -> bool:
    try:
        return stat.S_IMODE(path.stat().st_mode) & 0o1777 == 0o1777 and os.access(path, os.W_OK)
    except OSError:
        return False
