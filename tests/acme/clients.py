"""A test CA on loopback, and two ACME clients that renew from it, each in its own layout."""

import json
import os
import ssl
import subprocess
import urllib.request

from host import eventually, free_port, openssl, start

# One issuance takes about a second; a client that hangs is a failure, not a wait.
CLIENT_SECONDS = 120
MAIL = "operator@example.test"


class Pebble:
    """The CA. It takes every challenge as met: validation is its own business, not the daemon's."""

    def __init__(self, scratch):
        home = scratch / "pebble"
        home.mkdir()
        self.certificate, key, config = home / "api.pem", home / "api.key", home / "pebble.json"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", self.certificate,
                "-days", "2", "-subj", "/CN=test CA", "-addext", "subjectAltName=IP:127.0.0.1")
        port, management, unused = free_port(), free_port(), free_port()
        self.challenges = free_port()
        self.directory = f"https://127.0.0.1:{port}/dir"
        config.write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{port}", "managementListenAddress": f"127.0.0.1:{management}",
            "certificate": str(self.certificate), "privateKey": str(key),
            "httpPort": self.challenges, "tlsPort": unused}}))
        # A client gives up where its nonce is refused twice in a row, which is between the two of them.
        environment = {"PEBBLE_VA_ALWAYS_VALID": "1", "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
        start("pebble", ["pebble", "-config", config], scratch, environment)
        trusting = ssl.create_default_context(cafile=str(self.certificate))
        eventually("the test CA answers", 30, lambda: self.answers(trusting))

    def answers(self, trusting):
        try:
            with urllib.request.urlopen(self.directory, context=trusting, timeout=5) as reply:
                return reply.status == 200
        except OSError:
            return False


class Certbot:
    """New files below archive/, and links in live/ that are turned to them one by one."""

    entry = "by-certbot"

    def __init__(self, scratch, authority, names):
        self.authority, self.names, self.home = authority, names, scratch / "letsencrypt"
        live = self.home / "live" / names[0]
        self.certificate, self.key = live / "fullchain.pem", live / "privkey.pem"

    def renew(self, key):
        kind = {"rsa": ["--key-type", "rsa", "--rsa-key-size", "2048"],
                "ecdsa": ["--key-type", "ecdsa", "--elliptic-curve", "secp256r1"]}[key]
        run(["certbot", "certonly", "--non-interactive", "--agree-tos", "--email", MAIL, "--no-eff-email",
             "--server", self.authority.directory, "--standalone", "--http-01-address", "127.0.0.1",
             "--http-01-port", self.authority.challenges, "--force-renewal", "--cert-name", self.names[0],
             "--config-dir", self.home, "--work-dir", self.home / "work", "--logs-dir", self.home / "logs",
             *kind, *domains(self.names)],
            {"REQUESTS_CA_BUNDLE": self.authority.certificate, "HOME": self.home.parent})


class Lego:
    """Two files that are overwritten where they lie, the certificate before the key or after it."""

    entry = "by-lego"

    def __init__(self, scratch, authority, names, home="lego"):
        self.authority, self.names, self.home = authority, names, scratch / home
        files = self.home / "certificates"
        self.certificate, self.key = files / f"{names[0]}.crt", files / f"{names[0]}.key"

    def renew(self, key):
        # However long the certificate has left.
        first = not self.certificate.exists()
        command = ["run"] if first else ["renew", "--days", 36500, "--no-random-sleep"]
        kind = {"rsa": "rsa2048", "ecdsa": "ec256"}[key]
        run(["lego", "--accept-tos", "--email", MAIL, "--server", self.authority.directory, "--path", self.home,
             "--http", "--http.port", f"127.0.0.1:{self.authority.challenges}", "--key-type", kind,
             *domains(self.names), *command],
            {"LEGO_CA_CERTIFICATES": self.authority.certificate, "HOME": self.home.parent})


def domains(names):
    return [word for name in names for word in ("--domains", name)]


def run(command, environment):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=CLIENT_SECONDS,
                          env={**os.environ, **{name: str(value) for name, value in environment.items()}})
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}")
