"""The page of `certrotd report` and of `/status` in a real browser: whole, quiet, and readable on a telephone."""

import contextlib
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import time
import urllib.request
import xml.dom.minidom

from chromium import Chromium

NARROW, WIDE = 400, 1280
CANARY = "a-canary-of-a-secret-key"
# How much a page of a thousand certificates may have: who opens it waits for a part of a second.
BYTES_MAX = 1_500_000


class Page:
    def __init__(self, name, address, text):
        self.name, self.address, self.text = name, address, text


def made(binary, example, scratch, count):
    """What `report` writes for so many certificates."""
    house = scratch / f"house-{count}"
    subprocess.run([example, house, str(count)], check=True)
    file = scratch / f"page-{count}.html"
    command = [binary, "--config", house / "certrotd.toml", "report", "--html"]
    subprocess.run([*command, file], check=True)
    piped = subprocess.run([*command, "-"], check=True, capture_output=True, text=True).stdout
    assert piped.count("<tr") == file.read_text().count("<tr"), "a pipe gets the same page"
    return Page(f"{count} certificates", file.as_uri(), file.read_text())


@contextlib.contextmanager
def served(binary, scratch):
    """What a daemon answers at /status, once it has looked at everything and found no cloud."""
    log = scratch / "daemon.log"
    with log.open("w") as file:
        command = [binary, "--config", scratch / "house-12" / "certrotd.toml", "run"]
        environment = {**os.environ, "RUST_LOG": "", "NO_COLOR": "1"}
        daemon = subprocess.Popen(command, stderr=file, stdout=file, env=environment)
    try:
        address = within(30, "the daemon listens", lambda: listening(log))
        text = within(60, "the daemon has looked", lambda: looked(f"http://{address}/status"))
        yield Page("/status", f"http://{address}/status", text)
    finally:
        daemon.terminate()
        daemon.wait(30)


def listening(log):
    for line in log.read_text().splitlines():
        if "metrics.listening" in line:
            return json.loads(line)["address"]
    return None


def looked(address):
    with urllib.request.urlopen(address, timeout=10) as answer:
        text = answer.read().decode()
    return text if "waits: unseen" in text else None


def within(seconds, what, found):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        it = found()
        if it:
            return it
        time.sleep(0.2)
    raise RuntimeError(f"in {seconds} seconds not: {what}")


def strict(page):
    """A reader of XML takes it, and finds nothing in it that runs or fetches."""
    document = xml.dom.minidom.parseString(page.text)
    elements = document.getElementsByTagName("*")
    names = {it.tagName for it in elements}
    assert not names & {"script", "img", "iframe", "object", "embed", "link", "form", "use", "image"}, names
    attributes = {key for it in elements for key in it.attributes.keys()}
    assert not attributes & {"src", "href", "xlink:href", "action", "srcset", "background"}, attributes
    assert not [key for key in attributes if key.startswith("on")], attributes
    assert CANARY not in page.text and "PRIVATE KEY" not in page.text


def quiet(page, browser):
    """One request, for itself; not a word in the console; no policy that had to hold something back."""
    for dark in (False, True):
        events = browser.show(page.address, WIDE, dark)
        asked = [it["params"]["request"]["url"] for it in events if it["method"] == "Network.requestWillBeSent"]
        assert asked == [page.address], asked
        loud = [it for it in events if it["method"] in ("Log.entryAdded", "Runtime.consoleAPICalled",
                                                        "Runtime.exceptionThrown", "Audits.issueAdded")]
        assert not loud, loud
        assert browser.value("document.compatMode") == "CSS1Compat"


def both_ways(page, browser):
    """Dark is dark, and light is light; the text stands out from either."""
    for dark in (False, True):
        browser.show(page.address, WIDE, dark)
        colours = 'getComputedStyle(document.body)'
        ground, ink = (shade(browser.value(f"{colours}.{it}")) for it in ("backgroundColor", "color"))
        assert (ground < 60) == dark and abs(ground - ink) > 150, (dark, ground, ink)


def shade(colour):
    numbers = colour[colour.index("(") + 1:].rstrip(")").split(",")
    return sum(float(it) for it in numbers[:3]) / 3


def fits(page, browser):
    """Nothing is wider than the window, on a desk or in a hand."""
    for width in (NARROW, 800, 1130, WIDE):
        browser.show(page.address, width)
        assert browser.size()[0] <= width, (width, browser.size())


def without_script(page, browser):
    """All of it is there where no script may run, the drawing included."""
    browser.show(page.address, WIDE)
    tall = browser.size()[1]
    browser.show(page.address, WIDE, script=False)
    assert browser.size()[1] == tall and tall > 900, (tall, browser.size())
    assert "<svg" in page.text and "prefers-color-scheme" in page.text


def small(page):
    assert len(page.text.encode()) < BYTES_MAX, len(page.text)


def terminal(binary, config):
    """`status` has colours and bars on a terminal that knows them, and says the same words everywhere."""
    command = [binary, "--config", config, "status"]
    plain = subprocess.run(command, capture_output=True, text=True).stdout
    assert "\x1b" not in plain and "\u2591" not in plain, plain
    for more in ({"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}, {"TERM": ""}):
        assert on_terminal(command, more) == plain, more
    shown = on_terminal(command, {"TERM": "xterm"})
    assert "\x1b[1;31m" in shown and "\u2591\x1b[0m\u258f" in shown, shown
    bare = re.sub("\u2595.{5}\u258f", "", re.sub("\x1b\\[[0-9;]*m", "", shown))
    assert bare.split() == plain.split(), bare


def on_terminal(command, environment):
    """What a command writes where its standard output is a terminal."""
    ours, theirs = pty.openpty()
    without = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")}
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs, env={**without, **environment}):
        os.close(theirs)
        written = b""
        # The end of a terminal is an error where the end of a pipe is none.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 1 << 16):
                written += piece
    os.close(ours)
    return written.decode().replace("\r\n", "\n")


def main(binary, example, program, scratch, pictures):
    scratch = pathlib.Path(scratch)
    browser, verdicts = Chromium(program, scratch / "profile"), []

    def judge(what, check, *arguments):
        name = f"{what}: {check.__name__.replace('_', ' ')}"
        try:
            check(*arguments)
            verdicts.append(True)
            print(f"ok      {name}")
        except Exception as error:
            verdicts.append(False)
            print(f"FAILED  {name}: {error!r:.2000}")

    try:
        with contextlib.ExitStack() as stack:
            pages = [made(binary, example, scratch, count) for count in (12, 1000)]
            judge("status", terminal, binary, scratch / "house-12" / "certrotd.toml")
            pages.append(stack.enter_context(served(binary, scratch)))
            for page in pages:
                for check in (strict, small):
                    judge(page.name, check, page)
                for check in (quiet, both_ways, fits, without_script):
                    judge(page.name, check, page, browser)
                if pictures:
                    show(page, browser, pathlib.Path(pictures))
    finally:
        browser.close()
    print(f"{sum(verdicts)} passed, {verdicts.count(False)} failed")
    return not all(verdicts)


def show(page, browser, pictures):
    """For whoever wants to look at it."""
    pictures.mkdir(parents=True, exist_ok=True)
    name = page.name.replace(" ", "-").strip("/")
    for kind, width, dark in (("light", WIDE, False), ("dark", WIDE, True), ("narrow", NARROW, False)):
        browser.show(page.address, width, dark)
        browser.picture(pictures / f"{name}-{kind}.png")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5], sys.argv[5] if len(sys.argv) > 5 else None))
