"""The story: certrotd is installed in a small Debian of its own, and systemd runs it as it would anywhere.

`tests/systemd/run` installs and builds what this needs. The last line is `N passed, M failed`.
"""

import sys
from pathlib import Path

import authorities
import ends
import service
from cloud import Cloud
from installed import Certbot, Installed, install
from machine import booted, scratch_in_memory
from tally import say, tell

HERE = Path(__file__).resolve().parent


def story(programs, release, scratch):
    machine = booted(release, scratch)
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
    scratch = scratch_in_memory()
    return tell(lambda: story(Path(sys.argv[1]), sys.argv[2], scratch), scratch)


if __name__ == "__main__":
    sys.exit(main())
