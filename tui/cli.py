"""The `hptui` command. Loads click and nothing else until a verb is known, so that its help answers at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

import click
from click.shell_completion import CompletionItem

from hptui import __version__
from hptui.core.errors import HptuiError
from hptui.core.scheduler import one_thread

# verb -> (module, command, one line of help); the order is the order of `hptui --help`
VERBS: dict[str, tuple[str, str, str]] = {
    "run": ("run", "run", "Start a session, or go on with one, and open its screen."),
    "init": ("init", "init", "Write a study file for a script, with ranges proposed."),
    "attach": ("screens", "attach", "Open the screen of a session."),
    "watch": ("watch", "watch", "Show a session in six lines under the prompt."),
    "review": ("screens", "review", "Look at a session without changing anything."),
    "compare": ("compare", "compare", "Compare two to four sessions."),
    "ls": ("listing", "ls", "List sessions."),
    "show": ("listing", "show", "Show one session and its trials."),
    "best": ("best", "best", "Print the best trials, ready to paste."),
    "logs": ("logs", "logs", "Print what a trial or the scheduler wrote."),
    "export": ("export", "export", "Write a session for another tool, or as one file."),
    "log-to": ("log_to", "log_to", "Write a session as runs of TensorBoard, MLflow or W&B, while it goes on."),
    "what-if": ("what_if", "what_if", "Say what another pruner would have done."),
    "report": ("report", "report", "Write a session on one page, HTML or Markdown."),
    "import": ("importing", "import_", "Make a session of what another tool has recorded."),
    "pause": ("wishes", "pause", "Pause trials, or all of them."),
    "resume": ("wishes", "resume", "Resume trials, or a session that was interrupted."),
    "prune": ("wishes", "prune", "Stop trials that are not worth their time."),
    "undo": ("wishes", "undo", "Take back a prune within its five seconds."),
    "put-away": ("placing", "put_away", "End trials' processes; resumed from checkpoints."),
    "retry": ("wishes", "retry", "Try the parameters of failed or pruned trials again."),
    "enqueue": ("steering", "enqueue", "Try a point of your own next."),
    "set": ("steering", "set_", "Change the budget, the slots or the pruner of a session."),
    "slots": ("placing", "slots", "Say how many trials run at once."),
    "drain": ("placing", "drain", "Start nothing more on a GPU."),
    "bring-back": ("placing", "bring_back", "Use a GPU again that was drained or set aside."),
    "pin": ("steering", "pin", "Keep trials from being stopped by the pruner."),
    "priority": ("steering", "priority", "Say which waiting trials start first."),
    "note": ("steering", "note", "Keep a note and tags with trials or a session."),
    "stop": ("wishes", "stop", "Stop a session."),
    "check": ("check", "check", "Say what is wrong with a study, or what it would do."),
    "advise": ("advise", "advise", "Say what would make a search better."),
    "lr-find": ("lr_find", "lr_find", "Find the range of learning rates worth searching."),
    "replicate": ("trust", "replicate", "Run the best trials again with other seeds."),
    "trust": ("trust", "trust", "Tell how much of a result is luck."),
    "launch": ("rounds", "launch", "Write the next round's study from a good trial."),
    "rounds": ("rounds", "rounds", "Show which session went on from which, and why."),
    "doctor": ("doctor", "doctor", "Look at this machine, terminal and disk."),
    "serve": ("serve", "serve", "Show the screen in a browser on this machine."),
    "config": ("config", "config", "Print the configuration: theme, glyphs, colours, mouse, keys."),
    "completions": ("completions", "completions", "Print what makes a shell complete names and numbers."),
    "man": ("man", "man", "Print the manual page."),
    "rm": ("remove", "rm", "Delete a session."),
    "gpus": ("gpus", "gpus", "Show the GPUs, who uses them, what a session would get."),
    "samplers": ("lists", "samplers", "List the samplers and their options."),
    "pruners": ("lists", "pruners", "List the pruners and their options."),
    "presets": ("presets", "presets", "List the blocks that `init --preset` writes."),
}

SECTIONS: dict[str, tuple[str, ...]] = {
    "Begin": ("run", "init", "check", "presets", "lr-find", "samplers", "pruners"),
    "Look": ("attach", "watch", "review", "ls", "show", "best", "logs", "compare", "gpus"),
    "Steer": (
        "pause", "resume", "prune", "undo", "retry", "enqueue", "priority", "pin", "put-away", "slots", "drain",
        "bring-back", "set", "note", "stop",
    ),
    "Learn from it": ("advise", "replicate", "trust", "what-if", "launch", "rounds", "report"),
    "Carry": ("import", "export", "log-to", "rm"),
    "The rest": ("doctor", "config", "serve", "completions", "man"),
}  # fmt: skip
"""How `hptui --help` has the verbs."""
COMPLETING = "_HPTUI_COMPLETE"
"""Set by a shell that asks what could come next; the scripts of `hptui completions` do it."""
INTERRUPTED = 130


class Verbs(click.Group):
    """A group whose commands are imported when they are called; its help needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module, name, _ = VERBS[cmd_name]
        command = getattr(import_module(f"hptui.tui.commands.{module}"), name)
        assert isinstance(command, click.Command)
        if COMPLETING in os.environ:
            from hptui.tui.commands.completions import teach

            teach(cmd_name, command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Verbs with their lines; click would import all of them."""
        found = [CompletionItem(verb, help=line) for verb, (_, _, line) in VERBS.items() if verb.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        if word not in VERBS and not word.startswith("-"):
            raise click.UsageError(f"there is no verb {word!r}.{_nearest(word)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        listed = {verb for verbs in SECTIONS.values() for verb in verbs}
        for title, verbs in {**SECTIONS, "Further": tuple(verb for verb in VERBS if verb not in listed)}.items():
            if verbs:
                with formatter.section(title):
                    formatter.write_dl([(verb, VERBS[verb][2]) for verb in verbs])


def _nearest(word: str) -> str:
    from difflib import get_close_matches

    if word.endswith((".toml", ".py")) or ".py:" in word:
        return f" To start it: hptui run {word}"
    from hptui.tui.commands.completions import session_names

    if any(word == name for name, _ in session_names()):
        return f" To open that session: hptui attach {word}"
    near = get_close_matches(word, VERBS, 1)
    return f" Did you mean {near[0]!r}?" if near else " `hptui --help` lists them."


@click.group(cls=Verbs, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hptui", message="%(prog)s %(version)s")
@click.option("--read-only", is_flag=True, help="Open the screen without the keys that change anything.")
@click.pass_context
def hptui(ctx: click.Context, read_only: bool) -> None:
    """A cockpit for hyperparameter tuning on one GPU machine.

    Without a verb: the list of sessions, live and past; enter opens one.

    \b
    hptui run study.toml                  start a session and open its screen
    hptui run train.py:objective -n 50    the same without a study file
    hptui run 'python train.py' -n 50     any program; `-p` says what varies

    Exit status: 0 done, 1 an error, 2 bad usage or a bad study, 3 ended without a complete trial,
    130 left while a session goes on.
    """
    if ctx.invoked_subcommand is None:
        from hptui.tui.commands.screens import open_screen

        ctx.exit(open_screen(None, read_only=read_only))
    elif read_only:
        raise click.UsageError("--read-only goes with `hptui` alone; for one session: hptui review NAME", ctx)


def main(args: Sequence[str] | None = None) -> None:
    """Run one command and exit with its status. Errors of ours are printed without a traceback."""
    if trouble := _wrong_place():
        print(f"hptui: {trouble}", file=sys.stderr)
        raise SystemExit(1)
    if args is None and sys.argv[1:2] != ["serve"]:  # in a process of its own; screens that are served do so themselves
        one_thread.from_now_on()
    raise SystemExit(_status(args))


def _wrong_place() -> str | None:
    if not sys.platform.startswith("linux"):
        return f"runs on Linux; this is {sys.platform}."
    if sys.version_info < (3, 11):  # noqa: UP036 - pip refuses this, but a checkout has no pip to ask
        return f"needs Python 3.11 or newer; this is {sys.version.split()[0]}."  # type: ignore[unreachable]
    return None


def _status(args: Sequence[str] | None) -> int:
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # `hptui ls >&-`
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - it is there until the process ends
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that is not UTF-8 gets \u2013 for what it can't show
            stream.reconfigure(errors="backslashreplace")
    try:
        status = hptui.main(args=args, prog_name="hptui", standalone_mode=False)
        sys.stdout.flush()
    except HptuiError as error:
        print(f"hptui: {error}", file=sys.stderr)
        return error.exit_status
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print(file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # whoever read us has gone (`hptui show | head`); Python would complain again when it closes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except OSError as error:  # a full disk behind stdout, a folder that may not be read
        where = "" if error.filename is None else f"{error.filename}: "
        print(f"hptui: {where}{error.strerror or error}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    return status if isinstance(status, int) else 0
