import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from hptui.tui.ascii_only import TABLE
from hptui.tui.glyphs import ASCII, BLOCK, BRAILLE, clip, fit, glyphs_for, harmless, wrapped

TUI = Path(__file__).resolve().parents[2] / "tui"
anything = st.text(st.characters(), max_size=40)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\tb\nc\rd", "a b c d"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]52;c;aGk=\x1b\\after", "after"),
        ("\x1b[2J\x1b[Hcleared", "cleared"),
        ("\x9b31mred", "red"),
        ("bell\x07", "bell�"),
        ("\x1b", ""),
        ("[bold]not markup[/]", "[bold]not markup[/]"),
        ("abc\u202edef", "abcdef"),
        ("e\u0301\u0301\u0301\u0301", "e\u0301\u0301"),
        ("\u0301lonely", "lonely"),
        ("👨\u200d👩\u200d👧", "👨👩👧"),
        ("❤\ufe0f", "❤"),
        ("\ud800", "�"),
    ],
)
def test_text_of_strangers_is_made_harmless(text, shown):
    assert harmless(text) == shown


@given(anything)
def test_harmless_text_has_no_character_that_steers_a_terminal(text):
    assert not [c for c in harmless(text) if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


@given(anything)
def test_harmless_text_stays_as_it_is(text):
    assert harmless(harmless(text)) == harmless(text)


@given(anything, st.integers(1, 30), st.sampled_from(["left", "right"]))
def test_fitted_text_takes_exactly_its_width(text, width, align):
    assert cell_len(fit(text, width, align)) == width


@given(anything, st.integers(0, 30), st.integers(0, 30))
def test_clipped_text_takes_at_most_its_width(text, width, skip):
    text = harmless(text)

    shown = clip(text, width, skip)

    assert cell_len(shown) == max(0, min(width, cell_len(text) - skip))


def test_wide_characters_are_cut_whole():
    assert [fit("日本語", n) for n in (6, 5, 4, 3)] == ["日本語", "日本…", "日… ", "日…"]


@pytest.mark.parametrize("glyphs", [BRAILLE, BLOCK, ASCII], ids=lambda g: g.level)
def test_every_glyph_is_one_cell(glyphs):
    marks = {name: mark for name, mark in vars(glyphs).items() if name != "level"}

    assert {name: cell_len(mark) for name, mark in marks.items()} == dict.fromkeys(marks, 1)


@pytest.mark.parametrize("glyphs", [BRAILLE, BLOCK, ASCII], ids=lambda g: g.level)
def test_states_are_told_apart_without_colour(glyphs):
    states = ["RUNNING", "PAUSED", "PRUNED", "COMPLETE", "FAIL", "WAITING"]

    assert len({glyphs.state(state) for state in states}) == len(states)


@pytest.mark.parametrize(
    ("environ", "level"),
    [
        ({"TERM": "xterm-256color", "LANG": "en_US.UTF-8"}, "braille"),
        ({"TERM": "xterm-256color"}, "braille"),
        ({"TERM": "xterm-256color", "LANG": "C"}, "braille"),
        ({"TERM": "linux", "LANG": "en_US.UTF-8"}, "block"),
        ({"TERM": "xterm", "LANG": "en_US.ISO-8859-1"}, "ascii"),
        ({"TERM": "linux", "HPTUI_GLYPHS": "braille"}, "braille"),
        ({"TERM": "xterm", "HPTUI_GLYPHS": "nonsense"}, "braille"),
    ],
)
def test_the_level_of_glyphs_follows_the_terminal(environ, level):
    assert glyphs_for(environ).level == level


@given(st.text(), st.integers(1, 60))
def test_wrapped_text_is_all_there_in_lines_that_fit_unless_a_word_does_not(text, width):
    lines = wrapped(text, width)

    words = [word for line in text.split("\n") for word in harmless(line).split()]
    assert [word for line in lines for word in line.split()] == words
    assert all(cell_len(line) <= width or len(line.split()) == 1 for line in lines)


def test_text_is_wrapped_between_words_and_keeps_its_own_lines():
    assert wrapped("this session ended before its first trial\n  two  spaces", 20) == (
        "this session ended", "before its first", "trial", "  two  spaces",
    )  # fmt: skip


def test_every_mark_of_the_screens_has_an_ascii_character():
    said = {char for path in TUI.rglob("*.py") for char in path.read_text() if not char.isascii()}
    marks = {char for char in said if unicodedata.category(char)[0] in "PS" and not "\u2800" <= char <= "\u28ff"}

    assert {char for char in marks if not char.translate(TABLE).isascii()} == {"∞"}  # told as inf there
    assert all(len(plain) == cell_len(chr(mark)) == 1 for mark, plain in TABLE.items())
