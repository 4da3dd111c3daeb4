"""certrotd in the container: installed by the README's own commands, configured, given a certificate as
certbot keeps it and services that use CA files."""

import os
import shutil
from pathlib import Path

from host import eventually, leaf_of, openssl

UNIT = "certrotd.service"
ENTRY = "www-example-com"
NAME = "www.example.com"
ORDERS_CA = "/var/lib/certrotd/ca/orders-redis.pem"
OWNED_CA = "/var/lib/certrotd/ca/owned.pem"
# Another instance whose hook looks at the sandbox from inside.
INSIDE_CA = "/var/lib/certrotd/ca/inside.pem"
# A client that can load its CA anew, and does so as a user of its own. It writes down what it read.
ORDERS_SERVICE = """[Service]
User=orders
RuntimeDirectory=orders
ExecStart=/usr/bin/sleep infinity
ExecReload=/bin/sh -c 'sha256sum /var/lib/certrotd/ca/orders-redis.pem >>/run/orders/reloaded'
"""
# A step is done within this; CDN lets only a few bindings through a minute, and the machine may be busy.
STEP_SECONDS = 90


def install(machine, repository, programs, cloud):
    """Runs each command of the README's installation but the build, from a directory that looks like ours."""
    there = machine.path("/src")
    for part in ("systemd", "config"):
        shutil.copytree(repository / part, there / part)
    (there / "target/release").mkdir(parents=True)
    shutil.copy2(programs / "certrotd", there / "target/release/certrotd")
    commands = [line for line in documented(repository, "sh") if not line.startswith("cargo ")]
    typed(machine, "/src", commands, cloud)
    return commands


def documented(repository, language):
    """The commands of the first block in this language that the README has on installing."""
    section = (repository / "README.md").read_text().split("## Install", 1)[1]
    return section.split(f"```{language}\n", 1)[1].split("```", 1)[0].splitlines()


def typed(machine, directory, commands, cloud):
    """Runs commands there; those that write a key are given it."""
    for line in commands:
        secret = next((cloud.facts[name] for name in ("access_key", "secret_key")
                       if name.replace("_", "-") in line), "")
        machine.shell(f"cd {directory} && {line}", given=secret)


class Certbot:
    """What certbot leaves: archive and live, 0700 and root's, the key 0600, and links from one to the other."""

    def __init__(self, machine, cloud):
        self.cloud, self.serial = cloud, 0
        home = machine.path("/etc/letsencrypt")
        self.archive, self.live = home / "archive" / NAME, home / "live" / NAME
        for part in ("archive", "live"):
            (home / part).mkdir(parents=True, mode=0o700)
            (home / part / NAME).mkdir(mode=0o755)

    def renew(self, group=None):
        """A new pair, its links turned one after the other; gives the SHA-256 of its leaf. As certbot does, the
        key has the group and mode of the one before."""
        made = self.cloud.switch("issue", {"name": NAME})
        self.serial += 1
        files = {"cert": made["certificate"], "chain": made["certificate_chain"], "privkey": made["private_key"],
                 "fullchain": made["certificate"] + "\n" + made["certificate_chain"]}
        for name, text in files.items():
            file = self.archive / f"{name}{self.serial}.pem"
            file.touch(mode=0o600 if name == "privkey" else 0o644)
            file.write_text(text + "\n")
            if name == "privkey" and self.serial > 1:
                former = (self.archive / f"{name}{self.serial - 1}.pem").stat()
                os.chown(file, -1, former.st_gid)
                file.chmod(former.st_mode & 0o7777)
        for name in files:
            link, other = self.live / f"{name}.pem", self.live / f"{name}.new"
            other.symlink_to(f"../../archive/{NAME}/{name}{self.serial}.pem")
            other.rename(link)
        return made["sha256"]


