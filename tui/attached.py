"""A session that a screen looks at: its folder, its feed, its control, and whether it may be changed."""

from __future__ import annotations

from collections.abc import Callable

from hptui.core.errors import HptuiError
from hptui.core.study.session import SessionFolder
from hptui.tui.control import Control
from hptui.tui.feed import Feed


class Attached:
    """deliver, failed: called from other threads; see `Feed` and `Control`."""

    def __init__(
        self,
        folder: SessionFolder,
        read_only: bool,
        deliver: Callable[[], object],
        failed: Callable[[HptuiError], object],
    ) -> None:
        self.folder, self.read_only = folder, read_only
        self.feed = Feed(folder, deliver)
        self.control = Control(folder, failed)
