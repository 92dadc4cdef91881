"""First paint, idle and live bytes, key latency, a thin link: `python bench/terminal/report.py`.

Peers, if they are installed in the running interpreter, run side by side under the same load: textual's DataTable
with textual-plotext or textual-plot (`peer_app.py`).
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from ptydrive import Terminal

HERE = Path(__file__).parent
OURS = [sys.executable, str(HERE / "live_app.py")]
PEER = [sys.executable, str(HERE / "peer_app.py")]
READY, END = b"READYMARK", 30.0


def milliseconds(values: Sequence[float | None]) -> str:
    known = sorted(v for v in values if v is not None)
    if not known:
        return "–"
    return f"{statistics.median(known) * 1e3:.1f} (p90 {known[int(len(known) * 0.9)] * 1e3:.1f})"


def first_paint(argv: Sequence[str], mark: bytes, runs: int = 5) -> str:
    times: list[float | None] = []
    for _ in range(runs):
        with Terminal(argv, 120, 40) as terminal:
            at = terminal.pump(END, until=mark, since=0)
            times.append(None if at is None else at - terminal.started)
    return milliseconds(times)


def idle(argv: Sequence[str], columns: int, rows: int) -> None:
    with Terminal([*argv, "idle"], columns, rows) as terminal:
        terminal.pump(END, until=READY, since=0)
        terminal.quiet(1.0, END)
        window = terminal.window(5)
        keys = [terminal.key(b"\x1b[B", 0.15) for _ in range(10)]
    cost = statistics.median(size for _, size in keys)
    print(f"  idle   {window.bytes_per_s:8.0f} B/s   {100 * window.cpu_s / window.seconds:4.1f} % CPU")
    print(f"  key    {cost:8.0f} B     first byte {milliseconds([t for t, _ in keys])} ms")


def live(argv: Sequence[str], columns: int, rows: int) -> None:
    with Terminal(argv, columns, rows) as terminal:
        terminal.pump(END, until=READY, since=0)
        terminal.pump(2.5)
        window = terminal.window(8)
    print(f"  live   {window.bytes_per_s:8.0f} B/s   {100 * window.cpu_s / window.seconds:4.1f} % CPU")


def thin_link(argv: Sequence[str], bytes_per_s: int) -> None:
    times: list[float | None] = []
    with Terminal(argv, 120, 40) as terminal:
        terminal.pump(END, until=READY, since=0)
        terminal.pump(2.5)
        for count in range(1, 7):
            times.append(terminal.seen_on_slow_link(b" ", b"MARK%03d" % count, bytes_per_s, 15))
            terminal.pump(0.4)
    print(f"  {bytes_per_s / 1000:.0f} kB/s: key seen after {milliseconds(times)} ms")


def main() -> None:
    print(f"first paint           {first_paint([*OURS, 'idle'], READY)} ms")
    print(f"10,000 rows on screen {first_paint([*OURS, 'idle', '10000'], b't00000')} ms")
    programs = {"hptui": OURS}
    if find_spec("textual_plotext"):
        programs["DataTable + textual-plotext"] = PEER
    for name, argv in programs.items():
        for columns, rows in ((80, 24), (160, 45)):
            print(f"{name}, {columns}x{rows}")
            idle(argv, columns, rows)
            live(argv, columns, rows)
        print(f"{name}, 120x40, live")
        for rate in (64_000, 16_000):
            thin_link(argv, rate)
    with Terminal(OURS, ignore_hangup=True) as terminal:
        terminal.pump(END, until=READY, since=0)
        terminal.hang_up()
        print(f"terminal gone, SIGHUP ignored: exit status {terminal.gone(10)}")


if __name__ == "__main__":
    main()
