from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from api_notebook import Notebook, Ran

import hptui
from hptui.core.api.capture import captured
from hptui.core.api.objective import find_objective
from hptui.core.wire.request import TAG


def test_a_function_of_a_notebook_is_tuned_with_all_that_it_uses_and_a_line_says_how_it_goes(ran: Ran) -> None:
    assert [t.value for t in ran.session.trials if t.state == "COMPLETE"] == [
        (t.params["x"] - 1.0) ** 2 for t in ran.session.trials if t.number != 3
    ]
    assert "quadratic · 6 of 6 ended, 0 running · best" in ran.printed


def test_called_again_it_goes_on_in_its_session(ran: Ran, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran.again() == ran.session
    assert "quadratic has ended" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("import numpy\nDATA = numpy.zeros(3)\ndef f(trial):\n    return DATA.sum()\n", "f uses DATA, a ndarray"),
        ("def f(trial):\n    return nowhere\n", "f uses nowhere, which is not defined"),
        ("g = lambda: 1.0\ndef f(trial):\n    return g()\n", "g is a lambda"),
        ("f = lambda trial: 1.0\n", "a lambda has no name"),
        ("def g(trial): return 1\nf = g\nh = f\ndef f(trial): return h(trial)\n", "h is another name of g"),
        ("f = print\n", "is a builtin_function_or_method, not a function"),
    ],
    ids=["data", "undefined", "used lambda", "lambda", "alias", "builtin"],
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


def test_a_home_that_cannot_be_written_is_named(
    notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HPTUI_HOME", str(tmp_path / "file"))
    notebook.cell("def f(trial):\n    return 1.0\n")

    with pytest.raises(hptui.HptuiError, match="captured: can't be written: Not a directory"):
        hptui.run(notebook.f, {"n": [1, 2]}, n_trials=1)


def test_a_captured_function_computes_what_it_did(notebook: Notebook) -> None:
    notebook.cell("RATES = {'a': [1, 2.5], 'b': (float('inf'),)}\nRATES['b'] = (3,)\n")
    inner = "    def inner(n):\n        return k + RATES['a'][1] + n\n"
    notebook.cell(f"def outer(k):\n{inner}    return inner\nf = outer(4)\n")
    there: dict[str, Any] = {}
    exec(captured(notebook.f, Path("/nowhere")), there)

    assert there["inner"](1) == notebook.f(1) == 7.5


def test_numbers_of_numpy_enums_and_empty_sets_are_captured(notebook: Notebook) -> None:
    notebook.cell("import enum\nimport numpy\nMEAN, SEEN = numpy.array([1.0, 4.0]).mean(), set()\n")
    notebook.cell("class Way(enum.Enum):\n    UP = 2\n    def twice(self):\n        return 2 * self.value\n")
    notebook.cell("def f(trial):\n    return MEAN + Way.UP.twice() + len(SEEN)\n")
    there: dict[str, Any] = {"__name__": "there"}
    exec(captured(notebook.f, Path("/nowhere")), there)

    assert there["f"](0) == notebook.f(0) == 6.5
    assert type(there["MEAN"]) is float


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
