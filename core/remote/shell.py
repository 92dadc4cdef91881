"""The actor as Ray sees it. It is sent as it stands, so that a node without hptui can say so."""

from __future__ import annotations

from typing import Any


class Shell:
    """Around a `Slot`, where there can be one."""

    def __init__(self, namespace: str, index: int, code: str, version: str) -> None:
        import ray as there

        context = there.get_runtime_context()
        self.node_id: str = context.get_node_id()
        self.gpus = tuple(str(one) for one in there.get_gpu_ids())
        self.problem = ""
        self.slot: Any = None
        try:
            from hptui import __version__ as here
            from hptui.core.remote.slot import Slot

            if here != version:
                self.problem = f"it has hptui {here}, and this is {version}"
            else:
                self.slot = Slot(namespace, index, code, self.node_id, self.gpus)
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"

    def who(self) -> tuple[str, tuple[str, ...], str]:
        return self.node_id, self.gpus, self.problem

    def call(self, name: str, *args: Any) -> Any:
        return getattr(self.slot, name)(*args)
