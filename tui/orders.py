"""The command line of `:`: `prune state:run loss>2`, `goto 9987`, `slots 4`. Pure; also what it completes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hptui.tui.filter import FIELDS, parse
from hptui.tui.snapshot import Facts

VERBS = {  # verb -> what follows, what it does
    "prune": ("[filter]", "stop the trials that match, or the marked ones, or the one under the cursor"),
    "pause": ("[filter | all]", "pause them; all: also start no new trial"),
    "resume": ("[filter | all]", "let them go on"),
    "retry": ("[filter]", "try their parameters again"),
    "goto": ("NUMBER", "put the cursor on a trial"),
    "open": ("NUMBER", "open a trial"),
    "sort": ("COLUMN [up | down]", "sort the table"),
    "filter": ("[filter]", "show the trials that match; without one, all"),
    "mark": ("[filter]", "mark the trials that match"),
    "slots": ("NUMBER", "how many trials run at once"),
    "trials": ("NUMBER", "how many trials in all"),
    "undo": ("", "take back the latest pause, resume or prune"),
    "stop": ("[now]", "stop the session; now: end running trials"),
    "theme": ("dark | light | ansi", "other colours"),
    "help": ("", "the keys of this pane"),
    "quit": ("", "leave the screen; the session goes on"),
}
CHANGING = frozenset({"prune", "pause", "resume", "retry", "slots", "trials", "undo", "stop"})
_NUMBERED = frozenset({"goto", "open", "slots", "trials"})


@dataclass(frozen=True, slots=True)
class Order:
    """verb: one of VERBS. rest: what followed. number: for verbs that take one."""

    verb: str
    rest: str = ""
    number: int | None = None


def read_order(text: str, facts: Facts) -> Order | str:
    """The order, or what is wrong with the line, in words. A verb may be cut short while it is the only one."""
    word, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    if not word:
        return ""
    matching = [verb for verb in VERBS if verb.startswith(word.lower())]
    verb = word.lower() if word.lower() in VERBS else matching[0] if len(matching) == 1 else ""
    if not verb:
        return (
            f"{word}: which of {', '.join(matching)}?"
            if matching
            else f"no command {word!r}; tab completes, ? lists keys"
        )
    if verb in _NUMBERED:
        if not rest.lstrip("#").isdecimal():
            return f"{verb} takes a number: {verb} 12"
        return Order(verb, rest, int(rest.lstrip("#")))
    if verb in ("prune", "pause", "resume", "retry", "filter", "mark") and rest != "all":
        found = parse(rest, facts)
        if found.problems:
            return f"{rest}: {found.problems[0]}"
    if verb == "theme" and rest not in ("dark", "light", "ansi"):
        return "theme takes dark, light or ansi"
    if verb == "stop" and rest not in ("", "now"):
        return "stop takes nothing, or now"
    if verb == "sort":
        column, _, way = rest.partition(" ")
        known = {*FIELDS, facts.metric, *facts.parameters, *(f"p.{name}" for name in facts.parameters)}
        if column not in known:
            return f"sort by which column? {', '.join(columns(facts)[:8])} …"
        if way not in ("", "up", "down"):
            return "sort goes up or down"
    return Order(verb, rest)


def columns(facts: Facts) -> Sequence[str]:
    return ("id", "state", facts.metric, "step", *facts.parameters, "gpu", "time", "why")


def completion(text: str, facts: Facts) -> str | None:
    """The whole line with its last word completed; None when there is nothing to add."""
    head, space, last = text.rpartition(" ")
    if not last:
        return None
    if not space:
        candidates: Sequence[str] = [f"{verb} " if VERBS[verb][0] else verb for verb in VERBS]
    else:
        candidates = _words(head.split(" ", 1)[0], facts)
    found = next((one for one in candidates if one.startswith(last) and one != last), None)
    return None if found is None else head + space + found


def _words(verb: str, facts: Facts) -> Sequence[str]:
    match verb:
        case "sort":
            return (*columns(facts), "up", "down")
        case "theme":
            return ("dark", "light", "ansi")
        case "stop":
            return ("now",)
    return ("all", *filter_words(facts))


def filter_words(facts: Facts) -> Sequence[str]:
    """What a term of a filter may begin with."""
    states = [f"state:{word}" for word in ("run", "pause", "wait", "done", "prune", "fail")]
    return (*states, f"{facts.metric}<", *(f"{name}<" for name in facts.parameters), "step>", "why:", "id=")
