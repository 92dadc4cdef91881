"""The form of a note and tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hptui.core.study.remarks import problem_with
from hptui.tui.screens.form import Checked, Field, FormScreen, Texts


def notes_form(who: str, note: str, tags: Sequence[str], *, several: bool) -> FormScreen:
    """several: what is typed is added to what each of them has; an empty note leaves theirs."""
    kept = "added to the tags they have" if several else "words, such as keep baseline"
    fields = [
        Field("tags", "tags", " ".join(tags), kept),
        Field("note", "note", note, "empty leaves theirs" if several else ""),
    ]
    return FormScreen(f"tags and note of {who}", fields, lambda texts: _check(texts, several), "keeps them")


def notes_of(texts: Texts, *, several: bool) -> dict[str, Any]:
    """What the wish carries."""
    tags, note = texts["tags"].replace(",", " ").split(), texts["note"].strip()
    if several:
        return {"add": tags} | ({"note": note} if note else {})
    return {"tags": tags, "note": note}


def _check(texts: Texts, several: bool) -> Checked:
    problem = problem_with(notes_of(texts, several=several))
    where = "note" if problem.startswith("a note") else "tags"
    return Checked({where: problem} if problem else {})
