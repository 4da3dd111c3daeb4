"""The .deb in the container: installed, removed, installed again and purged, as an operator types it."""

import os
import shutil
import subprocess

import service
from ends import settled
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
APT_SECONDS = 120


def apt(machine, *words, check=True):
    """apt-get, with nobody there to answer."""
    return machine.run("apt-get", "--yes", *words, check=check, seconds=APT_SECONDS)


def field(package, name):
    return subprocess.run(["dpkg-deb", "--field", package, name],
                          check=True, capture_output=True, text=True).stdout.strip()


def version(machine):
    """What dpkg has, and whether all of it is set up."""
    return machine.run("dpkg-query", "--show", "--showformat=${db:Status-Abbrev}${Version}", "certrotd",
                       check=False).stdout


def enabled(machine, unit=UNIT):
    return machine.run("systemctl", "is-enabled", unit, check=False).stdout.strip()


def user(machine):
    return machine.run("getent", "passwd", "certrotd", check=False).stdout.strip()


def links(machine):
    """What in systemd's directories of the operator is a link to a unit of ours, or masks one."""
    return machine.shell("find /etc/systemd -type l \\( -name 'certrotd*' -o -lname '*certrotd*' \\)")


def contents(machine, paths):
    return {path: machine.path(path).read_bytes() for path in paths if machine.path(path).exists()}


def install(machine, repository, package, cloud):
    """What the README says to type, and what it leaves."""
    # The bare root leaves out what nobody reads; on an operator's host dpkg does not.
    machine.path("/etc/dpkg/dpkg.cfg.d/99mmdebstrap").unlink()
    commands = [line.replace("amd64", field(package, "Architecture")) for line in documented(repository, "bash")]
    check(f"the README calls {package.name} as it is called", f"./{package.name} " in commands[0], commands)
    shutil.copy(package, machine.path(DOWNLOADS))
    typed(machine, DOWNLOADS, commands, cloud)
    service.laid_out(machine, commands, UNITS)
    listed = set(machine.run("dpkg", "--listfiles", "certrotd").stdout.splitlines())
    lacking = sorted(path for path in listed | PAPERS if path not in listed or not os.path.lexists(machine.path(path)))
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


def remove(machine, installed):
    settled(installed)
    kept = contents(machine, (CONFIGURATION, *KEYS, ORDERS_CA))
    apt(machine, "remove", "certrotd")
    check("apt-get remove stops the daemon, and takes the program and the units away", gone(machine, installed),
          machine.show(UNIT, "ActiveState"))
    found = contents(machine, kept)
    check("the configuration, the keys and the CA file stay as they are", len(kept) == 4 and found == kept, set(found))
    check("the journal stays, and so does the user", machine.path(JOURNAL).stat().st_size > 0 and user(machine))


def come_back(machine, installed, package):
    """The package, by its path there, is installed again."""
    imports = installed.imports()
    apt(machine, "install", package)
    found = (enabled(machine), machine.show(UNIT, "ActiveState"))
    check("installed again it is enabled as before, and not started", found == ("enabled", "inactive"), found)
    machine.run("systemctl", "start", UNIT)
    remembered(machine, installed, imports, "after the return")


def purge(machine, installed):
    kept = contents(machine, KEYS)
    check("before the purge the daemon runs", installed.active() and machine.path(STATE).exists())
    apt(machine, "purge", "certrotd")
    check("apt-get purge stops the daemon too", gone(machine, installed), machine.show(UNIT, "ActiveState"))
    left = [path for path in (STATE, CONFIGURATION) if machine.path(path).exists()]
    check("the state and the configuration are gone", not left, left)
    check("the keys stay as they are, and so does the user",
          len(kept) == 2 and contents(machine, KEYS) == kept and user(machine), user(machine))
    found = (links(machine), version(machine).strip())
    check("no link to a unit is left, none is masked, and dpkg knows nothing of it",
          found in (("", ""), ("", "un")), found)
    left = machine.shell("find /etc /usr /var /run -xdev -name '*certrotd*' ! -path '/etc/systemd/system/certrotd*'")
    check("the directory of the keys is all that still has the name", left == "/etc/certrotd", left)
