"""How the service ends: hung, crashed, told to stop; and the timer in place of the daemon."""

import re
import time

from host import eventually
from installed import STEP_SECONDS, UNIT
from service import judged
from tally import check

APPLY = "certrotd-apply.service"
# Shorter than shipped, so that the test is; and a directory in which a dump would be found.
IMPATIENT = "[Service]\nWatchdogSec=6s\nRestartSec=1s\nWorkingDirectory=/var/lib/certrotd\n"
WATCHDOG_SECONDS = 6
# What the manual promises, and what a busy machine may add to it.
STOP_SECONDS = 10
GRACE_SECONDS = 2


def impatient(machine):
    drop_in = machine.path(f"/etc/systemd/system/{UNIT}.d/impatient.conf")
    drop_in.parent.mkdir(exist_ok=True)
    drop_in.write_text(IMPATIENT)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", UNIT)
    # Longer than the watchdog allows a daemon that does not ping.
    before = machine.show(UNIT, "MainPID")
    machine.run("sleep", WATCHDOG_SECONDS + 2)
    check("a daemon at rest pings its watchdog",
          machine.show(UNIT, "MainPID") == before and machine.show(UNIT, "NRestarts") == "0")


def patient(machine):
    """From the next start on the unit is as it was shipped."""
    machine.path(f"/etc/systemd/system/{UNIT}.d/impatient.conf").unlink()
    machine.run("systemctl", "daemon-reload")


def hung(machine, installed):
    """A daemon that does nothing any more is ended by systemd and started again, and does nothing twice."""
    imports, before = installed.imports(), machine.show(UNIT, "MainPID")
    began = time.monotonic()
    machine.shell(f"kill -STOP {before}")
    eventually("systemd has started it again", STEP_SECONDS, lambda: installed.active(since=before))
    took = time.monotonic() - began
    told = machine.run("journalctl", "--no-pager", "--output=cat", f"--unit={UNIT}", "--grep=Watchdog timeout").stdout
    check(f"a stopped daemon is ended by the watchdog of {WATCHDOG_SECONDS} s and runs again {took:.1f} s later",
          "Watchdog timeout" in told, told)
    settled(installed)
    check("and imports nothing a second time", installed.imports() == imports, installed.imports())


