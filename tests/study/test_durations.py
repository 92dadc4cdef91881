from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hptui.core.study.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90 s", 90),
        ("10 min", 600),
        ("2h", 7200),
        ("1.5 h", 5400),
        ("1h30m", 5400),
        ("1h 05m", 3900),
        ("3 days", 259200),
        ("1 day, 2 hours", 93600),
        ("250 ms", 0.25),
        (" 5 Min ", 300),
        (3600, 3600),
        (0.5, 0.5),
    ],
)
def test_durations_are_read_as_people_write_them(text: str | float, seconds: float):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("90", '"90" is no duration: write it as in 90 s or 90 min'),
        ("", '"" is no duration: write it as in 90 s, 10 min or 1h 30m'),
        ("soon", '"soon" is no duration: write it as in 90 s, 10 min or 1h 30m'),
        ("2 h or so", '"2 h or so" is no duration: write it as in 90 s, 10 min or 1h 30m'),
        ("-2 h", '"-2 h" is no duration: write it as in 90 s, 10 min or 1h 30m'),
        (
            "2 fortnights",
            '"2 fortnights" is no duration: "fortnights" is no unit (ms, s, min, h, days, weeks)',
        ),
        (math.inf, "inf is no duration: write it as in 90 s, 10 min or 1h 30m"),
        (True, "True is no duration: write it as in 90 s, 10 min or 1h 30m"),
    ],
)
def test_what_is_no_duration_is_said_with_an_example(text: str | float, problem: str):
    with pytest.raises(ValueError) as caught:
        parse_duration(text)
    assert str(caught.value) == problem


def test_durations_are_shown_in_their_two_largest_units():
    seconds = [0, 0.42, 9.96, 42, 59.7, 307, 3599.6, 3900, 86_399, 3 * 86400 + 4 * 3600, math.nan]

    shown = [format_duration(s) for s in seconds]

    assert shown == [
        "0s",
        "0.4s",
        "10s",
        "42s",
        "1m 00s",
        "5m 07s",
        "1h 00m",
        "1h 05m",
        "1d 00h",
        "3d 04h",
        "–",
    ]


@given(st.floats(0, 1e7))
@settings(deadline=None)
def test_what_is_shown_reads_back_within_its_last_unit(seconds: float):
    back = parse_duration(format_duration(seconds))

    unit = 0.1 if seconds < 10 else 1 if seconds < 3600 else 60 if seconds < 86400 else 3600
    assert abs(back - seconds) <= unit
