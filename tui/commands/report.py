"""`hptui report`: a session on one page."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hptui.core.errors import HptuiError, SessionError
from hptui.core.store.reader import Reader
from hptui.tui.commands.answers import folded, print_json, say
from hptui.tui.commands.finding import NAME, look_at

if TYPE_CHECKING:
    from hptui.core.review.report import Block


@click.command()
@NAME
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="FILE.html or FILE.md.")
@click.option("--json", "as_json", is_flag=True, help="[{title blocks[{kind text|heads rows|svg caption}]}]")
def report(name: str | None, output: Path | None, as_json: bool) -> int:
    """Write one self-contained page: the search, what mattered, how sure it is, advice, and how to do it again.

    Without -o, Markdown on standard output (pictures inside, but on a terminal); with -o FILE.html a page for the
    browser.
    """
    from hptui.core.review.report import report as sections_of
    from hptui.core.review.report import written
    from hptui.core.study.file import load_study

    output = None if output == Path("-") else output
    folder = look_at(name)
    try:
        study = load_study(folder.study.read_text(errors="replace"), where=str(folder.study), folder=None)
        max_steps = study.budget.max_steps
    except (HptuiError, OSError):
        max_steps = None  # an older or edited study file: the page does without
    with Reader(folder) as reader:
        sections = sections_of(reader, max_steps)
    if as_json:
        blocks = [[{"kind": type(block).__name__.lower(), **asdict(block)} for block in one.blocks] for one in sections]
        print_json([{"title": one.title, "blocks": each} for one, each in zip(sections, blocks, strict=True)])
        return 0
    if output is None and sys.stdout.isatty():
        sections = [replace(one, blocks=tuple(map(to_read, one.blocks))) for one in sections]
        say("the pictures are in a file: -o report.html")
    text = written(sections, "html" if output and output.suffix == ".html" else "markdown")
    if output is None:
        print(text, end="")
        return 0
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SessionError(str(output), f"can't be written: {error.strerror}", "name another file") from error
    say(f"wrote {output}")
    return 0


def to_read(block: Block) -> Block:
    """As a terminal shows it."""
    from hptui.core.review.report import Picture, Text

    match block:
        case Picture(_, caption):
            return Text(f"[picture: {caption}]")
        case Text(text):
            return Text(folded(text))
    return block
