"""A state directory that is taken away under the daemon."""

import shutil

from bench import SELDOM


def taken(bench, take):
    """Takes it away and renews at that moment."""
    house = bench.furnish(SELDOM)
    bench.started()
    bench.writes()
    take(bench.root / "state")
    house.renew(["www", "api"])
    status = bench.ended()
    bench.judge(f"it ends with 1: {bench.words()}", status == 1 and "deleted, moved or replaced" in bench.words())
    bench.judge_silence("it had sent nothing that would be forgotten")
    bench.start()
    bench.settles()


def deleted(bench):
    """The state directory is deleted while the daemon runs."""
    taken(bench, shutil.rmtree)


def moved(bench):
    """The state directory is moved away while the daemon runs."""
    taken(bench, lambda state: state.rename(state.with_name("elsewhere")))


def replaced(bench):
    """The state directory is replaced by a copy while the daemon runs."""
    def take(state):
        shutil.copytree(state, state.with_name("copy"))
        state.rename(state.with_name("elsewhere"))
        state.with_name("copy").rename(state)

    taken(bench, take)


STORIES = [deleted, moved, replaced]
