"""The keys of the review's tabs, beside those that every screen has."""

from __future__ import annotations

from hptui.tui.keys import AROUND, LOOKING, Key

TABS = (
    Key("tab", "next_tab(1)", "Next tab", "the next tab", 5),
    Key("shift+tab", "next_tab(-1)", "Previous tab", "the tab before"),
)
TIME = (
    Key("left_square_bracket", "travel(-1)", "Earlier", "one event back: the session as it stood then", 3, display="["),
    Key("right_square_bracket", "travel(1)", "Later", "one event on; after the last one: now", None, display="]"),
    Key("left_curly_bracket", "jump(-1)", "Earlier best", "back to the new best or failure before", None, display="{"),
    Key("right_curly_bracket", "jump(1)", "Later best", "on to the next new best or failure", None, display="}"),
)
HISTORY = (
    Key("x", "axis", "Measure", "over trials ended, wall clock or device time", 2),
    Key("L", "log_scale", "Log scale", "the values' axis logarithmic or linear", 4),
)

_LOOK = ("filter", "order", "freeze", "copy_id", "copy_config")
LOOK = tuple(key for key in LOOKING if key.action in _LOOK)
ROWS = tuple(key for key in LOOKING if key.action in ("open_here", "sort", "reverse"))
AROUND_HERE = tuple(key for key in AROUND if not key.action.startswith("next_pane"))
EVERY = (*TABS, *TIME, *HISTORY)
"""All of them, for the README's table."""
