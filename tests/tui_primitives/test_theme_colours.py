import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from hptui.tui.theme import ANSI, DARK, LIGHT, SERIES_COLOURS, THEMES, series_style, variable_defaults

GROUNDS = {
    "hp-band", "hp-cursor", "hp-cursor-blurred", "hp-find", "hp-milestone", "hp-shade-1", "hp-shade-2", "hp-shade-3",
    "hp-shade-4",
}  # fmt: skip


def ours(theme):
    return {name: colour for name, colour in theme.variables.items() if name.startswith("hp-")}


def luminance(colour: Color) -> float:
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a: str, b: str) -> float:
    """WCAG 2.1: 1 is none, 21 is black on white."""
    light, dark = sorted((luminance(Color.parse(a)), luminance(Color.parse(b))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_theme_names_the_same_colours():
    assert len({frozenset(ours(theme)) for theme in THEMES}) == 1


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda t: t.name)
def test_text_can_be_read_on_its_ground(theme):
    colours = ours(theme)
    text = {name for name in colours if name not in GROUNDS and not name.endswith("-text")}

    faint = {name: round(contrast(colours[name], theme.background), 1) for name in text}

    assert {name: value for name, value in faint.items() if value < 3.0} == {}
    assert contrast(colours["hp-cursor-text"], colours["hp-cursor"]) >= 4.5
    assert contrast(colours["hp-find-text"], colours["hp-find"]) >= 4.5


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
def test_series_have_different_colours(theme):
    colours = [ours(theme)[f"hp-{series_style(n)}"] for n in range(SERIES_COLOURS)]

    assert len(set(colours)) == SERIES_COLOURS


def test_the_ansi_theme_states_no_colour_of_its_own():
    assert {name: colour for name, colour in ours(ANSI).items() if not colour.startswith("ansi_")} == {}


def test_themes_of_others_get_our_colours_for_their_ground():
    assert variable_defaults(BUILTIN_THEMES["textual-light"]) == ours(LIGHT)
    assert variable_defaults(BUILTIN_THEMES["nord"]) == ours(DARK)
    assert variable_defaults(BUILTIN_THEMES["ansi-dark"]) == ours(ANSI)
