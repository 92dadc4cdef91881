"""The filter language of `/`: `loss<.3 state:run lr>1e-3 text`. Pure; any text is a filter.

Terms stand side by side and all must hold. `name<number` with `< <= > >= = !=`, `name:word` (a part of the text,
or several: `state:run,pause`), a bare word (looked for everywhere), and `!` before a term turns it round. Quotes
keep spaces: `why:"is above"`. A term that is not finished yet (`lr<`) is left out and named in `problems`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hptui.core.review.front import further as further_value
from hptui.core.store.rows import TrialRow
from hptui.core.study.remarks import is_pinned, note_of, priority_of, remarks_of, tags_of
from hptui.core.study.study import Goal
from hptui.tui.snapshot import Facts

_PIECE = re.compile(r'(?:"[^"]*"?|[^\s"])+')
_TERM = re.compile(r"(?P<not>!*)(?P<name>[^\s<>=!:\"]+)(?P<op><=|>=|!=|<|>|=|:)(?P<value>.*)", re.DOTALL)
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
STATE_WORDS = {
    "WAITING": "wait waiting",
    "RUNNING": "run running",
    "PAUSED": "pause paused",
    "COMPLETE": "done complete completed",
    "PRUNED": "prune pruned",
    "FAIL": "fail failed",
}
_WHY_WORDS = {"rung": "held", "undo": "pruning", "disk": "disk", "yielded": "yielded"}
FIELDS = (
    "id", "state", "value", "loss", "best", "step", "gpu", "time", "why", "cause", "origin", "retry_of",
    "tag", "note", "priority", "pinned",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. op "" is a bare word; `name` is empty then."""

    name: str
    op: str
    value: str
    negated: bool = False

    def __str__(self) -> str:
        value = f'"{self.value}"' if re.search(r"\s", self.value) else self.value
        return f"{'!' if self.negated else ''}{self.name}{self.op}{value}"


@dataclass(frozen=True, slots=True)
class Filter:
    terms: tuple[Term, ...] = ()
    problems: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))

    def matches(self, trial: TrialRow, facts: Facts) -> bool:
        return all(_holds(term, trial, facts) is not term.negated for term in self.terms)


def parse(text: str, facts: Facts | None = None) -> Filter:
    """What `text` asks for. With `facts`, a name that no trial can have is a problem too."""
    terms, problems = [], []
    for match in _PIECE.finditer(text):
        term = _term(match.group())
        if isinstance(term, Term):
            terms.append(term)
            if facts is not None and term.name and not _known(term.name, facts):
                problems.append(f"no column {term.name}")
        elif term:
            problems.append(term)
    return Filter(tuple(terms), tuple(problems))


def _term(piece: str) -> Term | str:
    """The term, or what is missing from it ("" for nothing worth a word)."""
    found = _TERM.fullmatch(piece)
    if not found:
        word = piece.lstrip("!").replace('"', "")
        return Term("", "", word, (len(piece) - len(piece.lstrip("!"))) % 2 == 1) if word else ""
    value = found["value"].replace('"', "")
    negated = len(found["not"]) % 2 == 1
    if not value:
        return f"{piece} …?"
    if found["op"] not in (":", "=", "!=") and number_of(value) is None:
        return f"{value} is not a number"
    return Term(found["name"], found["op"], value, negated)


def _known(name: str, facts: Facts) -> bool:
    bare = name.removeprefix("p.")
    own = name.lower() in FIELDS or name.removeprefix("o.") in {goal.metric for goal in facts.goals}
    return bare in facts.parameters or own or not facts.parameters


def number_of(text: str) -> float | None:
    """The number a text states, `30%` included; None when it states none."""
    try:
        return float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return None


def field(name: str, trial: TrialRow, facts: Facts) -> object:
    """What a trial has in a column; None when it has nothing there. `p.NAME` is always a parameter, `o.NAME` a
    further objective."""
    if name.startswith("p."):
        return trial.params.get(name[2:])
    if (goal := further(name, facts)) is not None:
        return further_value(trial, goal.metric)
    if name == facts.metric:
        return trial.value
    match name.lower():
        case "id":
            return trial.number
        case "state":
            return f"{trial.state} {STATE_WORDS.get(trial.state, '')} {_WHY_WORDS.get(trial.why or '', '')}"
        case "loss" | "value" if name not in trial.params:
            return trial.value
        case "best":
            return trial.best
        case "step":
            return trial.step
        case "gpu":
            return trial.device
        case "time":
            return trial.busy_s or (trial.ended_at - trial.started_at if trial.ended_at and trial.started_at else None)
        case "why":
            return trial.reason or trial.proposal
        case "cause":
            return trial.cause
        case "origin":
            return trial.origin
        case "retry_of":
            return trial.retry_of
        case "tag" | "tags" if name not in trial.params:
            return " ".join(tags_of(remarks_of(trial.attrs))) or None
        case "note" if name not in trial.params:
            return note_of(remarks_of(trial.attrs)) or None
        case "priority" if name not in trial.params:
            return priority_of(trial.attrs)
        case "pinned" if name not in trial.params:
            return "yes" if is_pinned(trial.attrs) else "no"
    return trial.params.get(name)


def further(name: str, facts: Facts) -> Goal | None:
    """The objective beyond the first that a column stands for: by its name, unless a parameter has that too."""
    bare = name.removeprefix("o.")
    return next((g for g in facts.also if g.metric == bare and (bare != name or name not in facts.parameters)), None)


def _holds(term: Term, trial: TrialRow, facts: Facts) -> bool:
    return satisfies(term, None if not term.op else field(term.name, trial, facts), texts_of(trial))


def satisfies(term: Term, have: object, texts: Iterable[str]) -> bool:
    """Whether a condition holds, but for its `!`. have: what its name stands for; texts: where a word is sought."""
    if not term.op:
        needle = term.value.casefold()
        return any(needle in text.casefold() for text in texts)
    if have is None:
        return term.op == "!="
    if term.op == ":":
        text, parts = str(have).casefold(), [part for part in term.value.casefold().split(",") if part]
        if term.name.lower() == "state":  # "run" must not find "pruned"
            return any(word.startswith(part) for part in parts for word in text.split())
        return any(part in text for part in parts)
    wanted = number_of(term.value)
    if isinstance(have, (int, float)) and not isinstance(have, bool) and wanted is not None:
        return _COMPARE[term.op](have, wanted)
    if term.op in ("=", "!="):
        words = str(have).casefold().split() if term.name == "state" else [str(have).casefold()]
        return (term.value.casefold() in words) is (term.op == "=")
    return False


def texts_of(trial: TrialRow) -> list[str]:
    """Where a bare word is looked for; the trial's number first."""
    remarks = remarks_of(trial.attrs)
    words = (
        STATE_WORDS.get(trial.state), trial.reason, trial.proposal, trial.cause, trial.device, note_of(remarks),
        *tags_of(remarks),
    )  # fmt: skip
    params = (str(value) for value in trial.params.values() if isinstance(value, (str, bool)))
    return [str(trial.number), *(word for word in words if word), *params]
