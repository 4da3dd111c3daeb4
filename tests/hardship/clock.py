"""Clocks that jump, and a host that slept. The clock that only counts goes on as it does there."""

import glob
import signal
import time

from bench import SELDOM, SOON
from house import SECOND

# Every other second, so that what the schedule would have done shows soon.
OFTEN = 'reconcile = "*/2 * * * * *"\njitter = "0s"\n'
# How soon a jump is noticed.
NOTICED = 5


def faked(bench):
    """The environment of a process whose clock a file sets."""
    (bench.root.parent / "clock").write_text("+0\n")
    return {"LD_PRELOAD": glob.glob("/usr/lib/*/faketime/libfaketime.so.1")[0], "FAKETIME_TIMESTAMP_FILE": str(bench.root.parent / "clock"),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}


def jump(bench, to):
    (bench.root.parent / "clock").write_text(to + "\n")


def own_clock(bench, schedule=OFTEN):
    """A house whose daemon alone has another clock."""
    environment = faked(bench)
    house = bench.furnish(schedule)
    bench.environment = environment
    return house


def cycles(bench):
    return len(bench.events("cycle.finished"))


def goes_on(bench, when):
    before = cycles(bench)
    bench.eventually(f"{when}, three cycles come by the schedule", SOON, lambda: cycles(bench) >= before + 3)


def skewed(bench, when):
    """The service refuses signatures for their time, which is said so and counts towards no lock."""
    def told():
        return [line for line in bench.log() if "check this host's clock" in line["message"]]

    bench.eventually(f"{when}, it says to check this host's clock", SOON, told)
    bench.judge(f"{when}, no credential counts as refused", not bench.events("credential.refused"))


def ahead(bench):
    """The clock jumps ahead by a year, and back again by way of an hour."""
    house = own_clock(bench)
    bench.started()
    bench.writes()
    jump(bench, "+365d")
    bench.eventually("the jump is noticed", NOTICED, lambda: bench.events("clock.stepped"))
    bench.eventually("the certificates are alarmed as expired", SOON,
                     lambda: len({line["certificate"] for line in bench.events("certificate.expired")}) == 2)
    time.sleep(SECOND)
    house.renew(["www", "api"])
    goes_on(bench, "a year ahead")
    bench.judge_silence("nothing is sent by a clock that is a year ahead")
    jump(bench, "+1h")
    skewed(bench, "an hour ahead")
    bench.judge_silence("nothing is sent by a clock that is an hour ahead")
    jump(bench, "+0")
    bench.eventually("the way back is noticed", NOTICED, lambda: len(bench.events("clock.stepped")) == 3)
    bench.settles()
    goes_on(bench, "with the right clock again")


def back(bench):
    """The clock is set back by a day, and ahead again."""
    house = own_clock(bench)
    bench.started()
    bench.writes()
    jump(bench, "-1d")
    bench.eventually("the jump is noticed", NOTICED, lambda: bench.events("clock.stepped"))
    goes_on(bench, "a day back")
    house.renew(["www", "api"])
    skewed(bench, "a day back")
    bench.judge_silence("nothing is sent by a clock that is a day back")
    jump(bench, "+0")
    bench.settles()


def waits(bench):
    """The clock was ten minutes ahead when something failed, and is set right."""
    house = own_clock(bench, SELDOM)
    bench.started()
    jump(bench, "+10m")
    bench.eventually("the jump is noticed", NOTICED, lambda: bench.events("clock.stepped"))
    time.sleep(SECOND)
    weather = house.cloud.switch
    weather("weather", {"method": "POST", "path": "/certificates/import", "times": 1, "fault": {"status": 500}})
    weather("weather", {"method": "POST", "path": "/certificates/import", "times": 1, "after": 1, "fault": "drop_after"})
    house.renew(["www", "api"])
    bench.eventually("one import fails and one is in doubt", SOON,
                     lambda: len([line for line in bench.events("step.failed")]) >= 2)
    jump(bench, "+0")
    # A back-off of ten minutes and a second would show.
    bench.settles()


def between(bench):
    """The clock is wrong while nothing runs, and at the next start."""
    house = own_clock(bench)
    bench.started()
    bench.stop()
    for to in ("+1h", "-1d"):
        jump(bench, to)
        bench.writes()
        time.sleep(SECOND)
        house.renew(["www", "api"])
        bench.start()
        skewed(bench, f"started {to}")
        bench.stop()
        bench.judge_silence(f"started {to}, nothing is sent")
    jump(bench, "+0")
    bench.start()
    bench.settles()
    bench.judge("no certificate was alarmed", not bench.events("certificate.expired"))


def slept(bench):
    """The host sleeps for eight hours, and the schedule's moment passes meanwhile."""
    house = bench.furnish(SELDOM + "watch = false\n", faked(bench))
    bench.started()
    time.sleep(SECOND)
    house.renew(["www", "api"])
    time.sleep(1)
    bench.judge("a host that does not watch its files has not seen the renewal", not bench.is_settled())
    before = cycles(bench)
    bench.daemon.send_signal(signal.SIGSTOP)
    jump(bench, "+8h")
    time.sleep(2)
    bench.daemon.send_signal(signal.SIGCONT)
    bench.eventually("a cycle runs after waking up", NOTICED, lambda: cycles(bench) > before)
    bench.settles()


STORIES = [ahead, back, waits, between, slept]
