"""The screen in a browser: nothing without the token, and in a real browser the screen is seen and hears keys.

The second needs a Chromium, named by HPTUI_CHROMIUM; CONTRIBUTING says where one can be had. It is driven by its own
protocol, so nothing else is needed.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hptui.core.study.session import SessionFolder

aiohttp = pytest.importorskip("aiohttp", reason="pip install 'hptui[web]'")
pytest.importorskip("textual_serve", reason="pip install 'hptui[web]'")

DEADLINE_S = 60.0
CHROMIUM = os.environ.get("HPTUI_CHROMIUM", "")


@contextmanager
def served(name: str) -> Iterator[str]:
    """The address that `hptui serve` prints."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "hptui", "serve", name, "--read-only", "--port", str(port)]
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        assert server.stdout is not None
        found = next(match for line in server.stdout if (match := re.search(r"http://\S+", line)))
        yield found.group()
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(DEADLINE_S)


def test_nothing_is_given_without_the_token_and_the_page_with_it(past: SessionFolder) -> None:
    async def ask(address: str) -> list[tuple[int, bool]]:
        bare = address.partition("?")[0]
        answers = []
        # a jar that keeps the cookies of bare addresses too
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            for asked in (bare, f"{bare}?token=wrong", f"{bare}ws?width=80&height=24", address, bare):
                async with session.get(asked) as answer:
                    answers.append((answer.status, "terminal" in await answer.text()))
        return answers

    with served("past") as address:
        assert asyncio.run(ask(address)) == [(403, False), (403, False), (403, False), (200, True), (200, True)]


@pytest.mark.skipif(not CHROMIUM, reason="HPTUI_CHROMIUM names no browser")
def test_a_browser_shows_the_screen_and_a_key_does_what_it_does(past: SessionFolder, tmp_path: Path) -> None:
    with served("past") as address, chromium(tmp_path) as devtools:
        asyncio.run(look(devtools, address, tmp_path / "page.png"))


@contextmanager
def chromium(folder: Path) -> Iterator[str]:
    """Where a headless one listens for its protocol."""
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0")
    command = [CHROMIUM, *options, f"--user-data-dir={folder / 'profile'}", "about:blank"]
    browser = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert browser.stderr is not None
        listens = re.compile(r"DevTools listening on ws://([^/]+)")
        yield next(match for line in browser.stderr if (match := listens.search(line))).group(1)
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait(DEADLINE_S)


async def look(devtools: str, address: str, picture: Path) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.put(f"http://{devtools}/json/new?about:blank") as answer:
            page = await answer.json()
        async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket_:
            tab = Tab(socket_)
            await tab.ask("Network.enable")
            await tab.ask("Page.enable")
            await tab.ask("Emulation.setFocusEmulationEnabled", enabled=True)
            await tab.ask("Page.navigate", url=address.replace(address[-6:], "wrong!"))
            assert "needs its token" in await tab.text()
            await tab.ask("Page.navigate", url=address)
            await tab.until_said("val_loss over steps")
            await tab.ask("Runtime.evaluate", expression="document.querySelector('.xterm-helper-textarea').focus()")
            for kind in ("keyDown", "keyUp"):
                more = {"text": "?"} if kind == "keyDown" else {}
                await tab.ask("Input.dispatchKeyEvent", type=kind, key="?", code="Slash", modifiers=8, **more)
            await tab.until_said("type to find")
            shot = await tab.ask("Page.captureScreenshot", format="png")
            picture.write_bytes(base64.b64decode(shot["data"]))


class Tab:
    """A page of the browser. `said`: every byte that its terminal was given."""

    def __init__(self, socket_: Any) -> None:
        self.socket, self.number, self.said = socket_, 0, b""

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self.number += 1
        await self.socket.send_json({"id": self.number, "method": method, "params": params})
        while True:
            message = await self._next()
            if message.get("id") == self.number:
                assert "error" not in message, message
                return dict(message["result"])

    async def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = await asyncio.wait_for(self.socket.receive_json(), DEADLINE_S)
        if message.get("method") == "Network.webSocketFrameReceived":
            frame = message["params"]["response"]
            data = frame["payloadData"]
            self.said += base64.b64decode(data) if frame["opcode"] == 2 else data.encode()
        return message

    async def text(self) -> str:
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            found = await self.ask("Runtime.evaluate", expression="document.body ? document.body.innerText : ''")
            if text := str(found["result"].get("value", "")).strip():
                return text
            await asyncio.sleep(0.1)
        raise AssertionError("the page stays empty")

    async def until_said(self, words: str) -> None:
        end = time.monotonic() + DEADLINE_S
        while words not in re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", self.said).decode(errors="replace"):
            assert time.monotonic() < end, f"never given: {words}"
            await self.ask("Runtime.evaluate", expression="1")
            await asyncio.sleep(0.1)
