"""A headless Chromium, driven over its own pipe by the DevTools protocol; nothing to install but the browser."""

import base64
import json
import os
import select
import shutil
import subprocess
import time
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 60.0  # seconds for one answer, on a machine with much else to do


def installed() -> str | None:
    """The browser's command; None: there is none here."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Chromium:
    """One page of a browser with a profile of its own.

    Args:
        profile: An empty folder.

    Attributes:
        requests: Addresses that were asked for since the page was opened.
        complaints: Errors and warnings of the console, and exceptions that nothing caught.
        messages: Whatever was written to the console.
    """

    def __init__(self, profile: Path) -> None:
        self._profile = profile
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.messages: list[str] = []
        self._number, self._read, self._answers = 0, b"", {}

    def __enter__(self) -> "Chromium":
        command = installed()
        assert command is not None
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()

        def as_3_and_4() -> None:  # where the browser looks for its pipe
            high_in, high_out = os.dup(theirs_in), os.dup(theirs_out)
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--force-color-profile=srgb"]
        flags += ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={self._profile}"]
        self._process = subprocess.Popen(
            [command, *flags],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=as_3_and_4,
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._session = None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session = None
        try:
            self.ask("Browser.close")
        finally:
            os.close(self._out)
            os.close(self._in)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to a command."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE
        while self._number not in self._answers:
            self._take(end)
        answer = self._answers.pop(self._number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def _take(self, end: float) -> None:
        ready, _, _ = select.select([self._in], [], [], max(0.0, end - time.monotonic()))
        assert ready, "the browser does not answer"
        part = os.read(self._in, 1 << 20)
        assert part, "the browser has ended"
        *whole, self._read = (self._read + part).split(b"\0")
        for text in whole:
            message = json.loads(text)
            if "id" in message:
                self._answers[message["id"]] = message
            else:
                self._note(message["method"], message.get("params", {}))

    def _note(self, method: str, event: dict[str, Any]) -> None:
        if method in ("Runtime.consoleAPICalled", "Log.entryAdded"):
            self.messages.append(json.dumps(event))
        if method == "Network.requestWillBeSent":
            self.requests.append(event["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(event["exceptionDetails"]))
        elif (method == "Runtime.consoleAPICalled" and event["type"] in ("error", "warning", "assert")) or (
            method == "Log.entryAdded" and event["entry"]["level"] in ("error", "warning")
        ):
            self.complaints.append(json.dumps(event))

    def open(
        self,
        page: Path,
        frame: int | None = None,
        *,
        size: tuple[int, int] = (1200, 900),
        address: str = "",
        **media: str,
    ) -> None:
        """Load a page afresh, at a size of the window, with the media features given.

        `address` is what follows the name of the file, such as `#frame=3`, which is what frame 3 asks for.
        """
        self.ask("Page.navigate", url="about:blank")
        self.requests.clear()
        self.complaints.clear()
        self.messages.clear()
        features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
        self.ask("Emulation.setEmulatedMedia", features=features)
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=1,
            mobile=size[0] < 600,
        )
        address = address if frame is None else f"#frame={frame}"
        self.ask("Page.navigate", url=page.resolve().as_uri() + address)
        self.until("document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + PATIENCE
        while not self.run(condition):
            assert time.monotonic() < end, f"never: {condition}"
            time.sleep(0.02)

    def key(self, key: str, *, shift: bool = False, control: bool = False) -> None:
        """Press and release a key."""
        text = {"text": key} if len(key) == 1 and not control else {"text": "\r"} if key == "Enter" else {}
        codes = {
            "ArrowLeft": 37,
            "ArrowUp": 38,
            "ArrowRight": 39,
            "ArrowDown": 40,
            "Home": 36,
            "End": 35,
            "PageDown": 34,
        }
        code = {**codes, " ": 32, "Enter": 13, "Tab": 9}.get(key, ord(key[0]))
        held = 8 * shift + 2 * control
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, modifiers=held, **text)

    def point(self, x: float, y: float) -> None:
        """Move the mouse."""
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def drag(self, *places: tuple[float, float]) -> None:
        """Press the mouse at the first place, move it to the others and release it; one place is a click."""
        held = {"button": "left", "clickCount": 1}
        for kind, (x, y) in (("mousePressed", places[0]), *(("mouseMoved", place) for place in places[1:])):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, buttons=1, **held)
        x, y = places[-1]
        self.ask("Input.dispatchMouseEvent", type="mouseReleased", x=x, y=y, **held)

    def swipe(self, *places: tuple[float, float]) -> None:
        """The same with a finger."""
        for kind, (x, y) in (("touchStart", places[0]), *(("touchMove", place) for place in places[1:])):
            self.ask("Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": x, "y": y}])
        self.ask("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def picture(self, *, whole: bool = False) -> NDArray[np.uint8]:
        """(H, W, 3) what the window shows; the whole page, if asked for."""
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")
        data = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        return np.asarray(Image.open(BytesIO(base64.b64decode(data))).convert("RGB"))
