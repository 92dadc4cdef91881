"""What a trial saves so that it can go on elsewhere, or after its process is gone."""

from __future__ import annotations

import contextlib
import errno
import os
import pickle
import sys
import time
from pathlib import Path
from typing import Any

from hptui.core.wire.spool import SAVED, Checkpoint
from hptui.core.worker.link import Link

_TORCH, _PICKLE = SAVED


class Checkpoints:
    """The trial's last saved state, in a folder of its own. `trial.checkpoint`."""

    def __init__(self, link: Link, device: str, earlier: str | None) -> None:
        self._link, self._device = link, device
        self._earlier = None if earlier is None else Path(earlier)

    @property
    def path(self) -> Path:
        """The folder; files of your own may lie there too."""
        folder = self._link.folder.checkpoints
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def save(self, state: Any, step: int | None = None) -> Path:
        """Replace the last saved state. It is whole or the old one still, whenever the process ends.

        Saved by torch when the script has loaded torch, else by pickle. Waits while the disk is full.
        """
        torch = sys.modules.get("torch")
        name, other = (_PICKLE, _TORCH) if torch is None else (_TORCH, _PICKLE)
        target, draft = self.path / name, self.path / f".{name}.{os.getpid()}"
        if self._link.muted:
            return target
        full = False
        while True:
            try:
                with open(draft, "wb") as file:
                    if torch is None:
                        pickle.dump(state, file, protocol=pickle.HIGHEST_PROTOCOL)
                    else:
                        torch.save(state, file)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(draft, target)
                break
            except BaseException as error:
                with contextlib.suppress(OSError):
                    draft.unlink()
                if not _is_disk_full(error):
                    raise
            full = True
            self._link.wait_for_space(True)
            time.sleep(0.5)
        if full:
            self._link.wait_for_space(False)
        (self.path / other).unlink(missing_ok=True)
        self._link.append(Checkpoint(time.time(), self._link.step if step is None else int(step)))
        return target

    def load(self) -> Any:
        """The state saved last: by this trial, else by the trial that it goes on from; None when there is none.

        Tensors arrive on the trial's device. Only load what you trust: a saved state may run code.
        """
        folder = self.found_in
        if folder is None:
            return None
        if (folder / _TORCH).exists():
            import torch

            return torch.load(folder / _TORCH, map_location=self._device, weights_only=False)
        with open(folder / _PICKLE, "rb") as file:
            return pickle.load(file)

    @property
    def found_in(self) -> Path | None:
        """The folder of the state that `load` gives, with the files that were beside it; None when there is none."""
        for folder in (self._link.folder.checkpoints, self._earlier):
            if folder is not None and any((folder / name).exists() for name in SAVED):
                return folder
        return None


def _is_disk_full(error: BaseException | None) -> bool:
    """Told from an error or what it came from: torch wraps the operating system's error in its own."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False
