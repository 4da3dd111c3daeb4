"""A small Debian of its own, booted with systemd in a container that shares the host's loopback."""

import atexit
import hashlib
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from host import clean_up_when_told_to_end, eventually, start
from tally import check, say

# What the units and the documented ways to reload a client need, and what keeps Perl out; what installs a .deb, and
# what ours depends on.
PACKAGES = ("systemd", "systemd-sysv", "dbus", "polkitd", "usr-is-merged", "apt", "ca-certificates")
# For what nobody reads there; and no waiting for the disk, since a root that was cut off is thrown away.
LEAN = ("--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
        '--aptopt=Acquire::Languages "none"')
# After so long the root in the cache is made anew, with the packages of that day.
CACHE_SECONDS = 7 * 86_400
BOOT_SECONDS = 60
COMMAND_SECONDS = 60


def bare_root(release, scratch):
    """The tarball of a bare root, made where there is none that is young enough."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "certrotd-tests"
    kind = hashlib.sha256(repr((release, PACKAGES, LEAN)).encode()).hexdigest()[:12]
    tarball = cache / f"{release}-{kind}.tar"
    if tarball.exists() and time.time() - tarball.stat().st_mtime < CACHE_SECONDS:
        return tarball
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = tarball.with_suffix(f".{os.getpid()}")
    try:
        with open(unfinished, "wb") as out:
            done = subprocess.run(["mmdebstrap", "--quiet", "--variant=essential", "--format=tar", *LEAN,
                                   f"--include={','.join(PACKAGES)}", release],
                                  stdout=out, env={**os.environ, "TMPDIR": str(scratch)})
        if done.returncode:
            raise RuntimeError(f"mmdebstrap ended with {done.returncode}")
        for old in cache.glob(f"{release}-*.tar"):
            old.unlink(missing_ok=True)
        unfinished.rename(tarball)
    finally:
        unfinished.unlink(missing_ok=True)
    return tarball


def scratch_in_memory():
    """A directory that is there until this process ends, in memory and seen by it alone: the scripts beside this one
    give it mounts of its own. Unpacking packages on a disk takes several times as long, and nothing can stay behind."""
    scratch = Path(tempfile.mkdtemp(prefix="certrotd-systemd-"))
    atexit.register(scratch.rmdir)
    atexit.register(subprocess.run, ["umount", "--lazy", scratch])
    clean_up_when_told_to_end()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", scratch], check=True)
    return scratch


def booted(release, scratch):
    """A bare Debian of this release, up until this process ends."""
    say("a bare Debian")
    machine = Machine(bare_root(release, scratch), scratch)
    atexit.register(machine.end)
    say("boot")
    state = machine.boot()
    check(f"systemd is up in the container, and says: {state}", True)
    return machine


class Machine:
    """The container. It has process ids, mounts and control groups of its own, and the host's network, so
    that the simulated cloud is reached as from the host; it may not change that network."""

    def __init__(self, tarball, scratch):
        self.root, self.scratch = scratch / "root", scratch
        self.name = f"certrotd-test-{os.getpid()}"
        self.process = self.leader = None
        self.root.mkdir()
        subprocess.run(["tar", "--extract", "--file", tarball, "--directory", self.root], check=True)

    def boot(self):
        # nspawn without a service manager around it: a /run of its own, and a control group to work in.
        script = ('set -e\nmount -t tmpfs none /run\numount -R /sys/fs/cgroup 2>/dev/null || true\n'
                  'mount -t cgroup2 none /sys/fs/cgroup\nmkdir "/sys/fs/cgroup/$1"\n'
                  'echo $$ >"/sys/fs/cgroup/$1/cgroup.procs"\n'
                  'exec systemd-nspawn --quiet --directory="$2" --machine="$1" --boot --register=no --keep-unit '
                  '--link-journal=no --resolv-conf=off --timezone=off --console=pipe')
        # Whatever ends this process ends the container: unshare first, and with it its first child.
        self.process = start("machine", [
            "setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
            "bash", "-c", script, "bash", self.name, self.root], self.scratch)
        self.leader = eventually("the container has a first process", BOOT_SECONDS, self.first_process)
        return eventually("systemd says that it is up", BOOT_SECONDS, self.up)

    def first_process(self):
        """systemd's process id on the host: the only child of nspawn, which is the only child of unshare."""
        found = self.process.pid
        for _ in range(2):
            if self.process.poll() is not None:
                raise RuntimeError(f"no boot: {(self.scratch / 'machine.log').read_text()[-2000:]}")
            children = Path(f"/proc/{found}/task/{found}/children").read_text().split()
            if len(children) != 1:
                return None
            found = int(children[0])
        return found if Path(f"/proc/{found}/comm").read_text().strip() == "systemd" else None

    def up(self):
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state if state in ("running", "degraded") else None

    def run(self, *words, check=True, given="", seconds=COMMAND_SECONDS):
        """What a command says there, run by its root."""
        words = [str(word) for word in words]
        done = subprocess.run(["nsenter", "--all", f"--target={self.leader}", *words], input=given,
                              capture_output=True, text=True, timeout=seconds, env={
                                  "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SYSTEMD_PAGER": "", "HOME": "/root"})
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def shell(self, line, given=""):
        return self.run("sh", "-ec", line, given=given).stdout.strip()

    def path(self, path):
        """Where the host sees a file of the container."""
        return self.root / str(path).lstrip("/")

    def show(self, unit, key):
        return self.run("systemctl", "show", "--value", f"--property={key}", unit).stdout.strip()

    def journal(self, *matches, unit="certrotd.service"):
        """The entries of a unit, the oldest first."""
        text = self.run("journalctl", "--quiet", "--no-pager", "--output=json", f"--unit={unit}", *matches,
                        check=False).stdout
        return [json.loads(line) for line in text.splitlines()]

    def end(self):
        """Ends everything in it at once, and leaves no control group."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.leader:
            eventually("the container has ended", BOOT_SECONDS, lambda: not Path(f"/proc/{self.leader}").exists())
        subprocess.run(["unshare", "--mount", "sh", "-c", 'mount -t cgroup2 none /mnt && cd /mnt && test -d "$1" && '
                        'find "$1" -depth -type d -exec rmdir {} +', "sh", self.name], stderr=subprocess.DEVNULL)
