"""Finds numbers in the lines that a program prints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hptui.core.errors import ObjectiveError
from hptui.core.worker.lines import PREFIX

_PAIR = re.compile(r"([^\s=]+)=(\S+)")
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
LONGEST_LINE = 1 << 16
"""Characters of a line that are looked at; its end, where progress bars overwrite themselves."""


@dataclass(frozen=True, slots=True)
class Found:
    """One report. `value` is None when a program ended after other metrics only."""

    step: int
    value: float | None
    others: Mapping[str, float] = field(default_factory=dict)


CONSTRAINT = "constraint_"
"""What a constraint's name begins with where a program prints its value."""


class Reader:
    """Reads lines in order and remembers the step that the last one was about.

    patterns: regular expressions searched in each line, beside the `hptui: step=3 value=0.5` that is always understood.
    Groups: `step`; `value`, or the metric's own name; `result`, a final value; `constraint_NAME`; any other name is
    another metric.
    What one line says is one report. A line with a step only is about the lines after it; metrics without a value go
    with the next value. Without any step, values are counted from 0.
    Raises ObjectiveError when a pattern can't be compiled.
    """

    def __init__(self, patterns: Sequence[str], metric: str) -> None:
        self._metric = metric
        self._patterns = [_compile(pattern) for pattern in patterns]
        self._step: int | None = None
        self._count = 0
        self._others: dict[str, float] = {}
        self.result: float | None = None
        self.oddities: list[str] = []  # what matched and was no number: the first time for each group
        self._odd: set[str] = set()  # those groups
        self.constraints: list[tuple[str, float]] = []  # read since they were last taken

    def read(self, line: str) -> Found | None:
        """What the line reports, if anything."""
        groups: dict[str, str] = {}
        if PREFIX in line:
            groups.update(_PAIR.findall(_ESCAPE.sub("", line.partition(PREFIX)[2])))
        if self._patterns:
            if "\x1b" in line:
                line = _ESCAPE.sub("", line)
            for pattern in self._patterns:
                match = pattern.search(line)
                if match:
                    groups.update({name: text for name, text in match.groupdict().items() if text is not None})
        return self._take(groups) if groups else None

    def missed(self) -> str:
        """Why no value was found, for a program that ended well."""
        if self._patterns:
            return "no line matched objective.pattern, nor did it call hptui.report()"
        return "objective.pattern (--pattern) says of no line how it is read, and none was like `hptui: value=0.5`"

    def rest(self) -> Found | None:
        """Metrics that no value came after."""
        if not self._others:
            return None
        others, self._others = self._others, {}
        return Found(self._count if self._step is None else self._step, None, others)

    def _take(self, groups: dict[str, str]) -> Found | None:
        numbers = dict(self._numbers(groups))
        for name in [name for name in numbers if name.startswith(CONSTRAINT)]:
            self.constraints.append((name.removeprefix(CONSTRAINT), numbers.pop(name)))
        step = numbers.pop("step", None)
        if step is not None and not 0 <= step < 2**53:
            self._note("a step", f"the program printed the step {groups['step']}; steps are counted from 0")
            return None
        if step is not None:
            self._step = int(step)
        value = numbers.pop("value", None)
        named = numbers.pop(self._metric, None)
        value = named if value is None else value
        result = numbers.pop("result", None)
        if result is not None:
            self.result = result
        self._others |= numbers
        if value is None:
            return None
        found = Found(self._count if self._step is None else self._step, value, self._others)
        self._others = {}
        self._count = found.step + 1
        return found

    def _numbers(self, groups: Mapping[str, str]) -> Iterator[tuple[str, float]]:
        for name, text in groups.items():
            try:
                yield name, float(text.rstrip(",;%)]"))
            except ValueError:
                self._note(name, f"the pattern's group {name} matched {text[:60]!r}, which is not a number")

    def _note(self, what: str, oddity: str) -> None:
        if what not in self._odd:
            self._odd.add(what)
            self.oddities.append(oddity)


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ObjectiveError(
            "objective.pattern", f"{pattern!r}: {error}", "it is a Python regular expression"
        ) from None
    if not compiled.groupindex:
        raise ObjectiveError("objective.pattern", f"{pattern!r} has no named group", r"like loss (?P<value>\S+)")
    return compiled
