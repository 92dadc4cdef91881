"""One real, finished session, shared by all that read it: of a function that was typed into a notebook."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_notebook import Notebook, Ran

import hptui

CELLS = (
    "import math as m\nfrom pathlib import Path\nBEST, WHERE = 1.0, Path('/tmp')\n",
    "class Net:\n    def loss(self, x):\n        return squared(x - BEST)\n",
    "def squared(x):\n    return m.pow(x, 2) if WHERE.exists() else squared(-x)\n",
    """def quadratic(trial):
    x = trial.params["x"]
    if trial.number == 3:
        raise ValueError("not this one")
    for step in range(3):
        trial.report(Net().loss(x) + 1 / (step + 1), step, accuracy=step / 3)
    return Net().loss(x)
""",
)


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Six trials of a quadratic, started by `hptui.run`; trial 3 has failed."""
    folder: Path = tmp_path_factory.mktemp("api")
    book, printed = Notebook(), io.StringIO()
    for cell in CELLS:
        book.cell(cell)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HPTUI_HOME", str(folder / "home"))
        patch.chdir(folder)

        def run() -> hptui.Session:
            space = {"x": hptui.Float(low=-5, high=5), "layer": ["wide", "deep"]}
            with pytest.MonkeyPatch.context() as as_main:
                as_main.setitem(sys.modules, "__main__", book.main)
                return hptui.run(
                    book.quadratic, space, n_trials=6, max_steps=3, devices="none", slots=2, seed=1, pruner="none",
                    progress=True,
                )  # fmt: skip

        with contextlib.redirect_stdout(printed):
            session = run()
        yield Ran(session, run, printed.getvalue())


@pytest.fixture
def finished(ran: Ran) -> hptui.Session:
    return ran.session


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    book = Notebook()
    monkeypatch.setitem(sys.modules, "__main__", book.main)
    return book
