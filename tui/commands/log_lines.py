"""A log as a terminal would show it at last: after a carriage return a line is written anew, as progress bars do."""

from __future__ import annotations

from hptui.tui.commands.answers import begun, harmless

LONGEST = 1 << 16
"""Characters of an unfinished line that are kept; a longer one is printed in parts."""


class LogLines:
    """Takes text as it comes, gives what to print.

    columns: of a terminal that shows the unfinished line and writes over it as it changes; 0: it waits for its end.
    """

    def __init__(self, columns: int = 0) -> None:
        self._columns, self._unfinished, self._shown = columns, "", ""

    def take(self, text: str) -> str:
        """What there is to print of all that has come so far."""
        text = (self._unfinished + text).replace("\r\n", "\n")
        lines, newline, last = text.rpartition("\n")
        out = "".join(f"{_at_last(line)}\n" for line in lines.split("\n")) if newline else ""
        end = "\r" if last.endswith("\r") else ""  # what comes next may be its newline
        self._unfinished = _at_last(last) + end
        if len(self._unfinished) > LONGEST:
            out, self._unfinished = out + self._unfinished, ""
        return self._over() + harmless(out) + self._in_place()

    def rest(self) -> str:
        """The last line, when nothing comes any more."""
        out, self._unfinished = _at_last(self._unfinished), ""
        return self._over() + harmless(out)

    def _over(self) -> str:
        shown, self._shown = self._shown, ""
        return "\r\x1b[K" if shown else ""

    def _in_place(self) -> str:
        self._shown = begun(harmless(_at_last(self._unfinished)), self._columns - 1)
        return self._shown


def _at_last(line: str) -> str:
    return line.rstrip("\r").rpartition("\r")[2]
