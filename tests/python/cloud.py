"""The simulated cloud as a process, what a configuration says of it, and its switchboard."""

import json
import subprocess
import urllib.request

from host import start

APIS = ("iam", "scm", "elb", "waf", "cdn", "dcs", "geminidb", "rds", "dds", "gaussdb", "taurusdb")
KEYS = ("access_key", "secret_key")
# It answers at once, unless it was told to be slow to others.
SWITCH_SECONDS = 10


class Cloud:
    """The simulated cloud; it ends when its standard input does."""

    def __init__(self, programs, scratch, *more, environment=None):
        program = programs / "examples" / "simulated_cloud"
        self.process = start("cloud", [program, "--edge-delay-ms", "300", *more], scratch, environment,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.facts = json.loads(self.process.stdout.readline())

    def switch(self, name, body=None):
        return switch(self.facts["url"], name, body)

    def furnish(self, kind, name, **certificates):
        """A place that serves somebody's RSA certificates for these names; gives its id and edge."""
        made = self.switch("furnish", {"kind": kind, "name": name, "key": "rsa", **certificates})
        return made["id"], made["edge"]

    def write_keys(self, directory):
        """The two files of its credential, as `account` names them."""
        for name in KEYS:
            (directory / name).touch(mode=0o600)
            (directory / name).write_text(self.facts[name])

    def account(self, keys=KEYS):
        """The tables of a configuration that make it the account `sim`, with the credential in these files."""
        return (f'[cloud.sim]\nregion = "{self.facts["region"]}"\n\n[cloud.sim.credentials]\nsource = "access-key"\n'
                f'access_key_file = "{keys[0]}"\nsecret_key_file = "{keys[1]}"\n\n[cloud.sim.endpoints]\n'
                + "".join(f'{api} = "{self.facts["url"]}"\n' for api in APIS))


def switch(url, name, body=None):
    """What the switchboard of the cloud at this address answers; with a body, after it did that."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/_sim/{name}", data)
    with urllib.request.urlopen(request, timeout=SWITCH_SECONDS) as reply:
        return json.loads(reply.read() or b"null")
