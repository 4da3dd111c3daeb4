"""What was judged, and how often it was as it should be."""

import sys
import time
import traceback

BEGAN = time.monotonic()
TALLY = {"passed": 0, "failed": 0}
# Lines of each log that are shown where a story breaks off.
LOG_LINES = 15


def say(words):
    """A heading, with the time since the start."""
    print(f"-- {words} ({time.monotonic() - BEGAN:.0f} s)", flush=True)


def check(sentence, holds, found=""):
    TALLY["passed" if holds else "failed"] += 1
    print(f"{'ok    ' if holds else 'FAILED'} {sentence}" + ("" if holds else f": {found}"), flush=True)


def tell(story, scratch):
    """Tells a story to its end, or shows where it broke off and the ends of its logs; gives the exit status.
    The last line is `N passed, M failed`."""
    try:
        story()
    except Exception:
        traceback.print_exc(file=sys.stdout)
        check("the story was told to its end", False, "see above")
        for log in sorted(scratch.glob("*.log")):
            print(f"-- the end of {log.name}", *log.read_text(errors="replace").splitlines()[-LOG_LINES:], sep="\n")
    return closing(TALLY["passed"], TALLY["failed"])


def closing(passed, failed):
    """The last line of every script, and its exit status."""
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0
