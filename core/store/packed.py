"""Sessions that came from elsewhere: a zip of a folder, or a folder with several of them in it."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import zipfile
from pathlib import Path

from hptui.core.errors import SessionError
from hptui.core.store.connect import connect_to_read
from hptui.core.store.faults import explain, missing
from hptui.core.store.library import is_session
from hptui.core.study.session import SessionFolder

MOST_BYTES = 20 << 30


def pack(folder: SessionFolder, archive: Path) -> list[str]:
    """Write a zip that holds the session in one folder: study, database, logs. Returns what is left out, a line each.

    The database is copied as it is at one moment, so a live session can be packed; a half-written zip never stays.
    Raises SessionError: damaged, or the file can't be written.
    """
    if not folder.database.exists():
        raise missing(folder)
    draft = archive.with_name(f".{archive.name}.new")
    checkpoints = 0
    try:
        with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".hptui-") as beside:
            copy = Path(beside) / "session.db"
            with contextlib.closing(connect_to_read(folder)) as db, contextlib.closing(sqlite3.connect(copy)) as to:
                db.backup(to)
                to.execute("pragma journal_mode = delete")
            with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as packed:
                packed.write(copy, f"{folder.name}/session.db")
                for path in (folder.study, folder.log, *sorted(folder.trials.glob("*/log"))):
                    if path.is_file():
                        packed.write(path, f"{folder.name}/{path.relative_to(folder.path)}")
        checkpoints = sum(1 for path in folder.trials.glob("*/checkpoints") if any(path.iterdir()))
        draft.replace(archive)
    except sqlite3.Error as error:
        raise explain(error, folder) from error
    except OSError as error:
        raise SessionError(str(archive), f"can't be written: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return [f"checkpoints of {checkpoints} trial{'s' * (checkpoints != 1)}"] if checkpoints else []


def unpack(archive: Path, into: Path) -> Path:
    """Unpack a zip; returns the session's folder in it, or the folder with several. Raises SessionError.

    Nothing is written outside `into`, whatever the names in the archive say; links are not made.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            inside = [info for info in packed.infolist() if not info.is_dir()]
            total = sum(info.file_size for info in inside)
            if total > MOST_BYTES:
                problem = f"it unpacks to {total / 2**30:.0f} GiB"
                raise SessionError(str(archive), problem, "unpack it by hand, then: hptui review FOLDER")
            packed.extractall(into, [info for info in inside if not _is_link(info)])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:  # damaged; a strange method; encrypted
        raise SessionError(str(archive), f"can't be unpacked: {error}", "is it a zip of a session's folder?") from None
    except OSError as error:
        raise SessionError(str(archive), f"can't be unpacked: {error.strerror or error}") from None
    home = home_in(into)
    if home is None:
        raise SessionError(str(archive), "there is no session in it", "zip a session's folder: session.db, study.toml")
    return home


def _is_link(info: zipfile.ZipInfo) -> bool:
    return info.external_attr >> 28 == 0o12  # the file type of a Unix mode


def home_in(folder: Path) -> Path | None:
    """`folder` itself if it is a session or has sessions in it, else the one folder below it that does."""
    if is_session(folder) or has_sessions(folder):
        return _only_session(folder)
    below = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    found = [one for path in below if (one := home_in(path)) is not None]
    return found[0] if len(found) == 1 else None


def has_sessions(folder: Path) -> bool:
    return folder.is_dir() and any(is_session(path) for path in folder.iterdir() if path.is_dir())


def _only_session(folder: Path) -> Path:
    """Of a folder with a single session in it, that one."""
    if is_session(folder):
        return folder
    inside = [path for path in folder.iterdir() if path.is_dir() and is_session(path)]
    return inside[0] if len(inside) == 1 else folder
