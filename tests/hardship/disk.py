"""Disks that are full, and disks that became read-only."""

import os
import subprocess
from pathlib import Path

import host
from bench import SELDOM, SOON

# The state's own disk, in KiB, and what is left of it where it is nearly full.
DISK_KIB = 4096
LITTLE_KIB = 100


def mount(bench):
    """Gives the state a small disk of its own."""
    place = bench.root / "state"
    place.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_KIB}k,mode=0700", "tmpfs", place], check=True)
    bench.mounts.append(place)


def fill(bench, left_kib=0):
    """Fills it up to the last byte, or nearly."""
    path = bench.root / "state" / "ballast"
    with open(path, "wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(4096))
        except OSError:
            pass
    if left_kib:
        os.truncate(path, path.stat().st_size - left_kib * 1024)


def make_room(bench):
    (bench.root / "state" / "ballast").unlink()


def refuses_to_start(bench, what):
    """Three starts, as a service manager would try them."""
    bench.house.calls()
    for _ in range(3):
        bench.start()
        status = bench.ended()
    bench.judge(f"{what}, it ends with 1: {bench.words()}", status == 1)
    bench.judge(f"{what}, three starts ask the cloud nothing", not bench.house.calls())


def full_before(bench):
    """The disk is full before the daemon starts."""
    bench.furnish()
    mount(bench)
    fill(bench)
    refuses_to_start(bench, "with no byte left")
    make_room(bench)
    bench.start()
    bench.settles()
    bench.stop()
    # A key that is wrong now: what nobody remembers would be tried again until it is locked.
    (bench.root / "secret_key").write_text("wrong")
    fill(bench, LITTLE_KIB)
    refuses_to_start(bench, f"with {LITTLE_KIB} KiB left")
    make_room(bench)


def full_meanwhile(bench):
    """The disk becomes full while the daemon runs."""
    house = bench.furnish(SELDOM)
    mount(bench)
    bench.started()
    fill(bench)
    bench.writes()
    house.renew(["www", "api"])
    status = bench.ended()
    bench.judge(f"it ends with 1: {bench.words()}", status == 1 and "nothing is done that cannot be remembered" in bench.words())
    bench.judge_silence("it had sent nothing that it cannot remember")
    refuses_to_start(bench, "while the disk is full")
    make_room(bench)
    bench.start()
    bench.settles()


def read_only_before(bench):
    """The state is read-only before the daemon starts."""
    house = bench.furnish(SELDOM)
    mount(bench)
    bench.started()
    bench.stop()
    house.renew(["www", "api"])
    subprocess.run(["mount", "-o", "remount,ro", bench.root / "state"], check=True)
    refuses_to_start(bench, "on a read-only disk")
    subprocess.run(["mount", "-o", "remount,rw", bench.root / "state"], check=True)
    bench.start()
    bench.settles()


def read_only_meanwhile(bench):
    """The kernel makes the disk read-only while the daemon runs, as it does after a fault of the disk."""
    house = bench.furnish(SELDOM)
    bench.started()
    bench.writes()
    # A disk with files that are open for writing cannot be mounted anew: its calls fail as they would then.
    tracer = subprocess.Popen(["strace", "-f", "-o", "/dev/null", "-e", "trace=pwrite64,fsync,fdatasync,ftruncate",
                               "-e", "inject=pwrite64,fsync,fdatasync,ftruncate:error=EROFS", "-p", str(bench.daemon.pid)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    status = Path(f"/proc/{bench.daemon.pid}/status")
    host.eventually("that its calls fail", SOON, lambda: "TracerPid:\t0\n" not in status.read_text())
    house.renew(["www", "api"])
    status = bench.ended()
    tracer.wait(timeout=10)
    bench.judge(f"it ends with 1: {bench.words()}", status == 1 and "nothing is done that cannot be remembered" in bench.words())
    bench.judge_silence("it had sent nothing that it cannot remember")
    bench.start()
    bench.settles()


STORIES = [full_before, full_meanwhile, read_only_before, read_only_meanwhile]
