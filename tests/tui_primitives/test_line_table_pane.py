import numpy as np
import pytest
from panes_alone import alone

from hptui.tui.panes.line_table import Column, LineTable, fitting

COLUMNS = (
    Column("id", "id", 4, "right", priority=9),
    Column("state", "state", 7, priority=8),
    Column("loss", "loss", 6, "right", priority=7),
    Column("why", "why", 8, grow=True),
)


def line(key):
    return (f"{key}", ("▸ run", "running"), f"{key / 100:.2f}", "because")


def test_rows_stand_under_their_titles():
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        table.show([7, 8], line)
        assert app.lines()[:3] == [
            "    id state     loss why",
            ">    7 ▸ run     0.07 because",
            "     8 ▸ run     0.08 because",
        ]

    alone(table, steps)


def test_only_visible_rows_are_asked_for():
    asked = []
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        table.show(range(10_000), lambda key: (asked.append(key), line(key))[1])
        await pilot.pause()
        assert set(asked) <= set(range(8))

    alone(table, steps)


def test_a_second_look_at_the_same_rows_paints_nothing():
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        table.show(range(100), line)
        await pilot.pause()
        await pilot.pause()
        app.painted.clear()
        table.show(range(100), lambda key: line(key))
        assert app.painted == []

    alone(table, steps)


def test_only_the_line_that_reads_differently_is_painted():
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        table.show(range(100), line)
        await pilot.pause()
        await pilot.pause()
        app.painted.clear()
        table.show(range(100), lambda key: line(key) if key not in (2, 50) else ("2", "gone", "", ""))
        assert app.painted == [3]

    alone(table, steps)


def test_a_cursor_move_paints_two_lines_and_tells_the_key():
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        table.show([5, 6, 7], line)
        await pilot.pause()
        app.painted.clear()
        app.posted.clear()
        await pilot.press("j")
        assert (app.painted, [m.key for m in app.posted], table.cursor_key) == ([1, 2], [6], 6)

    alone(table, steps)


def test_the_cursor_stays_on_its_key_when_rows_arrive_above():
    table = LineTable(COLUMNS, newest="first")

    async def steps(app, pilot):
        table.show([3, 2, 1], line)
        await pilot.press("j")
        table.show(list(range(40, 0, -1)), line)
        await pilot.pause()
        assert table.cursor_key == 2
        assert [text for text in app.lines() if text.startswith(">")] == [">    2 ▸ run     0.02 because"]

    alone(table, steps)


def test_a_scrolled_table_stays_where_it_is_when_rows_arrive_above():
    table = LineTable(COLUMNS, newest="first")

    async def steps(app, pilot):
        table.show(list(range(100, 0, -1)), line)
        await pilot.pause()
        await pilot.press("G", "k", "k", "k")
        await pilot.pause()
        before = app.lines()
        app.painted.clear()
        table.show(list(range(105, 0, -1)), line)
        await pilot.pause()
        assert (app.lines(), app.painted) == (before, [])

    alone(table, steps)


@pytest.mark.parametrize(("newest", "key", "order"), [("last", "G", 1), ("first", "g", -1)])
def test_the_end_of_the_newest_is_followed_until_the_cursor_moves(newest, key, order):
    table = LineTable(COLUMNS, newest=newest)

    async def steps(app, pilot):
        table.show(list(range(20))[::order], line)
        await pilot.pause()
        await pilot.press(key)
        table.show(list(range(30))[::order], line)
        followed = table.cursor_key
        await pilot.press("k" if order == 1 else "j")
        table.show(list(range(40))[::order], line)
        assert (followed, table.cursor_key) == (29, 28)

    alone(table, steps)


def test_a_key_that_left_gives_the_cursor_to_the_row_that_took_its_place():
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        table.show([1, 2, 3, 4], line)
        await pilot.press("j")
        table.show([1, 3, 4], line)
        assert table.cursor_key == 3
        table.show([1], line)
        assert table.cursor_key == 1
        table.show([], line)
        assert table.cursor_key is None
        await pilot.press("j", "k", "G", "enter", "v", "pagedown")

    alone(table, steps)


def test_numpy_orders_are_taken_as_they_are():
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        table.show(np.array([4, 9, 2]), line)
        await pilot.press("j")
        table.show(np.array([1, 4, 2, 9]), line)
        assert (table.cursor_key, table.move_to(2), table.move_to(77)) == (9, True, False)
        assert app.lines()[3].startswith(">    2")

    alone(table, steps)


def test_pages_and_ends_are_reached():
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        table.show(range(100), line)
        await pilot.pause()
        seen = []
        for key in ("ctrl+d", "ctrl+d", "ctrl+u", "end", "home", "pagedown", "k"):
            await pilot.press(key)
            seen.append(table.cursor_key)
        assert seen == [6, 12, 6, 99, 0, 6, 5]

    alone(table, steps)


def test_enter_and_a_double_click_choose():
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        table.show([5, 6, 7], line)
        await pilot.press("enter")
        await pilot.click(table, offset=(3, 3), times=2)
        chosen = [m.key for m in app.posted if isinstance(m, LineTable.Chosen)]
        assert (chosen, table.cursor_key) == ([5, 7], 7)

    alone(table, steps)


def test_a_click_on_a_title_tells_its_column():
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        table.show([5], line)
        await pilot.click(table, offset=(8, 0))
        assert [m.column for m in app.posted if isinstance(m, LineTable.HeaderChosen)] == ["state"]

    alone(table, steps)


