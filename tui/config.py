"""What the user chose once and for all: theme, glyphs, colours, the mouse, and other keys. Read from one TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hptui.tui.keymap import ConfigError, key_lines, keymap, nearest

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


@dataclass(frozen=True)
class Config:
    """keys: binding id -> Textual's name of the key that does it. hide: columns of the trials that are left out."""

    theme: str = "auto"
    glyphs: str = "auto"
    color: str = "auto"
    mouse: bool = True
    hide: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)


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
            chosen[key] = keymap(value, f"{where}: keys")
        elif key == "hide":
            if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                raise ConfigError(f"{where}: hide", f"{value!r} is no list of columns", 'such as ["gpu", "time"]')
            chosen[key] = tuple(value)
        else:
            names = (*CHOICES, "mouse", "hide", "keys")
            raise ConfigError(f"{where}: {key}", "there is no such setting", nearest(key, names))
    return Config(**chosen)


def example(config: Config, path: Path) -> str:
    """The whole file as it stands, every setting and key with what it does."""
    lines = [f"# {path}", ""]
    for key, choices in CHOICES.items():
        lines.append(f'{key} = "{getattr(config, key)}"{" " * (10 - len(key))}# {" | ".join(choices)}; {ABOUT[key]}')
    lines += [f"mouse = {str(config.mouse).lower()}           # false: the terminal selects text; m changes it"]
    hidden = ", ".join(f'"{name}"' for name in config.hide)
    lines += [f"hide = [{hidden}]".ljust(24) + '# columns of the trials to leave out, such as "gpu", "time", "lr"']
    return "\n".join([*lines, "", *key_lines(config.keys)]) + "\n"
