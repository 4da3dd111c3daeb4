"""The daemon as a service: installed, started, rotating, reloaded, and what it tells systemd and the journal."""

import re
import time

from host import eventually
from installed import ENTRY, NAME, STEP_SECONDS, UNIT
from tally import check

# What `systemd-analyze security` may say at most; 10 is a unit without any sandbox.
EXPOSURE_MAX = 1.5
# With ca-owner.conf, whose capability counts twice: by itself, and as the calls that it is for.
EXPOSURE_WITH_CHOWN_MAX = 1.8
# A start, and a renewal that a changed file tells of, take no longer.
START_SECONDS = 10
RENEWAL_SECONDS = 45


def exposure(machine, unit):
    """The sandbox as systemd itself judges it, in the running system, drop-ins and all."""
    text = machine.run("systemd-analyze", "--no-pager", "security", unit, check=False).stdout
    found = re.search(r"Overall exposure level for .*: ([0-9.]+)", text)
    return (float(found[1]) if found else 10.0), text


def judged(machine, unit, what, most=EXPOSURE_MAX):
    level, text = exposure(machine, unit)
    counts = [line for line in text.splitlines() if not line.startswith("✓")]
    check(f"{what}: systemd-analyze security says {level}, at most {most}", level <= most, "\n".join(counts))


def laid_out(machine, commands, units="/etc/systemd/system"):
    """What the README's commands left, with the units where these put them."""
    check(f"each of the README's {len(commands)} commands works", True)
    passwd = machine.run("getent", "passwd", "certrotd").stdout.strip()
    check("systemd-sysusers made the user", passwd.endswith("/var/lib/certrotd:/usr/sbin/nologin"), passwd)
    for secret in ("access-key", "secret-key"):
        found = machine.shell(f"stat -c '%a %U' /etc/certrotd/{secret}")
        check(f"{secret} is root's alone", found == "600 root", found)
    verified = machine.run("systemd-analyze", "verify", f"{units}/certrotd.service",
                           f"{units}/certrotd-apply.service", check=False)
    told = [line for line in verified.stderr.splitlines() if "certrotd" in line]
    check("systemd-analyze verify has nothing to say of the units", not told, told)


def first_rotation(machine, installed, leaf):
    """A pair that only root can read comes to be served by a listener, a host and a domain."""
    began = time.monotonic()
    machine.run("systemctl", "enable", "--now", UNIT)
    took = time.monotonic() - began
    check(f"systemctl enable --now comes back with the unit active ({took:.1f} s)",
          installed.active() and took < START_SECONDS)
    ready = eventually("the log says that it is ready", STEP_SECONDS, lambda: installed.lines("daemon.ready"))
    found = (machine.show(UNIT, "Type"), len(ready))
    check("systemd waited until it was told that it is ready, and the log says so", found == ("notify", 1), found)
    installed.rotated(leaf)
    took = time.monotonic() - began
    check(f"the pair is imported, pushed, bound and served ({took:.1f} s after the start)",
          installed.served() == dict.fromkeys(installed.edges, leaf), installed.served())
    check("it was imported once", installed.imports() == [leaf], installed.imports())
    status = machine.run("/usr/bin/certrotd", "status", check=False).stdout
    check("certrotd status, typed by root, says so", f"served {leaf[:12]}" in status, status)
    online = machine.run("/usr/bin/certrotd", "check", "--online", check=False)
    check("certrotd check --online, typed by root, finds nothing wrong", online.returncode == 0,
          online.stdout + online.stderr)
    own = machine.shell("find /var/lib/certrotd ! -user certrotd; "
                        "stat -c '%a %U' /var/lib/certrotd /var/lib/certrotd/state")
    check("the state is its own, and closed", own == "755 certrotd\n700 certrotd", own)


def renewal(installed, certbot):
    began = time.monotonic()
    leaf = certbot.renew()
    installed.rotated(leaf)
    took = time.monotonic() - began
    check(f"a renewal, its links turned as certbot does, is served {took:.1f} s later",
          took < RENEWAL_SECONDS and installed.served() == dict.fromkeys(installed.edges, leaf), installed.served())
    check("it was imported once", installed.imports().count(leaf) == 1, installed.imports())
    return leaf


def renewal_without_a_log(machine, installed, certbot):
    """The journal is restarted under the daemon, which goes on and goes on being heard."""
    machine.run("systemctl", "restart", "systemd-journald.service")
    leaf = certbot.renew()
    installed.rotated(leaf)
    check("after a restart of journald the daemon rotates and its lines arrive", installed.active())
    return leaf