class Installed:
    """The configuration, the places that have to serve the certificate, and looks at what came of it. With `clients`
    also the CA files that authorities.py is about."""

    def __init__(self, machine, cloud, clients=True):
        self.machine, self.cloud, self.clients = machine, cloud, clients
        listener, listener_edge = cloud.furnish("listener", ENTRY, default=[NAME])
        _, host_edge = cloud.furnish("host", NAME, default=[NAME])
        _, domain_edge = cloud.furnish("domain", NAME, default=[NAME])
        self.places = {"elb": ("listeners", listener), "waf": ("hosts", NAME), "cdn": ("domains", NAME)}
        self.edges = {"elb": listener_edge, "waf": host_edge, "cdn": domain_edge}
        self.on_change, self.owner = False, True

    def configure(self, level="info", more=""):
        """Writes the configuration, whole, as an editor would."""
        facts = self.cloud.facts
        account = self.cloud.account(["credential:access-key", "credential:secret-key"])
        text = (f'[schedule]\njitter = "0s"\n{more}\n[log]\nlevel = "{level}"\n\n'
                f'{account}\n[[certificate]]\nname = "{ENTRY}"\n'
                f'cert = "/etc/letsencrypt/live/{NAME}/fullchain.pem"\n'
                f'key = "/etc/letsencrypt/live/{NAME}/privkey.pem"\n')
        for service, (key, place) in self.places.items():
            text += (f'\n[[certificate.push]]\nservice = "{service}"\n{key} = ["{place}"]\n'
                     f'probe = ["{NAME}@{self.edges[service]}"]\n')
        text += instance("orders-redis", "dcs", facts["dcs_pem"], ORDERS_CA)
        if self.on_change:
            text += 'on_change = ["/usr/bin/systemctl", "try-reload-or-restart", "orders.service"]\n'
        if self.clients:
            text += instance("owned", "rds", facts["rds"], OWNED_CA) + 'group = "orders"\nmode = "0640"\n'
            text += 'owner = "orders"\n' if self.owner else ""
            text += instance("inside", "dds", facts["dds"], INSIDE_CA)
            text += 'on_change = ["/usr/local/libexec/inside"]\n'
        self.machine.path("/etc/certrotd/certrotd.toml").write_text(text)

    def publish(self, instance_id):
        """The instance publishes another CA; gives that."""
        pem = openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj",
                      "/CN=another CA", "-days", "365").decode()
        self.cloud.switch("publish", {"instance": instance_id, "pem": pem})
        return pem

    def lines(self, event, **fields):
        """The lines of the log that are this event, by the journal's own index."""
        matches = [f"{name.upper()}={value}" for name, value in {"event": event, **fields}.items()]
        return self.machine.journal(*matches)

    def another(self, what, event, run, seconds=STEP_SECONDS, **fields):
        """Does something and waits for the event to come once more; gives the lines that are new."""
        before = len(self.lines(event, **fields))
        run()
        return eventually(what, seconds, lambda: self.lines(event, **fields)[before:])

    def proven(self, leaf):
        """The services whose probes returned this leaf, as the log says."""
        lines = self.lines("certificate.served", certificate=ENTRY, fingerprint=leaf)
        return {line["SERVICE"] for line in lines if line["PROOF"] == "handshake"}

    def served(self):
        """The leaves that fresh handshakes from the host get."""
        return {service: leaf_of(openssl("s_client", "-connect", edge, "-servername", NAME))[1]
                for service, edge in self.edges.items()}

    def rotated(self, leaf):
        """Waits until each of the three serves this leaf and the log says so."""
        eventually("the leaf is served", STEP_SECONDS, lambda: self.proven(leaf) == set(self.edges))

    def imports(self):
        return [one["sha256"] for one in self.cloud.switch("imports")]

    def process(self):
        """The daemon's process id on the host, which sees it under another number than the container does."""
        inside = self.machine.show(UNIT, "MainPID")
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                text = status.read_text()
            except OSError:
                continue
            numbers = next((line.split()[1:] for line in text.splitlines() if line.startswith("NSpid:")), [])
            if text.startswith("Name:\tcertrotd\n") and len(numbers) > 1 and numbers[-1] == inside:
                return int(numbers[0])
        return None

    def active(self, since=None):
        """Whether it is up; with the process that was before, whether another one is."""
        up = self.machine.show(UNIT, "ActiveState") == "active"
        return up and self.machine.show(UNIT, "MainPID") not in ("0", since)


def instance(name, service, instance_id, path):
    return (f'\n[[instance_ca]]\nname = "{name}"\nservice = "{service}"\ninstance_id = "{instance_id}"\n'
            f'path = "{path}"\n')
