"""The command line of `:`: `prune state:run loss>2`, `pause 17`, `slots 4`. Pure; also what it completes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hptui.tui.filter import FIELDS, parse
from hptui.tui.snapshot import Facts

VERBS = {  # verb -> what follows, what it does
    "prune": ("[NUMBER … | filter]", "stop the trials that match, or the marked ones, or the one under the cursor"),
    "pause": ("[NUMBER … | filter | all]", "pause them; all: also start no new trial"),
    "resume": ("[NUMBER … | filter | all]", "let them go on"),
    "put-away": ("[NUMBER … | filter]", "end their processes; resume goes on from their checkpoints"),
    "retry": ("[NUMBER … | filter]", "try their parameters again"),
    "enqueue": ("[NAME=VALUE …]", "try a point: the one under the cursor with these changes; without any, a form"),
    "priority": ("NUMBER [TRIAL … | filter]", "waiting trials with a higher one start sooner; 0 is ordinary"),
    "pin": ("[NUMBER … | filter]", "no rule may hold or stop these trials"),
    "unpin": ("[NUMBER … | filter]", "their pruner may stop them again"),
    "set": ("KEY=VALUE …", "budget.n_trials=200 budget.wall_clock=4h slots=3 pruner.OPTION=…; without any, a form"),
    "note": ("TEXT", "keep a note with the marked trials, or the one under the cursor"),
    "tag": ("WORD -WORD …", "give them tags, or with - take tags away"),
    "session": ("", "tags and a note of the session as a whole"),
    "goto": ("NUMBER", "put the cursor on a trial"),
    "open": ("NUMBER", "open a trial"),
    "sort": ("COLUMN [up | down]", "sort the table"),
    "filter": ("[filter]", "show the trials that match; without one, all"),
    "mark": ("[NUMBER … | filter]", "mark the trials that match"),
    "slots": ("NUMBER", "how many trials run at once"),
    "trials": ("NUMBER", "how many trials in all"),
    "columns": ("", "choose the columns of the table"),
    "copy": ("[json | args | toml | yaml | python]", "copy the parameters of the marked trials, or of this one"),
    "write": ("[FILE.svg | .png | .txt | .csv | .jsonl]", "the screen as a picture or text, or the table's trials"),
    "mouse": ("on | off", "whether clicks go to the screen; off: the terminal selects text"),
    "drain": ("GPU [now]", "start nothing more on a GPU, such as g0; now: its trials leave it"),
    "bring-back": ("GPU", "use a GPU again that was drained or set aside"),
    "undo": ("", "take back what was done last on this screen"),
    "redo": ("", "do again what was taken back"),
    "stop": ("[now]", "stop the session; now: end running trials"),
    "theme": ("dark | light | ansi", "other colours"),
    "help": ("", "the keys of this pane"),
    "quit": ("", "leave the screen; the session goes on"),
}
CHANGING = frozenset(
    ("prune", "pause", "resume", "put-away", "retry", "enqueue", "priority", "pin", "unpin", "set", "note", "tag",
     "session", "slots", "trials", "drain", "bring-back", "undo", "redo", "stop")
)  # fmt: skip
_FILTERED = ("prune", "pause", "resume", "put-away", "retry", "pin", "unpin", "filter", "mark")
_WORDS = {
    "theme": ("dark", "light", "ansi"), "stop": ("", "now"), "mouse": ("on", "off"),
    "copy": ("", "json", "args", "hydra", "toml", "yaml", "python"),
}  # fmt: skip
_NUMBER = re.compile(r"\d{1,18}")  # what a database holds
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
        return f"{word}: which of {', '.join(matching)}?" if matching else _no_command(word)
    if verb in _NUMBERED:
        if not _NUMBER.fullmatch(rest.lstrip("#")):
            return f"{verb} takes a number: {verb} 12"
        return Order(verb, rest, int(rest.lstrip("#")))
    if verb == "priority":
        number, _, rest = rest.partition(" ")
        if not _NUMBER.fullmatch(number.removeprefix("-")):
            return "priority takes a number: priority 2 state:wait"
        return _filtered_problem(rest, facts) or Order(verb, rest.strip(), int(number))
    if verb in _FILTERED and rest != "all" and (problem := _filtered_problem(rest, facts)):
        return problem
    if verb in _WORDS and rest not in _WORDS[verb]:
        return f"{verb} takes {' or '.join(word or 'nothing' for word in _WORDS[verb])}"
    if verb in ("enqueue", "set") and (wrong := [word for word in rest.split() if "=" not in word[1:]]):
        return f"{wrong[0]} is not NAME=VALUE"
    if verb in ("note", "tag", "drain", "bring-back") and not rest:
        return f"{verb} takes {VERBS[verb][0]}"
    if verb == "sort":
        column, _, way = rest.partition(" ")
        known = {*FIELDS, *metrics(facts), *facts.parameters, *(f"p.{name}" for name in facts.parameters)}
        if column not in known:
            return f"sort by which column? {', '.join(columns(facts)[:8])} …"
        if way not in ("", "up", "down"):
            return "sort goes up or down"
    return Order(verb, rest)


def numbers_in(text: str) -> tuple[int, ...]:
    """`17`, `#17 18`, `17,18`: the trials of these numbers; () for a filter."""
    words = text.replace(",", " ").split()
    named = all(_NUMBER.fullmatch(word.removeprefix("#")) for word in words)
    return tuple(int(word.removeprefix("#")) for word in words) if named else ()


def _no_command(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word.lower(), VERBS, 1)
    return f"no command {word!r}" + (f": did you mean {near[0]}?" if near else "; tab completes, ? lists keys")


def _filtered_problem(text: str, facts: Facts) -> str:
    problems = parse(text, facts).problems
    return f"{text}: {problems[0]}" if problems else ""


def metrics(facts: Facts) -> Sequence[str]:
    return tuple(goal.metric for goal in facts.goals)


def columns(facts: Facts) -> Sequence[str]:
    return ("id", "state", *metrics(facts), "step", *facts.parameters, "gpu", "time", "why")


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
        case "enqueue":
            return tuple(f"{name}=" for name in facts.parameters)
        case "set":
            keys = ("n_trials", "wall_clock", "trial_time", "max_steps", "gpu_hours", "total_steps",
                    "stop_after_failures")  # fmt: skip
            return (*(f"budget.{key}=" for key in keys), "slots=", "pruner=")
        case "note" | "tag":
            return ()
    if verb in _WORDS:
        return _WORDS[verb]
    return ("all", *filter_words(facts))


def filter_words(facts: Facts) -> Sequence[str]:
    """What a term of a filter may begin with."""
    states = [f"state:{word}" for word in ("run", "pause", "wait", "done", "prune", "fail")]
    numbers = (*metrics(facts), *facts.parameters)
    return (*states, *(f"{name}<" for name in numbers), "step>", "why:", "id=")
