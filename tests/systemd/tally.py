"""What was judged, and how often it was as it should be."""

TALLY = {"passed": 0, "failed": 0}


def check(sentence, holds, found=""):
    TALLY["passed" if holds else "failed"] += 1
    print(f"{'ok    ' if holds else 'FAILED'} {sentence}" + ("" if holds else f": {found}"), flush=True)
