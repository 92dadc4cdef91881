"""What the views write to a terminal, counted at a real pty, while somebody writes the database."""

from __future__ import annotations

from test_cockpit_bytes import START_S, load, opened

from hptui.core.study.session import SessionFolder
from hptui.tui.screens.review_tabs import TABS

MOST_PER_S = 3_000


def test_live_views_keep_to_the_budget(live: SessionFolder) -> None:
    with opened(live, 80, 24) as terminal, load(live):
        terminal.send(b"V")
        assert terminal.pump(START_S, until=b"new best")
        spent = {}
        for place, tab in enumerate(TABS):
            terminal.send(str((place + 1) % 10).encode())
            terminal.pump(0.4)
            used = terminal.window(0.75).bytes_per_s
            if used > MOST_PER_S:  # on a slow machine its first paint, or what is worked out for it, comes later
                terminal.pump(2.0)
                used = terminal.window(1.0).bytes_per_s
            spent[tab.name] = used

        assert {name: used for name, used in spent.items() if used > MOST_PER_S} == {}


def test_a_key_in_parallel_coordinates_costs_no_more_than_a_screen(past: SessionFolder) -> None:
    with opened(past, 80, 24) as terminal:
        terminal.send(b"V2")
        assert terminal.pump(START_S, until=b"as lines")
        terminal.quiet(0.5, START_S)
        size = len(terminal.data)
        terminal.send(b"l")
        terminal.quiet(0.5, START_S)

        assert 0 < len(terminal.data) - size <= 8_000
