"""One story's host and cloud, its daemon, and what was found."""

import json
import signal
import subprocess
import time
from collections import Counter

import host
from house import PUSHES, House
from judge import writes

# What belongs together comes within this, also on a machine that is busy.
SOON = 15
# The schedule would not come by itself during a story.
SELDOM = 'reconcile = "0 0 0 1 1 *"\njitter = "0s"\n'


class Bench:
    """A house without instances: a journal that is lost must not leave a switch to a person."""

    def __init__(self, programs, binary, root):
        self.programs, self.binary, self.root = programs, binary, root
        self.verdicts, self.daemon, self.mounts, self.house, self.environment = [], None, [], None, {}

    def furnish(self, schedule=None, environment=None):
        """A house with renewed pairs; `environment` goes to the cloud and to the daemon."""
        self.environment = environment or {}
        self.house = House(self.programs, self.binary, self.root, environment)
        self.house.instances = False
        if schedule:
            self.house.schedule = schedule
        self.house.renew(["www", "api"])
        self.sent = []
        return self.house

    def judge(self, sentence, holds):
        self.verdicts.append((sentence, bool(holds)))

    def start(self, under=()):
        """Starts the daemon; its log is that of this start alone."""
        name = f"daemon-{time.monotonic_ns()}"
        self.log_file = self.root / f"{name}.log"
        self.daemon = host.start(name, [*under, self.binary, "--config", self.root / "certrotd.toml", "run"], self.root,
                                 self.environment, stdout=subprocess.DEVNULL)

    def started(self, under=()):
        """Starts it, and waits until nothing is left to do."""
        self.start(under)
        host.eventually("the first cycle", SOON, lambda: self.events("cycle.finished"))
        host.eventually("that everything is served", SOON, self.is_settled)
        # The looks that follow end too: a call under way would be signed by a clock that jumps now.
        time.sleep(1)

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        return self.daemon.wait(timeout=30)

    def ended(self):
        """How the daemon ended by itself; nothing where it did not."""
        try:
            return self.daemon.wait(timeout=SOON)
        except subprocess.TimeoutExpired:
            return None

    def log(self):
        lines = self.log_file.read_text().split("\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def events(self, event):
        return [line for line in self.log() if line["event"] == event]

    def words(self):
        """Why the daemon ended."""
        return " ".join(line["message"] for line in self.events("daemon.failed"))

    def writes(self):
        """What was written in the cloud since this was last asked."""
        return [call["detail"] for call in writes(self.house.calls())]

    def judge_silence(self, sentence):
        """Judges that nothing was written in the cloud since this was last asked."""
        found = self.writes()
        self.judge(f"{sentence}: {found}" if found else sentence, not found)

    def eventually(self, what, seconds, holds):
        """Judges whether it comes to hold within so many seconds."""
        began = time.monotonic()
        try:
            host.eventually(what, seconds, holds)
        except TimeoutError:
            self.judge(f"{what}, within {seconds} s", False)
            return False
        self.judge(f"{what} ({time.monotonic() - began:.1f} s)", True)
        return True

    def is_settled(self):
        """Whether every leaf on disk lies in SCM and in its targets, and the places are bound to it."""
        cloud, house = self.house.cloud, self.house
        copies = Counter((one["sha256"], one["target"].upper()) for one in cloud.switch("copies"))
        leaves = {one["id"]: one["sha256"] for one in cloud.switch("certificates")}
        found = cloud.switch(f"listener/{house.listeners['www']}")
        refs = [found["default_tls_container_ref"], *found["sni_container_refs"]]
        refs.append(cloud.switch(f"host/{house.host}")["certificateid"])
        return [leaves.get(ref) for ref in refs].count(house.leaves["www"]) == 2 and all(
            copies[leaf, target] for name, leaf in house.leaves.items() for target in PUSHES[name])

    def once(self):
        """Whether every leaf was imported once and pushed once to each target."""
        cloud = self.house.cloud
        leaves = Counter(one["sha256"] for one in cloud.switch("imports"))
        copies = Counter((one["sha256"], one["target"]) for one in cloud.switch("copies"))
        return set(leaves.values()) == set(copies.values()) == {1} and set(self.house.leaves.values()) <= set(leaves)

    def settles(self):
        """Judges how the story ends."""
        self.eventually("everything is served by the places again", SOON, self.is_settled)
        self.judge("nothing was imported or pushed twice", self.once())
        self.judge("the cloud had nothing to object", not self.house.cloud.switch("violations"))

    def close(self):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait()
        for mount in reversed(self.mounts):
            subprocess.run(["umount", "--lazy", mount], check=False)
        if self.house:
            self.house.close()
