"""Later versions of the .deb: over a running daemon, over a stopped one, and where the configuration is another."""

import os
import re
import shutil
import subprocess

from deb import CONFIGURATION, DOWNLOADS, PROGRAM, apt, enabled, field, remembered, version
from ends import WATCHDOG_SECONDS, patient
from installed import UNIT
from tally import check

# What the operator has written into the configuration.
BY_HAND = "# a line of the operator's own"
# What later versions ship in theirs.
OTHERWISE = "\n# a key of a later version\n"


def successor(machine, package, number, configuration=""):
    """The same package as a later version, perhaps with more in the configuration that it ships; gives its path there
    and its version."""
    later = f"{field(package, 'Version')}+{number}"
    tree = machine.scratch / f"successor-{number}"
    subprocess.run(["dpkg-deb", "--raw-extract", package, tree], check=True)
    control = tree / "DEBIAN/control"
    lines = [f"Version: {later}" if line.startswith("Version: ") else line
             for line in control.read_text().splitlines()]
    control.write_text("\n".join(lines) + "\n")
    with open(tree / CONFIGURATION.lstrip("/"), "a") as file:
        file.write(configuration)
    name = f"{DOWNLOADS}/certrotd_{later}.deb"
    subprocess.run(["dpkg-deb", "-Zgzip", "-z1", "--build", tree, machine.path(name)],
                   check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return name, later


def program(installed):
    """The file that the daemon runs, as the kernel tells it: one that was replaced counts as deleted."""
    process = installed.process()
    return os.readlink(f"/proc/{process}/exe") if process else None


def of_a_running_daemon(machine, installed, package):
    before, imports = machine.show(UNIT, "MainPID"), installed.imports()
    mine = machine.path(CONFIGURATION).read_text()
    name, later = successor(machine, package, 1)
    apt(machine, "install", name)
    check(f"apt-get installs {later} over it", version(machine) == f"ii {later}", version(machine))
    check("the daemon was restarted, and runs the new program",
          installed.active(since=before) and program(installed) == PROGRAM, (before, program(installed)))
    found = (machine.show(UNIT, "WatchdogUSec"), enabled(machine))
    check("the operator's configuration and drop-in are as they were, and the unit is enabled",
          machine.path(CONFIGURATION).read_text() == mine and BY_HAND in mine
          and found == (f"{WATCHDOG_SECONDS}s", "enabled"), found)
    remembered(machine, installed, imports, "after the upgrade")
    patient(machine)


def unanswered(machine, installed, package, manual):
    """dpkg would ask about the configuration, since both the operator and the later version have changed it. The
    manual says what to type then."""
    keep = re.search(r"`apt-get (-o \S+) install ", manual.read_text())[1]
    before = machine.show(UNIT, "MainPID")
    mine = machine.path(CONFIGURATION).read_text()
    name, later = successor(machine, package, 2, OTHERWISE)
    done = apt(machine, "install", name, check=False)
    check("an upgrade that brings another configuration stops half way where nobody answers dpkg",
          done.returncode != 0 and f"Configuration file '{CONFIGURATION}'" in done.stdout
          and version(machine) == f"iU {later}", (done, version(machine)))
    check("until then the daemon goes on, with the program and the configuration that it had",
          machine.show(UNIT, "MainPID") == before and program(installed) == f"{PROGRAM} (deleted)"
          and machine.path(CONFIGURATION).read_text() == mine, program(installed))
    apt(machine, *keep.split(), "install", name)
    check(f"with {keep} it is done, and the daemon restarted", version(machine) == f"ii {later}"
          and installed.active(since=before) and program(installed) == PROGRAM, version(machine))
    beside = machine.path(f"{CONFIGURATION}.dpkg-dist")
    check("the operator's configuration stays, with the new one beside it",
          machine.path(CONFIGURATION).read_text() == mine and beside.read_text().endswith(OTHERWISE))


def of_a_stopped_daemon(machine, installed, package):
    """Gives the path of the package."""
    machine.run("systemctl", "stop", UNIT)
    name, later = successor(machine, package, 3, OTHERWISE)
    done = apt(machine, "install", name)
    check("the next upgrade asks nothing about the configuration that was refused",
          version(machine) == f"ii {later}" and "Configuration file" not in done.stdout, done.stdout)
    check("and it starts no daemon that was stopped", installed.process() is None, machine.show(UNIT, "ActiveState"))
    machine.run("systemctl", "start", UNIT)
    return name
