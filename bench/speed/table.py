"""A measured value beside what it should be and what a peer needs, and the table of them all."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import median, quantiles

UNKNOWN = "–"


@dataclass(frozen=True)
class Result:
    """One line of the table.

    value, aim, peer_value: in `unit`. more: more is better. note: what else was seen, or why there is no value.
    """

    what: str
    unit: str
    value: float | None
    aim: float | None = None
    more: bool = False
    peer: str = ""
    peer_value: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        if self.value is None or self.aim is None:
            return None
        return self.value >= self.aim if self.more else self.value <= self.aim

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer; below 1 where the peer is better."""
        if not self.value or not self.peer_value:
            return None
        return self.value / self.peer_value if self.more else self.peer_value / self.value


@dataclass(frozen=True)
class Spread:
    """Of many samples."""

    median: float
    p99: float
    largest: float
    count: int

    def __str__(self) -> str:
        return f"p99 {number(self.p99)}, max {number(self.largest)}, n {self.count}"


def spread(samples: Sequence[float]) -> Spread:
    """Raises ValueError when there are no samples."""
    if not samples:
        raise ValueError("nothing was measured")
    p99 = quantiles(samples, n=100, method="inclusive")[98] if len(samples) > 1 else samples[0]
    return Spread(median(samples), p99, max(samples), len(samples))


def number(value: float | None) -> str:
    """Three significant digits."""
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def markdown(results: Sequence[Result]) -> str:
    head = ("measure", "hptui", "aim", "met", "peer", "its value", "times better", "notes")
    rows = [_cells(result) for result in results]
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


def _cells(result: Result) -> tuple[str, ...]:
    aim = UNKNOWN if result.aim is None else f"{'>=' if result.more else '<='} {number(result.aim)}"
    met = {True: "yes", False: "NO", None: UNKNOWN}[result.met]
    value = UNKNOWN if result.value is None else f"{number(result.value)} {result.unit}"
    peer = UNKNOWN if result.peer_value is None else f"{number(result.peer_value)} {result.unit}"
    return result.what, value, aim, met, result.peer or UNKNOWN, peer, number(result.ratio), result.note


def machine_kind() -> str:
    """A word for file names: 8xNVIDIA-H200, or 2-cores."""
    from hptui.core.devices.inventory import inventory
    from hptui.core.study.study import Resources

    devices = inventory(Resources()).devices
    if devices[0].kind == "gpu":
        return f"{len(devices)}x{devices[0].name.replace(' ', '-')}"
    from hptui.core.devices.host import cores

    return f"{cores()}-cores"


def conditions(home: Path) -> str:
    """What the numbers depend on, as lines of Markdown."""
    from hptui.core.devices.host import cores, cpu_name

    load = os.getloadavg()[0]
    versions = ", ".join(f"{name} {version(name)}" for name in ("hptui", "torch", "textual", "optuna", "ray"))
    return "\n".join(
        (
            f"- {time.strftime('%Y-%m-%d %H:%M')}, {cores()} cores of {cpu_name()}",
            f"- load average {load:.1f} at the start",
            f"- Linux {platform.release()}, Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}",
            f"- sessions and the peers' files on {file_system(home)}",
            f"- {versions}",
        )
    )


def version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def file_system(path: Path) -> str:
    """The type of file system that holds `path`, from /proc/self/mountinfo."""
    best, kind = "", "an unknown file system"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        mount = before.split()[4]
        inside = mount == "/" or path == Path(mount) or Path(mount) in path.parents
        if inside and len(mount) >= len(best):
            best, kind = mount, after.split()[0]
    return kind
