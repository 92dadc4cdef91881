"""The screen in a browser: only with the token, and then it is the screen."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
from urllib.parse import urlsplit

import aiohttp
from cli_scripts import QUADRATIC


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def visit(address: str) -> tuple[int, int, str, bytes]:
    """Status without and with the token, the address of the page then, and what the screen paints."""
    place = urlsplit(address)
    plain = f"http://{place.netloc}/"
    painted = b""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        async with client.get(plain) as without:
            refused = without.status
        async with client.get(address) as page:
            status, shown = page.status, str(page.url)
        async with client.ws_connect(f"ws://{place.netloc}/ws?width=100&height=30") as screen:
            while b"read-only" not in painted:
                message = await screen.receive(timeout=30)
                painted += message.data if isinstance(message.data, bytes) else b""
    return refused, status, shown, painted


def test_a_session_is_served_to_who_has_the_token(user):
    user.hptui("run", user.study(script=QUADRATIC, n_trials=1), "--headless")
    port = free_port()
    server = user.start("serve", "study", "--port", str(port), "--read-only")
    try:
        address = server.stdout.readline().strip()
        assert address.startswith(f"http://127.0.0.1:{port}/?token=")

        refused, status, shown, painted = asyncio.run(visit(address))

        assert (refused, status, shown) == (403, 200, f"http://127.0.0.1:{port}/")
        assert b"study" in painted
    finally:
        os.kill(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            raise
