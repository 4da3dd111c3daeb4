"""The .deb, and apt and dpkg with nobody there to answer them."""

import shutil
import subprocess

from packaged import CONFIGURATION, DOWNLOADS, KEYS, STATE, contents, gone, links, user
from tally import check

INSTALL_SECONDS = 120
TEMPLATE = "/usr/share/certrotd/certrotd.toml"


class Deb:
    # After a removal it lies where it lay, and what was enabled is so again after a return.
    kept_as = CONFIGURATION
    enabled_after_return = "enabled"
    papers = {"/usr/share/doc/certrotd/THIRD-PARTY.gz", "/usr/share/bash-completion/completions/certrotd"}

    def __init__(self, machine, file):
        self.machine, self.file = machine, file
        # The bare root leaves out what nobody reads; on an operator's host dpkg does not.
        machine.path("/etc/dpkg/dpkg.cfg.d/99mmdebstrap").unlink()

    def documented(self, line):
        """The README's command, as it is typed for this file and what it calls this file."""
        line = line.split("#")[0].replace("amd64", self.field("Architecture"))
        return line, line.split("./")[1].strip()

    def field(self, name):
        return subprocess.run(["dpkg-deb", "--field", self.file, name],
                              check=True, capture_output=True, text=True).stdout.strip()

    def apt(self, *words):
        return self.machine.run("apt-get", "--yes", *words, seconds=INSTALL_SECONDS)

    def install(self, path):
        return self.apt("install", path)

    upgrade = install

    def remove(self):
        self.apt("remove", "certrotd")

    def version(self):
        """Of what is installed, if all of it is set up."""
        found = self.machine.run("dpkg-query", "--show", "--showformat=${db:Status-Abbrev}${Version}", "certrotd",
                                 check=False).stdout
        return found.removeprefix("ii ") if found.startswith("ii ") else None

    def files(self):
        return set(self.machine.run("dpkg", "--listfiles", "certrotd").stdout.splitlines())

    def successor(self, number, configuration):
        """The same package as a later version, with more in the configuration that it ships; gives its path there and
        its version."""
        later = f"{self.field('Version')}+{number}"
        tree = self.machine.scratch / f"successor-{number}"
        subprocess.run(["dpkg-deb", "--raw-extract", self.file, tree], check=True)
        control = tree / "DEBIAN/control"
        lines = [f"Version: {later}" if line.startswith("Version: ") else line
                 for line in control.read_text().splitlines()]
        control.write_text("\n".join(lines) + "\n")
        with open(tree / TEMPLATE.lstrip("/"), "a") as file:
            file.write(configuration)
        name = f"{DOWNLOADS}/certrotd_{later}.deb"
        subprocess.run(["dpkg-deb", "-Zgzip", "-z1", "--build", tree, self.machine.path(name)],
                       check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(tree)
        return name, later

    def newer_configuration(self):
        """What the later version ships, where the operator finds it."""
        return TEMPLATE


def first_configuration(machine):
    found = machine.shell(f"cmp {CONFIGURATION} {TEMPLATE} && stat -c '%a %U' {CONFIGURATION}")
    conffiles = machine.run("dpkg-query", "--show", "--showformat=${Conffiles}", "certrotd").stdout
    check("the configuration is a copy of what the package ships, and dpkg does not watch over it",
          found == "644 root" and conffiles == "", (found, conffiles))


def taken_away(machine, packages):
    """A configuration that the operator keeps elsewhere does not come back."""
    file = machine.path(CONFIGURATION)
    mine = file.read_bytes()
    file.unlink()
    name, later = packages.successor(3, "")
    packages.upgrade(name)
    check("an upgrade brings no configuration where the operator has taken it away",
          packages.version() == later and not file.exists(), packages.version())
    file.write_bytes(mine)
    return name


def purge(machine, installed, packages):
    kept = contents(machine, KEYS)
    check("before the purge the daemon runs", installed.active() and machine.path(STATE).exists())
    packages.apt("purge", "certrotd")
    check("apt-get purge stops the daemon too", gone(machine, installed))
    left = [path for path in (STATE, CONFIGURATION) if machine.path(path).exists()]
    check("the state and the configuration are gone", not left, left)
    check("the keys stay as they are, and so does the user",
          len(kept) == 2 and contents(machine, KEYS) == kept and user(machine), user(machine))
    found = (links(machine), packages.version())
    check("no link to a unit is left, none is masked, and dpkg knows nothing of it", found == ("", None), found)
    left = machine.shell("find /etc /usr /var /run -xdev -name '*certrotd*' ! -path '/etc/systemd/system/certrotd*'")
    check("the directory of the keys is all that still has the name", left == "/etc/certrotd", left)


def after_a_file_of_the_operators(machine, packages, path):
    """Whoever installed from source, or whose configuration comes from elsewhere, has a file before the package."""
    file = machine.path(CONFIGURATION)
    file.write_text("# mine\n")
    packages.install(path)
    check("a first installation keeps a configuration that was there before it",
          packages.version() and file.read_text() == "# mine\n", file.read_text())
    machine.shell("rm -r /etc/certrotd && mkdir -m 755 /etc/certrotd")
    packages.apt("purge", "certrotd")
    check("a purge takes a directory away that has nothing in it", not machine.path("/etc/certrotd").exists())
