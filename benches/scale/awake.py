"""The daemon at work: how soon it is ready, and how soon a renewed file is on its way."""

import os
import random
import socket
import time
from statistics import quantiles

import host
from stage import middle

WATCHED = 1000
RENAMES, RENAMES_QUICK = 200, 100
# One rename after another, so far apart that each is met by a daemon at rest, in seconds.
APART = (0.6, 0.9)
P50_MS, P99_MS = 100, 300
READY_MS, STARTS, STARTS_QUICK = 50, 15, 7
# A daemon that is settled by then is.
SETTLED_SECONDS = 600
# The schedule shall not come by itself.
SELDOM = 'reconcile = "0 0 0 1 1 *"\njitter = "0s"\n'


def renamed(stage, report):
    """From the rename of a certificate's file to the moment when its import has arrived at the cloud."""
    pairs, spare = stage.copy(WATCHED), stage.root / "spare"
    many = RENAMES_QUICK if stage.options.quick else RENAMES
    room = stage.room(pairs, WATCHED, schedule=SELDOM)
    try:
        room.apply()
        stage.tool("pairs", spare, many, "--keep", stage.root / "keep", "--issued-ago", 3600)
        daemon = room.daemon()
        finished(room, 1)
        moments = {}
        for number in range(many):
            name = f"{number:06}"
            os.rename(spare / name / "privkey.pem", pairs / name / "privkey.pem")
            os.rename(spare / name / "fullchain.pem", pairs / name / "fullchain.pem")
            moments[name] = time.time() * 1000
            time.sleep(random.uniform(*APART))
        host.eventually("every renamed pair was imported", 60, lambda: len(arrived(room, moments)) == many)
        took = sorted(arrived(room, moments).values())
        host.end(daemon)
    finally:
        room.close()
    cuts = quantiles(took, n=100, method="inclusive")
    what = f"file renamed → import arrives, {WATCHED:,} watched"
    report.figure("5", f"{what}: p50", cuts[49], "ms", P50_MS)
    report.figure("5", f"{what}: p99", cuts[98], "ms", P99_MS)
    report.say(f"{many} renames of key and certificate, one pair at a time; from {took[0]:.0f} to {took[-1]:.0f} ms")


def arrived(room, moments):
    """Name → milliseconds, for the imports that came after their rename."""
    found = {}
    for call in room.calls():
        word, _, rest = call["detail"].partition(" ")
        name = rest.split("-")[0]
        if word == "import" and name in moments:
            found.setdefault(name, call["at"] - moments[name])
    return found


def finished(room, cycles):
    """Waits until the daemon has said so often that a cycle was finished."""
    log = room.root / "daemon.log"

    def lines():
        return [line for line in log.read_text().splitlines() if '"cycle.finished"' in line]
    return host.eventually("a cycle was finished", SETTLED_SECONDS, lambda: len(lines()) >= cycles and lines())


def ready(stage, report):
    """From the start of the process to the datagram that says READY."""
    pairs = stage.pairs(WATCHED)
    room = stage.room(pairs, WATCHED, schedule=SELDOM)
    took = []
    try:
        room.apply()
        for number in range(STARTS_QUICK if stage.options.quick else STARTS):
            took.append(start(room, number))
    finally:
        room.close()
    report.figure("8", f"start to READY with {WATCHED:,} settled certificates", middle(took), "ms", READY_MS)
    report.say(f"{len(took)} starts, from {min(took):.0f} to {max(took):.0f} ms")


def start(room, number):
    path = room.root / f"notify-{number}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(path))
        ear.settimeout(60)
        began = time.perf_counter()
        daemon = room.daemon({"NOTIFY_SOCKET": str(path)})
        while b"READY=1" not in ear.recv(4096):
            pass
        took = time.perf_counter() - began
        host.end(daemon)
        host.STARTED.remove(daemon)
    return took * 1000
