"""The story: an operator's life with the .deb, or with the .rpm, in a small Debian of its own.

`tests/systemd/package` installs and builds what this needs. The last line is `N passed, M failed`.
"""

import json
import sys
from pathlib import Path

import deb
import ends
import packaged
import rpm
import service
from cloud import Cloud
from installed import ENTRY, UNIT, Certbot, Installed
from machine import booted, scratch_in_memory
from tally import check, say, tell

REPOSITORY = Path(__file__).resolve().parent.parent.parent
# Fields that the manual's table of events promises, as the journal writes them.
FIELDS = {
    "certificate.imported": {"CERTIFICATE", "SCM_ID", "FINGERPRINT", "ELAPSED_MS"},
    "certificate.pushed": {"CERTIFICATE", "SCM_ID", "SERVICE", "PROJECT"},
    "certificate.bound": {"CERTIFICATE", "SERVICE", "PROJECT", "PLACE", "FINGERPRINT"},
    "certificate.served": {"CERTIFICATE", "SERVICE", "PROJECT", "PROBE", "PROOF", "FINGERPRINT", "DAYS_LEFT"},
}


def journal(machine, leaf):
    """The one command that shows the life of a certificate."""
    words = ("journalctl", f"CERTIFICATE={ENTRY}", "-o", "json")
    lines = [json.loads(line) for line in machine.run(*words).stdout.splitlines()]
    for event, wanted in FIELDS.items():
        found = [line for line in lines if line.get("EVENT") == event]
        lacking = [sorted(wanted - set(line)) for line in found if not wanted <= set(line)]
        check(f"{' '.join(words)}: {len(found)} lines of {event}, each with {', '.join(sorted(wanted))}",
              found and not lacking, lacking or {line.get("EVENT") for line in lines})
    found = {line["SERVICE"] for line in lines
             if line.get("EVENT") == "certificate.served" and line["FINGERPRINT"] == leaf}
    check("it says of the renewed leaf that ELB, WAF and CDN serve it", found == {"elb", "waf", "cdn"}, found)


def reload(machine, installed):
    """The operator edits the configuration."""
    before = machine.show(UNIT, "MainPID")

    def edited():
        installed.configure(more=packaged.BY_HAND)
        machine.run("systemctl", "reload", UNIT)

    lines = installed.another("the edited configuration is taken", "config.reloaded", edited)
    check("systemctl reload takes an edited configuration, in the same process",
          bool(lines) and machine.show(UNIT, "MainPID") == before, lines)


def story(programs, release, package, scratch):
    machine = booted(release, scratch)
    cloud = Cloud(programs, scratch)
    installed, certbot = Installed(machine, cloud, clients=False), Certbot(machine, cloud)
    dpkg = package.suffix == ".deb"
    packages = deb.Deb(machine, package) if dpkg else rpm.Rpm(machine, package)
    leaf = certbot.renew()
    say("the installation")
    packaged.install(machine, REPOSITORY, packages, cloud)
    if dpkg:
        deb.first_configuration(machine)
    say("the service")
    installed.configure()
    service.first_rotation(machine, installed, leaf)
    leaf = service.renewal(installed, certbot)
    journal(machine, leaf)
    reload(machine, installed)
    say("a hang")
    ends.impatient(machine)
    ends.hung(machine, installed)
    say("upgrades")
    packaged.upgrade_of_a_running_daemon(machine, installed, packages)
    service.renewal(installed, certbot)
    latest = packaged.upgrade_of_a_stopped_daemon(machine, installed, packages)
    if dpkg:
        latest = deb.taken_away(machine, packages)
    machine.run("systemctl", "start", UNIT)
    say("removal and return")
    packaged.remove(machine, installed, packages)
    if not dpkg:
        rpm.disabled(machine)
    packaged.come_back(machine, installed, packages, latest)
    service.renewal(installed, certbot)
    ends.the_end(machine, installed)
    if dpkg:
        say("purge")
        deb.purge(machine, installed, packages)
        deb.after_a_file_of_the_operators(machine, packages, latest)
    else:
        say("the last removal")
        rpm.last_removal(machine, packages, REPOSITORY / "docs/manual.md")
    say("the end")


def main():
    scratch = scratch_in_memory()
    programs, release, package = sys.argv[1:]
    return tell(lambda: story(Path(programs), release, Path(package), scratch), scratch)


if __name__ == "__main__":
    sys.exit(main())
