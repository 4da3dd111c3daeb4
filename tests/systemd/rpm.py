"""The .rpm, and rpm, as far as a Debian shows them: what its scripts do with a systemd that runs, and what rpm does
with files. dnf, the presets and triggers of a distribution made of .rpm, and whether it has what the package requires,
do not show here."""

import os
import re
import shutil
import subprocess
import tarfile

from packaged import CONFIGURATION, DOWNLOADS, KEYS, contents, links, user
from tally import check

INSTALL_SECONDS = 120
SCRIPTS = {"POSTIN": "%post", "PREUN": "%preun", "POSTUN": "%postun"}
# A later version is packed by what rpmbuild does anywhere; nothing in it is touched, and nothing is looked for in it.
SPEC = """Name: certrotd
Version: {version}
Release: {release}
Summary: A later version
License: Apache-2.0
AutoReqProv: no
%global debug_package %{{nil}}
%global __os_install_post %{{nil}}
%global _build_id_links none
%global _binary_payload w1.gzdio
%description
%install
cp -r {tree}/. %{{buildroot}}
%files
{files}
"""


class Rpm:
    kept_as = f"{CONFIGURATION}.rpmsave"
    enabled_after_return = "disabled"
    papers = {"/usr/share/licenses/certrotd/THIRD-PARTY", "/usr/share/licenses/certrotd/LICENSE"}

    def __init__(self, machine, file):
        self.machine, self.file = machine, file
        bring_rpm(machine)

    def documented(self, line):
        """The README's command, as it is typed where there is no dnf, and what it calls this file."""
        name = line.split("dnf install ./")[1].strip().replace("x86_64", self.field("ARCH"))
        return f"{self.rpm('--install')} ./{name}", name

    def rpm(self, what):
        # What it requires are packages of dpkg's here, of which rpm knows nothing.
        return f"rpm --force-debian --nodeps {what}"

    def field(self, name):
        return self.query(f"%{{{name}}}")

    def query(self, form):
        return subprocess.run(["rpm", "--query", "--queryformat", form, "--package", self.file],
                              check=True, capture_output=True, text=True).stdout

    def install(self, path, how="--install"):
        return self.machine.run(*self.rpm(how).split(), path, seconds=INSTALL_SECONDS)

    def upgrade(self, path):
        return self.install(path, "--upgrade")

    def remove(self):
        self.machine.run(*self.rpm("--erase").split(), "certrotd", seconds=INSTALL_SECONDS)

    def version(self):
        found = self.machine.run("rpm", "--query", "--queryformat=%{VERSION}-%{RELEASE}", "certrotd", check=False)
        return found.stdout if found.returncode == 0 else None

    def files(self):
        return set(self.machine.run("rpm", "--query", "--list", "certrotd").stdout.splitlines())

    def successor(self, number, configuration):
        """The same package as a later version, with more in the configuration that it ships; gives its path there and
        its version. As there is no tool that changes a package, its files, flags and scripts go into another one."""
        work = self.machine.scratch / f"successor-{number}"
        tree = work / "tree"
        work.mkdir()
        with open(self.file, "rb") as packed, open(work / "files.tar", "wb") as files:
            subprocess.run(["rpm2archive", "-n", "-"], stdin=packed, stdout=files, check=True)
        with tarfile.open(work / "files.tar") as files:
            files.extractall(tree)
        with open(tree / CONFIGURATION.lstrip("/"), "a") as file:
            file.write(configuration)
        listed = self.query("[%{FILEMODES:octal} %{FILEFLAGS:fflags} %{FILENAMES}\n]").splitlines()
        files = "\n".join(entry(*line.split(" ")) for line in listed)
        version, release = self.field("VERSION"), f"{self.field('RELEASE')}.{number}"
        text = SPEC.format(version=version, release=release, tree=tree, files=files)
        text += "".join(f"{section}\n{self.field(tag)}\n" for tag, section in SCRIPTS.items())
        (work / "later.spec").write_text(text)
        subprocess.run(["rpmbuild", "-bb", "--quiet", f"--define=_topdir {work}", work / "later.spec"],
                       check=True, capture_output=True)
        made = next(work.glob("RPMS/*/*.rpm"))
        name = f"{DOWNLOADS}/{made.name}"
        shutil.copy(made, self.machine.path(name))
        shutil.rmtree(work)
        return name, f"{version}-{release}"

    def newer_configuration(self):
        return f"{CONFIGURATION}.rpmnew"


def entry(mode, flags, path):
    """A line of %files."""
    words = [f"%attr({mode[-4:]}, root, root)"]
    words += ["%config(noreplace)"] if "c" in flags and "n" in flags else []
    words += ["%doc"] if "d" in flags else []
    return " ".join([*words, path])


def bring_rpm(machine):
    """The host's own, with what it is linked with: both are of one release. Debian's package would bring Perl."""
    linked = subprocess.run(["ldd", shutil.which("rpm")], check=True, capture_output=True, text=True).stdout
    needed = [line.split()[2] for line in linked.splitlines() if "=> /" in line]
    for path in [path for path in needed if not os.path.lexists(machine.path(path))] + ["/usr/bin/rpm"]:
        shutil.copy(path, machine.path(path))
    shutil.copytree("/usr/lib/rpm", machine.path("/usr/lib/rpm"), symlinks=True)


def disabled(machine):
    """What a removal does here that it does not do with the .deb."""
    check("a removal disables the units: no link to one is left", links(machine) == "", links(machine))


def last_removal(machine, packages, manual):
    """There is no purge; the manual says what to type in its place."""
    purge = re.search(r"by hand: `(rm [^`]*)`", manual.read_text())[1]
    kept = contents(machine, KEYS)
    packages.remove()
    check("after a removal rpm knows nothing of it", packages.version() is None and len(kept) == 2
          and contents(machine, KEYS) == kept and user(machine), packages.version())
    machine.run(*purge.split())
    left = machine.shell("find /etc /usr /var /run -xdev -name '*certrotd*' ! -path '/etc/systemd/system/certrotd*'")
    check(f"after {purge} nothing is left that has the name", left == "", left)
