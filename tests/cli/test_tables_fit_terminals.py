"""Tables of trials on terminals of many widths, and in pipes."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from hptui.tui.commands import answers, doctor, gpus, lists, presets
from hptui.tui.commands.answers import table
from hptui.tui.commands.fitting import fitted

HEADS = ("trial", "value", "optimizer", "learning_rate", "weight_decay", "schedule")
ROWS = [("17", "0.99", "adam", "0.00285", "0.0979", "cosine"), ("4", "0.98", "adam", "0.0151", "–", "constant")]
RIGHT = frozenset({0, 1})


def shown(rows: list[tuple[str, ...]], width: int | None) -> list[str]:
    return fitted(HEADS, rows, 2, RIGHT, width).splitlines()


def test_a_table_that_fits_or_goes_into_a_pipe_is_whole():
    assert shown(ROWS, None) == shown(ROWS, 64) == table(HEADS, ROWS, RIGHT).splitlines()


def test_columns_that_read_the_same_in_all_rows_are_said_once():
    assert shown(ROWS, 60) == [
        "trial  value  learning_rate  weight_decay  schedule",
        "   17   0.99  0.00285        0.0979        cosine",
        "    4   0.98  0.0151         –             constant",
        "the same in all 2: optimizer adam",
    ]


def test_a_table_still_too_wide_is_turned():
    assert shown(ROWS, 40) == [
        "trial          17       4",
        "value          0.99     0.98",
        "learning_rate  0.00285  0.0151",
        "weight_decay   0.0979   –",
        "schedule       cosine   constant",
        "the same in all 2: optimizer adam",
    ]
    assert shown(ROWS[:1], 30)[2:4] == ["optimizer      adam", "learning_rate  0.00285"]


def test_of_many_rows_the_columns_without_room_are_named():
    many = [(str(i), "0.5", f"adam{i}", f"0.{i}", "–", "cosine" if i else "constant") for i in range(20)]

    lines = shown(many, 40)

    assert lines[:2] == ["trial  value  optimizer  learning_rate", "    0    0.5  adam0      0.0"]
    assert lines[21:] == [
        "the same in all 20: weight_decay –",
        "+ 1 more: schedule (with | less -S the",
        "  table is whole)",
    ]


def test_no_line_is_wider_than_the_terminal():
    for width in range(40, 80):
        for rows in (ROWS, ROWS[:1], ROWS * 10):
            assert max(map(len, shown(rows, width))) <= width


@pytest.mark.parametrize("verb", [lists.samplers, lists.pruners, presets.presets, gpus.gpus, doctor.doctor])
def test_what_there_is_is_told_within_80_columns(verb, monkeypatch, tmp_path):
    monkeypatch.setenv("HPTUI_HOME", str(tmp_path))
    monkeypatch.setattr(answers, "terminal_width", lambda: 80)

    told = CliRunner().invoke(verb, []).output.splitlines()

    assert [line for line in told if len(line) > 80 and " " in line.strip()] == []  # a long path stays whole
    assert told
