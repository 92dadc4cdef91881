"""`hptui launch` and `hptui rounds`: one study after another, each with its reason."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import click

from hptui.core.errors import SessionError
from hptui.core.review.rounds import Round, lineage
from hptui.core.study.session import sessions_home
from hptui.tui.commands.answers import folded, print_json, say
from hptui.tui.commands.finding import NAME, find


@click.command()
@NAME
@click.option("--trial", type=click.IntRange(0), help="Whose parameters; default: the best of what was repeated most.")
@click.option("--goal", default="", metavar="SENTENCE", help="What the next round is to tell.")
@click.option("--scientific", multiple=True, metavar="PARAM", help="Asked about: its values are compared. Repeatable.")
@click.option("--fix", "fixed", multiple=True, metavar="PARAM", help="Held at the adopted value. Repeatable.")
@click.option("--as", "how", type=click.Choice(["default", "enqueue"]), default="default", show_default=True,
              help="The baseline as the parameters' defaults, or as the first enqueued point.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Default: NAME-r2.toml here.")
@click.option("--json", "as_json", is_flag=True, help="{file name trial params evidence proof}")
def launch(name: str | None, trial: int | None, goal: str, scientific: tuple[str, ...], fixed: tuple[str, ...],
           how: str, output: Path | None, as_json: bool) -> int:  # fmt: skip
    """Adopt a configuration as the baseline of the next round, and write its study.

    The evidence is noted in it: mean and 95 % interval of the configuration and of the baseline before, and whether
    chance is excluded (`hptui replicate` first gives it something to say). The parent's trial is tagged `adopted`.
    """
    from hptui.tui.launching import Plan, launched

    folder = find(name)
    plan = Plan(goal, scientific, fixed, enqueue=how == "enqueue")
    made = launched(folder, trial, plan, Path.cwd(), output)
    if as_json:
        print_json({"file": str(made.path), "name": made.name, "trial": made.adopted.trial,
                    "params": dict(made.adopted.params), "evidence": made.adopted.evidence,
                    "proof": made.adopted.proof})  # fmt: skip
        return 0
    print(f"wrote {made.path}: trial {made.adopted.trial} of {folder.name} is its baseline")
    print(folded(f"evidence: {made.adopted.evidence}", "  "))
    if made.adopted.proof != "shown":
        say(made.caution(folder.name))
    print(f"hptui run {made.path}")
    return 0


@click.command()
@NAME
@click.option("--report", "output", type=click.Path(path_type=Path), metavar="FILE", help="FILE.md or FILE.html.")
@click.option("--json", "as_json", is_flag=True, help="[{name depth goal parent adopted evidence best baseline ...}]")
def rounds(name: str | None, output: Path | None, as_json: bool) -> int:
    """Show the rounds that a session belongs to: who went on from whom, what each was to tell, what was adopted."""
    folder = find(name)
    found = lineage(sessions_home(), folder.name)
    if not found:
        raise SessionError(folder.name, "is not among the sessions here", f"rounds are those of {sessions_home()}")
    if output is not None:
        from hptui.core.review.report import written
        from hptui.core.review.rounds_report import rounds_report

        text = written(rounds_report(found), "html" if output.suffix == ".html" else "markdown")
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise SessionError(str(output), f"can't be written: {error.strerror}", "name another file") from error
        say(f"wrote {output}")
        return 0
    if as_json:
        print_json([_json(one) for one in found])
        return 0
    from hptui.tui.views.rounds import plain_lines

    print("\n".join(plain_lines(found, shutil.get_terminal_size().columns if sys.stdout.isatty() else None)))
    return 0


def _json(one: Round) -> dict[str, Any]:
    def known(best: Any) -> dict[str, Any] | None:
        if best is None:
            return None
        return {"numbers": best.numbers, "mean": best.mean, "half": best.half, "runs": len(best.values)}

    return {
        "name": one.name, "depth": one.depth, "goal": one.goal, "parent": one.link.parent,
        "adopted": one.link.told.get("adopted"), "evidence": one.link.told.get("evidence"),
        "roles": {role: one.role(role) for role in ("scientific", "nuisance", "fixed")},
        "best": known(one.best), "baseline": known(one.baseline),
        "compared": {
            name: [{"label": v.label, "trials": v.trials, "best": v.best, "tried": v.tried, "expected": v.expected,
                    "low": v.low, "high": v.high} for v in values]
            for name, values in one.compared.items()
        },
    }  # fmt: skip
