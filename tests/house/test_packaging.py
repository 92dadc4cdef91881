"""The wheel holds what it should, and a user's own `core` and `tui` stay their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from hptui.tui.commands.man import manual

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the sources: a build leaves folders behind where it runs."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("core", "tui", "hptui"):
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    # the backend by its own hook: `pip wheel` would do the same after fetching setuptools from an index
    build = "import setuptools.build_meta as backend; backend.build_wheel('../dist')"
    done = subprocess.run([sys.executable, "-c", build], cwd=source, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    [path] = (folder / "dist").glob("*.whl")
    return path


def test_the_wheel_holds_every_module_and_data_file_and_nothing_at_the_top(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    packed = {name for name in names if not name.split("/")[0].endswith((".dist-info", ".data"))}
    data = ("*.py", "*.tcss", "*.json")
    expected = {"hptui/py.typed"} | {f"hptui/{path.name}" for path in (ROOT / "hptui").glob("*.py")}
    for top in ("core", "tui"):
        expected |= {f"hptui/{path.relative_to(ROOT)}" for kind in data for path in (ROOT / top).rglob(kind)}

    assert packed == expected


def test_the_wheel_carries_the_manual_page_of_these_verbs(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert [name.partition("/")[2] for name in names if name.endswith(".1")] == ["data/share/man/man1/hptui.1"]
    assert (ROOT / "tui" / "hptui.1").read_text() == manual(), "verbs have changed: make man"


def test_the_wheel_carries_the_licence(wheel: Path) -> None:
    assert any(name.endswith("licenses/LICENSE") for name in zipfile.ZipFile(wheel).namelist())


def test_the_command_works_from_the_wheel_beside_a_users_core_and_tui(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    project = tmp_path / "project"
    for name in ("core", "tui"):
        (project / name).mkdir(parents=True)
        (project / name / "__init__.py").write_text("raise SystemExit('the wrong package was imported')\n")

    env = {**os.environ, "PYTHONPATH": str(site), "HPTUI_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-m", "hptui", "ls", "--json"],
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")


def test_every_dependency_is_pinned_for_make_and_ci() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = {
        line.split("==")[0].lower()
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if line.strip() and not line.startswith("#")
    }
    wanted = [
        *project["dependencies"],
        *(spec for extra in project["optional-dependencies"].values() for spec in extra),
    ]
    names = {spec.split(">")[0].split("[")[0].split("=")[0].strip().lower() for spec in wanted} - {"hptui"}

    assert names <= pins


def test_pins_are_plain_versions() -> None:
    """A local version (+cpu) or a path would tie the pins to one machine."""
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]

    assert [line for line in lines if "+" in line or "/" in line or "@" in line] == []
