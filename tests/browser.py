"""A headless Chromium that tests talk to through a pipe; no driver and no network needed."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)
FIRST_FREE = 10  # file descriptors below may be taken by the shell


def find_browser() -> str | None:
    """The program of an installed Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One tab, driven by the Chrome DevTools Protocol: messages of JSON, a zero byte after each.

    Attributes:
        events: every message that was no reply, as it came.
    """

    def __init__(self, reading: int, writing: int) -> None:
        self._input, self._output = os.fdopen(reading, "rb"), os.fdopen(writing, "wb")
        self._count, self._buffer, self._session = 0, b"", None
        self.events: list[dict] = []
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        attached = self.command("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.command(f"{domain}.enable")

    def command(self, method: str, **parameters: object) -> dict:
        """Send one command and wait for its result."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._output.write(json.dumps(message).encode() + b"\0")
        self._output.flush()
        while (reply := self._read()).get("id") != self._count:
            self.events.append(reply)
        assert "error" not in reply, reply
        return reply["result"]

    def _read(self) -> dict:
        while b"\0" not in self._buffer:
            part = os.read(self._input.fileno(), 1 << 20)
            assert part, "the browser ended"
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def evaluate(self, expression: str) -> object:
        """The value of a JavaScript expression in the page, promises awaited."""
        result = self.command(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def open(self, address: str, condition: str) -> None:
        """Load ``address`` and wait until ``condition`` holds in the page."""
        self.command("Page.navigate", url="about:blank")
        self.events.clear()
        self.command("Page.navigate", url=address)
        self.wait(condition)

    def wait(self, condition: str, seconds: float = 60) -> None:
        """Wait until the JavaScript expression ``condition`` holds."""
        end = time.monotonic() + seconds
        while not self.evaluate(f"Boolean(document.body && ({condition}))"):
            assert time.monotonic() < end, f"waited in vain: {condition}; {self.complaints()}"
            time.sleep(0.02)

    def resize(self, width: int, height: int = 900) -> None:
        """Show the page as on a screen of this size."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 500,
        )  # fmt: skip

    def colours(self, scheme: str) -> None:
        """Prefer ``light`` or ``dark`` colours."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.command("Emulation.setEmulatedMedia", features=[feature])

    def key(self, name: str) -> None:
        """Press and release a key, such as ``Tab`` or ``ArrowRight``."""
        codes = {"Tab": 9, "Enter": 13, " ": 32, "ArrowLeft": 37, "ArrowRight": 39, "ArrowUp": 38}
        for kind in ("rawKeyDown", "keyUp"):
            self.command(
                "Input.dispatchKeyEvent", type=kind, key=name, code=name,
                windowsVirtualKeyCode=codes[name],
            )  # fmt: skip

    def pointer(self, kind: str, x: float, y: float) -> None:
        """A mouse event at a place of the window: mouseMoved, mousePressed, mouseReleased."""
        self.command(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1,
            buttons=int(kind != "mouseReleased"),
        )  # fmt: skip

    def screenshot(self) -> str:
        """The whole page as PNG in base64."""
        return self.command(
            "Page.captureScreenshot", format="png", captureBeyondViewport=True
        )["data"]  # fmt: skip

    def complaints(self) -> list[str]:
        """Errors, warnings and violations of the page's policy since it was opened."""
        self.evaluate("0")  # everything sent before this reply has come
        found = []
        for event in self.events:
            method, parameters = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown" or (
                method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning")
            ) or method == "Log.entryAdded":  # fmt: skip
                found.append(json.dumps(parameters))
        return found

    def requests(self) -> list[str]:
        """Addresses asked for since the page was opened."""
        self.evaluate("0")
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]


@contextmanager
def browser(program: str, profile: Path) -> Iterator[Browser]:
    """A running browser with a fresh ``profile`` folder; it ends with the block."""
    (to_child, writing), (reading, from_child) = os.pipe(), os.pipe()
    ends = [_moved(end) for end in (to_child, from_child)]
    redirect = f'exec "$@" 3<&{ends[0]} 4>&{ends[1]}'
    command = ["bash", "-c", redirect, "bash", program, *OPTIONS, f"--user-data-dir={profile}"]
    process = subprocess.Popen(
        command, pass_fds=ends, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for end in ends:
        os.close(end)
    tab = Browser(reading, writing)
    try:
        yield tab
    finally:
        tab._input.close()
        tab._output.close()
        process.terminate()
        process.wait(timeout=20)


def _moved(descriptor: int) -> int:
    import fcntl

    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD, FIRST_FREE)
    os.close(descriptor)
    return moved
