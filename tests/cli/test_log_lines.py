"""`hptui logs` prints a log as a terminal would show it at last."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hptui.tui.commands.log_lines import LONGEST, LogLines

BAR = "one\r\n\r1/3 #\r2/3 ##\r3/3 ###\r\ntwo\rthree"


@given(st.lists(st.integers(0, len(BAR)), max_size=6))
def test_what_was_written_over_is_gone_however_the_text_comes(cuts: list[int]) -> None:
    at = [0, *sorted(cuts), len(BAR)]
    lines = LogLines()

    printed = "".join(lines.take(BAR[a:b]) for a, b in pairwise(at)) + lines.rest()

    assert printed == "one\n3/3 ###\nthree"


def test_an_unfinished_line_is_shown_in_place_where_a_terminal_is_followed() -> None:
    lines = LogLines(columns=6)

    assert [lines.take(text) for text in ("\r1/3 #", "\r2/3 ##", "\r3/3 ###\nnext", "\x1b")] == [
        "1/3 #",
        "\r\x1b[K2/3 #",
        "\r\x1b[K3/3 ###\nnext",
        "\r\x1b[Knext\\",
    ]
    assert lines.rest() == "\r\x1b[Knext\\x1b"


def test_an_unfinished_line_of_wide_characters_takes_one_line_of_the_terminal() -> None:
    assert LogLines(columns=8).take("学習中 50%") == "学習中 "


def test_a_line_without_an_end_is_not_kept_for_ever() -> None:
    lines = LogLines()

    assert lines.take("x" * (LONGEST + 1)) == "x" * (LONGEST + 1)
    assert lines.rest() == ""