def crashed(machine, installed):
    """A crash leaves no picture of the memory."""
    before = machine.show(UNIT, "MainPID")
    limits = open(f"/proc/{installed.process()}/limits").read()
    core = next(line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core file size"))
    check("the daemon's limit for core files is 0", core == ["0", "0"], core)
    machine.run("systemctl", "kill", "--signal=SIGABRT", UNIT)
    eventually("systemd has started it again", STEP_SECONDS, lambda: installed.active(since=before))
    told = machine.run("journalctl", "--no-pager", "--output=cat", f"--unit={UNIT}", "--grep=status=6/ABRT").stdout
    check("after SIGABRT it runs again, and systemd saw it killed and not dumped",
          "code=killed" in told and "code=dumped" not in told, told)
    found = machine.shell("find / -xdev -name 'core*' -type f -newer /etc/certrotd/certrotd.toml "
                          "! -path '/proc/*' ! -path '/sys/*' -print")
    check("there is no core file anywhere", found == "", found)
    patient(machine)


def settled(installed):
    """A cycle has ended since the last start."""
    start = installed.machine.show(UNIT, "InvocationID")
    eventually("a cycle ends after the start", STEP_SECONDS, lambda: installed.machine.journal(
        "EVENT=cycle.finished", f"_SYSTEMD_INVOCATION_ID={start}"))


def busy(machine):
    """The other unit, while the daemon has the state."""
    done = machine.run("systemctl", "start", APPLY, check=False)
    lines = [line.get("MESSAGE", "") for line in machine.journal(unit=APPLY)]
    said = [line for line in lines if "is held by process" in line]
    print("       said:", *said)
    check("while the daemon runs certrotd-apply.service fails and says who holds the state",
          done.returncode != 0 and said, lines)


def stopped(machine, what):
    began = time.monotonic()
    machine.run("systemctl", "stop", UNIT)
    took = time.monotonic() - began
    found = {key: machine.show(UNIT, key) for key in ("ActiveState", "Result", "ExecMainStatus")}
    check(f"systemctl stop {what} takes {took:.1f} s and is a success", took < STOP_SECONDS + GRACE_SECONDS
          and found == {"ActiveState": "inactive", "Result": "success", "ExecMainStatus": "0"}, found)


def stopped_in_a_call(machine, installed, certbot):
    """Told to stop while the cloud, which has done an import, does not answer; the next start finds it."""
    settled(installed)
    slow = {"slow": {"secs": 60, "nanos": 0}}
    installed.cloud.switch("weather", {"method": "POST", "path": "/import", "fault": slow})
    leaf = certbot.renew()
    eventually("the import is under way", STEP_SECONDS, lambda: leaf in installed.imports())
    stopped(machine, "in the middle of an import")
    installed.cloud.switch("clear-weather", {})
    machine.run("systemctl", "start", UNIT)
    installed.rotated(leaf)
    check("the next start finds that import, and makes no other", installed.imports().count(leaf) == 1,
          installed.imports())


def stop(machine, installed):
    settled(installed)
    stopped(machine, "at rest")
    status = machine.run("/usr/bin/certrotd", "status", check=False)
    check("status still answers, though systemd has taken the credentials away, and says that nobody is at work",
          "served" in status.stdout and re.fullmatch("certrotd: no daemon is at work: [^\n]*\n", status.stderr),
          status.stdout + status.stderr)


def by_timer(machine, installed, certbot):
    """The timer, made to fire at once; the unit that it starts rotates, and ends."""
    machine.run("systemctl", "disable", UNIT)
    leaf = certbot.renew()
    drop_in = machine.path("/etc/systemd/system/certrotd-apply.timer.d")
    drop_in.mkdir()
    (drop_in / "soon.conf").write_text("[Timer]\nOnActiveSec=1s\nAccuracySec=100ms\nRandomizedDelaySec=0\n")
    machine.run("systemctl", "daemon-reload")
    shown = machine.run("systemctl", "enable", "--now", "certrotd-apply.timer").stderr
    eventually("the timer starts the round", STEP_SECONDS,
               # Before its work is done it is inactive too, because it has not begun.
               lambda: installed.served() == dict.fromkeys(installed.edges, leaf)
               and machine.show(APPLY, "ActiveState") == "inactive" and machine.show(APPLY, "ExecMainExitTimestamp"))
    found = {key: machine.show(APPLY, key) for key in ("Result", "ExecMainStatus")}
    check("certrotd-apply.timer: the round rotates a renewal and ends with 0",
          found == {"Result": "success", "ExecMainStatus": "0"}
          and installed.served() == dict.fromkeys(installed.edges, leaf), (found, installed.served(), shown))
    judged(machine, APPLY, "certrotd-apply.service")
    machine.run("systemctl", "disable", "--now", "certrotd-apply.timer")


def the_end(machine, installed):
    violations = installed.cloud.switch("violations")
    check("no call broke a rule of the services", violations == [], violations)
    imports = installed.imports()
    check("nothing was imported twice", len(imports) == len(set(imports)), imports)
    secret = installed.cloud.facts["secret_key"]
    key = machine.path("/etc/letsencrypt/live").glob("*/privkey.pem")
    words = [secret] + [line for file in key for line in file.read_text().splitlines()[1:-1]]
    told = machine.run("journalctl", "--no-pager", "--output=export").stdout.encode()
    state = machine.path("/var/lib/certrotd")
    told += b"".join(file.read_bytes() for file in state.rglob("*") if file.is_file())
    check("neither the journal nor the state holds the secret key or a line of a private key",
          not any(word.encode() in told for word in words))
