"""Other keys, as the user's configuration names them: by what they do, in a table for each place where keys differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from hptui.core.errors import HptuiError
from hptui.tui import keys, review_keys
from hptui.tui.keys import Key

_NAMED = ("space", "enter", "escape", "tab", "shift+tab", "backspace", "delete", "insert", "home", "end", "pageup",
          "pagedown", "up", "down", "left", "right", *(f"f{n}" for n in range(1, 13)))  # fmt: skip
_TAKEN = {"ctrl+m": "enter", "ctrl+j": "enter", "ctrl+i": "tab", "ctrl+h": "backspace", "ctrl+s": "flow control",
          "ctrl+q": "leaving", "ctrl+c": "a hint", "ctrl+z": "suspending"}  # fmt: skip
_REVIEW = (*review_keys.TABS, *review_keys.TIME)
PLACES: Mapping[str, Sequence[Key]] = {
    "": (*keys.WISHES, *keys.LOOKING, *keys.AROUND),
    "list": keys.LIST,
    "review": _REVIEW,
    "history": review_keys.HISTORY,
    "parallel": review_keys.PARALLEL,
    "importance": review_keys.IMPORTANCE,
    "slices": review_keys.SLICES,
    "contour": review_keys.CONTOUR,
    "advice": review_keys.ADVICE,
    "front": review_keys.FRONT,
    "pruning": review_keys.PRUNING,
    "lanes": review_keys.LANES,
}
"""Keys that may be others, by the table that names them: "" is [keys] itself, `list` is [keys.list]."""


class ConfigError(HptuiError):
    """The configuration file can't be used as it is."""


def nearest(word: str, names: Iterable[str]) -> str:
    from hptui.core.space.reading import nearest  # brings numpy, for which the first paint must not wait

    return nearest(word, names)


def together(place: str) -> Sequence[Key]:
    """All keys that mean something at once where those of `place` do."""
    if place in ("", "list"):
        return PLACES[place]
    shared = (*_REVIEW, *review_keys.LOOK, *review_keys.AROUND_HERE)
    if place == "lanes":  # a pane of the live screen, too
        return (*PLACES[place], *PLACES[""], *review_keys.TIME)
    return shared if place == "review" else (*PLACES[place], *shared)


def keymap(written: Mapping[str, object], where: str) -> dict[str, str]:
    """Binding id -> the key that does it. Raises ConfigError: no such action or place, no key, a key twice."""
    mapped: dict[str, str] = {}
    for place, listed in PLACES.items():
        table = written if not place else written.get(place, {})
        if not isinstance(table, Mapping):
            raise ConfigError(f"{where}.{place}", "is a table", f'[keys.{place}] with lines such as sort = "o"')
        known = {key.action: key for key in listed}
        here = f"{where}.{place}" if place else where
        for action, wanted in table.items():
            if not place and action in PLACES:
                continue
            if action not in known:
                raise ConfigError(f"{here}.{action}", "there is no such action", nearest(action, known))
            mapped[known[action].id] = _key_name(wanted, f"{here}.{action}")
    for place in PLACES:
        _check_clashes(mapped, together(place), where)
    return mapped


def _key_name(wanted: object, where: str) -> str:
    """Textual's name: `slash` for `/`, `ctrl+x` as it is."""
    if not isinstance(wanted, str) or not wanted:
        raise ConfigError(where, f"{wanted!r} is no key", 'a character, or a name such as "f6" or "ctrl+x"')
    if wanted in _TAKEN:
        raise ConfigError(where, f"{wanted} can't be told from {_TAKEN[wanted]} in many terminals", "take another key")
    if wanted in _NAMED or re.fullmatch(r"ctrl\+[a-z]|[A-Za-z0-9]", wanted):
        return wanted
    if len(wanted) == 1 and wanted.isprintable() and wanted.isascii():
        from textual.keys import _character_to_key

        return _character_to_key(wanted)
    raise ConfigError(where, f"{wanted!r} is no key", f"a character, ctrl+letter, or one of {', '.join(_NAMED)}")


def _check_clashes(mapped: Mapping[str, str], listed: Sequence[Key], where: str) -> None:
    """No key may do two things; one may take the place of a key that is moved itself."""
    does: dict[str, str] = {}
    for key in dict.fromkeys(listed):
        for name in mapped.get(key.id, key.keys).split(","):
            if name in does:
                problem = f"{shown(name)} would do both {does[name]} and {key.action}"
                raise ConfigError(where, problem, "give one of them another key")
            does[name] = key.action


def shown(name: str) -> str:
    """A key as people write it."""
    signs = {"slash": "/", "colon": ":", "question_mark": "?", "plus": "+", "minus": "-", "less_than_sign": "<",
             "greater_than_sign": ">", "left_square_bracket": "[", "right_square_bracket": "]",
             "left_curly_bracket": "{", "right_curly_bracket": "}"}  # fmt: skip
    return signs.get(name, name)


def key_lines(mapped: Mapping[str, str]) -> list[str]:
    """The tables of keys as they stand; those that are as they were are comments."""
    lines = []
    for place, listed in PLACES.items():
        lines += [f"[keys.{place}]"] if place else ["[keys]           # only those that are to be others"]
        for one in listed:
            name = one.action if re.fullmatch(r"\w+", one.action) else f'"{one.action}"'
            key = shown(mapped.get(one.id, one.keys.partition(",")[0]))
            sign = "" if one.id in mapped else "# "
            lines.append(f'{sign}{name} = "{key}"'.ljust(27) + f" # {one.about}")
        lines.append("")
    return lines[:-1]
