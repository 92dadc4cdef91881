"""Poor terminals, odd sizes, suspending, two screens on one session, text of every kind."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from pathlib import Path

from demo_session import SPACE, write_session
from driving import Screen, drive
from ptydrive import Terminal
from test_cockpit_bytes import START_S, opened

from hptui.core.store.reader import Reader
from hptui.core.store.rows import EventRow, TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder

TRUE_COLOUR, OF_256 = re.compile(rb"[34]8;2;"), re.compile(rb"[34]8;5;")
SIXTEEN = re.compile(rb"\x1b\[(\d+;)*3[1-6][;m]")


def painted(folder: SessionFolder, **env: str) -> bytes:
    """All that the cockpit writes until it stands still."""
    argv = [sys.executable, "-m", "hptui", "review", str(folder.path)]
    with Terminal(argv, 80, 24, env={"COLORTERM": "", "HPTUI_GLYPHS": "", **env}) as terminal:
        assert terminal.pump(START_S, until=b"best 0.", since=0), bytes(terminal.data[-2000:])
        terminal.quiet(0.5, START_S)
        return bytes(terminal.data)


def test_the_linux_console_gets_its_sixteen_colours_and_marks_that_it_has(past: SessionFolder) -> None:
    data = painted(past, TERM="linux")

    assert not TRUE_COLOUR.search(data) and not OF_256.search(data)
    assert SIXTEEN.search(data)
    assert not re.search("[\u2800-\u28ff✓✗★╌]", data.decode())


def test_without_colours_and_without_unicode_state_is_still_told(past: SessionFolder) -> None:
    data = painted(past, NO_COLOR="1", LC_ALL="en_US.ISO-8859-1", TERM="xterm-256color")

    assert not TRUE_COLOUR.search(data)
    greys = {0, 7, 8, 15, 16, 59, 102, 145, 188, *range(231, 256)}
    assert {int(n) for n in re.findall(rb"[34]8;5;(\d+)", data)} <= greys
    words = data.decode()
    assert "v done" in words and "- pruned" in words
    assert words.isascii()


def test_a_terminal_may_change_its_size_at_any_moment(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ done")
        for size in ((40, 12), (1, 1), (160, 45), (99, 19)):
            await screen.pilot.resize_terminal(*size)
            await screen.press("j", "tab")
        await screen.press("enter")
        for size in ((20, 5), (160, 45)):
            await screen.pilot.resize_terminal(*size)
        await screen.press("escape", "escape", "1")
        await screen.pilot.resize_terminal(80, 24)
        await screen.until("✓ done")
        await screen.pilot.resize_terminal(39, 11)
        await screen.until("39x11 is too small: need 40x12")

    drive(past, journey, read_only=True)


def test_forms_and_menus_live_through_small_terminals(live: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("▸ run")
        for key in ("E", "question_mark", "Y"):
            await screen.press(key)
            for size in ((20, 5), (60, 15)):
                await screen.pilot.resize_terminal(*size)
            await screen.press("escape")
        await screen.pilot.resize_terminal(80, 24)
        await screen.until("▸ run")

    drive(live, journey)


def test_ctrl_z_suspends_and_the_screen_comes_back(past: SessionFolder) -> None:
    with opened(past, 80, 24) as terminal:
        terminal.send(b"\x1a")
        end = time.monotonic() + START_S
        while _state(terminal.pid) != "T" and time.monotonic() < end:
            terminal.pump(0.05)
        assert _state(terminal.pid) == "T"
        since = len(terminal.data)
        assert b"\x1b[?1049l" in terminal.data  # the shell's own screen is back
        os.kill(terminal.pid, signal.SIGCONT)

        assert terminal.pump(START_S, until="└".encode(), since=since)
        terminal.send(b"q")
        assert terminal.gone(within_s=10) == 0


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def test_two_screens_on_one_session_see_what_the_other_did(past: SessionFolder) -> None:
    with opened(past, 100, 30, read_only=False) as one, opened(past, 160, 45) as other:
        one.send(b"t")
        one.send(b"seen\r")  # at once, as a paste comes
        one.pump(START_S, until=b"you noted")  # an unread terminal stands still

        assert other.pump(START_S, until=b"#seen", since=0)
    with Reader(past) as reader:
        noted = [event.reason for event in reader.events() if event.kind == "wished"]
    assert [reason.partition(": ")[2] for reason in noted] == ["tags +seen"]


HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07", "سعر\u202eabc", "数据集のサイズ", "e\u0301\u0300\u0302" * 20,
    "\u200d\ufe0f👩\u200d💻", "\t\n\r\0",
)  # fmt: skip


def test_text_of_every_kind_moves_no_cursor_and_breaks_no_line(own_home: Path) -> None:
    folder = SessionFolder(own_home / "sessions" / "odd")
    write_session(folder, 4, finished=True)
    writer = Writer(folder)
    names = {text.replace("\0", ""): {"type": "categorical", "choices": [text, "b"]} for text in HOSTILE}
    writer.save_parameters({**SPACE, **names})
    params = dict(zip(names, HOSTILE, strict=True))
    remarks = {"hptui": {"note": HOSTILE[0], "tags": [HOSTILE[1], HOSTILE[2]]}}
    said = "".join(HOSTILE)
    writer.save_trial(TrialRow(9, "COMPLETE", params, value=1.0, reason=said, attrs=remarks, proposal=HOSTILE[3]))
    writer.append(EventRow(5.0, "warning", 9, HOSTILE[0] + HOSTILE[1]))
    writer.close()
    folder.trial(9).path.mkdir(parents=True, exist_ok=True)
    folder.trial(9).log.write_text("\n".join(HOSTILE))

    async def journey(screen: Screen) -> None:
        await screen.until(" 9 ✓ done")
        await screen.press("enter")
        await screen.until("trial 9")
        for size in ((80, 24), (160, 45), (47, 20)):
            await screen.pilot.resize_terminal(*size)
            await screen.pilot.pause(0.05)
            assert "\x1b" not in screen.text and "owned" not in screen.text and "\u202e" not in screen.text
        await screen.press("escape", "E")
        await screen.until("space: 4 problems")  # such names can't be typed back

    drive(folder, journey, size=(160, 45))
