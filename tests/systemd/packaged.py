"""What an operator sees of either package: installed, upgraded, removed and installed again. `packages` is the Deb of
deb.py or the Rpm of rpm.py, which say what to type and where the two differ."""

import os
import shutil

import service
from ends import WATCHDOG_SECONDS, patient, settled
from installed import ENTRY, ORDERS_CA, UNIT, documented, typed
from tally import check

PROGRAM = "/usr/bin/certrotd"
UNITS = "/usr/lib/systemd/system"
TIMER = "certrotd-apply.timer"
CONFIGURATION = "/etc/certrotd/certrotd.toml"
KEYS = ("/etc/certrotd/access-key", "/etc/certrotd/secret-key")
STATE = "/var/lib/certrotd"
JOURNAL = f"{STATE}/state/journal.sqlite"
# Where the operator has the packages.
DOWNLOADS = "/root"
# What an operator finds who has nothing but the package, beside the program and the units.
PAPERS = {"/usr/share/man/man8/certrotd.8.gz", "/usr/share/man/man5/certrotd.toml.5.gz",
          "/usr/share/bash-completion/completions/certrotd", "/usr/share/doc/certrotd/docs/manual.md",
          "/usr/share/doc/certrotd/examples/config/one-certificate.toml",
          "/usr/share/doc/certrotd/examples/systemd/certrotd.service.d/ca-owner.conf.example"}
# What the operator has written into the configuration.
BY_HAND = "# a line of the operator's own"
# What later versions ship in theirs.
OTHERWISE = "\n# a key of a later version\n"


def enabled(machine, unit=UNIT):
    return machine.run("systemctl", "is-enabled", unit, check=False).stdout.strip()


def user(machine):
    return machine.run("getent", "passwd", "certrotd", check=False).stdout.strip()


def links(machine):
    """What in systemd's directories of the operator is a link to a unit of ours, or masks one."""
    return machine.shell("find /etc/systemd -type l \\( -name 'certrotd*' -o -lname '*certrotd*' \\)")


def contents(machine, paths):
    return {path: machine.path(path).read_bytes() for path in paths if machine.path(path).exists()}


def install(machine, repository, packages, cloud):
    """What the README says to type, and what it leaves."""
    first, *others = documented(repository, "bash")
    first, name = packages.documented(first)
    check(f"the README calls {packages.file.name} as it is called", name == packages.file.name, first)
    shutil.copy(packages.file, machine.path(DOWNLOADS))
    commands = [first, *others]
    typed(machine, DOWNLOADS, commands, cloud)
    service.laid_out(machine, commands, UNITS)
    listed, papers = packages.files(), PAPERS | packages.papers
    lacking = sorted(path for path in listed | papers if path not in listed or not os.path.lexists(machine.path(path)))
    check("what the package lists is there, with manual pages, completions and examples", not lacking, lacking)
    states = {unit: (enabled(machine, unit), machine.show(unit, "ActiveState"))
              for unit in (UNIT, TIMER, "certrotd-apply.service")}
    check("it has enabled no unit and started none",
          set(states.values()) == {("disabled", "inactive"), ("static", "inactive")} and links(machine) == ""
          and machine.show(UNIT, "ExecMainStartTimestamp") == "", (states, links(machine)))
    check("nothing has made a state yet", not machine.path(STATE).exists())


def gone(machine, installed):
    """Whether the program, the units and the daemon are."""
    found = contents(machine, (PROGRAM, f"{UNITS}/{UNIT}", f"{UNITS}/{TIMER}"))
    return not found and machine.show(UNIT, "ActiveState") == "inactive" and installed.process() is None


def remembered(machine, installed, imports, when):
    """The journal is read on."""
    settled(installed)
    history = machine.run(PROGRAM, "history", ENTRY).stdout
    check(f"{when} nothing is imported again, and each of the {len(imports)} imports is in the history",
          installed.imports() == imports and all(leaf[:12] in history for leaf in imports),
          (installed.imports(), imports, history))
    adopted = machine.journal("EVENT=certificate.adopted")
    check(f"{when} no import had to be looked for", not adopted, adopted)


def program(installed):
    """The file that the daemon runs, as the kernel tells it: one that was replaced counts as deleted."""
    process = installed.process()
    return os.readlink(f"/proc/{process}/exe") if process else None


def upgrade_of_a_running_daemon(machine, installed, packages):
    """Both the operator and the later version have changed the configuration, and nobody is there to be asked."""
    before, imports = machine.show(UNIT, "MainPID"), installed.imports()
    mine = machine.path(CONFIGURATION).read_text()
    name, later = packages.successor(1, OTHERWISE)
    done = packages.upgrade(name)
    check(f"{later}, which ships another configuration, is installed over it and asks nothing",
          packages.version() == later and "Configuration file" not in done.stdout, done)
    check("the daemon was restarted, and runs the new program",
          installed.active(since=before) and program(installed) == PROGRAM, (before, program(installed)))
    found = (machine.show(UNIT, "WatchdogUSec"), enabled(machine))
    check("the operator's configuration and drop-in are as they were, and the unit is enabled",
          machine.path(CONFIGURATION).read_text() == mine and BY_HAND in mine
          and found == (f"{WATCHDOG_SECONDS}s", "enabled"), found)
    newer = packages.newer_configuration()
    check(f"what the later version ships is in {newer}", machine.path(newer).read_text().endswith(OTHERWISE))
    remembered(machine, installed, imports, "after the upgrade")
    patient(machine)


def upgrade_of_a_stopped_daemon(machine, installed, packages):
    """Gives the path of the package."""
    machine.run("systemctl", "stop", UNIT)
    mine = machine.path(CONFIGURATION).read_text()
    name, later = packages.successor(2, OTHERWISE)
    packages.upgrade(name)
    check("the next upgrade keeps the configuration too, and starts no daemon that was stopped",
          packages.version() == later and machine.path(CONFIGURATION).read_text() == mine
          and installed.process() is None, (packages.version(), machine.show(UNIT, "ActiveState")))
    return name


def remove(machine, installed, packages):
    settled(installed)
    kept = contents(machine, (CONFIGURATION, *KEYS, ORDERS_CA))
    packages.remove()
    check("a removal stops the daemon, and takes the program and the units away", gone(machine, installed),
          machine.show(UNIT, "ActiveState"))
    kept[packages.kept_as] = kept.pop(CONFIGURATION)
    found = contents(machine, kept)
    check(f"the configuration stays as {packages.kept_as}, and the keys and the CA file as they are",
          len(kept) == 4 and found == kept, set(found))
    check("the journal stays, and so does the user", machine.path(JOURNAL).stat().st_size > 0 and user(machine))


def come_back(machine, installed, packages, package):
    """The package, by its path there, is installed again."""
    imports = installed.imports()
    packages.install(package)
    found = (enabled(machine), machine.show(UNIT, "ActiveState"))
    check(f"installed again it is {packages.enabled_after_return}, and not started",
          found == (packages.enabled_after_return, "inactive"), found)
    if packages.kept_as != CONFIGURATION:
        machine.run("mv", packages.kept_as, CONFIGURATION)
    machine.run("systemctl", "enable", "--now", UNIT)
    remembered(machine, installed, imports, "after the return")
