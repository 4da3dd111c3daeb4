"""What one round has to come to, however often it was killed: the cloud's own books, the files and the journal."""

import os
from collections import Counter

import hook
from house import PUSHES

# Until it is settled, at most; each waits out doubts and back-offs by itself.
APPLIES = 4
# They change nothing: the one gives out a CA, the other counts what uses an import.
READS = ("/ssl-certs/download", "/deployed-resources")
# CDN lists no copy that no domain uses: killed inside a push, and inside its one repetition too, a person has to look.
UNSEEN = "CDN lists only what a domain uses"
# What a state directory holds while nobody works on it.
STATE = {"journal.sqlite", "lock", "seen"}


class Round:
    """What is watched while it is being killed, and judged once it is settled."""

    def __init__(self, house, renewed):
        self.house, self.renewed = house, renewed
        self.inside = self.asked = 0
        self.ran = self.before = house.runs()
        house.calls()

    def killed(self):
        """Whether the command ran and the journal does not know it; gives what was under way."""
        lines, now = self.house.history(), self.house.runs()
        for digest in now - self.ran:
            self.inside += not hook.is_done(lines, digest)
        self.ran = now
        last = {}
        for line in lines:
            last[line["step"]] = line["outcome"]
        return [kind(step) for step, outcome in last.items() if outcome == "begun"]

    def settled(self):
        """Lets it settle, and gives a sentence for all that is wrong then."""
        for _ in range(APPLIES):
            told = self.house.command("apply", *(["--retry", "www"] if self.asked else []))
            if told.returncode == 0:
                break
            self.asked += UNSEEN in told.stdout
        else:
            return [f"apply ends with {told.returncode}: {told.stdout.strip()}"]
        calls = self.house.calls()
        again = self.house.command("apply")
        more = writes(self.house.calls())
        wrong = {
            f"a further apply ends with {again.returncode}: {again.stdout.strip()}": again.returncode == 0,
            f"a further apply writes nothing: {more}": not more,
            f"the cloud has nothing to object: {self.house.cloud.switch('violations')}":
                not self.house.cloud.switch("violations"),
            f"the state holds {os.listdir(self.house.root / 'state')}":
                set(os.listdir(self.house.root / "state")) - {"requests"} == STATE,
        }
        found = [sentence for sentence, holds in wrong.items() if not holds]
        return found + self.cloud(calls) + self.file() + self.places()

    def cloud(self, calls):
        """Each leaf was imported once, pushed once to each target, and the switch thrown once."""
        done = [call for call in writes(calls) if (call["status"] or 0) < 300]
        leaves = Counter(one["sha256"] for one in self.house.cloud.switch("imports"))
        copies = Counter((one["sha256"], one["target"].upper()) for one in self.house.cloud.switch("copies"))
        imports = [call["detail"] for call in done if call["path"].endswith("/certificates/import")]
        pushes = [call["detail"] for call in done if call["path"].endswith("/push")]
        puts = [call["detail"] for call in done if call["path"].endswith("/ssl-option")]
        wrong = []
        if len(imports) != len(self.renewed):
            wrong.append(f"{len(self.renewed)} leaves were imported by {imports}")
        if len(puts) != 1:
            wrong.append(f"the switch was thrown by {puts}")
        if len(pushes) != sum(len(PUSHES[name]) for name in self.renewed):
            wrong.append(f"pushed by {pushes}")
        for name in self.renewed:
            leaf = self.house.leaves[name]
            if leaves[leaf] != 1:
                wrong.append(f"{leaves[leaf]} imports hold the leaf of {name}")
            wrong += [f"{copies[leaf, target]} copies of {name} in {target}" for target in PUSHES[name]
                      if copies[leaf, target] != 1]
        return wrong

    def file(self):
        """The new CA is in place, beside it its former file and nothing else, and the command ran for it."""
        directory = self.house.root / "ca"
        ran = self.house.runs()
        digest = self.house.digest()
        left = {path.name for path in directory.iterdir()}
        new = ran - self.before
        return [sentence for sentence, holds in {
            "the published CA is in the file": self.house.ca.strip() in (directory / "orders.pem").read_text(),
            f"nothing else is left: {left}": left - {"orders.pem.previous"} == {"orders.pem"},
            f"the command ran for the new bytes {ran[digest]} times, {self.inside} kills were inside it":
                1 <= ran[digest] <= 1 + self.inside,
            f"the command ran for other bytes: {new}": set(new) == {digest},
        }.items() if not holds]

    def places(self):
        """Every place is bound to the leaf on disk, and the switch is where it should be."""
        house, cloud = self.house, self.house.cloud
        leaves = {one["id"]: one["sha256"] for one in cloud.switch("certificates")}
        listeners = {name: cloud.switch(f"listener/{id}") for name, id in house.listeners.items()}
        bound = {name: {leaves.get(id) for id in (one["default_tls_container_ref"], *one["sni_container_refs"])}
                 for name, one in listeners.items()}
        host = cloud.switch(f"host/{house.host}")["certificateid"]
        ssl = cloud.switch("instances")[cloud.facts["taurusdb"]]["ssl"]
        return [sentence for sentence, holds in {
            "the listener of www is bound to its leaf": house.leaves["www"] in bound["www"],
            "the listener of api is bound to its leaf": house.leaves["api"] in bound["api"],
            "the host is bound to its leaf": leaves.get(host) == house.leaves["www"],
            f"the switch is {ssl}": ssl == house.ssl,
        }.items() if not holds]


def writes(calls):
    return [call for call in calls if call["method"] != "GET" and not call["path"].endswith(READS)]


def kind(step):
    """What a step does, without the names in it."""
    for word in ("import", "push", "bind", "retire", "run on_change", "install"):
        if word in step:
            return word
    return "switch" if "SSL" in step else step
