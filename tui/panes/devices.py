"""What computes: one line per GPU, or one for the processor."""

from __future__ import annotations

from typing import Any

from hptui.tui.panes.event_list import LineList
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.devices import device_line, in_groups


class DevicesPane(LineList):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(newest="", follow=False, empty="no device has been read yet", **kwargs)
        self.border_title = "3 devices"
        self._devices: tuple[str, ...] = ()

    @property
    def chosen_gpu(self) -> str | None:
        """The GPU under the cursor, while the list has the focus; None for the CPU."""
        key = self.cursor_key
        if key is None or not self.has_focus or not 0 <= key < len(self._devices):
            return None
        device = self._devices[key]
        return None if device.startswith("cpu") else device

    def take(self, snapshot: Snapshot) -> None:
        devices = in_groups(snapshot.devices, snapshot.facts.parts)
        self._devices = tuple(device.id for device in devices)
        self.show(range(len(devices)), lambda at: device_line(snapshot, devices[at]))
