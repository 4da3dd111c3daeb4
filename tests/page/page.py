"""The page of `certrotd report` and of `/status` in a real browser: whole, quiet, and readable on a telephone."""

import contextlib
import json
import os
import pathlib
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


def small(page, _):
    assert len(page.text.encode()) < BYTES_MAX, len(page.text)


def main(binary, example, program, scratch, pictures):
    scratch = pathlib.Path(scratch)
    browser, counts = Chromium(program, scratch / "profile"), {"passed": 0, "failed": 0}
    try:
        with contextlib.ExitStack() as stack:
            pages = [made(binary, example, scratch, count) for count in (12, 1000)]
            pages.append(stack.enter_context(served(binary, scratch)))
            for page in pages:
                for check in (lambda page, _: strict(page), quiet, both_ways, fits, without_script, small):
                    name = check.__name__ if check.__name__ != "<lambda>" else "strict"
                    try:
                        check(page, browser)
                        counts["passed"] += 1
                        print(f"ok      {page.name}: {name.replace('_', ' ')}")
                    except (AssertionError, RuntimeError, ValueError) as error:
                        counts["failed"] += 1
                        print(f"FAILED  {page.name}: {name.replace('_', ' ')}: {str(error)[:2000]}")
                if pictures:
                    show(page, browser, pathlib.Path(pictures))
    finally:
        browser.close()
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return counts["failed"] > 0


def show(page, browser, pictures):
    """For whoever wants to look at it."""
    pictures.mkdir(parents=True, exist_ok=True)
    name = page.name.replace(" ", "-").strip("/")
    for kind, width, dark in (("light", WIDE, False), ("dark", WIDE, True), ("narrow", NARROW, False)):
        browser.show(page.address, width, dark)
        browser.picture(pictures / f"{name}-{kind}.png")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5], sys.argv[5] if len(sys.argv) > 5 else None))
