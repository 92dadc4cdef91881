"""The errors a user may see. Imports nothing of ours."""

from __future__ import annotations


class HptuiError(Exception):
    """Where it is, what is wrong with the actual values, and what to do about it.

    The app prints these without a traceback.
    """

    exit_status = 1

    def __init__(self, where: str, problem: str, hint: str = "") -> None:
        super().__init__(where, problem, hint)
        self.where, self.problem, self.hint = where, problem, hint

    def __str__(self) -> str:
        hint = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{self.where}: {self.problem}{hint}"


class StudyError(HptuiError):
    """A study file or a study option is wrong."""

    exit_status = 2


class StudyErrors(HptuiError):
    """Every problem of one study file at once, so that one look mends them all."""

    exit_status = 2

    def __init__(self, where: str, problems: list[HptuiError]) -> None:
        super().__init__(where, f"{len(problems)} problem{'s' if len(problems) != 1 else ''}")
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join([f"{self.where}: {self.problem}", *(f"  {p}".replace("\n", "\n  ") for p in self.problems)])


class SessionError(HptuiError):
    """A session folder, its database or its scheduler is not as it should be."""


class ObjectiveError(HptuiError):
    """The user's script can't be loaded or does not answer as an objective should."""
