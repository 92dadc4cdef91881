"""What people say of a trial or of a session: a note, tags, how soon it should run, that no rule may stop it.

A trial keeps its remarks in its attribute `ATTR`, a session in the fact `FACT`; both are one JSON object.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

ATTR = "hptui"
FACT = "remarks"
LONGEST_NOTE = 2000
LONGEST_TAG = 40
MOST_TAGS = 20
MOST_DISMISSED = 100

Remarks = Mapping[str, Any]


def remarks_of(attrs: Mapping[str, Any]) -> Remarks:
    """A trial's remarks; empty where there are none, or where the attribute is somebody else's."""
    own = attrs.get(ATTR)
    return own if isinstance(own, Mapping) else {}


def note_of(remarks: Remarks) -> str:
    note = remarks.get("note")
    return note if isinstance(note, str) else ""


def tags_of(remarks: Remarks) -> tuple[str, ...]:
    tags = remarks.get("tags")
    return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, (list, tuple)) else ()


def dismissed_of(remarks: Remarks) -> tuple[str, ...]:
    """The findings that a session's people have read and do not want to be told again, by their keys."""
    keys = remarks.get("dismissed")
    return tuple(key for key in keys if isinstance(key, str)) if isinstance(keys, (list, tuple)) else ()


def priority_of(attrs: Mapping[str, Any]) -> int:
    """The higher, the sooner a waiting trial starts; 0 is ordinary."""
    priority = remarks_of(attrs).get("priority", 0)
    return priority if isinstance(priority, int) else 0


def is_pinned(attrs: Mapping[str, Any]) -> bool:
    """Whether its pruner may not hold or stop it."""
    return remarks_of(attrs).get("pinned") is True


def problem_with(args: Mapping[str, Any]) -> str:
    """Why a note or tags can't be taken as they are; "" when they can."""
    text = args.get("note", "")
    if not isinstance(text, str) or len(text) > LONGEST_NOTE:
        return f"a note has {LONGEST_NOTE} characters at most"
    dismissed = args.get("dismissed", [])
    if not isinstance(dismissed, (list, tuple)) or len(dismissed) > MOST_DISMISSED:
        return f"{MOST_DISMISSED} dismissed findings at most"
    if any(not isinstance(key, str) or len(key) > 200 for key in dismissed):
        return "a finding is dismissed by its rule and what it is about"
    for key in ("tags", "add", "remove"):
        tags = args.get(key, [])
        if not isinstance(tags, (list, tuple)) or len(tags) > MOST_TAGS:
            return f"{MOST_TAGS} tags at most"
        for tag in tags:
            if not (isinstance(tag, str) and re.fullmatch(r"[^\s,]+", tag) and len(tag) <= LONGEST_TAG):
                return f"a tag is one word of {LONGEST_TAG} characters at most, without commas: {str(tag)[:50]!r}"
    return ""


def remarked(remarks: Remarks, args: Mapping[str, Any]) -> dict[str, Any]:
    """`remarks` after a wish. note, tags, dismissed: instead of the old ones; add, remove: some of the tags."""
    after = dict(remarks)
    if "note" in args:
        after["note"] = args["note"]
    if "dismissed" in args:
        after["dismissed"] = list(dict.fromkeys(args["dismissed"]))
    tags = list(args.get("tags", tags_of(remarks)))
    tags += [tag for tag in args.get("add", ()) if tag not in tags]
    after["tags"] = [tag for tag in dict.fromkeys(tags) if tag not in args.get("remove", ())]
    return {key: value for key, value in after.items() if value not in ("", [], 0, False, None)}


def difference(before: Remarks, after: Remarks) -> str:
    """What changed, in words: `note "warm start", tags +keep -weak`."""
    said = []
    if note_of(before) != note_of(after):
        said.append(f'note "{note_of(after)}"' if note_of(after) else "no note")
    gone = [f"-{tag}" for tag in tags_of(before) if tag not in tags_of(after)]
    new = [f"+{tag}" for tag in tags_of(after) if tag not in tags_of(before)]
    if gone or new:
        said.append(f"tags {' '.join([*new, *gone])}")
    said += [f"dismissed {key}" for key in dismissed_of(after) if key not in dismissed_of(before)]
    said += [f"no longer dismissed {key}" for key in dismissed_of(before) if key not in dismissed_of(after)]
    return ", ".join(said) or "nothing changed"
