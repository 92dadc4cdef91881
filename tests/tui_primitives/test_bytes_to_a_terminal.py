"""What reaches the terminal, counted at a real pty. Bytes are gates; times are reports (bench/terminal)."""

import sys
from pathlib import Path

import pytest
from ptydrive import Terminal

APP = [sys.executable, str(Path(__file__).parents[2] / "bench" / "terminal" / "live_app.py")]
START_S = 30.0  # a deadline, for a busy machine


def settled(terminal: Terminal) -> Terminal:
    assert terminal.pump(START_S, until=b"READYMARK", since=0), terminal.data[-2000:]
    assert terminal.pump(START_S, until=b"t00000", since=0)
    assert terminal.pump(START_S, until="└".encode(), since=0)
    return terminal


def test_a_screen_on_which_nothing_happens_writes_nothing():
    with Terminal([*APP, "idle"]) as terminal:
        assert settled(terminal).quiet(1.5, START_S)

        assert terminal.window(3).bytes == 0


@pytest.mark.parametrize(("columns", "rows", "most_per_s"), [(80, 24, 3_000), (160, 45, 20_000)])
def test_a_live_screen_keeps_to_its_budget(columns, rows, most_per_s):
    with Terminal(APP, columns, rows) as terminal:
        settled(terminal).pump(2)

        window = terminal.window(4)

        assert 0 < window.bytes_per_s <= most_per_s


def test_a_cursor_key_costs_two_lines():
    with Terminal([*APP, "idle"]) as terminal:
        settled(terminal).quiet(1.0, START_S)

        costs = [terminal.key(key)[1] for key in (b"j", b"j", b"\x1b[B", b"k")]

        assert all(0 < cost <= 1_500 for cost in costs), costs


def test_a_key_is_answered_over_a_thin_link_under_load():
    with Terminal(APP, 120, 40) as terminal:
        settled(terminal).pump(1)

        assert terminal.seen_on_slow_link(b" ", b"MARK001", bytes_per_s=64_000, within_s=5) is not None


@pytest.mark.parametrize("load", ["idle", "live"])
def test_the_process_ends_when_its_terminal_vanishes_though_hangup_is_ignored(load):
    with Terminal([*APP, load], ignore_hangup=True) as terminal:
        settled(terminal)

        terminal.hang_up()

        assert terminal.gone(within_s=6) == 129


def test_ten_thousand_rows_page_by_page_within_a_screenful():
    with Terminal([*APP, "idle", "10000"], 160, 45) as terminal:
        settled(terminal).quiet(1.0, START_S)

        _, cost = terminal.key(b"\x04")

        assert 0 < cost <= 20_000
