"""`python -m bench.card [NAME ...]`: measure on the GPU of this machine, print one table, keep it in bench/results/."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from bench.card.card import ROOT, Card
from bench.card.freeze import freeze
from bench.card.packing import packing
from bench.card.rehearsal import pretend
from bench.card.starts import starts
from bench.gpus import cost_of_looking
from bench.speed.running import home_is
from bench.speed.table import Result, conditions, machine_kind, markdown
from hptui.core.devices.inventory import Device, choose
from hptui.core.devices.nvml import Absent, Nvml
from hptui.core.study.study import Resources

RESULTS = ROOT / "bench" / "results"
_INSIDE = "HPTUI_REHEARSAL"


def looks(card: Card) -> list[Result]:
    share, devices = cost_of_looking(dict(os.environ), 3.0 if card.rehearsal else 20.0)
    return [Result("reading the GPUs once a second", "% of a core", 100 * share, 0.5, note=f"{devices} of them")]


MEASURES: dict[str, Callable[[Card], list[Result]]] = {
    "packing": packing, "freeze": freeze, "starts": starts, "looks": looks,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.card", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {' '.join(MEASURES)}; default: all, kept")
    parser.add_argument("--rehearse", action="store_true", help="on pretended GPUs: shows that the measuring works")
    parser.add_argument("--keep", action="store_true", help="write a part under bench/results/ too")
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.names if name not in MEASURES]:
        parser.error(f"there is no measurement {unknown[0]!r}; there are {', '.join(MEASURES)}")
    with tempfile.TemporaryDirectory(prefix="hptui-card-") as text:
        folder = Path(text)
        if chosen.rehearse and _INSIDE not in os.environ:  # the library's path is read when a process starts
            pretend(folder)
            os.environ[_INSIDE] = "1"
            return subprocess.run([sys.executable, "-m", "bench.card", *sys.argv[1:]]).returncode
        found = the_card()
        if isinstance(found, str):
            print(f"bench.card: {found}", file=sys.stderr)
            return 2
        with home_is(folder):
            said, failed = report(Card(folder, found, chosen.rehearse), chosen.names or list(MEASURES))
    print(said)
    if not chosen.rehearse and (chosen.keep or not chosen.names):
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"card-{time.strftime('%Y-%m-%d')}-{machine_kind()}.md"
        path.write_text(said + "\n")
        print(f"\nkept as {path}")
    return 1 if failed else 0


def the_card() -> Device | str:
    """The first GPU that a session would use; else why nothing can be measured, in a line."""
    nvml = Nvml.open()
    if isinstance(nvml, Absent):
        return nvml.reason
    here = choose(nvml.gpus(), Resources(), 1, os.environ)
    nvml.close()
    if not here.on_gpus:
        return "; ".join(here.notes)
    if os.environ.get("CARD_DEVICE", "cuda") == "cuda":
        import torch

        if not torch.cuda.is_available():
            return f"torch {torch.__version__} finds no GPU: install a build for CUDA"
    return here.devices[0]


def report(card: Card, names: list[str]) -> tuple[str, bool]:
    """The table as Markdown, and whether a measurement failed. Missing an aim is no failure."""
    nvml = Nvml.open()
    driver = nvml.driver_version if isinstance(nvml, Nvml) else None
    head = "# REHEARSAL: pretended GPUs, the figures mean nothing\n\n" if card.rehearsal else "# On a GPU\n\n"
    start = f"{conditions(card.home)}\n- {card.device.name}, {card.device.id}, driver {driver or '–'}"
    results: list[Result] = []
    failed = False
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            results += MEASURES[name](card)
        except Exception as error:  # one measurement that can't be taken must not lose the others
            traceback.print_exc()
            failed = True
            results.append(Result(name, "", None, note=f"not measured: {type(error).__name__}: {error}"[:300]))
    return f"{head}{start}\n- load average {os.getloadavg()[0]:.1f} at the end\n\n{markdown(results)}", failed


if __name__ == "__main__":
    raise SystemExit(main())