def test_the_wheel_scrolls_and_leaves_the_cursor():
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        table.show(range(100), line)
        await pilot.pause()
        table.action_scroll_down()
        await pilot.pause()
        table.scroll_to(y=30, animate=False, force=True)
        await pilot.pause()
        assert table.cursor_key == 0
        assert app.lines()[1].strip().startswith("30")
        table.show(range(200), line)
        await pilot.pause()
        assert app.lines()[1].strip().startswith("30")

    alone(table, steps)


def test_marks_and_the_sort_arrow_are_seen():
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        table.show([5, 6], line)
        table.sorted_by("loss", descending=True)
        await pilot.press("v")
        assert app.lines()[:3] == [
            "    id state    loss▼ why",
            "*    5 ▸ run     0.05 because",
            ">    6 ▸ run     0.06 because",
        ]
        assert table.marked == {5}
        table.sorted_by(None)
        table.set_marked(set())
        assert app.lines()[0] == "    id state     loss why"

    alone(table, steps)


def test_an_empty_table_says_what_to_do():
    table = LineTable(COLUMNS, empty="waiting for the first trial\nthe sampler is asking")

    async def steps(app, pilot):
        assert app.lines()[1:3] == ["  waiting for the first trial", "  the sampler is asking"]
        table.update_empty("0 of 10 match")
        assert app.lines()[1:3] == ["  0 of 10 match", ""]
        table.show([1], line)
        assert app.lines()[1].startswith(">    1")

    alone(table, steps)


def test_columns_leave_by_priority_when_the_table_is_narrow():
    assert [[c.key for _, c, _ in fitting(COLUMNS, width)] for width in (40, 22, 18, 10, 1)] == [
        ["id", "state", "loss", "why"], ["id", "state", "loss"], ["id", "state"], ["id"], ["id"],
    ]  # fmt: skip


@pytest.mark.parametrize("width", [10, 40, 80, 120, 200])
def test_lines_are_exactly_as_wide_as_the_table(width):
    table = LineTable(COLUMNS)
    strange = ("日本語日本語", "\x1b[2Jgone", "שלום", "e\u0301" * 30)

    async def steps(app, pilot):
        table.show(range(3), lambda key: strange)
        await pilot.pause()
        for y in range(4):
            assert table.render_line(y).cell_length == width

    alone(table, steps, size=(width, 6))


def test_every_piece_of_every_line_has_a_background():
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        table.show(range(3), line)
        table.set_marked({2})
        for y in range(8):
            assert [s.text for s in table.render_line(y) if s.style is None or s.style.bgcolor is None] == []

    alone(table, steps)


@pytest.mark.parametrize("name", ["dark", "light", "ansi", "textual-dark", "ansi-dark"])
def test_every_theme_tells_states_apart(name):
    table = LineTable(COLUMNS)
    states = ("running", "paused", "pruned", "complete", "fail")

    async def steps(app, pilot):
        table.show(range(6), lambda key: ("0", ("x", states[key % 5]), "", ""))
        await pilot.press("G")
        await pilot.pause()
        colours = [next(s.style.color for s in table.render_line(y) if s.text.startswith("x")) for y in range(1, 6)]
        assert len(set(colours)) == 5

    alone(table, steps, theme_name=name)


def test_the_table_follows_the_size_of_the_terminal():
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        table.show(range(50), line)
        await pilot.press("G")
        await pilot.resize_terminal(60, 5)
        await pilot.pause()
        assert app.lines()[-1].startswith(">   49")
        await pilot.resize_terminal(20, 12)
        await pilot.pause()
        assert (len(app.lines()), app.lines()[-1][:6]) == (12, ">   49")

    alone(table, steps)


def test_columns_can_be_picked_and_changed():
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        table.show([1], line)
        await pilot.press("l", "l", "h", "h")
        assert table.column == "why"
        table.set_columns(COLUMNS[:2])
        table.show([1], line)
        assert app.lines()[0] == "    id state"

    alone(table, steps)


def test_rows_given_before_the_table_is_on_a_screen_are_shown():
    table = LineTable(COLUMNS)
    table.show(range(40), line)
    table.sorted_by("loss")
    table.move_to(30)

    async def steps(app, pilot):
        await pilot.pause()
        assert (table.cursor_key, any(text.startswith(">   30") for text in app.lines())) == (30, True)

    alone(table, steps)


def test_a_hidden_table_shows_the_latest_when_it_is_seen_again():
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        table.show([1], line)
        await pilot.pause()
        table.display = False
        await pilot.pause()
        table.show([2], line)
        await pilot.pause()
        table.display = True
        await pilot.pause()
        shown = ["".join(s.text for s in strip) for strip in app.screen._compositor.render_strips()]
        assert shown[1].startswith(">    2")

    alone(table, steps)


def test_rows_that_come_and_go_move_the_scrollbar():
    table = LineTable(COLUMNS)

    async def steps(app, pilot):
        for count, has_bar in ((3, False), (500, True), (501, True), (2, False), (0, False), (9, True)):
            table.show(range(count), line)
            await pilot.pause()
            await pilot.pause()
            assert table.show_vertical_scrollbar is has_bar
            assert table.max_scroll_y == max(0, count + 1 - 8)
            assert {table.render_line(y).cell_length for y in range(8)} == {40 - has_bar}

    alone(table, steps)
