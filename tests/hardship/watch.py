"""Storms of file events, and a kernel that gives no watch."""

import os
import shutil
import time
from pathlib import Path

from bench import SELDOM, SOON
from clock import cycles

# Events of the storm, and so long it takes about.
EVENTS = 100_000
STORM_SECONDS = 10
# What the daemon may take: memory more than before, in KiB; its share of one processor; looks a second.
MORE_KIB = 8192
SHARE = 0.5
LOOKS_A_SECOND = 1
# How soon after the storm a renewal in its midst is seen.
SEEN = 3


def taken(bench):
    """The most memory so far, in KiB, and the seconds of processor."""
    process = Path(f"/proc/{bench.daemon.pid}")
    memory = next(line for line in (process / "status").read_text().splitlines() if line.startswith("VmHWM"))
    ticks = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
    return int(memory.split()[1]), sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def storm(bench, one, rounds, events_a_round, meanwhile=None):
    """Lets `one` run so many times, spread over the storm's time; half-way something else happens."""
    began = time.monotonic()
    for number in range(rounds):
        one(number)
        if number == rounds // 2 and meanwhile:
            meanwhile()
        behind = began + STORM_SECONDS * number / rounds - time.monotonic()
        if behind > 0.01:
            time.sleep(behind)
    return rounds * events_a_round, time.monotonic() - began


def blows(bench, what, one, events_a_round):
    """A storm, and what the daemon took for it."""
    house = bench.house
    before, looks, calls = taken(bench), cycles(bench), len(house.calls())
    events, seconds = storm(bench, one, EVENTS // events_a_round, events_a_round, lambda: house.renew(["www", "api"]))
    bench.eventually(f"{events} events {what}: the renewal in their midst is served", SEEN, bench.is_settled)
    memory, processor = (now - then for now, then in zip(taken(bench), before))
    found, asked = cycles(bench) - looks, len(house.calls())
    bench.judge(f"{events} events {what}: {memory} KiB more memory", memory <= MORE_KIB)
    bench.judge(f"{events} events {what}: {processor:.1f} s of processor in {seconds:.0f} s", processor <= SHARE * seconds)
    bench.judge(f"{events} events {what}: {found} cycles with {asked} calls", found <= LOOKS_A_SECOND * seconds + 3)


def neighbours(bench):
    """A neighbour in the watched directory writes as fast as it can."""
    bench.furnish(SELDOM)
    bench.started()

    def one(number):
        # Made, opened, written, closed, renamed from and to, removed.
        path = bench.root / f"neighbour-{number % 50}"
        path.write_bytes(b"x")
        path.rename(path.with_name("neighbour"))
        path.with_name("neighbour").unlink()

    blows(bench, "of a neighbour", one, 7)
    bench.settles()


def itself(bench):
    """The pair itself is written again and again."""
    bench.furnish(SELDOM)
    bench.started()

    def one(number):
        path = bench.root / ("www.key" if number % 2 else "www.pem")
        shutil.copyfile(path, path.with_name("new"))
        path.with_name("new").rename(path)
        os.utime(path)
        path.chmod(0o600)

    blows(bench, "of the pair", one, 8)
    bench.settles()


def unwatched(bench):
    """The kernel gives no watch: its limit is reached."""
    house = bench.furnish('reconcile = "*/2 * * * * *"\njitter = "0s"\n')
    limit = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"'
    bench.started(["unshare", "--user", "--map-root-user", "sh", "-c", limit, "sh"])
    told = bench.events("watch.failed")
    bench.judge(f"it says so: {told[0]['message'] if told else 'nothing'}", told)
    time.sleep(1)
    house.renew(["www", "api"])
    bench.eventually("the schedule finds the renewal", SOON, bench.is_settled)


STORIES = [neighbours, itself, unwatched]
