"""This host: a directory of its own, processes that end with this one, and what TLS and the files say."""

import atexit
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Everything that was started, in that order.
STARTED = []
# What ends at the end is thrown away, and need not be waited for longer.
END_SECONDS = 10
# Above what services are known by.
PORT_MIN = 10_000
PORT_TRIES = 100


def scratch_directory(story):
    """A directory that is there until this process ends, and with it, before that, all that it started."""
    directory = Path(tempfile.mkdtemp(prefix=f"certrotd-{story}-")).resolve()
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    clean_up_when_told_to_end()
    return directory


def clean_up_when_told_to_end():
    """Ends what was started when this process ends, also when it is told to by a signal."""
    atexit.register(end_all)
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, lambda number, _: sys.exit(128 + number))


def start(name, command, directory, environment=None, **how):
    """Starts a process in this directory; its errors, and its output unless it is piped, go to NAME.log there."""
    with open(directory / f"{name}.log", "ab") as log:
        process = subprocess.Popen([str(word) for word in command], stderr=log, cwd=directory,
                                   env={**os.environ, **(environment or {})},
                                   **{"stdin": subprocess.DEVNULL, "stdout": log, **how})
    STARTED.append(process)
    return process


def end(process, seconds=END_SECONDS):
    """Ends a process, by force where it has not ended after so many seconds."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def end_all():
    """Ends what was started and still runs, the last first, each by its own id."""
    for process in reversed(STARTED):
        end(process)


def free_port():
    """A port where nobody listens, to be named to somebody who will. None of those that the system gives away by
    itself: one of them may be anybody's by the time it is wanted."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    for port in random.sample(range(PORT_MIN, max(lowest, PORT_MIN + PORT_TRIES)), PORT_TRIES):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free")


def eventually(what, seconds, holds):
    """Waits until it holds, and gives that; after so many seconds it is an error."""
    end_of_patience = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > end_of_patience:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.1)


def openssl(*words, given=b""):
    done = subprocess.run(["openssl", *map(str, words)], input=given, capture_output=True, timeout=30)
    if done.returncode:
        raise RuntimeError(f"openssl {words[0]}: {done.stderr.decode()}")
    return done.stdout


def leaf_of(pem):
    """Serial and SHA-256 of the first certificate."""
    lines = openssl("x509", "-noout", "-serial", "-fingerprint", "-sha256", given=pem).decode().splitlines()
    serial, digest = (line.partition("=")[2] for line in lines)
    return serial, digest.replace(":", "").lower()
