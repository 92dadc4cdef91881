"""Arrows point one way, in what is written and in what is loaded."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# part -> the parts of ours it may import. CONTRIBUTING.md draws this table.
ARROWS: dict[str, set[str]] = {
    "core.errors": set(),
    "core.space": {"core.errors"},
    "core.study": {"core.errors", "core.space"},
    "core.wire": {"core.errors", "core.study"},
    "core.search": {"core.errors", "core.space", "core.study"},
    "core.advice": {"core.errors", "core.space", "core.study"},
    "core.devices": {"core.errors"},
    "core.store": {"core.errors", "core.space", "core.study", "core.wire"},
    "core.worker": {"core.errors", "core.space", "core.study", "core.wire"},
    "core.training": {"core.advice", "core.errors"},
    "core.scheduler": {
        "core.errors", "core.space", "core.study", "core.wire", "core.search", "core.devices", "core.store",
        "core.advice", "core.review",
    },
    # the scheduler of sessions on a cluster: the only part on top of the scheduler, which never hears of it
    "core.remote": {
        "core.errors", "core.study", "core.wire", "core.devices", "core.scheduler",
    },
    "core.review": {"core.errors", "core.space", "core.study", "core.search", "core.store", "core.advice"},
    "core.interop": {"core.errors", "core.space", "core.study", "core.store"},
    "core.api": {
        "core.errors", "core.space", "core.study", "core.wire", "core.search", "core.store", "core.scheduler",
        "core.review",
    },
    "tui": {
        "core.errors", "core.space", "core.study", "core.wire", "core.search", "core.devices", "core.store",
        "core.scheduler", "core.review", "core.interop", "core.advice", "core.remote",
    },
}  # fmt: skip

# library -> the only parts that may import it, even inside a function
LIBRARIES: dict[str, set[str]] = {
    "torch": {"core.worker", "core.training"},
    "ray": {"core.remote"},
    "optuna": {"core.worker", "core.interop", "core.search.guests"},  # guests: when a study names one, and nothing else
    "optunahub": {"core.search.guests"},
    "tensorboardX": {"core.interop"},
    "mlflow": {"core.interop.loggers"},
    "wandb": {"core.interop.loggers"},
    "textual": {"tui"},
    "rich": {"tui"},
    "click": {"tui"},
    "sqlite3": {"core.store", "core.interop", "tui"},  # tui: `hptui doctor` tells SQLite's version, nothing else
    "sqlite_utils": {"core.store"},
    "pynvml": {"core.devices"},
    "scipy": {"core.search", "core.review"},
    "platformdirs": {"core.study"},
}

# parts that decide and never act: no clock, file, process or generator that nobody can rebuild
PURE = ("core.space", "core.search", "core.advice", "tui.views")
HANDS = {"time", "random", "socket", "subprocess", "threading", "multiprocessing", "tempfile", "sqlite3", "asyncio"}


def modules() -> list[tuple[str, Path]]:
    """("core.space.params", path) for every module of the two trees."""
    found = []
    for top in ("core", "tui"):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found.append((name.removesuffix(".__init__"), path))
    return found


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """(dotted name, line, at module level) of every import, those inside functions and TYPE_CHECKING included."""

    def walk(node: ast.AST, top: bool) -> Iterator[tuple[str, int, bool]]:
        for child in ast.iter_child_nodes(node):
            inside = top and not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            if isinstance(child, ast.Import):
                yield from ((alias.name, child.lineno, top) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                yield "." * child.level + (child.module or ""), child.lineno, top
                if child.module and not child.level:
                    # `from hptui.core import store` names a part too
                    yield from ((f"{child.module}.{alias.name}", child.lineno, top) for alias in child.names)
            else:
                yield from walk(child, inside)

    yield from walk(ast.parse(path.read_text()), True)


def part_of(name: str) -> str:
    """core.store.reader -> core.store, tui.panes.trials -> tui."""
    return "tui" if name.split(".")[0] == "tui" else ".".join(name.split(".")[:2])


def test_every_part_has_its_arrows() -> None:
    parts = {part_of(name) for name, _ in modules()} - {"core"}

    assert parts <= set(ARROWS)


def test_imports_of_ours_follow_the_arrows() -> None:
    wrong = []
    for name, path in modules():
        here = part_of(name)
        allowed = ARROWS.get(here, set()) | {here, "core"}
        for target, line, _ in imports(path):
            if not target.startswith("hptui."):
                continue
            there = part_of(target.removeprefix("hptui."))
            if there not in allowed and there in ARROWS:
                wrong.append(f"{path.relative_to(ROOT)}:{line} {here} -> {there}")

    assert sorted(set(wrong)) == []


def test_nobody_imports_relatively_or_from_the_top_level_folders() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} {target}"
        for _, path in modules()
        for target, line, _ in imports(path)
        if target.startswith(".") or target.split(".")[0] in ("core", "tui")
    ]

    assert wrong == []


def test_libraries_are_imported_only_where_they_belong() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} {target}"
        for name, path in modules()
        for target, line, _ in imports(path)
        if (library := target.split(".")[0]) in LIBRARIES
        and not any(f"{name}.".startswith(f"{allowed}.") for allowed in LIBRARIES[library])
    ]

    assert sorted(set(wrong)) == []


LOADED_BY_THE_THINKER = ("core.search.models", "core.search.samplers")


def test_scipy_is_imported_inside_functions() -> None:
    """It costs a quarter of a second, and most sessions start without it. The search itself is the exception:
    the thinker alone loads them, when their sampler was chosen."""
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for name, path in modules()
        for target, line, top in imports(path)
        if top and target.split(".")[0] == "scipy" and not name.startswith(LOADED_BY_THE_THINKER)
    ]

    assert wrong == []


def test_pure_parts_have_no_hands() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} {target}"
        for name, path in modules()
        for target, line, _ in imports(path)
        if any(name == pure or name.startswith(pure + ".") for pure in PURE) and target.split(".")[0] in HANDS
    ]

    assert wrong == []


def test_no_module_is_longer_than_300_lines() -> None:
    """Past 300 lines look for the second subject."""
    long = [
        f"{path.relative_to(ROOT)}: {n}" for _, path in modules() if (n := len(path.read_text().splitlines())) > 300
    ]

    assert long == []


def loaded_by(code: str) -> set[str]:
    """Top-level names of the modules that a fresh Python has loaded after `code`."""
    script = f"{code}\nimport json, sys; sys.stderr.write('LOADED' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.rpartition("LOADED")[2]))


HELP = "from hptui.tui.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"


@pytest.mark.parametrize(
    ("code", "never"),
    [
        (HELP, {"torch", "textual", "numpy", "scipy", "sqlite3", "sqlite_utils", "msgspec", "pynvml", "asyncio"}),
        ("import hptui", {"torch", "textual", "numpy", "click", "msgspec"}),
        ("import hptui.tui.app", {"torch", "scipy", "sqlite_utils"}),
        ("import hptui.core.scheduler.loop", {"torch", "textual", "scipy", "click", "ray"}),
        ("import hptui.core.remote.far", {"torch", "textual", "scipy", "click", "ray"}),
        ("import hptui.core.remote.slot", {"torch", "textual", "scipy", "click", "ray", "sqlite3"}),
        ("import hptui.core.scheduler.launch", {"torch", "textual", "scipy", "click", "sqlite_utils"}),
        ("import hptui.core.scheduler.__main__", {"torch", "textual", "scipy", "click", "sqlite_utils", "numpy"}),
        ("from hptui.core.store.migrations import _database; _database()", {"torch", "pandas"}),
        ("import hptui.core.search.catalog", {"torch", "textual", "sqlite3", "sqlite_utils", "scipy"}),
        ("import hptui.core.store.reader", {"torch", "textual", "scipy", "sqlite_utils"}),
        ("import hptui.core.worker.trial", {"torch", "textual", "sqlite3", "scipy"}),
    ],
    ids=[
        "--help", "hptui", "screen", "scheduler", "scheduler of a cluster", "slot of a node", "launch",
        "scheduler before its fork server", "who makes a database", "search", "reader", "trial",
    ],
)
def test_what_is_loaded_stays_light(code: str, never: set[str]) -> None:
    assert loaded_by(code) & never == set()
