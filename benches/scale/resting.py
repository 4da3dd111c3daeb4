"""Nothing to do: what the daemon holds then, what it costs, and how large it is."""

import time

import host
from awake import SELDOM, finished
from stage import cpu, memory

COUNTS = ((10, 10), (1000, 14), (10_000, 40))
# The threads that read files have ended by then, in seconds.
REST_SECONDS = 15
SIZE_MB = 10
# The idle hour: so many certificates, and what of it is measured, in seconds.
WATCHED, MEASURED, MEASURED_QUICK = 1000, 120, 40
OFTEN = 'reconcile = "*/5 * * * * *"\njitter = "0s"\n'
HOUR, CYCLES_AN_HOUR, CPU_SECONDS = 3600, 4, 1


def memory_idle(stage, report):
    """After the first settled cycle of a fresh daemon."""
    for count, mib in COUNTS:
        if count > stage.options.pairs:
            report.say(f"left out: {count:,} certificates")
            continue
        room = stage.room(stage.pairs(count), count, schedule=SELDOM)
        try:
            room.apply()
            daemon = room.daemon()
            finished(room, 1)
            time.sleep(REST_SECONDS)
            resident, own = memory(daemon.pid)
            peak = peak_of(daemon.pid)
            host.end(daemon)
        finally:
            room.close()
        report.figure("6", f"resident, idle, {count:,} certificates × 3 targets", resident, "MiB", mib)
        report.say(f"its part of it (PSS) {own:.1f} MiB; {peak:.1f} MiB at most during the first cycle")


def peak_of(pid):
    status = open(f"/proc/{pid}/status", encoding="ascii").read()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def size(stage, report):
    """As it was built; `dist` strips it."""
    report.figure("9", "the binary", stage.binary.stat().st_size / 1e6, "MB", SIZE_MB)


def idle_hour(stage, report):
    """An hour is too long to wait for: its parts are measured, and added up."""
    long = MEASURED_QUICK if stage.options.quick else MEASURED
    idle, cycles = used(stage, SELDOM, long)
    often, looked = used(stage, OFTEN, long)
    cycle = max(often - idle, 0) / max(looked - cycles, 1)
    hour = idle / long * HOUR + cycle * CYCLES_AN_HOUR
    report.figure("10", f"processors' time of an idle hour, {WATCHED:,} certificates", hour, "s", CPU_SECONDS)
    report.say(f"extrapolated: {idle * 1000:.0f} ms in {long} s without a cycle, {cycle * 1000:.1f} ms a settled cycle "
               f"(of {looked}), {CYCLES_AN_HOUR} an hour")


def used(stage, schedule, seconds):
    """What a settled daemon uses of the processors, and how many cycles it makes."""
    room = stage.room(stage.pairs(WATCHED), WATCHED, schedule=schedule)
    try:
        room.apply()
        daemon = room.daemon()
        finished(room, 1)
        time.sleep(REST_SECONDS)
        before = len(finished(room, 1))
        began = cpu(daemon.pid)
        time.sleep(seconds)
        spent, cycles = cpu(daemon.pid) - began, len(finished(room, 1)) - before
        host.end(daemon)
    finally:
        room.close()
    return spent, cycles
