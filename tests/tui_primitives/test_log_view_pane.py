import time

import pytest
from panes_alone import alone

from hptui.tui.panes.log_view import LogView


def numbered(count, first=0):
    return b"".join(b"line %d\n" % i for i in range(first, first + count))


async def until(condition, pilot, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        await pilot.pause(0.02)


def test_the_end_is_shown_and_followed(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(numbered(100))
    pane = LogView(path)

    async def steps(app, pilot):
        assert app.lines() == ["line 97", "line 98", "line 99", "following"]
        with path.open("ab") as out:
            out.write(numbered(5, 100))
        pane.poll()
        assert app.lines()[:3] == ["line 102", "line 103", "line 104"]

    alone(pane, steps, size=(40, 4))


def test_scrolling_up_stops_following_and_the_end_follows_again(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(numbered(100))
    pane = LogView(path)

    async def steps(app, pilot):
        await pilot.press("k")
        with path.open("ab") as out:
            out.write(numbered(5, 100))
        pane.poll()
        assert (app.lines()[:3], pane.following) == (["line 96", "line 97", "line 98"], False)
        await pilot.press("g")
        assert app.lines() == ["line 0", "line 1", "line 2", "2 %"]
        await pilot.press("j", "ctrl+d")
        assert app.lines()[0] == "line 3"
        await pilot.press("G")
        assert (app.lines()[2], pane.following) == ("line 104", True)
        await pilot.press("pageup", "pagedown")
        assert pane.following

    alone(pane, steps, size=(40, 4))


def test_a_log_that_comes_later_is_shown(tmp_path):
    path = tmp_path / "log"
    pane = LogView(path, empty="nothing printed yet")

    async def steps(app, pilot):
        assert app.lines()[0] == "  nothing printed yet"
        path.write_bytes(b"hello\n")
        await until(lambda: app.lines()[0] == "hello", pilot)

    alone(pane, steps, size=(40, 4))


def test_a_truncated_log_is_shown_from_its_new_end(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(numbered(100))
    pane = LogView(path)

    async def steps(app, pilot):
        await pilot.press("k", "k")
        path.write_bytes(b"fresh\n")
        pane.poll()
        assert app.lines()[:2] == ["fresh", ""]

    alone(pane, steps, size=(40, 4))


def test_what_a_log_says_steers_nothing(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"\x1b[2J\x1b[31mred\x1b[0m [bold]x[/] \xff\xfe\n\x1b]52;c;aGk=\x07clip\nloss 1\rloss 2\n")
    pane = LogView(path)

    async def steps(app, pilot):
        assert app.lines()[:3] == ["red [bold]x[/] ��", "clip", "loss 2"]

    alone(pane, steps, size=(40, 4))


def test_a_search_goes_from_the_newest_match_to_older_ones_and_back(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(numbered(3000))
    pane = LogView(path)

    async def steps(app, pilot):
        async def at(number):
            await until(lambda: not pane._note, pilot)
            assert any(text == f"line {number}" for text in app.lines())
            row = next(y for y, text in enumerate(app.lines()) if text == f"line {number}")
            marked = [s.text for s in pane.render_line(row) if s.style.underline]
            assert marked == ["line 17"]

        await pilot.press("slash", *"LINE 17", "backspace", "7", "enter")
        await until(lambda: bool(pane._note), pilot)
        assert pane._note.endswith("is not in this log")  # a capital makes case matter
        await pilot.press("slash", *"line 17", "enter")
        await at(1799)
        await pilot.press("N")
        await at(1798)
        await pilot.press("n")
        await at(1799)
        await pilot.press("n")
        await until(lambda: pane._note.startswith("no more"), pilot)

    alone(pane, steps, size=(40, 8))


def test_keys_typed_into_a_search_move_nothing(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(numbered(100))
    pane = LogView(path)

    async def steps(app, pilot):
        before = app.lines()[:3]
        await pilot.press("slash", "g", "k", "h")
        assert (app.lines()[:3], app.lines()[3]) == (before, "/gkh█")
        await pilot.press("escape")
        assert app.lines()[3] == "following"

    alone(pane, steps, size=(40, 4))


def test_long_lines_are_cut_and_shifted(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"0123456789" * 5 + b"\n")
    pane = LogView(path)

    async def steps(app, pilot):
        assert app.lines()[0] == "0123456789012345678…"
        await pilot.press("l", "l")
        assert (app.lines()[0], app.lines()[3]) == ("234567890123456789", "following  from col…")
        await pilot.press("h", "h", "h")
        assert app.lines()[0] == "0123456789012345678…"

    alone(pane, steps, size=(20, 4))


def test_an_unchanged_log_paints_nothing(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(numbered(100))
    pane = LogView(path)

    async def steps(app, pilot):
        await pilot.pause()
        app.painted.clear()
        pane.poll()
        assert app.painted == []

    alone(pane, steps, size=(40, 4))


def test_another_log_can_be_opened(tmp_path):
    (tmp_path / "a").write_bytes(b"first\n")
    (tmp_path / "b").write_bytes(b"second\n")
    pane = LogView(tmp_path / "a")

    async def steps(app, pilot):
        pane.open(tmp_path / "b")
        assert app.lines()[0] == "second"
        pane.open(None)
        assert app.lines()[0] == "  no output yet"

    alone(pane, steps, size=(40, 4))


@pytest.mark.parametrize("size", [(1, 1), (10, 2), (200, 60)])
def test_every_size_has_lines_of_its_width(tmp_path, size):
    path = tmp_path / "log"
    path.write_bytes("日本語 wide text\n".encode() * 100)
    pane = LogView(path)

    async def steps(app, pilot):
        assert {pane.render_line(y).cell_length for y in range(size[1])} == {size[0]}

    alone(pane, steps, size=size)
