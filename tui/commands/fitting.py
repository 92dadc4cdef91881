"""Tables of trials that have more columns than a terminal has room for."""

from __future__ import annotations

from collections.abc import Sequence

from hptui.tui.commands.answers import cut_at, folded_at, table, width_of


def fitted(
    heads: Sequence[str], rows: Sequence[Sequence[str]], keep: int, right: frozenset[int], width: int | None
) -> str:
    """The table within `width` cells; whole where it fits, or where `width` is None: it goes to a file or a pipe.

    Else columns that read the same in all rows are said once beneath it. Where that is not enough it is turned: a line
    for each column. Where there are too many rows for that, the last columns are left out, and named. The first `keep`
    always stay.
    """
    whole = table(heads, rows, right)
    if width is None or _fits(whole, width):
        return whole
    same = [i for i in range(keep, len(heads)) if len(rows) > 1 and len({row[i] for row in rows}) == 1]
    once = ", ".join(f"{heads[i]}\xa0{rows[0][i]}" for i in same)  # a name and its value stay on one line
    told = folded_at(f"the same in all {len(rows)}: {once}", width, "  ").replace("\xa0", " ")
    beneath = [told] if same else []
    left = [i for i in range(len(heads)) if i not in same]
    narrow = _columns(left, heads, rows, right)
    if _fits(narrow, width):
        return "\n".join([narrow, *beneath])
    turned = table((heads[0], *(row[0] for row in rows)), [(heads[i], *(row[i] for row in rows)) for i in left[1:]])
    if _fits(turned, width) or len(rows) == 1:
        return "\n".join([cut_at(turned, width), *beneath])
    shown = list(left)
    while len(shown) > keep and not _fits(narrow, width):
        shown.pop()
        narrow = _columns(shown, heads, rows, right)
    out = [heads[i] for i in left[len(shown) :]]
    more = folded_at(f"+ {len(out)} more: {', '.join(out)} (with | less -S the table is whole)", width, "  ")
    return "\n".join([cut_at(narrow, width), *beneath, more])


def _columns(chosen: Sequence[int], heads: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int]) -> str:
    aligned = frozenset(at for at, i in enumerate(chosen) if i in right)
    return table([heads[i] for i in chosen], [[row[i] for i in chosen] for row in rows], aligned)


def _fits(text: str, width: int) -> bool:
    return all(width_of(line) <= width for line in text.splitlines())
