"""The story: two ACME clients renew, and each renewal is served by a listener, a host and a domain.

`tests/acme/run` installs and builds what this needs. The last line is `N passed, M failed`.
"""

import shutil
import sys
import time
from pathlib import Path

from clients import Certbot, Lego, Pebble
from cloud import Cloud
from daemon import Daemon, served
from host import eventually, leaf_of, scratch_directory
from tally import check, tell

# A step of the story is done within this; CDN lets only a few bindings through a minute.
STEP_SECONDS = 150
# Longer than the daemon takes from a changed file to its first call.
QUIET_SECONDS = 4
# Of somebody else, on a listener that is ours in part.
FOREIGN = "neighbour.example.test"


class Site:
    """A client's certificate and the three places that have to serve it.

    The listener has it as its own, or beside the one of somebody else, for those who ask by name.
    """

    def __init__(self, client, cloud, own):
        self.client, self.name = client, client.names[0]
        certificates = {"default": client.names} if own else {"default": [FOREIGN], "sni": [client.names]}
        self.listener, listener_edge = cloud.furnish("listener", client.entry, **certificates)
        _, host_edge = cloud.furnish("host", self.name, default=client.names)
        _, domain_edge = cloud.furnish("domain", self.name, default=client.names)
        self.edges = {"elb": listener_edge, "waf": host_edge, "cdn": domain_edge}

    def config(self):
        text = f'[[certificate]]\nname = "{self.client.entry}"\nkeep = 1\n'
        text += f'cert = "{self.client.certificate}"\nkey = "{self.client.key}"\n'
        places = {"elb": ("listeners", self.listener), "waf": ("hosts", self.name), "cdn": ("domains", self.name)}
        for service, (key, place) in places.items():
            text += f'\n[[certificate.push]]\nservice = "{service}"\n{key} = ["{place}"]\n'
            text += f'probe = ["{self.name}@{self.edges[service]}"]\n'
        return text

    def leaf(self):
        return leaf_of(self.client.certificate.read_bytes())

    def served(self):
        return {service: served(edge, self.name) for service, edge in self.edges.items()}


def configure(scratch, cloud, sites):
    cloud.write_keys(scratch)
    config = scratch / "certrotd.toml"
    config.write_text(
        '[state]\npath = "state"\n\n[log]\nformat = "json"\n\n'
        f"{cloud.account()}\n" + "\n".join(site.config() for site in sites))
    return config


def rotation(what, daemon, site, key):
    """Waits until the leaf that lies on the disk is served, and checks that it is, from outside."""
    entry, (serial, digest) = site.client.entry, site.leaf()

    def proven():
        lines = daemon.events("certificate.served", entry)
        return {line["service"] for line in lines
                if line["fingerprint"] == digest and line["proof"] == "handshake"}

    began = time.monotonic()
    try:
        eventually(what, STEP_SECONDS, lambda: len(proven()) == len(site.edges))
    except TimeoutError:
        print("\n".join(map(str, daemon.log()[-15:])))
    took = time.monotonic() - began
    check(f"{entry}: {what} is served, says certificate.served of all three ({took:.1f} s)",
          proven() == set(site.edges), proven())
    for service, found in site.served().items():
        check(f"{entry}: {what} is what openssl gets from {service}", found == (serial, key), found)
    imported = [line for line in daemon.events("certificate.imported", entry) if line["fingerprint"] == digest]
    check(f"{entry}: {what} was imported once", len(imported) == 1, imported)
    told = daemon.status(entry)
    wanted = {"leaf": digest, "scm_leaf": digest, "served": True, "proof": "handshake", "needs_person": False}
    found = {field: told.get(field) for field in wanted}
    check(f"{entry}: status says so of {what}", found == wanted, found)


def renewed(daemon, site, what, key):
    before = site.leaf()
    site.client.renew(key)
    check(f"{site.client.entry}: {what} brought another leaf", site.leaf() != before)
    rotation(what, daemon, site, key)


