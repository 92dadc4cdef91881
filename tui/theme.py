"""Three themes, and the brush that turns a style's name into a Rich style on a widget's ground.

Series colours are those of Okabe & Ito (2008), told apart by every colour vision, moved lighter or darker
where they were invisible on the ground. They are theme variables (`$hp-series-0` …), so panes name colours
and never state them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.style import Style
from textual.color import Color, ColorParseError
from textual.theme import Theme

if TYPE_CHECKING:
    from textual.app import App
    from textual.widget import Widget

SERIES_COLOURS = 8

_DARK = {
    "hp-series-0": "#E69F00", "hp-series-1": "#56B4E9", "hp-series-2": "#1FB88D", "hp-series-3": "#F0E442",
    "hp-series-4": "#8A94F5", "hp-series-5": "#E8703A", "hp-series-6": "#CC79A7", "hp-series-7": "#9A9A9A",
    "hp-running": "#56B4E9", "hp-paused": "#F0E442", "hp-pruned": "#8C8C8C", "hp-complete": "#1FB88D",
    "hp-fail": "#E8703A", "hp-waiting": "#8C8C8C", "hp-best": "#F0E442",
    "hp-good": "#1FB88D", "hp-warn": "#F0E442", "hp-error": "#E8703A", "hp-info": "#56B4E9",
    "hp-muted": "#8C8C8C", "hp-strong": "#FFFFFF", "hp-axis": "#7A7A7A", "hp-milestone": "#555555",
    "hp-band": "#26303A", "hp-cursor": "#1D4F86", "hp-cursor-text": "#FFFFFF",
    "hp-cursor-blurred": "#2A2F36", "hp-find": "#6B5A00", "hp-find-text": "#FFFFFF",
    "hp-shade-1": "#1B1E22", "hp-shade-2": "#24292F", "hp-shade-3": "#2F363E", "hp-shade-4": "#3D4650",
    "hp-ramp-0": "#5F7FBF", "hp-ramp-1": "#7FA0B8", "hp-ramp-2": "#A7B08A", "hp-ramp-3": "#D6C15A",
    "hp-ramp-4": "#FFEA46",
}  # fmt: skip
_LIGHT = {
    "hp-series-0": "#B87A00", "hp-series-1": "#2189C4", "hp-series-2": "#007F5C", "hp-series-3": "#8F8200",
    "hp-series-4": "#4A4FC0", "hp-series-5": "#C24A00", "hp-series-6": "#A8447C", "hp-series-7": "#666666",
    "hp-running": "#0A6CA8", "hp-paused": "#8F6F00", "hp-pruned": "#6B6B6B", "hp-complete": "#00714F",
    "hp-fail": "#B83F00", "hp-waiting": "#6B6B6B", "hp-best": "#8F6F00",
    "hp-good": "#00714F", "hp-warn": "#8F6F00", "hp-error": "#B83F00", "hp-info": "#0A6CA8",
    "hp-muted": "#6B6B6B", "hp-strong": "#000000", "hp-axis": "#8A8A8A", "hp-milestone": "#BBBBBB",
    "hp-band": "#DDE6EE", "hp-cursor": "#BFDCF5", "hp-cursor-text": "#000000",
    "hp-cursor-blurred": "#E4E4E4", "hp-find": "#FFE97A", "hp-find-text": "#000000",
    "hp-shade-1": "#F0F2F4", "hp-shade-2": "#E4E8EC", "hp-shade-3": "#D5DBE1", "hp-shade-4": "#C2CAD2",
    "hp-ramp-0": "#7890C4", "hp-ramp-1": "#4A78B8", "hp-ramp-2": "#7A8450", "hp-ramp-3": "#A67C00",
    "hp-ramp-4": "#B83F00",
}  # fmt: skip
# `ramp`: ordered from worse to better, in the direction of cividis, lightened or darkened where it was invisible.
# `shade`: grounds for few to many.
# The terminal's own sixteen colours. Black and white are avoided as text: which one is the ground is not
# known.
_ANSI = {
    "hp-series-0": "ansi_yellow", "hp-series-1": "ansi_cyan", "hp-series-2": "ansi_green",
    "hp-series-3": "ansi_bright_yellow", "hp-series-4": "ansi_bright_blue", "hp-series-5": "ansi_red",
    "hp-series-6": "ansi_magenta", "hp-series-7": "ansi_bright_magenta",
    "hp-running": "ansi_cyan", "hp-paused": "ansi_yellow", "hp-pruned": "ansi_bright_black",
    "hp-complete": "ansi_green", "hp-fail": "ansi_red", "hp-waiting": "ansi_bright_black",
    "hp-best": "ansi_yellow", "hp-good": "ansi_green", "hp-warn": "ansi_yellow", "hp-error": "ansi_red",
    "hp-info": "ansi_cyan", "hp-muted": "ansi_bright_black", "hp-strong": "ansi_default",
    "hp-axis": "ansi_bright_black", "hp-milestone": "ansi_bright_black", "hp-band": "ansi_bright_black",
    "hp-cursor": "ansi_blue", "hp-cursor-text": "ansi_bright_white",
    "hp-cursor-blurred": "ansi_default", "hp-find": "ansi_yellow", "hp-find-text": "ansi_black",
    # sixteen colours have no shades: where most lie is told, the rest is not
    "hp-shade-1": "ansi_default", "hp-shade-2": "ansi_default", "hp-shade-3": "ansi_default",
    "hp-shade-4": "ansi_bright_black",
    "hp-ramp-0": "ansi_blue", "hp-ramp-1": "ansi_bright_blue", "hp-ramp-2": "ansi_cyan", "hp-ramp-3": "ansi_green",
    "hp-ramp-4": "ansi_yellow",
}  # fmt: skip

DARK = Theme(
    name="hptui-dark", primary="#4C9BE8", secondary="#56B4E9", accent="#E69F00", warning="#F0E442",
    error="#E8703A", success="#1FB88D", foreground="#DDDDDD", background="#121212", surface="#121212",
    panel="#232A33", dark=True,
    variables={
        **_DARK, "border": "#3A3F46", "border-blurred": "#3A3F46", "footer-key-foreground": "#E69F00",
        "scrollbar": "#3F4C5C", "scrollbar-hover": "#56657A", "scrollbar-active": "#56B4E9",
        "scrollbar-background": "#1A1D21", "scrollbar-background-hover": "#1A1D21",
        "scrollbar-background-active": "#1A1D21",
    },
)  # fmt: skip
LIGHT = Theme(
    name="hptui-light", primary="#0A6CA8", secondary="#2189C4", accent="#B85C00", warning="#8F6F00",
    error="#B83F00", success="#00714F", foreground="#1A1A1A", background="#FAFAFA", surface="#FAFAFA",
    panel="#E3E8EE", dark=False,
    variables={
        **_LIGHT, "border": "#B5BCC5", "border-blurred": "#B5BCC5", "footer-key-foreground": "#B85C00",
        "scrollbar": "#B5C2D0", "scrollbar-hover": "#93A4B8", "scrollbar-active": "#2189C4",
        "scrollbar-background": "#ECEFF2", "scrollbar-background-hover": "#ECEFF2",
        "scrollbar-background-active": "#ECEFF2",
    },
)  # fmt: skip
ANSI = Theme(
    name="hptui-ansi", ansi=True, primary="ansi_blue", secondary="ansi_cyan", accent="ansi_yellow",
    warning="ansi_yellow", error="ansi_red", success="ansi_green", foreground="ansi_default",
    background="ansi_default", surface="ansi_default", panel="ansi_default", boost="ansi_default",
    variables={
        **_ANSI, "border": "ansi_bright_black", "border-blurred": "ansi_bright_black",
        "footer-key-foreground": "ansi_yellow", "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white", "block-cursor-foreground": "ansi_bright_white",
        "block-cursor-background": "ansi_blue",
    },
)  # fmt: skip
THEMES = (DARK, LIGHT, ANSI)
_ATTRIBUTES = frozenset({"bold", "dim", "italic", "underline", "reverse"})


def variable_defaults(theme: Theme | None) -> dict[str, str]:
    """Our variables for a theme that is not ours: return it from `App.get_theme_variable_defaults`."""
    if theme is not None and theme.ansi:
        return dict(_ANSI)
    return dict(_DARK if theme is None or theme.dark else _LIGHT)


def install(app: App[Any], name: str = "hptui-dark") -> None:
    """Register our themes and choose one. `name` is `dark`, `light`, `ansi` or a registered theme's name."""
    for theme in THEMES:
        app.register_theme(theme)
    app.theme = f"hptui-{name}" if name in ("dark", "light", "ansi") else name


