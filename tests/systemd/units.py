"""The story: certrotd is installed in a small Debian of its own, and systemd runs it as it would anywhere.

`tests/systemd/run` installs and builds what this needs. The last line is `N passed, M failed`.
"""

import atexit
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import authorities
import ends
import service
from cloud import Cloud
from host import clean_up_when_told_to_end
from installed import Certbot, Installed, install
from machine import Machine, bare_root
from tally import check, tell

HERE = Path(__file__).resolve().parent
BEGAN = time.monotonic()


def say(words):
    print(f"-- {words} ({time.monotonic() - BEGAN:.0f} s)", flush=True)


def story(programs, release, scratch):
    say("a bare Debian")
    # In memory, and only for this process (tests/systemd/run gave it mounts of its own): unpacking packages on
    # a disk takes several times as long, and nothing can stay behind.
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", scratch], check=True)
    tarball = bare_root(release, scratch)
    machine = Machine(tarball, scratch)
    atexit.register(machine.end)
    say("boot")
    state = machine.boot()
    check(f"systemd is up in the container, and says: {state}", True)
    cloud = Cloud(programs, scratch)
    installed, certbot = Installed(machine, cloud), Certbot(machine, cloud)
    leaf = certbot.renew()
    say("the installation of the README")
    commands = install(machine, HERE.parent.parent, programs, cloud)
    installed.configure()
    authorities.prepare(machine, HERE)
    service.laid_out(machine, commands)
    say("the service")
    service.first_rotation(machine, installed, leaf)
    service.judged(machine, "certrotd.service", "certrotd.service")
    leaf = service.renewal(installed, certbot)
    service.journal(machine, leaf)
    service.renewal_without_a_log(machine, installed, certbot)
    service.reload(machine, installed, certbot)
    say("CA files")
    authorities.installed_files(machine, installed)
    authorities.from_inside(installed)
    authorities.by_path_unit(machine, installed)
    authorities.by_hook(machine, installed)
    authorities.given_away(machine, installed)
    say("without the capability")
    service.group_access(machine, installed, certbot)
    say("ends")
    service.bad_start(machine, installed)
    ends.impatient(machine)
    ends.hung(machine, installed)
    ends.crashed(machine, installed)
    ends.busy(machine)
    ends.stopped_in_a_call(machine, installed, certbot)
    ends.stop(machine, installed)
    ends.by_timer(machine, installed, certbot)
    ends.the_end(machine, installed)
    say("the end")


def main():
    scratch = Path(tempfile.mkdtemp(prefix="certrotd-systemd-"))
    atexit.register(scratch.rmdir)
    atexit.register(subprocess.run, ["umount", "--lazy", scratch])
    clean_up_when_told_to_end()
    return tell(lambda: story(Path(sys.argv[1]), sys.argv[2], scratch), scratch)


if __name__ == "__main__":
    sys.exit(main())
