"""A session on one page: what was asked, what was found, how sure that is, and how to do it again."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Literal

from hptui.core.errors import HptuiError
from hptui.core.review.columns import Columns, columns
from hptui.core.review.config import config_text
from hptui.core.review.diagnosis import advice, standing
from hptui.core.review.drawn import draw_history, draw_isolated, draw_slice
from hptui.core.review.front import front, values_of
from hptui.core.review.held_out import held_out, told
from hptui.core.review.importance import Importance, importance, too_few
from hptui.core.review.isolation import compared
from hptui.core.review.pruning import best_of, pruning
from hptui.core.review.rounds import difference
from hptui.core.review.trust import against_baseline, repeated, smaller_budgets
from hptui.core.review.trust import told as against_told
from hptui.core.review.warm import contributions
from hptui.core.review.warm import told as past_told
from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.core.study.durations import format_duration
from hptui.core.study.goals import goals_of
from hptui.core.study.study import Goal

SLICES = 3  # of the most important parameters
SHOWN = 10


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Code:
    text: str


@dataclass(frozen=True)
class Table:
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    svg: str
    caption: str


Block = Text | Code | Table | Picture


@dataclass(frozen=True)
class Section:
    title: str
    blocks: tuple[Block, ...]


def report(reader: Reader, max_steps: int | None = None) -> list[Section]:
    """The page, section by section; those with nothing to say are left out."""
    facts, rows = reader.facts(), sorted(reader.trials(), key=lambda row: row.number)
    sign = -1.0 if facts.get("direction") == "maximize" else 1.0
    seen = columns(rows, reader.parameters(), sign)
    goals = goals_of(facts)
    best = best_of(rows, sign) if len(goals) == 1 else None  # of several objectives no trial is the best one
    made = [
        _summary(reader, facts, rows, best, goals),
        Section("The search", tuple(_search(seen, facts.get("metric", "value")))),
        Section("What mattered", tuple(_importances(seen, facts.get("metric", "value")))),
        Section("What was compared", tuple(_compared(seen, facts))),
        Section("Past sessions", tuple(Text(f"{past_told(one)}.") for one in contributions(facts, rows, sign))),
        Section("Pruning", tuple(_pruned(reader, rows, facts, best, max_steps))),
        Section("How sure it is", tuple(_sure(rows, sign) if len(goals) == 1 else ())),
        Section("On held-out data", tuple(_held_out(rows, facts, sign))),
        Section("Advice", tuple(_advice(reader, max_steps))),
        Section("The best trials", tuple(_best_trials(reader, rows, goals))),
        Section("Do it again", tuple(_again(reader, facts, best))),
    ]
    return [section for section in made if section.blocks]


def _summary(
    reader: Reader, facts: dict[str, Any], rows: Sequence[TrialRow], best: TrialRow | None, goals: Sequence[Goal]
) -> Section:
    counts = ", ".join(f"{n} {state.lower()}" for state, n in sorted(reader.counts().items()))
    begun = datetime.fromtimestamp(float(str(facts.get("created_at") or 0)), UTC)
    over = reader.finished()
    took = format_duration(sum(row.busy_s for row in rows))
    goal = (facts.get("round") or {}).get("goal")
    lines = [
        *([f"Goal: {goal}"] if goal else []),
        f"{', '.join(f'{goal.direction} {goal.metric}' for goal in goals)}; sampler {facts.get('sampler', '–')}, "
        f"pruner {facts.get('pruner', '–')}.",
        f"{len(rows)} trial{'s' if len(rows) != 1 else ''} ({counts}), {took} of training, "
        f"begun {begun:%Y-%m-%d %H:%M} UTC"
        + (f"; ended: {over.reason}." if over else "; still running."),
        _no_best(rows, goals) if best is None else f"Best: {best.value:.6g}, trial {best.number}.",
    ]
    return Section(str(facts.get("name", "session")), tuple(Text(line) for line in lines))


def _no_best(rows: Sequence[TrialRow], goals: Sequence[Goal]) -> str:
    if len(goals) > 1 and (found := front(rows, goals)):
        return f"Nobody beats {', '.join(str(row.number) for row in found)} (the front)."
    complete = any(row.state == "COMPLETE" for row in rows)
    return "No complete trial has kept its constraints." if complete else "No trial is complete."


def _search(seen: Columns, metric: str) -> Iterator[Block]:
    if drawn := draw_history(seen, metric):
        yield Picture(drawn, "every trial, and the best so far")


def _importances(seen: Columns, metric: str) -> Iterator[Block]:
    if too_few(seen):
        return
    found: Importance = importance(seen)
    rows = tuple(
        (e.names[0], f"{e.share.mean:.0%}", f"{e.share.low:.0%} – {e.share.high:.0%}") for e in found.main[:SHOWN]
    )
    yield Table(("parameter", "share of the variance", "nine in ten"), rows)
    if found.is_thin:
        yield Text(f"{found.complete} complete trials are few for {len(found.main)} parameters: take it as a hint.")
    dimensions = {one.name: one for one in seen.dimensions}
    numeric = [e.names[0] for e in found.main if not dimensions[e.names[0]].choices]
    for name in numeric[:SLICES]:
        yield Picture(draw_slice(seen, dimensions[name], metric), f"{metric} over {name}")


def _compared(seen: Columns, facts: dict[str, Any]) -> Iterator[Block]:
    """The parameters that the study asks about."""
    metric = str(facts.get("metric", "value"))
    known = [one.name for one in seen.dimensions]
    asked = [name for name in (facts.get("round") or {}).get("scientific") or () if name in known]
    for name, values in compared(seen, asked).items():
        if drawn := draw_isolated(values, name, metric):
            yield Picture(drawn, f"{metric} by {name}, all others optimised away")
        if said := difference(values, seen.sign):
            yield Text(f"{name}: {said}.")


def _held_out(rows: Sequence[TrialRow], facts: dict[str, Any], sign: float) -> Iterator[Block]:
    if (kept := held_out(rows, sign)) is not None:
        yield from (Text(f"{line}.") for line in told(kept, str(facts.get("test_metric") or "test value")))


def _pruned(
    reader: Reader, rows: Sequence[TrialRow], facts: dict[str, Any], best: TrialRow | None, max_steps: int | None
) -> Iterator[Block]:
    curve = reader.curve(best.number, str(facts.get("metric"))) if best else []
    found = pruning(rows, str(facts.get("direction")), max_steps, curve)
    if found.saved is not None:
        saved = found.saved
        hours = (saved.full_seconds - saved.seconds) / 3600
        yield Text(
            f"{found.pruned} {'trial was' if found.pruned == 1 else 'trials were'} pruned: "
            f"{saved.steps} of {saved.full_steps} steps were run, "
            f"{saved.share:.0%} saved, about {hours:.3g} hours."
        )
    if found.compared:
        ahead = ", ".join(str(one.number) for one in found.ahead[:SHOWN]) or "none"
        yield Text(f"Ahead of the winner when they were cut, of {found.compared} that can be compared: {ahead}.")


def _sure(rows: Sequence[TrialRow], sign: float) -> Iterator[Block]:
    known = repeated(rows, sign)
    several = [one for one in known if len(one.values) > 1]
    if several:
        table = tuple(
            (" ".join(map(str, one.numbers)), str(len(one.values)), f"{one.mean:.6g}", f"± {one.half:.3g}")
            for one in several[:SHOWN]
        )
        yield Table(("trials", "runs", "mean", "95 %"), table)
    elif known:
        yield Text("Nothing was repeated: a single run of the best proves little. `hptui replicate` repeats it.")
    if (against := against_baseline(known, sign)) is not None:
        said = against_told(against)
        yield Text(f"{said[0].upper()}{said[1:]}.")
    for less in smaller_budgets(rows, sign, (0.5,)):
        yield Text(f"Half as many complete trials ({less.trials}) would have found {less.expected:.6g} on average.")


def _advice(reader: Reader, max_steps: int | None) -> Iterator[Block]:
    for finding in standing(reader, advice(reader, max_steps)):
        yield Text(f"{finding.says}. {f'Do: {finding.do}.' if finding.do else ''}")


def _best_trials(reader: Reader, rows: Sequence[TrialRow], goals: Sequence[Goal]) -> Iterator[Block]:
    best = front(rows, goals) if len(goals) > 1 else reader.best(SHOWN)
    if best:
        names = [name for name in reader.parameters() if any(name in row.params for row in best)]
        lines = tuple(
            (
                str(row.number), *(f"{value:.6g}" for value in values_of(row, goals)),
                *(_shown(row.params.get(name, "–")) for name in names),
            )
            for row in best
        )  # fmt: skip
        yield Table(("trial", *([goal.metric for goal in goals] if len(goals) > 1 else ["value"]), *names), lines)


def _again(reader: Reader, facts: dict[str, Any], best: TrialRow | None) -> Iterator[Block]:
    argv = facts.get("argv")
    if isinstance(argv, list):
        where, version = facts.get("script_folder"), facts.get("hptui_version")
        yield Text(f"In {where}, with hptui {version}:" if where and version else "As it was run:")
        yield Code(shlex.join(["hptui", *map(str, argv)]))
    if best is not None:
        yield Text(f"The best configuration (trial {best.number}, seed {best.seed}), as flags:")
        yield Code(config_text(best.params, "args"))
    try:
        yield Code(reader.folder.study.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise HptuiError(str(reader.folder.study), f"can't be read: {error.strerror}") from error


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


Format = Literal["html", "markdown"]


def written(sections: Sequence[Section], form: Format) -> str:
    """One file that needs no other: pictures are inside."""
    if form == "markdown":
        return "\n".join(line for k, section in enumerate(sections) for line in _markdown(section, k)) + "\n"
    body = "\n".join(part for k, section in enumerate(sections) for part in _html(section, k))
    title = escape(sections[0].title if sections else "session")
    return f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title>\n{_STYLE}\n{body}\n</html>\n'


_STYLE = """<style>
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; display: block; overflow-x: auto }
td, th { padding: .15rem .7rem; text-align: right; border-bottom: 1px solid #8884 }
td:first-child, th:first-child { text-align: left }
pre { overflow-x: auto; padding: .6rem; background: #8881 }
figure { margin: 1rem 0 } figcaption { font-size: 13px; opacity: .7 }
</style>"""


def _html(section: Section, place: int) -> Iterator[str]:
    yield f"<h{1 if place == 0 else 2}>{escape(section.title)}</h{1 if place == 0 else 2}>"
    for block in section.blocks:
        match block:
            case Text(text):
                yield f"<p>{escape(text)}</p>"
            case Code(text):
                yield f"<pre>{escape(text)}</pre>"
            case Picture(svg, caption):
                yield f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"
            case Table(heads, rows):
                head = "".join(f"<th>{escape(h)}</th>" for h in heads)
                lines = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
                yield f"<table><tr>{head}</tr>{lines}</table>"


def _markdown(section: Section, place: int) -> Iterator[str]:
    yield f"{'#' if place == 0 else '##'} {section.title}\n"
    for block in section.blocks:
        match block:
            case Text(text):
                yield f"{text}\n"
            case Code(text):
                yield f"```\n{text.strip()}\n```\n"
            case Picture(svg, caption):
                data = base64.b64encode(svg.replace("currentColor", "#555").encode()).decode()
                yield f"![{caption}](data:image/svg+xml;base64,{data})\n"
            case Table(heads, rows):
                yield "| " + " | ".join(heads) + " |"
                yield "|" + "---|" * len(heads)
                yield from ("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
                yield ""