def caught_half_way(daemon, cloud, site, elsewhere):
    """The new certificate lies there and the key does not yet: nothing happens until it does."""
    live = site.client
    shutil.copytree(live.home, elsewhere.home)
    elsewhere.renew("ecdsa")
    former, before = site.leaf(), site.served()
    imports, rejections = cloud.switch("imports"), len(daemon.events("certificate.rejected", live.entry))
    live.certificate.write_bytes(elsewhere.certificate.read_bytes())
    rejected = eventually("the daemon says that the pair does not fit", STEP_SECONDS,
                          lambda: daemon.events("certificate.rejected", live.entry)[rejections:])
    print(f"       said: {rejected[0]['message']}")
    time.sleep(QUIET_SECONDS)
    check("half a renewal is not imported", cloud.switch("imports") == imports)
    check("half a renewal is served nowhere", site.served() == before, site.served())
    text = daemon.command("status").stdout
    check("half a renewal is told by status, with the fingerprint still served",
          daemon.status(live.entry)["needs_person"] and former[1][:12] in text, text)
    live.key.write_bytes(elsewhere.key.read_bytes())
    check("the second half makes it whole", site.leaf() != former)
    rotation("a renewal that came in halves", daemon, site, "ecdsa")


def shared_listener(cloud, site, default):
    """Across all that, the neighbour's stays and ours is exchanged, not added to."""
    found = cloud.switch(f"listener/{site.listener}")
    check("the neighbour's certificate is still the listener's own",
          found["default_tls_container_ref"] == default, found)
    check("the listener has one certificate of ours", len(found["sni_container_refs"]) == 1, found)


def cleaned_up(daemon, cloud, sites):
    """Of three leaves each, the one in use and one more stay."""
    for site in sites:
        eventually("a retirement", STEP_SECONDS, lambda: [
            line for line in daemon.events("certificate.retired", site.client.entry) if line["service"] == "scm"])
    imports = [one["name"] for one in cloud.switch("imports")]
    check("two imports of each are left", len(imports) == 2 * len(sites), imports)


def the_end(daemon, cloud, scratch, sites):
    status = daemon.command("status")
    print(status.stdout)
    check("status ends with 0", status.returncode == 0, status.stderr)
    history = daemon.command("history")
    check("history knows every rotation", history.returncode == 0
          and all(history.stdout.count(site.client.entry) >= 3 for site in sites), history.stdout)
    violations = cloud.switch("violations")
    check("no call broke a rule of the services", violations == [], violations)
    alarms = [line for line in daemon.log() if line["level"].lower() == "error"
              and line["event"] != "certificate.rejected"]
    check("the log holds no other error", alarms == [], alarms)
    keys = [line for site in sites for line in site.client.key.read_text().splitlines()[1:-1]]
    told = (scratch / "daemon.log").read_bytes()
    told += b"".join(file.read_bytes() for file in (scratch / "state").rglob("*") if file.is_file())
    check("neither log nor state holds a line of a key", not any(line.encode() in told for line in keys))
    check("the daemon ends with 0", daemon.stop() == 0)


def story(programs, scratch):
    authority, cloud = Pebble(scratch), Cloud(programs, scratch)
    certbot = Certbot(scratch, authority, ["www.example.test"])
    lego = Lego(scratch, authority, ["api.example.test", "www.example.test"])
    for client in (certbot, lego):
        client.renew("rsa")
    sites = by_certbot, by_lego = Site(certbot, cloud, own=True), Site(lego, cloud, own=False)
    default = cloud.switch(f"listener/{by_lego.listener}")["default_tls_container_ref"]
    daemon = Daemon(programs, scratch, configure(scratch, cloud, sites))
    for site in sites:
        rotation("the first certificate", daemon, site, "rsa")
    # CDN takes six bindings a minute, so no more than that in all.
    renewed(daemon, by_certbot, "a renewal", "rsa")
    for site in sites:
        renewed(daemon, site, "a renewal from RSA to ECDSA", "ecdsa")
    caught_half_way(daemon, cloud, by_lego, Lego(scratch, authority, lego.names, home="lego-elsewhere"))
    shared_listener(cloud, by_lego, default)
    cleaned_up(daemon, cloud, sites)
    the_end(daemon, cloud, scratch, sites)


def main():
    scratch = scratch_directory("acme")
    return tell(lambda: story(Path(sys.argv[1]), scratch), scratch)


if __name__ == "__main__":
    sys.exit(main())
