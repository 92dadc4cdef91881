"""`hptui ls` and `hptui show`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from hptui.core.review.accounting import account
from hptui.core.review.front import front, values_of
from hptui.core.review.pruning import Pruning, best_of, pruning
from hptui.core.review.warm import contributions
from hptui.core.review.warm import told as past_told
from hptui.core.store.library import SessionSummary, sessions, summary
from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.core.study.goals import goals_of
from hptui.core.study.session import SessionFolder, sessions_home
from hptui.core.study.study import CONSTRAINTS, Goal
from hptui.tui.commands import answers
from hptui.tui.commands.answers import (
    UNKNOWN,
    cut,
    duration,
    folded,
    harmless,
    number,
    print_json,
    settings,
    table,
    terminal_width,
)
from hptui.tui.commands.finding import NAME, look_at
from hptui.tui.facts import facts_of, written_study
from hptui.tui.views.lanes import account_line
from hptui.tui.views.rungs import ahead_line, saved_line


@click.command()
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="[{name path state reason scheduler{pid alive} counts{STATE: n} ...}]",
)
def ls(as_json: bool) -> None:
    """List sessions, the one changed last first."""
    found = sessions(sessions_home())
    if as_json:
        print_json([summary_json(each) for each in found])
    elif not found:
        print(f"no session yet in {sessions_home()}: hptui run study.toml starts one")
    else:
        heads = ("session", "state", "trials", "best", "trial", "changed", "size", "")
        print(cut(table(heads, [_line(each) for each in found], right=frozenset({3, 4, 6}))))


def summary_json(each: SessionSummary) -> dict[str, Any]:
    return {
        "name": each.name,
        "path": str(each.path),
        "state": each.state,
        "reason": each.reason,
        "ok": each.ok,
        "scheduler": {"pid": each.pid, "alive": each.alive},
        "counts": each.counts,
        "n_trials": each.n_trials,
        "metric": each.metric,
        "direction": each.direction,
        "best": None if each.best is None else {"number": each.best_trial, "value": each.best},
        "front_size": each.front,
        "created_at": each.created_at,
        "updated_at": each.updated_at,
        "database_bytes": each.database_bytes,
    }


def tally(counts: dict[str, int], n_trials: int | None) -> str:
    """3 running, 12 complete, 5 pruned of 40."""
    order = ("RUNNING", "PAUSED", "WAITING", "COMPLETE", "PRUNED", "FAIL")
    words = {"FAIL": "failed"}
    said = ", ".join(f"{counts[state]} {words.get(state, state.lower())}" for state in order if counts.get(state))
    return f"{said or 'none'}{'' if n_trials is None else f' of {n_trials}'}"


def _line(each: SessionSummary) -> tuple[str, ...]:
    ago = UNKNOWN if each.updated_at is None else f"{duration(max(0.0, time.time() - each.updated_at))} ago"
    trials = UNKNOWN if each.state == "broken" else tally(each.counts, each.n_trials)
    best_trial = UNKNOWN if each.best_trial is None else str(each.best_trial)
    size = answers.size(each.database_bytes)
    best = f"front of {each.front}" if each.front else number(each.best)
    return (each.name, each.state, trials, best, best_trial, ago, size, harmless(each.reason))


@click.command()
@NAME
@click.option("--json", "as_json", is_flag=True, help="One document: name state scheduler{pid alive} trials[...] ...")
def show(name: str | None, as_json: bool) -> None:
    """Show one session and its trials."""
    folder = look_at(name)
    each = summary(folder)
    with Reader(folder) as reader, reader.snapshot():
        facts, trials, parameters = reader.facts(), reader.trials(), reader.parameters()
        goals = goals_of(facts)
        events = reader.last_events(5)
        giving_up = _pruning(reader, trials, facts, folder)
        until = (facts.get("finished") or {}).get("at") or time.time()
        spent = account(trials, reader.events(), reader.devices(), until, facts.get("n_trials"), giving_up.saved)
    trials.sort(key=lambda row: row.number)
    lent = contributions(facts, trials, goals[0].sign)
    if as_json:
        document = summary_json(each) | {
            "trials": [trial_json(row) for row in trials],
            "parameters": parameters,
            "pruning": pruning_json(giving_up),
            "past_sessions": [asdict(one) for one in lent],
            "accounting": asdict(spent) | {"spent_s": spent.spent_s, "idle_share": spent.idle_share},
            "study": folder.study.read_text(errors="replace") if folder.study.exists() else None,
            "argv": facts.get("argv"),
        }
        if len(goals) > 1:
            objectives = [{"metric": goal.metric, "direction": goal.direction} for goal in goals]
            document |= {"objectives": objectives, "front": [row.number for row in front(trials, goals)]}
        print_json(document)
        return
    print(f"{each.name}: {each.state}{f', scheduler {each.pid}' if each.alive else ''}")
    if each.reason:
        print(folded(harmless(each.reason), "  "))
    aims = ", ".join(f"{goal.direction} {harmless(goal.metric)}" for goal in goals)
    print(f"{aims} · trials: {tally(each.counts, each.n_trials)}")
    if len(goals) > 1:
        numbers = [str(row.number) for row in front(trials, goals)]
        print(f"front: {', '.join(numbers) or UNKNOWN} (hptui best {each.name})")
    print(each.path)
    said = (saved_line(giving_up), ahead_line(giving_up), account_line(spent, live=each.alive))
    for line in (*said, *(harmless(past_told(one)) for one in lent)):
        if line:
            print(folded(line, "  "))
    if trials:
        print("\n" + _trial_table(trials, goals))
    if events:
        print()
    for event in events:
        clock = time.strftime("%H:%M:%S", time.localtime(event.at))
        who = "" if event.trial is None else f" trial {event.trial}"
        print(folded(f"{clock} {event.kind}{who}: {harmless(event.reason)}", "  "))


def _trial_table(trials: Sequence[TrialRow], goals: Sequence[Goal]) -> str:
    """A line for each trial. A terminal cuts it at its edge: why a trial ended then comes before its parameters."""
    metrics = [harmless(goal.metric) for goal in goals] if len(goals) > 1 else ["value"]
    heads = ("trial", "state", *metrics, "step", "time")
    right = frozenset({0, *range(2, 4 + len(goals))})
    lines = [trial_line(row, goals) for row in trials]
    if terminal_width() is None:
        return table((*heads, "parameters", ""), lines, right)
    short = [(*line[: len(heads)], "  ".join(filter(None, line[:-3:-1]))) for line in lines]
    whole = table((*heads, "why it ended, parameters"), short, right)
    return shown if (shown := cut(whole)) == whole else f"{shown}\n… with | less -S the lines are whole"


def _pruning(reader: Reader, trials: list[TrialRow], facts: dict[str, Any], folder: SessionFolder) -> Pruning:
    """Call inside a snapshot of the reader."""
    known = facts_of(folder.name, facts, {}, written_study(folder))
    best = best_of(trials, known.sign)
    winner = reader.curve(best.number, known.metric) if best else []
    return pruning(trials, known.direction, known.max_steps, winner)


def pruning_json(found: Pruning) -> dict[str, Any]:
    """`saved` is null where nothing was pruned. `ahead`: pruned trials that led the winner when they were cut."""
    saved = None if found.saved is None else asdict(found.saved) | {"share": found.saved.share}
    return asdict(found) | {"saved": saved, "cuts": [asdict(cut) | {"went_on": cut.went_on} for cut in found.cuts]}


def trial_json(row: TrialRow) -> dict[str, Any]:
    """The first fields are promised to scripts; the others are all that the table has."""
    first = ("number", "state", "value", "params", "started_at", "ended_at", "reason", "cause", "device")
    more = (
        "best",
        "step",
        "origin",
        "proposal",
        "why",
        "retry_of",
        "may_retry",
        "seed",
        "slot",
        "pid",
        "created_at",
        "attrs",
    )
    fields = asdict(row)
    return {key: fields[key] for key in first + more}


def broken_line(row: TrialRow) -> str:
    """breaks the constraint memory by 0.3."""
    values = row.attrs.get(CONSTRAINTS) or {}
    return ", ".join(f"breaks the constraint {name} by {number(values[name])}" for name in row.broken)


def trial_line(row: TrialRow, goals: Sequence[Goal]) -> tuple[str, ...]:
    step = UNKNOWN if row.step is None else str(row.step)
    reason = broken_line(row) or (row.reason if row.cause is None else f"{row.cause}: {row.reason}")
    return (
        str(row.number),
        row.state,
        *(number(value) for value in values_of(row, goals)),
        step,
        duration(row.ran_s(time.time())),
        settings(row.params),
        harmless(reason).replace("\n", " "),
    )
