"""The host: processes that end with this one, the simulated cloud, the daemon, and looks at both."""

import json
import os
import socket
import subprocess
import time
import urllib.request

# Everything that was started, in that order.
STARTED = []
# A step of the story is done within this; CDN lets only a few bindings through a minute.
STEP_SECONDS = 150


def start(name, command, scratch, environment=None, **pipes):
    """Starts a process whose errors, and output unless it is piped, go to NAME.log."""
    with open(scratch / f"{name}.log", "ab") as log:
        process = subprocess.Popen([str(word) for word in command], stderr=log, cwd=scratch,
                                   env={**os.environ, **(environment or {})},
                                   **{"stdin": subprocess.DEVNULL, "stdout": log, **pipes})
    STARTED.append(process)
    return process


def end_all():
    """Ends what was started and still runs, the last first, each by its own id."""
    for process in reversed(STARTED):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def eventually(what, seconds, holds):
    """Waits until it holds, and gives that; after so many seconds it is an error."""
    end = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > end:
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


def served(address, name):
    """Serial of what a fresh handshake returns, and its kind of key."""
    shown = openssl("s_client", "-connect", address, "-servername", name)
    kind = openssl("x509", "-noout", "-text", given=shown).decode()
    return leaf_of(shown)[0], "ecdsa" if "id-ecPublicKey" in kind else "rsa"


class Cloud:
    """The simulated cloud; it ends when its standard input does."""

    def __init__(self, programs, scratch, *more, environment=None):
        program = programs / "examples" / "simulated_cloud"
        self.process = start("cloud", [program, "--edge-delay-ms", "300", *more], scratch, environment,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.facts = json.loads(self.process.stdout.readline())

    def switch(self, name, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.facts['url']}/_sim/{name}", data)
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.loads(reply.read() or b"null")

    def furnish(self, kind, name, **certificates):
        """A place that serves somebody's RSA certificates for these names; gives its id and edge."""
        made = self.switch("furnish", {"kind": kind, "name": name, "key": "rsa", **certificates})
        return made["id"], made["edge"]


class Daemon:
    """`certrotd run` with a configuration, its log, and the commands beside it."""

    def __init__(self, programs, scratch, config):
        self.program, self.scratch, self.config = programs / "certrotd", scratch, config
        self.process = start("daemon", [self.program, "--config", config, "run"], scratch)

    def log(self):
        """The events so far; a line that is still being written is left out."""
        lines = (self.scratch / "daemon.log").read_text().split("\n")[:-1]
        return [json.loads(line) for line in lines]

    def events(self, event, entry):
        return [line for line in self.log() if line["event"] == event and line.get("certificate") == entry]

    def command(self, *words):
        return subprocess.run([self.program, "--config", self.config, *words], capture_output=True, text=True,
                              timeout=60)

    def status(self, entry):
        """What `status` says of an entry."""
        told = json.loads(self.command("--format", "json", "status").stdout)
        return next(one for one in told["certificates"] if one["name"] == entry)

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=30)
