"""The user's configuration: read with clear errors, other keys on the screen, and a file that reads back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from driving import Screen

from hptui.core.study.session import SessionFolder
from hptui.tui import keys
from hptui.tui.app import HptuiApp
from hptui.tui.config import Config, config_of, example, read_config
from hptui.tui.keymap import PLACES, ConfigError, together

PLACE = Path("config.toml")


def test_without_a_file_there_are_the_defaults(tmp_path: Path) -> None:
    assert read_config(tmp_path / "none.toml") == Config()


def test_a_configuration_names_keys_by_what_they_do(tmp_path: Path) -> None:
    text = 'theme = "light"\nmouse = false\n[keys]\nprune = "ctrl+x"\nfilter = "f"\nfreeze = "/"\n"slots(1)" = ">"\n'
    (tmp_path / "config.toml").write_text(text)

    assert read_config(tmp_path / "config.toml") == Config(
        theme="light", mouse=False,
        keys={"hptui.prune.X": "ctrl+x", "hptui.filter.slash": "f", "hptui.freeze.f": "slash",
              "hptui.slots.plus": "greater_than_sign"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("thema = 'dark'", 'there is no such setting\n  hint: did you mean "theme"?'),
        ("theme = 'pink'", "'pink' is no theme\n  hint: one of auto, dark, light, ansi"),
        ("mouse = 'no'", "'no' is neither true nor false"),
        ("keys = 3", "is a table"),
        ("keys = { list = 3 }", "keys.list: is a table"),
        ("[keys.list]\nrenam = 'x'", 'no such action\n  hint: did you mean "rename"?'),
        ("[keys.parallel]\nturn = 'b'", "b would do both turn and brush"),
        ("hide = 'gpu'", "'gpu' is no list of columns"),
        ("[keys]\nprun = 'x'", 'there is no such action\n  hint: did you mean "prune"?'),
        ("[keys]\nprune = 'ctrl+m'", "ctrl+m can't be told from enter in many terminals"),
        ("[keys]\nprune = 'hyper+x'", "'hyper+x' is no key"),
        ("[keys]\nprune = 'r'", "r would do both prune and retry"),
        ("theme = ", "not TOML"),
    ],
)
def test_a_wrong_configuration_says_where_and_what(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "config.toml").write_text(text)

    with pytest.raises(ConfigError) as error:
        read_config(tmp_path / "config.toml")

    assert told in str(error.value)


def test_the_printed_configuration_is_one(tmp_path: Path) -> None:
    config = Config(theme="ansi", keys={"hptui.prune.X": "ctrl+x"})
    (tmp_path / "config.toml").write_text(example(config, PLACE))

    assert read_config(tmp_path / "config.toml") == config
    everything = example(Config(), PLACE).replace("\n# ", "\n").split("\n", 1)[1]
    (tmp_path / "all.toml").write_text(everything)
    assert len(read_config(tmp_path / "all.toml").keys) == len({key.id for listed in PLACES.values() for key in listed})


def test_another_key_does_it_and_the_old_one_does_not(past: SessionFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_of({"keys": {"zoom": "f6", "freeze": "ctrl+x"}}, "c")
    monkeypatch.setattr(keys, "remapped", {"hptui.zoom.z": "F6"})

    async def run() -> None:
        app = HptuiApp(past, read_only=True, config=config)
        async with app.run_test(size=(160, 45)) as pilot:
            screen = Screen(app, pilot)
            await screen.until("2 curves")
            assert "F6 Zoom" in screen.lines[-1]
            await screen.press("z")
            await pilot.pause(0.1)
            assert "2 curves" in screen.text
            await screen.press("f6")
            await screen.until("2 curves", gone=True)

    asyncio.run(run())


@pytest.mark.parametrize("place", PLACES)
def test_no_key_of_ours_does_two_things(place: str) -> None:
    names = [name for key in together(place) for name in key.keys.split(",")]

    assert sorted(names) == sorted(set(names))


def test_columns_named_in_the_configuration_are_left_out(past: SessionFolder) -> None:
    config = config_of({"hide": ["lr", "why"], "keys": {"history": {"axis": "f7"}}}, "c")

    async def run() -> None:
        app = HptuiApp(past, read_only=True, config=config)
        async with app.run_test(size=(160, 45)) as pilot:
            screen = Screen(app, pilot)
            await screen.until(lambda: "momentum" in screen.line_with("prog"))
            assert " lr " not in screen.line_with("prog")
            await screen.press("V")
            await screen.until("over trials ended")
            await screen.press("f7")
            await screen.until("over wall clock")

    asyncio.run(run())
