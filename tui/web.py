"""The screen in a browser on this machine, through textual-serve: bound to loopback, its address carries a token.

Each page is a process of its own running `hptui`, as a terminal would. Optional: `pip install 'hptui[web]'`.
"""

from __future__ import annotations

import asyncio
import secrets
import shlex
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from hptui.core.errors import HptuiError

LOOPBACK = "127.0.0.1"
COOKIE = "hptui"


class NoServer(HptuiError):
    """The screen can't be served here."""


def serve(arguments: Sequence[str], port: int, token: str, say: Callable[[str], object]) -> None:
    """Serve `hptui ARGUMENTS` until Ctrl-C. Raises NoServer when the extra is missing or the port is taken."""
    try:
        from aiohttp import web
        from textual_serve.server import Server
    except ImportError:
        raise NoServer("serve", "textual-serve is not installed", "pip install 'hptui[web]'") from None

    class Guarded(Server):  # type: ignore[misc]  # optional, so mypy may not know it
        """Nothing is given without the token, which the page's cookie carries from the first answer on."""

        async def _make_app(self) -> web.Application:
            app: web.Application = await super()._make_app()
            app.middlewares.append(guard)
            return app

        async def on_startup(self, app: web.Application) -> None:
            address = f"http://{LOOPBACK}:{port}/?token={token}"
            asyncio.get_running_loop().call_later(0.2, say, address)  # by then it listens, or has failed

    @web.middleware
    async def guard(request: web.Request, handler: Callable[[Any], Awaitable[Any]]) -> web.StreamResponse:
        if secrets.compare_digest(request.query.get("token", "").encode(), token.encode()):
            answer = web.HTTPFound("/")  # without the token: it is not to stay in the browser's history
            answer.set_cookie(COOKIE, token, httponly=True, samesite="Strict")
            return answer
        if not secrets.compare_digest(request.cookies.get(COOKIE, "").encode(), token.encode()):
            return web.Response(status=403, text="hptui: this address needs its token\n")
        response: web.StreamResponse = await handler(request)
        return response

    command = shlex.join([sys.executable, "-m", "hptui", *arguments])
    try:
        Guarded(command, host=LOOPBACK, port=port, title="hptui").serve()
    except OSError as error:
        hint = "--port takes another one"
        raise NoServer(f"port {port}", error.strerror or str(error), hint) from error
