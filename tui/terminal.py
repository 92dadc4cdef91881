"""The terminal itself: is it one, what to tell Textual about it, copying out of it, and leaving when it is
gone.

Imports no Textual, as `prepare` must run before Textual reads the environment.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import asyncio

GUARD_S = 2.0
COLOURS = {"auto": "", "true": "truecolor", "256": "256", "16": "standard", "none": ""}
# The most that xterm, iTerm2, kitty and tmux all take in one OSC 52, encoded (k9s found it).
OSC52_BYTES = 74_994


def prepare(environ: MutableMapping[str, str] = os.environ, *, color: str = "auto", glyphs: str = "") -> None:
    """Set what Textual and our glyphs read from the environment. What the user has set stays.

    color: a key of COLOURS. glyphs: `braille`, `block`, `ascii` or "" for what suits the terminal.
    """
    environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    if is_remote(environ):
        # An animation or a scroll in steps is many frames, and each is bytes on the link.
        environ.setdefault("TEXTUAL_FPS", "15")
        environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    if COLOURS.get(color):
        environ["TEXTUAL_COLOR_SYSTEM"] = COLOURS[color]
    if color == "none":
        environ["NO_COLOR"] = "1"
    if glyphs:
        environ["HPTUI_GLYPHS"] = glyphs


def is_remote(environ: Mapping[str, str] = os.environ) -> bool:
    return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))


def theme_for(environ: Mapping[str, str] = os.environ) -> str:
    """`ansi` where only sixteen colours are to be had, `light` where the terminal says so, else `dark`."""
    term = environ.get("TERM", "")
    if environ.get("TEXTUAL_COLOR_SYSTEM") == "standard" or term in ("linux", "xterm", "screen", "vt220"):
        return "dark" if environ.get("COLORTERM") in ("truecolor", "24bit") else "ansi"
    ground = environ.get("COLORFGBG", "").rpartition(";")[2]  # set by rxvt, Konsole and others: "0;15"
    return "light" if ground in ("7", "15") else "dark"


def why_unsuitable(
    environ: Mapping[str, str] = os.environ, stdin_fd: int | None = None, stdout_fd: int | None = None,
    stderr_fd: int | None = None,
) -> str | None:  # fmt: skip
    """Why the screen can't be shown here; None if it can."""
    if environ.get("TEXTUAL_DRIVER"):  # a page of `hptui serve` is the screen
        return None
    term = environ.get("TERM", "")
    if not term:
        return "TERM is not set"
    if term in ("dumb", "unknown"):
        return f"TERM={term} can't move a cursor"
    # the screen is written to standard error, by Textual's choice
    for name, fd, stream in (
        ("input", stdin_fd, sys.stdin), ("output", stdout_fd, sys.stdout), ("error", stderr_fd, sys.stderr),
    ):  # fmt: skip
        try:
            is_terminal = os.isatty(stream.fileno() if fd is None else fd)
        except (OSError, ValueError, AttributeError):  # closed, or replaced by something that is no file
            is_terminal = False
        if not is_terminal:
            return f"standard {name} is not a terminal"
    return None


def guard(farewell: Callable[[], object] = lambda: None, every_s: float = GUARD_S) -> None:
    """End the process soon after its terminal is gone, even where SIGHUP is ignored.

    Textual would live on, reading end-of-file in a loop. `app.exit()` hangs there, and a timer of the app never
    fires: both wait for a full queue to a dead terminal. So a thread watches, and the screen must hold nothing that
    an exit would save; `farewell` is called first, in that thread. Does nothing where there is no terminal.
    """
    if not os.isatty(0):
        return

    def watch() -> None:
        while os.isatty(0):
            time.sleep(every_s)
        try:
            farewell()
        finally:
            os._exit(129)

    threading.Thread(target=watch, name="terminal guard", daemon=True).start()


def has_mouse(app: Any) -> bool:
    """Whether the terminal tells us of clicks; else it selects text as usual. A private name of Textual's drivers."""
    return bool(app._driver._mouse)


def set_mouse(app: Any, on: bool) -> None:
    """Private names of Textual's drivers."""
    driver = app._driver
    change = getattr(driver, "_enable_mouse_support" if on else "_disable_mouse_support", None)
    driver._mouse = True  # the driver does neither without it
    if change is not None:
        change()
    driver._mouse = on  # and when the screen comes back from a pager it does as this says


@dataclass(frozen=True)
class Copied:
    """How a text left the screen. say: one line for the user."""

    how: Literal["tmux", "osc52", "file"]
    say: str


def copy(text: str, folder: Path, osc52: Callable[[str], object], environ: Mapping[str, str] = os.environ) -> Copied:
    """Copy by the way that works here; the text is kept in `folder`/last-copy.txt in any case.

    osc52: `App.copy_to_clipboard`. Plain OSC 52 arrives nowhere in tmux with its default options, silently;
    tmux's own buffer always does, and -w passes it on to the outer terminal.
    """
    kept = folder / "last-copy.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept.write_text(text, "utf-8")
        where = f"also in {kept}"
    except OSError as error:
        where = f"could not be kept in {kept}: {error.strerror}"
    size = f"{len(text)} characters"
    if environ.get("TMUX") and _to_tmux(text):
        return Copied("tmux", f"copied {size} to tmux (prefix ] pastes); {where}")
    encoded = len(base64.b64encode(text.encode("utf-8", "replace")))
    if encoded > OSC52_BYTES:
        return Copied("file", f"{size} are too many for the terminal's clipboard; {where}")
    osc52(text)
    # No terminal answers OSC 52, so this can't be known.
    return Copied("osc52", f"sent {size} to the terminal's clipboard (some terminals ignore it); {where}")


def _to_tmux(text: str) -> bool:
    for option in (["-w"], []):  # -w came with tmux 3.2
        try:
            done = subprocess.run(
                ["tmux", "load-buffer", *option, "-"], input=text.encode("utf-8", "replace"),
                capture_output=True, timeout=2, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return False
        if done.returncode == 0:
            return True
    return False


def write_crash(error: BaseException, folder: Path, now: float | None = None) -> Path | None:
    """The full traceback in a file of its own, without variables' values; None if it can't be written."""
    at = time.localtime(time.time() if now is None else now)
    path = folder / f"crash-{time.strftime('%Y%m%d-%H%M%S', at)}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text("".join(traceback.format_exception(error)), "utf-8")
    except OSError:
        return None
    return path


def crash_lines(error: BaseException, path: Path | None) -> str:
    """Three lines for the terminal: what, where, and where to read on."""
    cause: BaseException = getattr(error, "error", None) or error  # Textual wraps what a worker raised
    frames = traceback.extract_tb(cause.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else "an unknown place"
    what = (str(cause).strip().splitlines() or [""])[0][:200]
    kept = f"traceback: {path}" if path else "the traceback could not be written"
    return f"the screen crashed: {type(cause).__name__}: {what}\n  at {place}\n  {kept}; the session goes on"


class CrashNotes:
    """A mixin, left of `App` in the bases: a crash leaves three lines on the terminal and a file in
    `crash_folder`.

    Textual prints every frame with its variables: hundreds of lines, and whatever secrets are in them.
    """

    crash_folder: Path
    _exception: Exception | None
    _exception_event: asyncio.Event
    _return_code: int | None

    def _handle_exception(self, error: Exception) -> None:
        first = self._exception is None
        self._return_code = 1
        if not first:
            return
        self._exception = error  # what Pilot raises in tests
        self._exception_event.set()
        from rich.text import Text

        app: Any = self
        app.panic(Text(crash_lines(error, write_crash(error, self.crash_folder))))