def series_style(number: int) -> str:
    """The style name of trial `number`, the same in every table and chart."""
    return f"series-{number % SERIES_COLOURS}"


class Brush:
    """Rich styles by name for one widget as it looks now. Make a new one when its style or theme changes.

    A name is words: one of our colours (`running`, `muted`, `series-3`), or `#rrggbb`, and any of
    bold dim italic underline reverse. Names not known read as plain text. Every style has its own background,
    as Textual (6 and later) paints none behind a line.
    """

    def __init__(self, widget: Widget) -> None:
        app = widget.app
        self._variables = {**variable_defaults(app.current_theme), **app.theme_variables}
        self._background = widget.background_colors[1]
        self._foreground = widget.styles.color
        self._cache: dict[tuple[str, str], Style] = {}

    def __call__(self, name: str = "", ground: str = "") -> Style:
        """`ground` names the background: "" is the widget's own, else `band`, `cursor`, …"""
        style = self._cache.get((name, ground))
        if style is None:
            style = self._cache[name, ground] = self._mix(name, ground)
        return style

    def _colour(self, word: str) -> Color | None:
        try:
            return Color.parse(self._variables.get(f"hp-{word}", word if word.startswith("#") else ""))
        except ColorParseError:
            return None

    def _mix(self, name: str, ground: str) -> Style:
        words = name.split()
        text = next((c for word in words if (c := self._colour(word)) is not None), None)
        if text is None:
            text = self._plain()
        back = (self._colour(ground) if ground else None) or self._background
        on = {word: True for word in words if word in _ATTRIBUTES}
        return Style(color=text.rich_color, bgcolor=back.rich_color, **on)  # type: ignore[arg-type]  # the keys are flags of Style

    def _plain(self) -> Color:
        try:
            return Color.parse(self._variables.get("foreground", "ansi_default"))
        except ColorParseError:
            return self._foreground
