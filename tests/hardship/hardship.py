"""The stories, one after the other: what is hard, and how the daemon has to bear it.

`tests/hardship/run [STORY...]` installs and builds what this needs. The last line is `N passed, M failed`, in
sentences.
"""

import sys
import time
import traceback
from pathlib import Path

import clock
import disk
import state
import watch
from bench import Bench
from host import scratch_directory
from tally import closing

STORIES = [*disk.STORIES, *state.STORIES, *clock.STORIES, *watch.STORIES]


def main():
    began = time.monotonic()
    programs, binary = (Path(word).resolve() for word in sys.argv[1:3])
    scratch = scratch_directory("hardship")
    passed = failed = 0
    for story in STORIES:
        if sys.argv[3:] and story.__name__ not in sys.argv[3:]:
            continue
        bench = Bench(programs, binary, scratch / story.__name__)
        try:
            story(bench)
        except Exception as error:
            bench.judge(f"the story comes to its end, and not to {error!r} at "
                        f"{traceback.extract_tb(error.__traceback__)[1]}", False)
        finally:
            bench.close()
        print(f"{story.__name__}: {story.__doc__.splitlines()[0]}")
        for sentence, holds in bench.verdicts:
            print(f"  {'passed' if holds else 'FAILED'}: {sentence}", flush=True)
            passed, failed = passed + bool(holds), failed + (not holds)
    print(f"it took {time.monotonic() - began:.0f} s")
    return closing(passed, failed)


if __name__ == "__main__":
    sys.exit(main())
