from __future__ import annotations

import math
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

import hptui


def test_a_session_is_opened_by_name_by_its_beginning_and_by_folder(finished: hptui.Session) -> None:
    opened = [hptui.Session.open(which) for which in ("quadratic", "quad", finished.path)]

    assert [each.path for each in opened] == [finished.path] * 3
    assert eval(repr(finished), {"Session": hptui.Session}) == finished


def test_its_trials_are_values_of_what_the_user_knows(finished: hptui.Session) -> None:
    trials = finished.trials

    assert [trial.number for trial in trials] == [0, 1, 2, 3, 4, 5]
    assert finished.state == "finished"
    assert [trial.state for trial in trials] == ["COMPLETE"] * 3 + ["FAIL"] + ["COMPLETE"] * 2
    assert (trials[3].cause, trials[3].value) == ("crash", None)
    assert finished.best == min((t for t in trials if t.value is not None), key=lambda t: t.value or math.inf)
    assert finished.front == [finished.best]
    assert all(t.value == pytest.approx((t.params["x"] - 1) ** 2) for t in trials if t.value is not None)


def test_curves_are_arrays_of_every_metric(finished: hptui.Session) -> None:
    steps, values = finished.curve(0)
    x = finished.trials[0].params["x"]

    assert finished.metrics == ["value", "accuracy"]
    assert steps.tolist() == [0, 1, 2]
    np.testing.assert_allclose(values, [(x - 1) ** 2 + 1 / k for k in (1, 2, 3)])
    assert finished.curve(0, "accuracy")[1].tolist() == [0, 1 / 3, 2 / 3]
    assert finished.curve(np.int64(0))[0].tolist() == [0, 1, 2]  # type: ignore[arg-type]  # as a frame's column has it
    assert sorted(finished.curves()) == [0, 1, 2, 4, 5]
    assert finished.curve(3)[0].tolist() == []


def test_a_frame_has_a_row_for_each_trial_and_a_column_for_each_parameter(finished: hptui.Session) -> None:
    pytest.importorskip("pandas", reason="the frame is pandas' own")
    frame = finished.trials_frame()

    assert frame["number"].tolist() == [0, 1, 2, 3, 4, 5]
    assert frame["params_x"].tolist() == [trial.params["x"] for trial in finished.trials]
    assert list(finished.params) == ["x", "layer"]
    assert list(frame.columns[-2:]) == ["params_x", "params_layer"]


def test_without_pandas_the_frame_says_what_to_install(
    finished: hptui.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(hptui.HptuiError, match="pip install pandas"):
        finished.trials_frame()


@pytest.mark.parametrize("what", ["history", "slice:x", "slice:layer"])
def test_a_plot_is_svg_that_a_notebook_shows(finished: hptui.Session, what: str) -> None:
    picture = finished.plot(what)

    assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert picture._repr_svg_() == picture


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda s: s.plot("slice:y"), "there is no plot 'slice:y'\n  hint: did you mean \"slice:x\"?"),
        (lambda s: s.curve(9), "there is no trial 9\n  hint: it has 6 trials: `.trials`"),
        (lambda s: s.curve(0, "acuracy"), "there is no metric 'acuracy'\n  hint: did you mean \"accuracy\"?"),
        (lambda s: hptui.Session.open("quadratics"), "did you mean quadratic?"),
    ],
    ids=["plot", "trial", "metric", "session"],
)
def test_a_wrong_question_is_answered_by_what_there_is(finished: hptui.Session, ask: object, says: str) -> None:
    with pytest.raises(hptui.HptuiError) as told:
        ask(finished)  # type: ignore[operator]

    assert says in str(told.value)


def test_every_public_name_exists_and_importing_the_package_loads_none_of_them() -> None:
    code = """if True:
        import sys, hptui
        assert not {m for m in sys.modules if m.startswith("hptui.core")} and "numpy" not in sys.modules
        names = dir(hptui)
        from hptui.core import api
        for name in names: getattr(hptui, name)
        assert "torch" not in sys.modules and "textual" not in sys.modules and "pandas" not in sys.modules
    """
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
