"""A host with everything that can be renewed at once, and the simulated cloud that it talks to."""

import hashlib
import json
import subprocess
import time
from collections import Counter

import hook
from cloud import Cloud

# A command that a cycle needs at most, in seconds; the doubt and the job are a second each.
RUN_SECONDS = 120
# Services that a renewal of each entry is pushed to. A domain of CDN takes the import itself.
PUSHES = {"www": ("ELB", "WAF", "CDN"), "api": ("ELB", "WAF"), "static": ()}
# Certificates are told apart by the second from which they are valid.
SECOND = 1.1


class House:
    """A configuration, pairs, a CA file, a switch and a state."""

    # What other stories change: when a cycle begins, where the state lies, and whether there are instances.
    schedule = 'reconcile = "* * * * * *"\njitter = "0s"\n'
    state = "state"
    instances = True

    def __init__(self, programs, binary, root, environment=None):
        self.binary, self.root, self.ssl = binary, root, False
        root.mkdir()
        self.cloud = Cloud(programs, root, "--job-time-ms", "700", "--list-lag-ms", "300", environment=environment)
        self.listeners = {
            "www": self.cloud.furnish("listener", "www", default="www.example.com")[0],
            "api": self.cloud.furnish("listener", "api", default="www.example.org", sni=["api.example.com"])[0],
        }
        self.host = self.cloud.furnish("host", "www.example.com")[0]
        self.domain = self.cloud.furnish("domain", "static.example.com")[0]
        self.leaves, self.sent = {}, 0
        self.cloud.write_keys(root)
        time.sleep(SECOND)

    def configure(self):
        pushes = {
            "www": f'service = "elb"\nlisteners = ["{self.listeners["www"]}"]\n[[certificate.push]]\n'
                   f'service = "waf"\nhosts = ["{self.host}"]\n[[certificate.push]]\nservice = "cdn"\n',
            "api": f'service = "elb"\nlisteners = ["{self.listeners["api"]}"]\n[[certificate.push]]\nservice = "waf"\n',
            "static": f'service = "cdn"\ndomains = ["{self.domain}"]\n',
        }
        (self.root / "certrotd.toml").write_text(
            f'[schedule]\n{self.schedule}doubt = "1s"\nretry = "100ms..1s"\n'
            f'[state]\npath = "{self.state}"\n[log]\nformat = "json"\n'
            + self.cloud.account()
            + "".join(f'[[certificate]]\nname = "{name}"\ncert = "{name}.pem"\nkey = "{name}.key"\n'
                      f'[[certificate.push]]\n{push}' for name, push in pushes.items() if name in self.leaves)
            + (self.of_instances() if self.instances else ""))

    def of_instances(self):
        facts = self.cloud.facts
        return (
            f'[[instance_ca]]\nname = "orders"\nservice = "dcs"\ninstance_id = "{facts["dcs_pem"]}"\n'
            f'path = "ca/orders.pem"\n{hook.on_change(self.root)}'
            f'[[instance_ssl]]\nname = "ledger"\nservice = "taurusdb"\ninstance_id = "{facts["taurusdb"]}"\n'
            f'enabled = {str(self.ssl).lower()}\nallow_restart = true\n')

    def renew(self, names):
        """New pairs for these, another CA to publish, and the other state of the switch."""
        for name in names:
            made = self.cloud.switch("issue", {"name": f"{name}.example.com"})
            self.leaves[name] = made["sha256"]
            (self.root / f"{name}.key").touch(mode=0o600)
            (self.root / f"{name}.key").write_text(made["private_key"] + "\n")
            (self.root / f"{name}.pem").write_text(f'{made["certificate"]}\n{made["certificate_chain"]}\n')
        self.configure()
        if self.instances:
            self.renew_instances()

    def renew_instances(self):
        instance = self.cloud.facts["dcs_pem"]
        self.ca = self.cloud.switch("present", {"instance": instance, "self_signed": True})["ca"]
        self.cloud.switch("publish", {"instance": instance, "pem": self.ca})
        self.ssl = not self.ssl
        self.configure()

    def command(self, *words, under=()):
        """Runs the binary to its end; the log goes to a file, where a killed one leaves it too."""
        with open(self.root / "log", "ab") as log:
            return subprocess.run([*under, self.binary, "--config", self.root / "certrotd.toml", *words],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
                                  timeout=RUN_SECONDS)

    def begin(self, word):
        with open(self.root / "log", "ab") as log:
            return subprocess.Popen([self.binary, "--config", self.root / "certrotd.toml", word],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)

    def history(self):
        done = self.command("--format", "json", "history")
        return [json.loads(line) for line in done.stdout.splitlines()] if done.returncode == 0 else []

    def runs(self):
        """How often the command ran for which bytes."""
        return Counter(hook.ran(self.root))

    def digest(self):
        """Of the CA file, as the command is told it."""
        path = self.root / "ca" / "orders.pem"
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""

    def calls(self):
        """What was asked since this was last read."""
        every = self.cloud.switch("calls")
        new, self.sent = every[self.sent:], len(every)
        return new

    def close(self):
        self.cloud.process.stdin.close()
        self.cloud.process.wait(timeout=30)
