"""Chromium without a window, spoken to over a pipe of its own: nothing listens, and nothing else is needed."""

import base64
import json
import os
import subprocess
import time

# What a page of a thousand rows takes on a busy machine, with room.
PATIENCE_SECS = 60


class Chromium:
    """One browser with one tab."""

    def __init__(self, program, scratch):
        ours, theirs = os.pipe()
        back, forth = os.pipe()
        flags = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            "--remote-debugging-pipe", f"--user-data-dir={scratch}", "about:blank",
        ]

        def wire():
            # It reads at 3 and writes at 4. First out of the way, should one of ours be one of these.
            read, write = os.dup(ours), os.dup(forth)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            [program, *flags], preexec_fn=wire, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(ours)
        os.close(forth)
        self.to, self.since = os.fdopen(theirs, "wb", buffering=0), os.fdopen(back, "rb")
        self.buffer, self.number, self.events, self.session = b"", 0, [], None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime", "Audits"):
            self.ask(f"{domain}.enable")

    def ask(self, method, **parameters):
        """The answer to a call; what happens meanwhile is put aside."""
        self.number += 1
        call = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            call["sessionId"] = self.session
        self.to.write(json.dumps(call).encode() + b"\0")
        while True:
            message = self.next()
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]

    def next(self):
        while b"\0" not in self.buffer:
            piece = os.read(self.since.fileno(), 1 << 20)
            if not piece:
                raise RuntimeError("chromium has gone away")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(message)
        if "method" in message:
            self.events.append(message)
        return message

    def show(self, address, width, dark=False, script=True):
        """Opens a page; returns what happened until it stood."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self.ask("Emulation.setScriptExecutionDisabled", value=not script)
        self.events = []
        failed = self.ask("Page.navigate", url=address).get("errorText")
        if failed:
            raise RuntimeError(f"{address}: {failed}")
        end = time.monotonic() + PATIENCE_SECS
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            if time.monotonic() > end:
                raise RuntimeError(f"{address} did not load")
            self.next()
        self.ask("Page.getLayoutMetrics")
        return self.events

    def size(self):
        """Width and height of all that there is to scroll over."""
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        return round(size["width"]), round(size["height"])

    def value(self, expression):
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def picture(self, path, height_max=6000):
        width, height = self.size()
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, height_max), "scale": 1}
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def close(self):
        self.session = None
        try:
            self.ask("Browser.close")
        except (RuntimeError, OSError):
            pass
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
