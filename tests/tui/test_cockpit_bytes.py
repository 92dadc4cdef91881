"""What the cockpit writes to a terminal, counted at a real pty, over a real database that somebody writes."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from demo_session import STEPS
from ptydrive import Terminal

from hptui.core.store.reader import Reader
from hptui.core.store.rows import EventRow, ReportRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder

START_S = 60.0  # a deadline, for a busy machine


def opened(folder: SessionFolder, columns: int, rows: int, *, read_only: bool = True, **more: bool) -> Terminal:
    verb = ["review"] if read_only else ["attach"]
    terminal = Terminal([sys.executable, "-m", "hptui", *verb, str(folder.path)], columns, rows, **more)
    assert terminal.pump(START_S, until="└".encode(), since=0), bytes(terminal.data[-2000:])
    terminal.quiet(1.0, START_S)
    return terminal


@contextmanager
def load(folder: SessionFolder, per_s: float = 20.0) -> Iterator[None]:
    """Two trials report ten times a second each, and now and then a decision is taken."""
    stop = threading.Event()

    def write() -> None:
        writer, n = Writer(folder), 0
        with Reader(folder) as reader:
            rows = {row.number: row for row in reader.trials() if row.state == "RUNNING"}
        writer.set_fact("max_steps", 400)
        while not stop.wait(1 / per_s):
            number, n = list(rows)[n % len(rows)], n + 1
            step = STEPS + n // len(rows)
            value = 0.2 + math.exp(-n / 50)
            with writer.transaction():
                writer.save_reports(number, [ReportRow(number, "val_loss", step, value)], 10_000 + n)
                writer.save_trial(replace(rows[number], value=value, step=step))
                if n % 40 == 0:
                    writer.append(EventRow(time.time(), "judged", number, f"best {value:.3g} at step {step}: goes on"))
        writer.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_cockpit_on_which_nothing_happens_writes_nothing(past: SessionFolder) -> None:
    with opened(past, 160, 45) as terminal:
        assert terminal.quiet(1.5, START_S)

        assert terminal.window(3).bytes == 0


@pytest.mark.parametrize(("columns", "rows", "most_per_s"), [(80, 24, 3_000), (160, 45, 20_000)])
def test_a_live_cockpit_keeps_to_its_budget(live: SessionFolder, columns: int, rows: int, most_per_s: int) -> None:
    with opened(live, columns, rows) as terminal, load(live):
        terminal.pump(2)

        window = terminal.window(4)

        assert 0 < window.bytes_per_s <= most_per_s


def test_a_cursor_key_in_the_cockpit_costs_little(past: SessionFolder) -> None:
    with opened(past, 80, 24) as terminal:
        terminal.key(b"j", silence_s=1.0)
        size = len(terminal.data)
        terminal.send(b"j")
        terminal.pump(0.1)  # the chart follows a little later, once the cursor rests

        assert 0 < len(terminal.data) - size <= 1_500


def test_a_command_typed_or_pasted_at_once_acts_as_a_command_and_as_nothing_else(live: SessionFolder) -> None:
    with opened(live, 80, 24, read_only=False) as terminal, Reader(live) as reader:
        terminal.send(b":pause all\r")
        end = time.monotonic() + START_S
        while not reader.commands() and time.monotonic() < end:
            terminal.pump(0.05)
        terminal.pump(0.5)

        assert [(command.kind, command.trial) for command in reader.commands()] == [("pause", None)]


def test_the_cockpit_is_gone_when_its_terminal_is_though_hangup_is_ignored(live: SessionFolder) -> None:
    with opened(live, 80, 24, ignore_hangup=True) as terminal:
        terminal.hang_up()

        assert terminal.gone(within_s=6) is not None
