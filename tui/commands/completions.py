"""`hptui completions`: what a shell completes, and the script that makes it ask.

The shell runs `hptui` with `_HPTUI_COMPLETE` set; click answers, with the words given here to what it can't know: names
of sessions, numbers of trials, files, samplers and pruners.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class

from hptui.core.errors import HptuiError
from hptui.tui.cli import COMPLETING

_HOW = {
    "bash": 'in ~/.bashrc: eval "$(hptui completions bash)"',
    "zsh": 'in ~/.zshrc, after compinit: eval "$(hptui completions zsh)"',
    "fish": "hptui completions fish > ~/.config/fish/completions/hptui.fish",
}
_WANTED = {  # verb -> the states of trials that it is for; other verbs: any
    "pause": ("RUNNING", "WAITING"),
    "resume": ("PAUSED",),
    "prune": ("RUNNING", "PAUSED", "WAITING"),
    "undo": ("PAUSED",),
    "put-away": ("PAUSED",),
    "retry": ("COMPLETE", "PRUNED", "FAIL"),
    "priority": ("WAITING", "PAUSED"),
}


@click.command()
@click.argument("shell", type=click.Choice(list(_HOW)))
def completions(shell: str) -> int:
    """Print the script that makes a shell complete verbs, options, names of sessions and numbers of trials.

    \b
    bash: in ~/.bashrc                  eval "$(hptui completions bash)"
    zsh:  in ~/.zshrc, after compinit   eval "$(hptui completions zsh)"
    fish: once   hptui completions fish > ~/.config/fish/completions/hptui.fish
    """
    made = get_completion_class(shell)
    assert made is not None, "click completes for all of these"
    maker = made(click.Command("hptui"), {}, "hptui", COMPLETING)
    print(f"# {_HOW[shell]}")
    print(maker.source_template % maker.source_vars())
    return 0


class _Words(click.ParamType[Any]):
    """A parameter whose words are known only when they are asked for; otherwise it is what it was."""

    def __init__(self, was: click.ParamType[Any], words: Callable[[click.Context], Sequence[tuple[str, str]]]) -> None:
        self.name, self._was, self._words = was.name, was, words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return self._was.convert(value, param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            words = self._words(ctx)
        except (HptuiError, OSError):
            return []  # a session that can't be read has nothing to offer
        given = {str(each) for each in ctx.params.get(param.name or "") or ()} if param.nargs == -1 else set()
        return [CompletionItem(word, help=about) for word, about in words
                if word.startswith(incomplete) and word not in given]  # fmt: skip


def teach(verb: str, command: click.Command) -> None:
    """Have the parameters of a verb complete by what they are called. Done only while a shell asks."""
    for param in command.params:
        if param.name in ("name", "names") and isinstance(param, click.Argument):
            param.type = _Words(param.type, lambda _: session_names())
        elif param.name in ("trial", "trials"):
            param.type = _Words(param.type, lambda ctx: trial_numbers(ctx, _WANTED.get(verb, ())))
        elif param.name in ("target", "script", "source"):
            param.type = click.Path()
        elif param.name in ("sampler", "pruner"):
            kind = param.name
            param.type = _Words(param.type, lambda _, kind=kind: catalog_names(kind))  # type: ignore[misc]  # mypy infers no lambda with a default


def session_names() -> list[tuple[str, str]]:
    """Every session's name. No database is opened: completing must be quick."""
    from hptui.core.study.session import SessionFolder, sessions_home

    home = sessions_home()
    folders = sorted(home.iterdir()) if home.is_dir() else []
    return [(path.name, "session") for path in folders if path.name[0] != "." and SessionFolder(path).study.is_file()]


def trial_numbers(ctx: click.Context, states: Sequence[str]) -> list[tuple[str, str]]:
    """The trials of the session named before them on the line, each with its state and value.

    states: only those in one of these; () for all.
    """
    from hptui.core.store.library import resolve
    from hptui.core.store.reader import Reader
    from hptui.core.study.session import sessions_home
    from hptui.tui.commands.answers import number

    with Reader(resolve(str(ctx.params.get("name") or ""), sessions_home())) as reader:
        rows = sorted(reader.trials(points=False), key=lambda row: row.number)
    return [(str(row.number), f"{row.state} {number(row.value)}") for row in rows if not states or row.state in states]


def catalog_names(kind: str) -> list[tuple[str, str]]:
    from hptui.core.search.catalog import CATALOG

    return [(name, entry.line) for name, entry in CATALOG["sampler" if kind == "sampler" else "pruner"].items()]
