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
    Key("left_curly_bracket", "jump(-1)", "Earlier best", "back to what joined the best, or failed", None, display="{"),
    Key("right_curly_bracket", "jump(1)", "Later best", "on to what joins the best next, or fails", None, display="}"),
)
HISTORY = (
    Key("x", "axis", "Measure", "over trials ended, wall clock or device time", 2),
    Key("L", "log_scale", "Log scale", "the values' axis logarithmic or linear", 4),
)
PARALLEL = (
    Key("h,left", "choose_axis(-1)", "Axis left", "the axis to the left", None),
    Key("l,right", "choose_axis(1)", "Axis", "the axis to the right", 2, display="h l"),
    Key("less_than_sign", "shift_axis(-1)", "Move left", "the chosen axis one place to the left", None, display="<"),
    Key("greater_than_sign", "shift_axis(1)", "Move", "the chosen axis one place to the right", 6, display=">"),
    Key("S", "turn", "Turn", "the chosen axis upside down", 6),
    Key("L", "log_scale", "Log scale", "the chosen axis logarithmic or linear", 6),
    Key("plus", "more(8)", "More lines", "eight more of the best as lines", None, display="+"),
    Key("minus", "more(-8)", "Fewer lines", "eight fewer", None, display="-"),
    Key("b", "brush", "Brush", "a range on the chosen axis, at first that of the best; again: its other end", 1),
    Key("j,down", "move_end(-1)", "Brush down", "the brush's end one step down", None),
    Key("k,up", "move_end(1)", "Brush up", "the brush's end one step up", None),
    Key("enter", "keep", "Filter by brush", "only the trials in the brush, in every tab; esc takes the filter away", 2),
)
IMPORTANCE = (
    Key("j,down", "choose(1)", "Down", "the next parameter", None),
    Key("k,up", "choose(-1)", "Up", "the parameter above", None),
    Key("enter", "open", "Slice", "the parameter's slice", 2),
)
ADVICE = (
    Key("j,down", "choose(1)", "Down", "the next piece of advice", None),
    Key("k,up", "choose(-1)", "Up", "the one above", None),
    Key("enter", "act", "Act", "do it: write the next study, repeat the best, or show what it is about", 0),
    Key("d", "dismiss", "Dismiss", "never show this one again for this session", 1),
    Key("u", "restore", "Show again", "take the last dismissal back"),
    Key("n", "next_study", "Next study", "write the next round's study file with all of it taken", 1),
)
SLICES = (
    Key("h,left", "choose(-1)", "Left", "the parameter before", None),
    Key("l,right", "choose(1)", "Parameter", "the next parameter", 2, display="h l"),
    Key("i", "isolate", "Isolate", "compare its values, each at the best that all others allow; again: back", 3),
    Key("L", "log_scale", "Log scale", "the values' axis logarithmic or linear", 4),
)
CONTOUR = (
    Key("h,left", "choose_across(-1)", "Before across", "the parameter before, across", None),
    Key("l,right", "choose_across(1)", "Across", "the next parameter across", 2, display="h l"),
    Key("k,up", "choose_up(-1)", "Before up", "the parameter before, upwards", None),
    Key("j,down", "choose_up(1)", "Up", "the next parameter upwards", 2, display="j k"),
)
FRONT = (
    Key("h,left", "along(-1)", "Left", "the trial before, along the front", None),
    Key("l,right", "along(1)", "Along", "the next trial along the front", 2, display="h l"),
    Key("enter", "open", "Open", "the trial", 2),
    Key("j,down", "pair(1)", "Pair", "the next two objectives, where there are more", 5, display="j k"),
    Key("k,up", "pair(-1)", "Pair before", "the two before", None),
    Key("L", "log_scale", "Log scale", "the upward axis logarithmic or linear", 4),
    Key("x", "log_across", "Log across", "the axis across logarithmic or linear", 4),
)
PRUNING = (
    Key("j,down", "scroll(1)", "Down", "a step down", None),
    Key("k,up", "scroll(-1)", "Up", "a step up", None),
)
LANES = (Key("T", "span", "How far back", "all, or the last 5 min, 30 min, 2 h, 8 h", 2),)  # on the live screen, too
COMPARE = (
    *HISTORY,
    Key("j,down", "choose(1)", "Session", "the session whose shade is drawn; in tables, a line down", 2, display="j k"),
    Key("k,up", "choose(-1)", "Session before", "the session above; in tables, a line up", None),
)

ROUNDS = (
    Key("j,down", "choose(1)", "Down", "the next round", None),
    Key("k,up", "choose(-1)", "Up", "the round above", None),
    Key("enter", "open", "Open", "open the round's session", 0),
)

_LOOK = ("filter", "order", "freeze", "copy_id", "copy_config", "adopt", "write", "mouse")
LOOK = tuple(key for key in LOOKING if key.action in _LOOK)
ROWS = tuple(key for key in LOOKING if key.action in ("open_here", "sort", "reverse"))
AROUND_HERE = tuple(key for key in AROUND if not key.action.startswith("next_pane"))