def journal(machine, leaf):
    """The fields by which the README tells to look."""
    found = machine.journal("EVENT=certificate.imported", f"CERTIFICATE={ENTRY}", f"FINGERPRINT={leaf}")
    check("journalctl finds the import by EVENT, CERTIFICATE and FINGERPRINT", len(found) == 1, found)
    line = found[0] if found else {}
    wanted = {"SYSLOG_IDENTIFIER": "certrotd", "_SYSTEMD_UNIT": UNIT, "PRIORITY": "6"}
    check("the line names its identifier, unit and priority",
          wanted == {field: line.get(field) for field in wanted}, line)
    check("the line has a sentence and an id", ENTRY in line.get("MESSAGE", "") and line.get("SCM_ID"), line)
    pushed = machine.journal("EVENT=certificate.pushed", "SERVICE=elb", "SERVICE=waf")
    check("two values of one field find either", {one["SERVICE"] for one in pushed} == {"elb", "waf"}, pushed)
    fields = {field for one in machine.journal() for field in one}
    check("the journal has all of it, and nothing went past it to standard error",
          not machine.journal("_TRANSPORT=stdout"), machine.journal("_TRANSPORT=stdout"))
    check("EVENT, CERTIFICATE, SERVICE, PLACE and ELAPSED_MS are fields",
          {"EVENT", "CERTIFICATE", "SERVICE", "PLACE", "ELAPSED_MS"} <= fields, sorted(fields))


def reload(machine, installed, certbot):
    """A good configuration is taken, a bad one is refused and the old one stays."""
    before = machine.show(UNIT, "MainPID")

    def told(level, more=""):
        installed.configure(level=level, more=more)
        return machine.run("systemctl", "reload", UNIT, check=False)

    lines = installed.another("a good configuration is taken", "config.reloaded", lambda: told("debug"))
    check("systemctl reload takes a good configuration", bool(lines))
    eventually("the level of the log is the new one", STEP_SECONDS,
               lambda: machine.journal("EVENT=bind.confirmed") or machine.journal("PRIORITY=7"))
    done = []
    lines = installed.another("a bad configuration is refused", "config.rejected",
                              lambda: done.append(told("info", more='reconcile = "sometimes"')))
    print(f"       said: {lines[0]['MESSAGE']}")
    check("systemctl reload of a bad one says why in the log, with file and line",
          "/etc/certrotd/certrotd.toml:" in lines[0]["MESSAGE"] and lines[0]["PRIORITY"] == "3", lines)
    check("the same process is active after both", machine.show(UNIT, "MainPID") == before and installed.active())
    refused = machine.run("/usr/bin/certrotd", "check", check=False)
    check("certrotd check ends with 2 on that file", refused.returncode == 2, refused.stdout + refused.stderr)
    leaf = certbot.renew()
    installed.rotated(leaf)
    check("and the old configuration goes on rotating", True)
    installed.another("the file is mended", "config.reloaded", lambda: told("info"))
    shown = machine.run("systemctl", "status", "--no-pager", UNIT).stdout
    line = re.search(r'Status: "(.*)"', shown)
    check(f"systemctl status shows what the daemon thinks: {line and line[1]}",
          line and line[1] in {one["MESSAGE"] for one in installed.lines("cycle.finished")}, shown)
    return leaf


def bad_start(machine, installed):
    """A configuration that is wrong at the start: exit code 2, and no attempt after it."""
    installed.configure(more='reconcile = "sometimes"')
    done = machine.run("systemctl", "restart", UNIT, check=False)
    found = {key: machine.show(UNIT, key) for key in ("ActiveState", "ExecMainStatus", "NRestarts")}
    check("a wrong configuration fails the start with code 2, and is not tried again",
          done.returncode != 0 and found == {"ActiveState": "failed", "ExecMainStatus": "2", "NRestarts": "0"}, found)
    installed.configure()
    machine.run("systemctl", "start", UNIT)
    check("and once it is mended the unit starts", installed.active())


def group_access(machine, installed, certbot):
    """The drop-in that does without the capability, after the commands that its comments give."""
    source = (machine.path("/src/systemd/certrotd.service.d/group-access.conf.example")).read_text()
    commands = re.findall(r"^#   ((?:groupadd|chgrp|chmod) .*)$", source, re.M)
    for line in commands:
        machine.shell(line)
    drop_in = machine.path(f"/etc/systemd/system/{UNIT}.d")
    drop_in.mkdir(exist_ok=True)
    (drop_in / "group-access.conf").write_text(source)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", UNIT)
    pid = installed.process()
    caps = next(line for line in open(f"/proc/{pid}/status") if line.startswith("CapEff"))
    check(f"group-access: after its {len(commands)} commands the daemon has no capability",
          int(caps.split()[1], 16) == 0, caps)
    judged(machine, UNIT, "group-access")
    leaf = certbot.renew()
    key = machine.shell(f"stat -Lc '%a %G' /etc/letsencrypt/live/{NAME}/privkey.pem")
    installed.rotated(leaf)
    check(f"group-access: a renewed key ({key}) is rotated",
          installed.served() == dict.fromkeys(installed.edges, leaf), installed.served())
    (drop_in / "group-access.conf").unlink()
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", UNIT)
    return leaf
