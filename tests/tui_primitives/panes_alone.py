"""One pane on an empty screen, for tests that press keys and read cells."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from hptui.tui import theme


class Alone(App[None]):
    """Keeps what the pane posts, and the lines it asked Textual to paint."""

    CSS = "Screen { layout: vertical; }"

    def __init__(self, pane: Widget, theme_name: str = "dark") -> None:
        super().__init__()
        self.pane, self.theme_name = pane, theme_name
        self.posted: list[Message] = []
        self.painted: list[int] = []
        refresh = pane.refresh

        def noted(*regions: Region, **kwargs: Any) -> Widget:
            self.painted += [r.y for r in regions] if regions else [-1]
            return refresh(*regions, **kwargs)

        pane.refresh = noted  # type: ignore[method-assign, assignment]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.variable_defaults(self.current_theme)

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        theme.install(self, self.theme_name)
        self.pane.focus()

    async def on_event(self, event: Any) -> None:
        await super().on_event(event)

    def on_rows_moved(self, message: Message) -> None:
        self.posted.append(message)

    on_line_table_moved = on_line_list_moved = on_rows_moved
    on_line_table_chosen = on_line_list_chosen = on_rows_moved
    on_line_table_marked = on_line_table_header_chosen = on_rows_moved

    def lines(self) -> list[str]:
        """What the pane shows, without its scrollbar and trailing spaces."""
        region = self.pane.scrollable_content_region
        strips = [self.pane.render_line(y) for y in range(region.height)]
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def alone(
    pane: Widget, steps: Callable[[Alone, Pilot[None]], Awaitable[None]], size: tuple[int, int] = (40, 8), **kwargs: Any
) -> None:
    """Run `steps` with the pane on a screen of `size`."""

    async def go() -> None:
        app = Alone(pane, **kwargs)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await steps(app, pilot)

    asyncio.run(go())
