"""What a bridge tells its slots: every order once and in turn, however often it has to be sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ray import exceptions as rx

from hptui.core.remote import words as w
from hptui.core.remote.wires import Wires

AGAIN_S = 0.5


@dataclass
class One:
    """A slot."""

    index: int
    handle: Any
    asked_at: float
    node: str = ""  # known once its actor is there
    gpus: tuple[str, ...] = ()
    state: str = "pending"  # pending, booting, up, leaving
    orders: list[w.Order] = field(default_factory=list)  # not acknowledged
    count: int = 0
    telling: bool = False
    silent_since: float | None = None
    over: bool = False  # given back, or lost: what is under way is about it no more
    ready: bool = False


class Orders:
    def __init__(self, wires: Wires, epoch: int, failed: Callable[[One, BaseException], None]) -> None:
        """failed: is told of a slot that can't be told anything any more."""
        self._wires, self._epoch, self._failed = wires, epoch, failed

    def tell(self, one: One, what: w.Run | w.Kick | w.Wish | w.Drop, **more: Any) -> None:
        """more: what an order to run carries."""
        one.count += 1
        one.orders.append(w.Order(one.count, what, **more))
        if not one.telling:
            self._send(one)

    def _send(self, one: One) -> None:
        if one.over or not one.orders:
            one.telling = False
            return
        one.telling = True

        def done(count: int | None, error: BaseException | None) -> None:
            if isinstance(error, rx.ActorUnavailableError):
                self._wires.after(AGAIN_S, lambda: self._send(one))  # the slot does nothing twice
            elif error is not None or count is None or count < 0:
                one.telling = False
                self._failed(one, error or RuntimeError("another scheduler has taken it over"))
            else:
                one.orders = [order for order in one.orders if order.count > count]
                self._send(one)

        self._wires.when(one.handle.call.remote("tell", self._epoch, tuple(one.orders)), done)
