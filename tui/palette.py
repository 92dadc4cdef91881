"""What the palette (ctrl+p) finds: the keys of the screen, and trials by number or by what they are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.css.query import NoMatches
from textual.timer import Timer, TimerCallback

from hptui.tui.screens.live import LiveScreen
from hptui.tui.screens.menu import entries
from hptui.tui.views.numbers import number, plain

MOST_TRIALS = 20


class Palette(CommandPalette):
    """Textual's, in which two things end the program (8.2.8): a page key before its list is laid out (KeyError), and
    its timer for "no matches found" when it closes at that moment (NoMatches)."""

    def _action_command_list(self, action: str) -> None:
        with contextlib.suppress(KeyError):
            super()._action_command_list(action)

    def set_timer(self, delay: float, callback: TimerCallback | None = None, **options: Any) -> Timer:
        def unless_closed() -> Any:
            with contextlib.suppress(NoMatches):
                return callback() if callback is not None else None

        return super().set_timer(delay, unless_closed, **options)


class Keys(Provider):
    """Every key of the pane in focus, by its name."""

    async def discover(self) -> Hits:
        for entry in entries(self.screen):
            if entry.enabled:
                run = partial(self.app.run_action, entry.action, entry.node)
                yield DiscoveryHit(f"{entry.title}  ({entry.keys})", run, help=entry.about)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for entry in entries(self.screen):
            score = matcher.match(f"{entry.title} {entry.about}")
            if entry.enabled and score > 0:
                run = partial(self.app.run_action, entry.action, entry.node)
                yield Hit(score, matcher.highlight(f"{entry.title}  ({entry.keys})"), run, help=entry.about)


class TrialsByNumber(Provider):
    """`12`, `#12`: the trials whose number begins so; the best ones before anything is typed."""

    async def discover(self) -> Hits:
        if isinstance(self.screen, LiveScreen):
            for at in self.screen.snapshot.best[:3]:
                yield DiscoveryHit(
                    self._name(self.screen, at), partial(self.screen.open_trial, at), help=self._about(at)
                )

    async def search(self, query: str) -> Hits:
        screen, digits = self.screen, query.strip().removeprefix("trial").strip().lstrip("#")
        if isinstance(screen, LiveScreen) and digits.isdecimal():
            for at in self._numbers(screen, digits):
                exact = str(at) == digits
                yield Hit(
                    1.0 if exact else 0.5, self._name(screen, at), partial(screen.open_trial, at), help=self._about(at)
                )

    def _numbers(self, screen: LiveScreen, digits: str) -> Iterator[int]:
        found = (at for at in screen.snapshot.trials if str(at).startswith(digits))
        for _, at in zip(range(MOST_TRIALS), found, strict=False):
            yield at

    def _name(self, screen: LiveScreen, at: int) -> str:
        trial = screen.snapshot.trials[at]
        return f"trial {at}  {trial.state.lower()}  {number(trial.value)}"

    def _about(self, at: int) -> str:
        assert isinstance(self.screen, LiveScreen)
        params = self.screen.snapshot.trials[at].params
        return "  ".join(f"{name} {plain(value)}" for name, value in params.items()).replace("[", "(")
