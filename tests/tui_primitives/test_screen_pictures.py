import pytest
from panes_alone import alone

from hptui.tui import picture
from hptui.tui.panes.line_table import Column, LineTable


def table():
    return LineTable((Column("id", "id", 3), Column("name", "name", 12)))


def shown(pane):
    pane.show([1, 2], lambda key: (str(key), ("日本 e\u0301 ok", "running")))


def test_a_screen_is_written_as_text():
    pane = table()

    async def steps(app, pilot):
        shown(pane)
        await pilot.pause()
        assert picture.text(app) == "  id  name\n> 1   日本 e\u0301 ok\n  2   日本 e\u0301 ok\n\n"

    alone(pane, steps, size=(20, 4))


def test_cells_have_their_place_and_keep_combining_marks():
    pane = table()

    async def steps(app, pilot):
        shown(pane)
        await pilot.pause()
        row = [(x, char) for x, y, char, _ in picture.cells(app) if y == 1 and char != " "]
        assert row == [(0, ">"), (2, "1"), (6, "日"), (8, "本"), (11, "e\u0301"), (13, "o"), (14, "k")]

    alone(pane, steps, size=(20, 4))


def test_a_picture_is_the_same_for_the_same_screen(tmp_path):
    image = pytest.importorskip("PIL.Image")
    fonts = pytest.importorskip("PIL.ImageFont")
    try:
        fonts.truetype("DejaVuSansMono.ttf", 14)
    except OSError:
        pytest.skip("the DejaVu Sans Mono font is not installed")
    pane = table()

    async def steps(app, pilot):
        shown(pane)
        await pilot.pause()
        picture.png(app, tmp_path / "a" / "one.png")
        picture.png(app, tmp_path / "a" / "two.png")

    alone(pane, steps, size=(20, 4))
    one, two = tmp_path / "a" / "one.png", tmp_path / "a" / "two.png"
    assert one.read_bytes() == two.read_bytes()
    assert image.open(one).size == (20 * 8, 4 * 18)
