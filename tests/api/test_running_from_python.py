from __future__ import annotations

import inspect
import linecache
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import hptui
from hptui.core.api.capture import captured
from hptui.core.api.objective import find_objective
from hptui.core.wire.request import TAG


class Notebook:
    """Cells that are compiled as Jupyter does it: in `__main__`, each under the name of a file that is none."""

    def __init__(self) -> None:
        self.main, self._count = ModuleType("__main__"), 0

    def cell(self, source: str) -> None:
        self._count += 1
        name = f"/tmp/ipykernel_0/{id(self)}-{self._count}.py"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), self.main.__dict__)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.main, name)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    book = Notebook()
    monkeypatch.setitem(sys.modules, "__main__", book.main)
    return book


def test_called_again_it_goes_on_in_its_session(finished: hptui.Session, capfd: pytest.CaptureFixture[str]) -> None:
    space = {"x": hptui.Float(low=-5, high=5), "layer": ["wide", "deep"]}
    again = hptui.run("quadratic.py:objective", space, n_trials=6, max_steps=3, devices="none", slots=2, seed=1)

    assert again == finished
    assert "quadratic has ended" in capfd.readouterr().err


def test_a_function_of_a_notebook_is_tuned_with_all_that_it_uses(
    finished: hptui.Session, notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.cell("import math as m\nfrom pathlib import Path\nSCALE, WHERE = 2.0, Path('/tmp')\n")
    notebook.cell("class Net:\n    def go(self, x):\n        return helper(x) * SCALE\n")
    notebook.cell("def helper(x):\n    return m.fabs(x) if WHERE.exists() else helper(-x)\n")
    notebook.cell("def train(trial):\n    return Net().go(trial.suggest_float('x', -1, 1))\n")

    session = hptui.run(notebook.train, n_trials=2, devices="none", slots=2, progress=True)

    assert [trial.value for trial in session.trials] == [2 * abs(trial.params["x"]) for trial in session.trials]
    assert "train · 2 of 2 ended, 0 running · best" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("import numpy\nDATA = numpy.zeros(3)\ndef f(trial):\n    return DATA.sum()\n", "f uses DATA, a ndarray"),
        ("def f(trial):\n    return nowhere\n", "f uses nowhere, which is not defined"),
        ("f = lambda trial: 1.0\n", "a lambda has no name"),
        ("def g(trial): return 1\nf = g\nh = f\ndef f(trial): return h(trial)\n", "h is another name of g"),
        ("f = print\n", "is a builtin_function_or_method, not a function"),
    ],
    ids=["data", "undefined", "lambda", "alias", "builtin"],
)
def test_what_trials_cannot_have_is_said_by_its_name(notebook: Notebook, cell: str, says: str) -> None:
    notebook.cell(cell)

    with pytest.raises(hptui.HptuiError) as told:
        find_objective(notebook.f, None)

    assert says in str(told.value)


def test_without_its_source_a_function_belongs_into_a_file(notebook: Notebook) -> None:
    exec("def f(trial): return 1", notebook.main.__dict__)

    with pytest.raises(hptui.HptuiError, match=r"hptui.run\('train.py:objective'\)"):
        find_objective(notebook.f, None)


def test_a_captured_function_computes_what_it_did(notebook: Notebook) -> None:
    notebook.cell("RATES = {'a': [1, 2.5], 'b': (float('inf'),)}\nRATES['b'] = (3,)\n")
    inner = "    def inner(n):\n        return k + RATES['a'][1] + n\n"
    notebook.cell(f"def outer(k):\n{inner}    return inner\nf = outer(4)\n")
    there: dict[str, Any] = {}
    exec(captured(notebook.f, Path("/nowhere")), there)

    assert there["inner"](1) == notebook.f(1) == 7.5


def test_a_call_that_importing_the_file_would_repeat_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    text = "import hptui\ndef f(trial):\n    return 1.0\nhptui.run(f, n_trials=1)\n"
    script.write_text(text)
    env = {**os.environ, "HPTUI_HOME": str(tmp_path / "home")}
    done = subprocess.run([sys.executable, script], env=env, capture_output=True, text=True, timeout=60)

    assert "train.py:4: hptui.run is called whenever this file is imported" in done.stderr
    assert not (tmp_path / "home").exists()


def test_inside_a_trial_it_says_where_the_call_belongs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TAG, "session/0")

    with pytest.raises(hptui.HptuiError, match="if __name__"):
        hptui.run("train.py", n_trials=1)


def test_a_function_of_a_file_is_imported_from_there() -> None:
    found = find_objective(an_objective, inspect.currentframe())

    assert (found.script, found.function) == (Path(__file__).resolve(), "an_objective")


def an_objective(trial: hptui.Trial) -> float:
    return float(trial.number)
