"""`hptui best`: the best trials, in the form they are needed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

import click

from hptui.core.review.config import Format, config_text
from hptui.core.review.front import front, values_of
from hptui.core.review.recommended import Recommended, has_model, recommended
from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.core.study.goals import goals_of
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Goal
from hptui.tui.commands.answers import harmless, number, print_json, say, setting, terminal_width
from hptui.tui.commands.finding import NAME, look_at
from hptui.tui.commands.fitting import fitted

FORMATS = ("table", "json", "toml", "yaml", "args", "hydra", "python")


@click.command()
@NAME
@click.option("-k", "count", type=click.IntRange(1), default=None, help="How many. [default: 1, or the whole front]")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def best(name: str | None, count: int | None, form: str, as_json: bool) -> int:
    """Print the best complete trials, ready to paste; with several objectives, those that nobody beats (the front).

    The best of many noisy trials was in part lucky. Where the session's sampler has learned how noisy they are and
    expects another one to be better, were both tried again, that is said with the numbers.

    json: {number value params} for one trial, and {recommended} where that is another one; a list of these with -k; of
    a front always a list, with values{metric} too. The other formats hold the parameters alone: toml and yaml as a file
    has them, args as `--lr 0.01` flags, hydra as `lr=0.01` overrides, python as a dict.
    """
    folder = look_at(name)
    with Reader(folder) as reader:
        goals = goals_of(reader.facts())
        rows = front(reader.trials(), goals)[:count] if len(goals) > 1 else reader.best(count or 1)
        complete = reader.counts().get("COMPLETE", 0)
        leading = "" if rows or len(goals) > 1 else led_by(reader.trials(), goals[0].sign)
    if not rows:
        broke = f": each of the {complete} broke a constraint" if complete else ""
        say(f"{folder.name} has no {'best' if broke else 'complete'} trial yet{broke or leading}")
        return 3
    noisy = len(goals) == 1 and count is None  # a list tells its own story
    if as_json or form == "json":
        better = of_luck(folder) if noisy else None
        found = [best_json(row, goals) for row in rows]
        if better:
            found[0]["recommended"] = asdict(better)
        print_json(found[0] if count in (None, 1) and len(goals) == 1 else found)
        return 0
    if form == "table":
        print(best_table(rows, goals))
    else:
        for row in rows:
            if len(rows) > 1:
                print(f"# trial {row.number}: {', '.join(map(number, values_of(row, goals)))}")
            print(config_text(row.params, cast("Format", form)))
    sys.stdout.flush()  # a model of hundreds of trials takes a moment
    if noisy and (better := of_luck(folder)):
        say(luck_told(better, folder.name))
    return 0


def led_by(rows: Sequence[TrialRow], sign: float) -> str:
    """`; trial 16 leads so far, with 0.9956`: of those that have not ended."""
    from hptui.tui.views.ahead import by_best

    going = by_best((row for row in rows if row.state in ("RUNNING", "PAUSED")), sign)
    if not going:
        return ""
    first = going[0]
    return f"; trial {first.number} leads so far, with {number(first.best)}"


def of_luck(folder: SessionFolder) -> Recommended | None:
    """The trial to take instead of the best seen, where the session's sampler learned that losses are noisy."""
    with Reader(folder) as reader:
        facts = reader.facts()
        sampler = str(facts.get("sampler") or "")
        if not has_model(sampler):  # mostly; then the trials need not be read
            return None
        return recommended(reader.trials(), reader.parameters(), sampler, goals_of(facts)[0].sign)


def luck_told(better: Recommended, session: str) -> str:
    """`trial 42 (0.0121) may be the better choice: tried once more, …`"""
    return (
        f"trial {better.number} ({number(better.value)}) may be the better choice: tried once more, it is expected at "
        f"{number(better.expected)}, and trial {better.best}, the best seen ({number(better.best_value)}), at "
        f"{number(better.best_expected)}; one trial is off by ± {number(better.noise)}. To tell luck from merit: "
        f"hptui replicate {session}"
    )


def best_json(row: TrialRow, goals: Sequence[Goal]) -> dict[str, Any]:
    told = {"number": row.number, "value": row.value, "params": row.params}
    if len(goals) == 1:
        return told
    return told | {"values": dict(zip((goal.metric for goal in goals), values_of(row, goals), strict=True))}


def best_table(rows: list[TrialRow], goals: Sequence[Goal] = (Goal("value"),)) -> str:
    """The trials with a column per objective and parameter, `–` where one was inactive; as the terminal has room."""
    names = list(dict.fromkeys(name for row in rows for name in row.params))
    lines = [
        (
            str(row.number),
            *(number(value) for value in values_of(row, goals)),
            *(setting(row.params[n]) if n in row.params else "–" for n in names),
        )
        for row in rows
    ]
    metrics = [goal.metric for goal in goals] if len(goals) > 1 else ["value"]
    heads, keep = ("trial", *map(harmless, (*metrics, *names))), len(goals) + 1
    return fitted(heads, lines, keep, frozenset(range(keep)), terminal_width())
