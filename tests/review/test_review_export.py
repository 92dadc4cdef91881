from __future__ import annotations

import csv
import io
import json
import math
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hptui.core.interop.found import Found, FoundTrial, make_session
from hptui.core.review.config import config_text
from hptui.core.review.export import export
from hptui.core.store.create import create_session
from hptui.core.store.reader import Reader
from hptui.core.store.rows import EventRow, ReportRow, TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Goal

TRIALS = [
    TrialRow(1, "FAIL", {"lr": 0.5}, value=math.nan, reason='said "no",\nthen died', cause="nan", ended_at=4.0),
    TrialRow(0, "COMPLETE", {"lr": 1e-05, "act": [1, True]}, value=0.5, step=3, ended_at=3.0, attrs={"a": "ä"}),
    TrialRow(2, "COMPLETE", {"lr": 0.25, "extra": None}, value=0.75, ended_at=5.0),
]


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    folder = SessionFolder(tmp_path / "s")
    create_session(folder, "", {"direction": "minimize"})
    writer = Writer(folder)
    writer.save_parameters({"act": {}, "lr": {}})
    for row in TRIALS:
        writer.save_trial(row)
    for trial in (0, 2):
        steps = [ReportRow(trial, "loss", step, value) for step, value in enumerate([0.5, math.nan, -math.inf])]
        writer.save_reports(trial, steps, 1)
    for number in range(2500):
        writer.append(EventRow(number / 2, "noted", number % 3, "why", {"n": number}))
    writer.close()
    with Reader(folder) as reader:
        yield reader


def table(reader: Reader, what: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("\n".join(export(reader, what, "csv")))))


def test_trials_as_csv_have_a_column_per_parameter(reader: Reader) -> None:
    rows = table(reader, "trials")

    assert list(rows[0]) == [
        "number", "state", "value", "step", "params_act", "params_lr", "params_extra", "origin", "proposal", "why",
        "reason", "cause", "retry_of", "seed", "device", "created_at", "started_at", "ended_at", "busy_s", "attrs",
    ]  # fmt: skip
    assert [(row["number"], row["value"], row["params_lr"], row["params_act"]) for row in rows] == [
        ("0", "0.5", "1e-05", "[1, true]"), ("1", "nan", "0.5", ""), ("2", "0.75", "0.25", ""),
    ]  # fmt: skip
    assert rows[1]["reason"] == 'said "no",\nthen died'
    assert json.loads(rows[0]["attrs"]) == {"a": "ä"}


def test_metrics_are_trial_metric_step_value(reader: Reader) -> None:
    assert list(export(reader, "metrics", "csv")) == [
        "trial,metric,step,value", "0,loss,0,0.5", "0,loss,1,nan", "0,loss,2,-inf",
        "2,loss,0,0.5", "2,loss,1,nan", "2,loss,2,-inf",
    ]  # fmt: skip


def test_json_lines_are_strict_json_with_null_for_what_json_lacks(reader: Reader) -> None:
    def forbid(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    rows = [json.loads(line, parse_constant=forbid) for line in export(reader, "metrics", "jsonl")]

    assert rows[:2] == [
        {"trial": 0, "metric": "loss", "step": 0, "value": 0.5},
        {"trial": 0, "metric": "loss", "step": 1, "value": None},
    ]
    trials = [json.loads(line, parse_constant=forbid) for line in export(reader, "trials", "jsonl")]
    assert [(row["value"], row["params_act"], row["cause"]) for row in trials] == [
        (0.5, [1, True], None), (None, None, "nan"), (0.75, None, None),
    ]  # fmt: skip


def test_events_come_whole_however_many(reader: Reader) -> None:
    rows = json.loads("\n".join(export(reader, "events", "json")))

    assert len(rows) == 2500
    assert rows[-1] == {"id": 2500, "at": 1249.5, "kind": "noted", "trial": 0, "reason": "why", "data": {"n": 2499}}


def test_an_empty_session_exports_its_heads_and_an_empty_list(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path / "empty")
    create_session(folder, "", {})

    with Reader(folder) as reader:
        assert list(export(reader, "metrics", "csv")) == ["trial,metric,step,value"]
        assert list(export(reader, "events", "jsonl")) == []
        assert json.loads("\n".join(export(reader, "trials", "json"))) == []


NAMES = st.one_of(st.sampled_from(["lr", "no", "Null", "a b", "x-1", "ä", "", "1", "=", "#"]), st.text(max_size=5))
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([1e-05, 1e22, -2e-300]),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(["no", "1e3", "null", "\x85\x7f", "\u2028", "😀", "'\"\\", "- x: y", "~", "2020-01-01"]),
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))
PARAMS = st.dictionaries(NAMES, VALUES, max_size=4)


@given(params=PARAMS)
def test_every_format_reads_back_as_it_was(params: dict[str, Any]) -> None:
    assert json.loads(config_text(params, "json")) == params
    assert tomllib.loads(config_text(params, "toml")) == params
    assert (yaml.safe_load(config_text(params, "yaml")) or {}) == params
    assert eval(config_text(params, "python")) == params


@given(params=st.dictionaries(st.sampled_from(["lr", "act"]), VALUES, max_size=2))
def test_arguments_are_what_a_program_gets_quoted_for_a_shell(params: dict[str, Any]) -> None:
    words = shlex.split(config_text(params, "args"))

    told: dict[str, Any] = {}
    while words:
        name, joined, text = words.pop(0).removeprefix("--").partition("=")
        value = params[name]
        if value is True:
            told[name] = True
        else:
            text = text if joined else words.pop(0)
            told[name] = text if isinstance(value, str) else json.loads(text)
    assert told == {name: value for name, value in params.items() if value is not False and value is not None}


def test_null_reads_back_but_in_toml_which_has_none() -> None:
    assert yaml.safe_load(config_text({"act": None}, "yaml")) == {"act": None}
    assert config_text({"act": None, "lr": 1.0, "list": [None, 1]}, "toml") == "lr = 1.0\nlist = [1]"


def test_objectives_beyond_the_first_have_columns_of_their_own(tmp_path: Path) -> None:
    trials = (FoundTrial(0, "COMPLETE", {"a": 0.5}, (0.1, 9.0)), FoundTrial(1, "FAIL", {"a": 0.6}))
    space = {"a": {"type": "float", "low": 0.0, "high": 1.0}}
    folder = SessionFolder(tmp_path / "two")
    make_session(Found("two", "x", "test", (Goal("loss"), Goal("ms")), space, trials), folder)

    with Reader(folder) as reader:
        heads, *rows = csv.reader(export(reader, "trials", "csv"))

    assert heads[:6] == ["number", "state", "value", "step", "values_ms", "params_a"]
    assert [row[:6] for row in rows] == [["0", "COMPLETE", "0.1", "", "9.0", "0.5"], ["1", "FAIL", "", "", "", "0.6"]]
