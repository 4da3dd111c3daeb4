"""The daemon beside the ACME clients, and what fresh handshakes get."""

import json
import subprocess

from host import leaf_of, openssl, start


def served(address, name):
    """Serial of what a fresh handshake returns, and its kind of key."""
    shown = openssl("s_client", "-connect", address, "-servername", name)
    kind = openssl("x509", "-noout", "-text", given=shown).decode()
    return leaf_of(shown)[0], "ecdsa" if "id-ecPublicKey" in kind else "rsa"


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
