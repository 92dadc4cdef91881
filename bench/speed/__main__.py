"""`python -m bench.speed [NAME ...]`: measure, print one table, and keep it under bench/results/."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from bench.speed import dashboard, felt, large, report_path, screen, sessions
from bench.speed.running import Bench
from bench.speed.table import Result, conditions, machine_kind, markdown

RESULTS = Path(__file__).resolve().parents[1] / "results"

# name -> what measures it; the order is the order of the table
MEASURES: dict[str, Callable[[Bench], list[Result]]] = {
    "starts": sessions.starts,
    "null": sessions.null_trials,
    "report": lambda bench: report_path.measure(bench.home),
    "verdicts": sessions.verdicts,
    "pauses": sessions.pauses,
    "keys": screen.keys,
    "rows": sessions.metric_rows,
    "help": screen.help_text,
    "paint": screen.first_paint,
    "many": screen.many_trials,
    "large": large.large,
    "felt": felt.felt,
    "rest": felt.rest,
    "day": felt.day,
    "dashboard": dashboard.dashboard,
}

LONG = ("felt", "rest", "day", "dashboard")
"""Only when named: they take minutes, or need a peer."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {' '.join(MEASURES)}; default: all, and keep them"
    )
    parser.add_argument("--keep", action="store_true", help="write a part under bench/results/ too")
    parser.add_argument("--traceback", action="store_true", help="show where a measurement failed")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in MEASURES]
    if unknown:
        parser.error(f"there is no measurement {unknown[0]!r}; there are {', '.join(MEASURES)}")
    with tempfile.TemporaryDirectory(prefix="hptui-bench-") as home:
        names = chosen.names or [name for name in MEASURES if name not in LONG]
        text, failed = report(Path(home), names, chosen.traceback)
    print(text)
    if chosen.keep or not chosen.names:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"speed-{time.strftime('%Y-%m-%d')}-{machine_kind()}.md"
        path.write_text(text + "\n")
        print(f"\nkept as {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
    return 1 if failed else 0


def report(home: Path, names: list[str], show_traceback: bool) -> tuple[str, bool]:
    """The table as Markdown, and whether a measurement failed. Missing an aim is no failure."""
    start = conditions(home)
    results: list[Result] = []
    failed = False
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        load = os.getloadavg()[0]
        try:
            results += MEASURES[name](Bench(home))
        except Exception as error:  # one measurement that can't be taken must not lose the others
            if show_traceback:
                traceback.print_exc()
            failed = True
            results.append(Result(name, "", None, note=f"not measured: {type(error).__name__}: {error}"[:300]))
        print(f"  load average {load:.1f} before, {os.getloadavg()[0]:.1f} after", file=sys.stderr, flush=True)
    return f"# Speed\n\n{start}\n- load average {os.getloadavg()[0]:.1f} at the end\n\n{markdown(results)}", failed


if __name__ == "__main__":
    raise SystemExit(main())
