"""`hptui man`: the manual page, made from the verbs themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from hptui import __version__
from hptui.core.errors import SessionError
from hptui.tui.commands.answers import say

EXITS = (
    ("0", "Done; of run: ended, with at least one complete trial."),
    ("1", "An error, or a refused wish."),
    ("2", "Bad usage, or a bad study."),
    ("3", "Ended without a complete trial; of best: there is none yet."),
    ("130", "Left by Ctrl-C; a session goes on."),
)
PLACES = (
    ("HPTUI_HOME", "Where sessions are; default ~/.local/state/hptui."),
    ("HPTUI_CONFIG", "The configuration; default ~/.config/hptui/config.toml."),
    ("HPTUI_LEASES", "Where leases of GPUs are kept; default /run/lock/hptui-leases, or leases in HPTUI_HOME."),
    ("HPTUI_GLYPHS", "braille, block or ascii: what the terminal can draw."),
)


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it there.")
def man(output: Path | None) -> int:
    """Print the manual page: every verb with its options. `hptui man | man -l -` shows it.

    Installing hptui puts it where `man hptui` finds it, if that looks beside the PATH.
    """
    text = manual()
    if output is None:
        print(text, end="")
        return 0
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SessionError(str(output), f"can't be written: {error.strerror}", "name another file") from error
    say(f"wrote {output}")
    return 0


def manual() -> str:
    """The page in roff, man(7)."""
    from hptui.tui.cli import VERBS, hptui

    context = click.Context(hptui, info_name="hptui")
    lines = [
        f'.TH HPTUI 1 "" "hptui {__version__}" "User Commands"',
        ".SH NAME",
        r"hptui \- a cockpit for hyperparameter tuning on one GPU machine",
        ".SH SYNOPSIS",
        r".B hptui",
        r"[\fIVERB\fR] [\fIOPTIONS\fR] [\fIARGUMENTS\fR]",
        ".SH DESCRIPTION",
        *_paragraphs(hptui.help or ""),
        *_options(hptui, context),
        ".SH VERBS",
    ]
    for verb in VERBS:
        command = hptui.get_command(context, verb)
        assert command is not None
        inner = click.Context(command, info_name=verb, parent=context)
        usage = " ".join(command.collect_usage_pieces(inner))
        lines.append(f'.SS "hptui {_safe(verb)} {_safe(usage)}"')
        lines += [*_paragraphs(command.help or ""), *_options(command, inner)]
    lines += [".SH EXIT STATUS", *(line for status, said in EXITS for line in (".TP", f".B {status}", _safe(said)))]
    lines += [".SH ENVIRONMENT", *(line for name, said in PLACES for line in (".TP", f".B {name}", _safe(said)))]
    return "\n".join(lines) + "\n"


def _paragraphs(text: str) -> Iterator[str]:
    """click's help: paragraphs, and after \\b lines that stay as they are."""
    for i, block in enumerate(re.split(r"\n\s*\n", text.strip())):
        if i:
            yield ".PP"
        lines = [line.strip() for line in block.replace("\f", "").splitlines()]
        if lines[0] == "\b":
            yield from (".nf", *map(_safe, lines[1:]), ".fi")
        else:
            yield _safe(" ".join(lines))


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for param in command.get_params(context):
        record = None if "--help" in param.opts else param.get_help_record(context)
        if record is not None:
            names, said = record
            yield from (".TP", rf"\fB{_safe(names)}\fR", _safe(" ".join(said.split())) or r"\&")


def _safe(text: str) -> str:
    """Text that roff takes for text."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace('"', r"\(dq")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped
