"""What the user chose once and for all: theme, glyphs, colours, the mouse, and other keys. Read from one TOML file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hptui.core.errors import HptuiError
from hptui.tui import keys
from hptui.tui.keys import Key

CHOICES = {
    "theme": ("auto", "dark", "light", "ansi"),
    "glyphs": ("auto", "braille", "block", "ascii"),
    "color": ("auto", "true", "256", "16", "none"),
}
ABOUT = {
    "theme": "auto: what the terminal asks for",
    "glyphs": "what charts and marks are drawn with",
    "color": "auto: as many as the terminal has",
}
_NAMED = ("space", "enter", "escape", "tab", "shift+tab", "backspace", "delete", "insert", "home", "end", "pageup",
          "pagedown", "up", "down", "left", "right", *(f"f{n}" for n in range(1, 13)))  # fmt: skip
_TAKEN = {"ctrl+m": "enter", "ctrl+j": "enter", "ctrl+i": "tab", "ctrl+h": "backspace", "ctrl+s": "flow control",
          "ctrl+q": "leaving", "ctrl+c": "a hint", "ctrl+z": "suspending"}  # fmt: skip


def _nearest(word: str, names: Iterable[str]) -> str:
    from hptui.core.space.reading import nearest  # brings numpy, for which the first paint must not wait

    return nearest(word, names)


class ConfigError(HptuiError):
    """The configuration file can't be used as it is."""


@dataclass(frozen=True)
class Config:
    """keys: binding id -> Textual's name of the key that does it."""

    theme: str = "auto"
    glyphs: str = "auto"
    color: str = "auto"
    mouse: bool = True
    keys: Mapping[str, str] = field(default_factory=dict)


def ours() -> tuple[Key, ...]:
    """Every key that may be another one: those of the screens of a session."""
    return (*keys.WISHES, *keys.LOOKING, *keys.AROUND)


def read_config(path: Path) -> Config:
    """The file's choices; the defaults where there is no file. Raises ConfigError with the first problem."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"can't be read: {error}") from None
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(path), f"not TOML: {error}", "`hptui config` prints one that is right") from None
    return config_of(written, str(path))


def config_of(written: Mapping[str, Any], where: str) -> Config:
    chosen: dict[str, Any] = {}
    for key, value in written.items():
        if key in CHOICES:
            if value not in CHOICES[key]:
                hint = f"one of {', '.join(CHOICES[key])}"
                raise ConfigError(f"{where}: {key}", f"{value!r} is no {key}", hint)
            chosen[key] = value
        elif key == "mouse":
            if not isinstance(value, bool):
                raise ConfigError(f"{where}: mouse", f"{value!r} is neither true nor false")
            chosen[key] = value
        elif key == "keys":
            if not isinstance(value, Mapping):
                raise ConfigError(f"{where}: keys", "is a table", '[keys] with lines such as prune = "ctrl+x"')
            chosen[key] = _keymap(value, f"{where}: keys")
        else:
            raise ConfigError(f"{where}: {key}", "there is no such setting", _nearest(key, (*CHOICES, "mouse", "keys")))
    return Config(**chosen)


def _keymap(written: Mapping[str, Any], where: str) -> dict[str, str]:
    known = {key.action: key for key in ours()}
    mapped: dict[str, str] = {}
    for action, wanted in written.items():
        if action not in known:
            raise ConfigError(f"{where}.{action}", "there is no such action", _nearest(action, known))
        mapped[known[action].id] = _key_name(wanted, f"{where}.{action}")
    _check_clashes(mapped, where)
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


def _check_clashes(mapped: Mapping[str, str], where: str) -> None:
    """No key may do two things; one may take the place of a key that is moved itself."""
    does: dict[str, str] = {}
    for key in ours():
        for name in mapped.get(key.id, key.keys).split(","):
            if name in does:
                problem = f"{shown(name)} would do both {does[name]} and {key.action}"
                raise ConfigError(where, problem, "give one of them another key")
            does[name] = key.action


def shown(name: str) -> str:
    """A key as people write it."""
    signs = {"slash": "/", "colon": ":", "question_mark": "?", "plus": "+", "minus": "-"}
    return signs.get(name, name)


def example(config: Config, path: Path, listed: Sequence[Key] = ()) -> str:
    """The whole file as it stands, every setting and key with what it does."""
    lines = [f"# {path}", ""]
    for key, choices in CHOICES.items():
        lines.append(f'{key} = "{getattr(config, key)}"{" " * (10 - len(key))}# {" | ".join(choices)}; {ABOUT[key]}')
    lines += [f"mouse = {str(config.mouse).lower()}           # false: the terminal selects text; m changes it", ""]
    lines += ["[keys]           # only those that are to be others"]
    for one in listed or ours():
        name = one.action if re.fullmatch(r"\w+", one.action) else f'"{one.action}"'
        key = shown(config.keys.get(one.id, one.keys.partition(",")[0]))
        sign = "" if one.id in config.keys else "# "
        lines.append(f'{sign}{name} = "{key}"'.ljust(28) + f"# {one.about}")
    return "\n".join(lines) + "\n"
