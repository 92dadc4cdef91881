"""Every key of ours, once: what it is called, what it does, whether it changes the session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.binding import Binding, BindingType

remapped: dict[str, str] = {}  # id -> the key the user gave it, as it is shown; set once, before any screen is made


@dataclass(frozen=True, slots=True)
class Key:
    """rank: in the line of keys at the bottom, the higher the sooner it gives way; None: only in the menu of `?`.
    changes: it changes the session, so a read-only screen greys it out. wakes: it also makes sense where nobody
    schedules the session, and starts somebody who does."""

    keys: str
    action: str
    title: str
    about: str
    rank: int | None = None
    changes: bool = False
    display: str | None = None
    wakes: bool = False
    first: bool = False  # done before the next key is looked at: what is typed after it belongs to what it opened

    @property
    def shown(self) -> str:
        if self.id in remapped:
            return remapped[self.id]
        return self.display or self.keys.split(",")[0]

    @property
    def id(self) -> str:
        """By which a user's configuration gives it another key."""
        return f"hptui.{self.action.partition('(')[0]}.{self.keys.partition(',')[0]}"

    @property
    def binding(self) -> Binding:
        return Binding(
            self.keys, self.action, self.title, show=self.rank is not None, key_display=self.display,
            tooltip=self.about, priority=self.first, id=self.id,
        )  # fmt: skip


WISHES = (
    Key("space", "toggle_pause", "Pause", "pause the trial, or let it go on; marked trials if there are any", 0, True),
    Key("X", "prune", "Prune", "stop the trial: held at once, ended after 5 s unless u takes it back; if it waits, now",
        0, True),
    Key("u", "undo", "Undo", "take back what was done last on this screen", 1, True),
    Key("U", "redo", "Redo", "do again what u took back", None, True),
    Key("E", "clone", "Edit a copy", "change a copy of the trial's parameters and try it", None, True, wakes=True,
        first=True),
    Key("p", "priority", "Next in line", "start this waiting trial before all others that wait", None, True),
    Key("P", "spare", "Keep from pruning", "no rule may hold or stop the trial; again: it may", None, True),
    Key("t", "remark", "Tags, note", "tags and a note of the trial, or of the marked ones", None, True, wakes=True,
        first=True),
    Key("b", "settings", "Budget", "the budget, the slots and the pruner's options", None, True, wakes=True,
        first=True),
    Key("r", "retry", "Retry", "try a failed or pruned trial's parameters again", None, True, wakes=True),
    Key("K", "stop", "Stop session", "stop the session; asks how", None, True),
    Key("R", "restart", "Start again", "start the scheduler when it is gone or was stopped", None, True, wakes=True),
    Key("plus", "slots(1)", "More slots", "one more trial at once", None, True, "+"),
    Key("minus", "slots(-1)", "Fewer slots", "one trial less at once", None, True, "-"),
)
LOOKING = (
    Key("enter", "open_here", "Open", "open the trial", 2),
    Key("slash", "filter", "Filter", "only trials that match, such as loss<.3 state:run", 3, display="/", first=True),
    Key("s", "sort", "Sort", "sort by the column chosen with h and l; again: the other way", 4),
    Key("S", "reverse", "Reverse", "turn the order round"),
    Key("colon", "order", "Command", "a line such as: prune state:run loss>2", 3, display=":", first=True),
    Key("f", "freeze", "Freeze", "hold the screen still while data comes in; again: go on", 6),
    Key("y", "copy_id", "Copy number", "copy the trial's number"),
    Key("Y", "copy_config", "Copy parameters", "copy the parameters as JSON, arguments, TOML, YAML or Python"),
    Key("w", "write", "Write to a file", "the screen as SVG, PNG or text, the table's trials as CSV or JSON lines"),
    Key("c", "columns", "Columns", "choose the columns of the table"),
    Key("m", "mouse", "Mouse", "give clicks to the terminal, to select text; again: take them back"),
    Key("e", "page_log", "Log in pager", "open the trial's log in $PAGER (less); the screen waits"),
    Key("o", "pin", "Pin curve", "keep the trial's curve on the chart; again: let it go"),
    Key("a", "choose_curves", "Which curves", "running and best, running, best, or pinned and marked ones"),
    Key("L", "log_scale", "Log scale", "the chart's axis logarithmic or linear"),
    Key("x", "log_steps", "Log steps", "the axis of steps logarithmic or linear"),
    Key("V", "views", "Views", "the session as a whole: history, parallel coordinates, importances, slices", 3),
    Key("A", "adopt", "Adopt", "make the trial the baseline of the next round: writes its study, with the evidence"),
    Key("z", "zoom", "Zoom", "the pane in focus alone on the screen; again: back", 7),
)
AROUND = (
    Key("tab", "next_pane(1)", "Pane", "the next pane", 5),
    Key("shift+tab", "next_pane(-1)", "Previous pane", "the pane before"),
    Key("question_mark", "menu", "Keys", "all keys of this pane; enter does one", 1, display="?", first=True),
    Key("escape", "back", "Back", "zoom, marks, filter, then the screen before", None, display="esc"),
    Key("q", "leave", "Quit", "leave the screen; the session goes on"),
    Key("f5", "redraw", "Redraw", "draw the whole screen again", None, display="F5"),
)

