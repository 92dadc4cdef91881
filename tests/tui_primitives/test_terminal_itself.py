import os
import pty
import subprocess
import sys
from types import SimpleNamespace

import pytest
from textual.app import App

from hptui.tui import terminal
from hptui.tui.terminal import OSC52_BYTES, CrashNotes, copy, crash_lines, prepare, theme_for, why_unsuitable


def test_a_remote_terminal_gets_fewer_frames():
    local: dict[str, str] = {}
    remote = {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}

    prepare(local)
    prepare(remote, color="256", glyphs="ascii")

    assert local == {"TEXTUAL_ANIMATIONS": "none"}
    assert remote == {
        "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22", "TEXTUAL_ANIMATIONS": "none", "TEXTUAL_FPS": "15",
        "TEXTUAL_SMOOTH_SCROLL": "0", "TEXTUAL_COLOR_SYSTEM": "256", "HPTUI_GLYPHS": "ascii",
    }  # fmt: skip


def test_what_the_user_has_set_stays():
    environ = {"SSH_TTY": "/dev/pts/1", "TEXTUAL_FPS": "60", "TEXTUAL_ANIMATIONS": "full"}

    prepare(environ)

    assert (environ["TEXTUAL_FPS"], environ["TEXTUAL_ANIMATIONS"]) == ("60", "full")


def test_preparing_imports_no_textual():
    code = "import sys; from hptui.tui import terminal; terminal.prepare(); print('textual' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"TERM": "xterm-256color"}, "dark"),
        ({"TERM": "xterm-256color", "COLORFGBG": "0;15"}, "light"),
        ({"TERM": "xterm-256color", "COLORFGBG": "15;0"}, "dark"),
        ({"TERM": "linux"}, "ansi"),
        ({"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "standard"}, "ansi"),
    ],
)
def test_the_theme_follows_the_terminal(environ, name):
    assert theme_for(environ) == name


def test_a_place_that_is_no_terminal_is_told():
    with open(os.devnull) as null:
        reason = why_unsuitable({"TERM": "xterm"}, null.fileno(), null.fileno())

    assert reason == "standard input is not a terminal"


def test_the_screen_is_not_painted_into_a_file_of_errors():
    ours, theirs = pty.openpty()
    try:
        with open(os.devnull) as null:
            reason = why_unsuitable({"TERM": "xterm"}, theirs, theirs, null.fileno())
    finally:
        os.close(ours)
        os.close(theirs)

    assert reason == "standard error is not a terminal"


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"TERM": "dumb"}, "TERM=dumb can't move a cursor"),
        ({}, "TERM is not set"),
        ({"TERM": "xterm"}, None),
    ],
)
def test_a_terminal_without_a_cursor_is_told(environ, reason):
    ours, theirs = pty.openpty()
    try:
        assert why_unsuitable(environ, theirs, theirs, theirs) == reason
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.fixture
def fake_tmux(tmp_path, monkeypatch):
    """A tmux that keeps its arguments and input. `old` exists: it knows no -w."""
    program = tmp_path / "bin" / "tmux"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\ncd {tmp_path}\n[ -e old ] && [ "$2" = -w ] && exit 1\n[ -e none ] && exit 1\n'
        'echo "$@" > args; cat > buffer\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return tmp_path


@pytest.mark.parametrize(("age", "arguments"), [("new", "load-buffer -w -\n"), ("old", "load-buffer -\n")])
def test_in_tmux_its_own_buffer_is_used(fake_tmux, age, arguments):
    (fake_tmux / age).touch()
    sent: list[str] = []

    copied = copy("lr=0.1", fake_tmux / "state", sent.append, {"TMUX": "/tmp/tmux"})

    assert (copied.how, sent) == ("tmux", [])
    assert ((fake_tmux / "args").read_text(), (fake_tmux / "buffer").read_text()) == (arguments, "lr=0.1")


def test_where_tmux_fails_the_terminal_is_asked(fake_tmux):
    (fake_tmux / "none").touch()
    sent: list[str] = []

    assert copy("x", fake_tmux / "state", sent.append, {"TMUX": "/tmp/tmux"}).how == "osc52"
    assert sent == ["x"]


def test_what_is_too_long_for_the_terminal_is_kept_in_a_file(tmp_path):
    sent: list[str] = []
    long, short = "x" * (OSC52_BYTES // 4 * 3 + 1), "x" * (OSC52_BYTES // 4 * 3)

    assert copy(long, tmp_path, sent.append, {}).how == "file"
    assert (tmp_path / "last-copy.txt").read_text() == long
    assert copy(short, tmp_path, sent.append, {}).how == "osc52"
    assert sent == [short]


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()

    copied = copy("x", tmp_path / "file" / "state", lambda text: None, {})

    assert (copied.how, "could not be kept" in copied.say) == ("osc52", True)


def failing():
    password = "hunter2"
    raise ValueError(f"bad shape {len(password)}")


def test_the_mouse_that_the_configuration_left_to_the_terminal_is_taken_and_given_back():
    class Driver:
        _mouse, told = False, ()

        def _enable_mouse_support(self):
            self.told += ("on",) if self._mouse else ()  # as Textual's do

        def _disable_mouse_support(self):
            self.told += ("off",) if self._mouse else ()

    app = SimpleNamespace(_driver=Driver())

    seen = [terminal.has_mouse(app)]
    for on in (True, False):
        terminal.set_mouse(app, on)
        seen.append(terminal.has_mouse(app))

    assert (seen, app._driver.told) == ([False, True, False], ("on", "off"))


def test_a_crash_leaves_three_lines_and_a_traceback_without_secrets(tmp_path, capsys):
    class Crashing(CrashNotes, App[None]):
        crash_folder = tmp_path

        def on_mount(self) -> None:
            failing()

    app = Crashing()
    app.run(headless=True)
    said = capsys.readouterr().err

    (kept,) = tmp_path.glob("crash-*.txt")
    assert app.return_code == 1
    assert said.startswith("the screen crashed: ValueError: bad shape 7\n")
    assert "the session goes on" in " ".join(said.split())  # a long path wraps the line
    assert "in failing" in kept.read_text()
    assert "hunter2" not in said + kept.read_text().replace('password = "hunter2"', "")


def test_a_crash_that_cannot_be_kept_is_told_all_the_same(tmp_path):
    (tmp_path / "file").touch()
    error = ValueError("x")

    assert terminal.write_crash(error, tmp_path / "file") is None
    assert crash_lines(error, None).splitlines() == [
        "the screen crashed: ValueError: x", "  at an unknown place",
        "  the traceback could not be written; the session goes on",
    ]  # fmt: skip
