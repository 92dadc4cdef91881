from panes_alone import alone

from hptui.core.store.rows import EventRow
from hptui.tui.panes.decisions import DecisionsPane
from hptui.tui.panes.event_list import LineList


def entry(key):
    return ((f"05:{key:02d} ", "muted"), ("╌ 0012", "pruned"), " median stop: 0.41 is above 0.38 of 12 trials")


def test_the_newest_entry_is_followed():
    pane = LineList()

    async def steps(app, pilot):
        pane.show(range(10), entry)
        await pilot.pause()
        pane.show(range(50), entry)
        await pilot.pause()
        assert (pane.cursor_key, app.lines()[-1][:12]) == (49, "05:49 ╌ 0012")

    alone(pane, steps, size=(30, 4))


def test_a_moved_cursor_stays_on_its_entry_and_enter_chooses_it():
    pane = LineList()

    async def steps(app, pilot):
        pane.show(range(10), entry)
        await pilot.press("k", "k")
        pane.show(range(50), entry)
        await pilot.press("enter")
        assert [m.key for m in app.posted if isinstance(m, LineList.Chosen)] == [7]

    alone(pane, steps, size=(30, 4))


def test_newest_first_follows_the_top():
    pane = LineList(newest="first")

    async def steps(app, pilot):
        pane.show(range(9, -1, -1), entry)
        await pilot.pause()
        pane.show(range(49, -1, -1), entry)
        await pilot.pause()
        assert app.lines()[0][:5] == "05:49"

    alone(pane, steps, size=(30, 4))


def test_long_entries_are_cut_and_shifted():
    pane = LineList()

    async def steps(app, pilot):
        pane.show([1], entry)
        cut = app.lines()[0]
        await pilot.press("l")
        assert (cut, app.lines()[0]) == ("05:01 ╌ 0012 median…", "0012 median stop: 0…")
        await pilot.press("h", "h")
        assert app.lines()[0] == cut

    alone(pane, steps, size=(20, 4))


def test_an_appended_entry_below_the_view_paints_nothing():
    pane = LineList(follow=False)

    async def steps(app, pilot):
        pane.show(range(1000), entry)
        await pilot.pause()
        await pilot.pause()
        app.painted.clear()
        pane.show(range(1001), entry)
        assert app.painted == []

    alone(pane, steps, size=(30, 4))


def test_a_sentence_is_broken_for_the_width_beside_the_scroll_bar():
    pane = DecisionsPane()
    events = (EventRow(1.0, "warning", 3, "x" * 300, id=1),)

    async def steps(app, pilot):
        pane.take(events, {})
        await pilot.pause()
        await pilot.pause()
        assert pane.show_vertical_scrollbar
        assert not any("…" in line for line in app.lines())
        pane.take(events, {})

    alone(pane, steps, size=(50, 4))
