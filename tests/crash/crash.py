"""The story: everything is renewed at once, and whoever does it is killed again and again on the way.

`tests/crash/run [KILLS] [SEED]` installs and builds what this needs. The last line is `N passed, M failed`, in rounds.
"""

import random
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hook
import house
from host import scratch_directory
from judge import Round
from tally import closing

# For each change: it takes about a minute.
KILLS = 60
# Rounds that run at once; each waits for doubts and jobs most of the time.
AT_ONCE = 3
# Rounds of one house, so that some begin with nothing and others retire what is superseded.
ROUNDS = 8
# Kills of one round; the first one sweeps over all writes of the journal.
KILLS_A_ROUND = (4, 9)
# CDN lets only a few bindings through a minute.
STATIC_EVERY = 4
# Where a kill strikes, and how often in comparison: a write of the journal, its way to the disk, a call that leaves,
# an answer that has come, any instant of `apply` and of the daemon.
PLACES = {"pwrite64": 4, "fsync": 3, "writev": 2, "recvfrom": 2, "apply": 4, "run": 3}
# So many of each that a run makes at most, and so long it takes about, before it waits for anything.
MOST = {"pwrite64": 60, "fsync": 30, "writev": 70, "recvfrom": 70}
SECONDS = 1.5


class Kills:
    """What is left to do, and what came of it."""

    def __init__(self, wanted, seed):
        self.left, self.seed, self.lock = wanted, seed, threading.Lock()
        self.places, self.open, self.swept = Counter(), Counter(), set()
        self.rounds = self.inside = self.asked = 0
        self.wrong = []

    def round(self):
        """The number of the next round; nothing once there were enough kills."""
        with self.lock:
            if self.left <= 0:
                return None
            self.rounds += 1
            return self.rounds

    def count(self, place, begun):
        with self.lock:
            self.left -= 1
            self.places[place] += 1
            self.open.update(begun or ["nothing"])


def strike(home, place, number, dice):
    """Kills a run at this place; says whether it came to that."""
    if place in MOST:
        inject = f"inject={place}:signal=SIGKILL:when={number}"
        done = home.command("apply", under=["strace", "-o", "/dev/null", "-e", f"trace={place}", "-e", inject])
        return done.returncode == -signal.SIGKILL
    process = home.begin(place)
    try:
        process.wait(timeout=dice.uniform(0, SECONDS))
        return False
    except house.subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True


def one_round(home, number, kills):
    """Renews, kills, lets it settle, and judges."""
    dice = random.Random(f"{kills.seed}-{number}")
    every = not home.leaves or number % STATIC_EVERY == 0
    names = list(house.PUSHES) if every else ["www", "api"]
    home.renew(names)
    judged = Round(home, names)
    for at in range(dice.randint(*KILLS_A_ROUND)):
        if at == 0:
            # A prime, so that few rounds are spread as evenly as many.
            place, which = "pwrite64", 1 + number * 17 % MOST["pwrite64"]
        else:
            place = dice.choices(list(PLACES), PLACES.values())[0]
            which = dice.randint(1, MOST.get(place, 1))
        if not strike(home, place, which, dice):
            continue
        hook.await_end(home.root)
        kills.count(place, judged.killed())
        if at == 0:
            kills.swept.add(which)
    wrong = judged.settled()
    with kills.lock:
        kills.inside += judged.inside
        kills.asked += judged.asked
        kills.wrong += wrong
    for sentence in wrong:
        print(f"FAILED round {number}: {sentence}", flush=True)
    return not wrong


def lane(kills, programs, binary, scratch):
    """Houses one after the other; gives how many rounds went well."""
    good = 0
    while True:
        home = None
        for _ in range(ROUNDS):
            number = kills.round()
            if number is None:
                break
            home = home or house.House(programs, binary, scratch / f"house-{number}")
            if not one_round(home, number, kills):
                break
            good += 1
            time.sleep(house.SECOND)
        if home is None:
            return good
        home.close()
        if not kills.wrong:
            shutil.rmtree(home.root)


def main():
    began = time.monotonic()
    programs, binary = map(Path, sys.argv[1:3])
    wanted, seed = (int(word) for word in (sys.argv[3:] + [str(KILLS), "1"][len(sys.argv) - 3:]))
    scratch = scratch_directory("crash")
    kills = Kills(wanted, seed)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        lanes = [pool.submit(lane, kills, programs, binary, scratch) for _ in range(AT_ONCE)]
        good = sum(done.result() for done in lanes)
    print(f"{wanted - kills.left} kills in {kills.rounds} rounds (seed {seed}): "
          + ", ".join(f"{count} {place}" for place, count in kills.places.most_common()))
    print("under way when it was killed: " + ", ".join(f"{count} {what}" for what, count in kills.open.most_common()))
    print(f"first killed at {len(kills.swept)} different writes of the journal; {kills.inside} kills between a "
          f"command and its line in the journal; {kills.asked} times a push to CDN was left to a person")
    print(f"it took {time.monotonic() - began:.0f} s")
    return closing(good, kills.rounds - good)


if __name__ == "__main__":
    sys.exit(main())