OUT = (
    Key("w", "write", "Write to a file", "the screen as SVG, PNG or text"),
    next(key for key in LOOKING if key.action == "mouse"),
)
LIST_CHANGES = (
    Key("t", "remark", "Tags, note", "tags and a note of the session, or of the marked ones", 4, True),
    Key("n", "begin", "New", "a new session: pick a script, its parameters are found in it", 2, True),
    Key("f2", "rename", "Rename", "give the session another name", 6, True, "F2"),
    Key("D", "delete", "Delete", "delete the session, or the marked ones; says how much room they take", 6, True),
)
LIST = (
    Key("enter", "open", "Open", "open the session; with 2 to 4 marked: compare them", 0),
    Key("V", "review", "Look only", "open it without the keys that change anything", 3),
    Key("v", "mark", "Mark", "mark the session", 3),
    Key("slash", "filter", "Filter", "only sessions that match, such as state:live best<0.3 tag:keep", 2, display="/",
        first=True),
    Key("R", "rounds", "Rounds", "the rounds the session belongs to: goals, bests, what was adopted", 3),
    Key("s", "sort", "Sort", "sort by the column chosen with h and l; again: the other way", 5),
    Key("S", "reverse", "Reverse", "turn the order round"),
    *LIST_CHANGES,
    *OUT,
    Key("escape", "back", "Back", "the marks, then the filter", None, display="esc"),
    Key("q", "leave", "Quit", "leave the screen; sessions go on", 3),
    *(key for key in AROUND if key.action in ("menu", "redraw")),
)  # fmt: skip


def opens_a_line(action: str) -> bool:
    """Whether it opens something to type in: where one types already, its key is a letter."""
    return any(key.first and key.action == action for key in (*WISHES, *LOOKING, *AROUND))


def digits(panes: Sequence[str]) -> tuple[Key, ...]:
    """1 to 9 for the panes, in their order, 0 for the tenth; any further one is reached by tab."""
    named = enumerate(panes[:10], 1)
    return tuple(Key(str(n % 10), f"pane({name!r})", name.capitalize(), f"go to {name}") for n, name in named)


def bindings(*groups: Sequence[Key]) -> list[BindingType]:
    return [key.binding for group in groups for key in group]


def place(action: str) -> int:
    """Where an action stands in menus: in the order of this page, and what is not on it last."""
    known = [key.action for key in (*WISHES, *LOOKING, *AROUND)]
    return known.index(action) if action in known else len(known)


def disabled(groups: Sequence[Sequence[Key]], *, read_only: bool, alive: bool) -> frozenset[str]:
    """Actions that do nothing now: all that change a session on a read-only screen; most where nobody schedules it."""
    return frozenset(
        key.action.partition("(")[0]
        for group in groups
        for key in group
        if key.changes and (read_only or not (alive or key.wakes))
    )
